"""The ids and fields that every entry of a request carries: one ContextVar a key.

The variables of the documented keys hold JSON fragments (``,"correlation_id":"..."``), made once
when the id is set, so that an entry only has to join them.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Self, overload

if TYPE_CHECKING:  # uuid is slow to import, and every room imports this one
    from uuid import UUID

CORRELATION: ContextVar[bytes] = ContextVar("nodewright_correlation_id", default=b"")
SESSION: ContextVar[bytes] = ContextVar("nodewright_session_id", default=b"")
COMPONENT: ContextVar[bytes] = ContextVar("nodewright_component", default=b"")

# Both ids joined, so that an entry asks once; follows from the two.
IDS: ContextVar[bytes] = ContextVar("nodewright_ids", default=b"")

_DOCUMENTED = {"correlation_id": CORRELATION, "session_id": SESSION, "component": COMPONENT}
# Further fields by name; they join the metadata. A name once used keeps its variable.
FIELDS: dict[str, ContextVar[Any]] = {}
# Whether further fields are bound in this context: entries without any need not look.
HAS_FIELDS: ContextVar[bool] = ContextVar("nodewright_has_fields", default=False)
ABSENT: Any = object()
# No id is longer; what is was put there by an attacker.
MAX_ID = 1024
# No token that is known by its look alone is shorter.
_LEAST_TOKEN = 15
_HEX = "0123456789abcdefABCDEF-"


class _Cleaned(bytes):
    """A fragment from which a secret was taken out, and what it was made of."""

    given: str

    def __new__(cls, encoded: bytes, given: str) -> Self:
        made = super().__new__(cls, encoded)
        made.given = given
        return made


def fragment(key: str, value: object) -> bytes:
    """``,"key":"value"`` as it stands inside an entry, without secrets; empty for None."""
    if value is None:
        return b""
    text = value if value.__class__ is str else _text(value)
    if text.isascii() and _is_plain(text):
        return f',"{key}":"{text}"'.encode()
    from nodewright.logs.encode import encode_message
    from nodewright.logs.pipeline import PIPELINE

    clean = PIPELINE.redactor.text(text[:MAX_ID])
    encoded = f',"{key}":'.encode() + encode_message(clean)
    return encoded if clean == text[:MAX_ID] else _Cleaned(encoded, text[:MAX_ID])


def _is_plain(text: str) -> bool:
    """Whether ASCII text stands in JSON as it is, and can hold no secret.

    That is so of ids as they are usually made: a UUID, or words that are joined.
    """
    if len(text) > MAX_ID or not text.replace("-", "").replace("_", "").replace(".", "").isalnum():
        return False
    return (
        len(text) < _LEAST_TOKEN or (text.islower() and "xox" not in text) or not text.strip(_HEX)
    )


def unfragment(key: str, encoded: bytes) -> str | None:
    """The value inside what `fragment` made."""
    if not encoded:
        return None
    if isinstance(encoded, _Cleaned):
        return encoded.given
    from nodewright.logs.encode import loads

    return str(loads(encoded[len(key) + 4 :]))


def _text(value: object) -> str:
    from nodewright.logs.plain import attempt

    return str.__str__(attempt(lambda: str(value), f"<unprintable {type(value).__name__}>"))


def set_global_correlation_id(correlation_id: "UUID | str | None") -> None:
    """Set the correlation id of this context: the fallback of loggers that have none."""
    CORRELATION.set(fragment("correlation_id", correlation_id))
    IDS.set(CORRELATION.get() + SESSION.get())


def set_global_session_id(session_id: "UUID | str | None") -> None:
    """Set the session id of this context: the fallback of loggers that have none."""
    SESSION.set(fragment("session_id", session_id))
    IDS.set(CORRELATION.get() + SESSION.get())


def get_correlation_id() -> str | None:
    """The correlation id of this context, or None."""
    return unfragment("correlation_id", CORRELATION.get())


def get_session_id() -> str | None:
    """The session id of this context, or None."""
    return unfragment("session_id", SESSION.get())


def context_fields() -> dict[str, Any]:
    """The further fields bound by `log_context` in this context."""
    bound = {name: variable.get(ABSENT) for name, variable in list(FIELDS.items())}
    return {name: value for name, value in bound.items() if value is not ABSENT}


@contextmanager
def log_context(
    correlation_id: "UUID | str | None" = None,
    session_id: "UUID | str | None" = None,
    component: str | None = None,
    **fields: Any,
) -> Iterator[None]:
    """Bind ids, component and metadata fields for the entries inside the block.

    What was there before is there again afterwards, also after an exception. What is left out
    stays as it is. Further ``fields`` join the metadata of each entry; an entry's own win.
    """
    given = {"correlation_id": correlation_id, "session_id": session_id, "component": component}
    tokens: list[tuple[ContextVar[Any], Token[Any]]] = []
    for name, value in given.items():
        if value is not None:
            variable = _DOCUMENTED[name]
            tokens.append((variable, variable.set(fragment(name, value))))
    tokens.append((IDS, IDS.set(CORRELATION.get() + SESSION.get())))
    if fields:
        tokens.append((HAS_FIELDS, HAS_FIELDS.set(True)))
    for name, value in fields.items():
        field = FIELDS.setdefault(name, ContextVar(f"nodewright_field_{name}"))
        tokens.append((field, field.set(value)))
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            _restore(variable, token)


def _restore(variable: ContextVar[Any], token: Token[Any]) -> None:
    try:
        variable.reset(token)
    except ValueError:
        # Closed in another context, as happens to abandoned async generators: what was set there
        # is not ours to change, and the context it was set in ends with its task.
        return


@asynccontextmanager
async def async_log_context(
    correlation_id: "UUID | str | None" = None,
    session_id: "UUID | str | None" = None,
    component: str | None = None,
    **fields: Any,
) -> AsyncIterator[None]:
    """`log_context` for ``async with``."""
    with log_context(correlation_id, session_id, component, **fields):
        yield


@overload
def with_log_context[F: Callable[..., Any]](function: F, /) -> F: ...


@overload
def with_log_context[F: Callable[..., Any]](
    *,
    correlation_id: "UUID | str | None" = None,
    session_id: "UUID | str | None" = None,
    component: str | None = None,
    **fields: Any,
) -> Callable[[F], F]: ...


def with_log_context(
    function: Callable[..., Any] | None = None,
    /,
    *,
    correlation_id: "UUID | str | None" = None,
    session_id: "UUID | str | None" = None,
    component: str | None = None,
    **fields: Any,
) -> Any:
    """Run a function, plain or async, within a `log_context`.

    An argument of the function that is called ``correlation_id`` or ``session_id`` is taken from
    the call where the decorator does not give it.

    Raises:
        TypeError: the function is a generator; its body runs in pieces, in whatever context each
            ``next()`` has. Use ``with log_context(...)`` in the caller.
    """

    def decorate(target: Callable[..., Any]) -> Callable[..., Any]:
        import functools
        import inspect

        if inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target):
            raise TypeError(
                f"with_log_context cannot wrap the generator {target.__qualname__}; "
                "use 'with log_context(...)' around the loop that runs it"
            )
        signature = inspect.signature(target)
        wanted = [name for name in ("correlation_id", "session_id") if name in signature.parameters]

        def enter(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            ids = {"correlation_id": correlation_id, "session_id": session_id}
            if wanted:
                given = signature.bind_partial(*args, **kwargs).arguments
                ids = {name: value or given.get(name) for name, value in ids.items()}
            return log_context(component=component, **ids, **fields)

        if inspect.iscoroutinefunction(target):

            @functools.wraps(target)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                with enter(args, kwargs):
                    return await target(*args, **kwargs)

            return run_async

        @functools.wraps(target)
        def run(*args: Any, **kwargs: Any) -> Any:
            with enter(args, kwargs):
                return target(*args, **kwargs)

        return run

    return decorate if function is None else decorate(function)
