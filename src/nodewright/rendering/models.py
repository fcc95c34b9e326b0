"""What the templates of models are told: fields as lines of Python."""

from collections.abc import Iterable, Sequence
from typing import Any

from nodewright.planning.inputs import is_needed
from nodewright.rendering.layout import wrapped
from nodewright.rendering.names import annotation, asked, safe
from nodewright.spec.model import Input, Specification
from nodewright.spec.types import Type
from nodewright.templates.quoting import pystr

FROZEN = 'frozen=True, extra="forbid"'


def field_lines(
    name: str,
    kind: Type,
    specification: Specification,
    *,
    default: bool = False,
    text: str = "",
) -> list[str]:
    """The lines that declare a field; ``default``: it is missing unless it is given."""
    attribute = safe(name)
    arguments = ["default=None"] if default else []
    if attribute != name:
        arguments.append(f"validation_alias={pystr(name)}")
        arguments.append(f"serialization_alias={pystr(name)}")
    if text:
        arguments.append(f"description={pystr(text)}")
    head = f"{attribute}: {annotation(kind, specification)}"
    if arguments == ["default=None"]:
        return wrapped(f"    {head} = None")
    if not arguments:
        return wrapped(f"    {head}")
    return wrapped(f"    {head} = Field({', '.join(arguments)})")


def class_text(text: str) -> str:
    """``text`` as the docstring of a class, which can't hold a lone surrogate."""
    return text.encode("utf-8", "replace").decode()


def dedented(lines: Iterable[str]) -> list[str]:
    """Lines without the first step to the right, which the template adds."""
    return [line[4:] for line in lines]


def config_for(names: Iterable[str], base: str = FROZEN) -> str:
    """The configuration of a model; names that had to change are known by both."""
    if all(safe(name) == name for name in names):
        return base
    return f"{base}, populate_by_name=True, serialize_by_alias=True"


def typed_fields(
    fields: Sequence[tuple[str, Type]], specification: Specification
) -> dict[str, Any]:
    """Configuration and lines of a model with ``fields``; optional ones may be left out."""
    lines: list[str] = []
    for name, kind in fields:
        lines += field_lines(name, kind, specification, default=kind.optional)
    return {"config": config_for(name for name, _ in fields), "lines": dedented(lines)}


def input_lines(inputs: Iterable[Input], specification: Specification) -> list[str]:
    """The lines of the inputs of a request."""
    lines: list[str] = []
    for each in inputs:
        kind = each.type if is_needed(each) else each.type.maybe
        lines += field_lines(
            asked(each.name),
            kind,
            specification,
            default=not is_needed(each),
        )
    return dedented(lines)
