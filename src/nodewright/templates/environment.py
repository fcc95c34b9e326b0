"""The sandbox that templates run in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from jinja2 import BaseLoader, StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nodewright.templates.quoting import FILTERS

LARGEST_POWER = 10_000
LARGEST_SEQUENCE = 1_000_000

WIDEST = 1_000

# What makes text of any length out of one number: filters that are kept with a limit on their
# numbers, and filters, globals and methods that are not there.
_LIMITED_FILTERS = ("center", "indent", "truncate", "wordwrap")
_REMOVED_FILTERS = ("format", "xmlattr")
_REMOVED_GLOBALS = ("lipsum",)
_REMOVED_METHODS = frozenset(
    {"center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill"}
)


class PackEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2 for packs from anywhere.

    A template reads no attribute that starts with an underscore, changes no value of its
    context, takes no undefined name for empty text, and fills no memory with one expression.
    """

    intercepted_binops: frozenset[str] = frozenset({"*", "**", "%"})

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=False,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=0,
        )
        for name in _REMOVED_FILTERS:
            del self.filters[name]
        for name in _REMOVED_GLOBALS:
            del self.globals[name]
        for name in _LIMITED_FILTERS:
            self.filters[name] = _limited(name, self.filters[name])
        self.filters.update(FILTERS)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Hide the methods of text that pad to any width, beside all that Jinja2 hides."""
        if isinstance(obj, str | bytes) and attr in _REMOVED_METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ARG002
        """Leave ``str.format`` to ``is_safe_attribute``, which hides it."""
        return None

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse the operators' uses that turn a short template into gigabytes."""
        if operator == "**" and max(_size(left), _size(right)) > LARGEST_POWER:
            raise SecurityError(f"{left!r} ** {right!r} is too large for a template")
        if operator == "*" and _repeats(left, right) > LARGEST_SEQUENCE:
            raise SecurityError(f"a sequence of more than {LARGEST_SEQUENCE:,} items is too large")
        if operator == "%" and isinstance(left, str | bytes):
            raise SecurityError("% formatting isn't available in templates; use ~ to join text")
        return super().call_binop(context, operator, left, right)


def _limited(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter ``function``, which refuses widths of more than ``WIDEST`` columns."""

    @wraps(function)
    def limited(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if isinstance(value, int) and value > WIDEST:
                raise SecurityError(f"{name}({value}) is wider than {WIDEST:,} columns")
        return function(*args, **kwargs)

    return limited


def _size(value: object) -> float:
    return abs(value) if isinstance(value, int | float) else 0


def _repeats(left: object, right: object) -> int:
    """Items of ``left * right`` if one of them is a sequence, else 0."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | bytes | list | tuple) and isinstance(times, int):
            return len(sequence) * times
    return 0
