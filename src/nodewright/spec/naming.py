"""Names that elements may have: what code can be made of, and what it needs for itself."""

import keyword
import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from nodewright.spec.expressions import FUNCTIONS, QUERIES, SCOPES
from nodewright.spec.nearness import near

LONGEST_NAME = 60
_SNAKE = re.compile(r"[a-z][a-z0-9_]*")
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")

# What every node has by itself.
_OF_NODES = frozenset(
    [
        "handle",
        "handler",
        "process",
        "initialize",
        "cleanup",
        "shutdown",
        "validate_contract",
        "get_metrics",
        "run",
        "main",
        "node",
        "contract",
        "container",
        "ports",
        "store",
        "stores",
        "clock",
        "new_id",
        "operations",
        "self",
        "cls",
    ]
)
_OF_MODELS = frozenset(name for name in dir(BaseModel) if not name.startswith("_"))
_OF_ENTITIES = frozenset(
    ["None", "True", "False", "Decimal", "UUID", "Literal", "Protocol", "Any", "Base", "Model"]
)


def name_problem(name: str, *, taken: frozenset[str] = frozenset()) -> str:
    """What is wrong with a snake_case name, empty where nothing is."""
    if len(name) > LONGEST_NAME:
        return f"{name[:LONGEST_NAME]!r}… is longer than {LONGEST_NAME} characters; shorten it"
    if not _SNAKE.fullmatch(name):
        return f"{name!r} is not a name; use small letters, digits and _, as in seat_number"
    if keyword.iskeyword(name) or name in SCOPES or name in taken:
        return f"{name!r} has a meaning of its own; choose another name"
    return ""


def field_problem(name: str) -> str:
    """What is wrong with the name of a field, an input or a result."""
    return name_problem(name, taken=_OF_MODELS | {"self", "cls"})


def operation_problem(name: str) -> str:
    """What is wrong with the name of an operation, a port or an event."""
    return name_problem(name, taken=_OF_NODES | _OF_MODELS)


def step_problem(name: str) -> str:
    """What is wrong with the name of a workflow's step."""
    return name_problem(name, taken=frozenset(FUNCTIONS) | frozenset(QUERIES))


def entity_problem(name: str) -> str:
    """What is wrong with the name of an entity."""
    if len(name) > LONGEST_NAME:
        return f"{name[:LONGEST_NAME]!r}… is longer than {LONGEST_NAME} characters; shorten it"
    if not _PASCAL.fullmatch(name):
        return f"{name!r} is not an entity's name; write it as in OrderLine"
    if name in _OF_ENTITIES:
        return f"{name!r} has a meaning of its own; choose another name"
    return ""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that nothing has."""
    names = list(known)
    shown = ", ".join(names[:12]) or "none"
    return f"there is no {kind} {name[:80]!r} (there is: {shown}){near(name, names)}"


def twice(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Places and names that stood before."""
    seen = set()
    for place, name in enumerate(names):
        if name in seen:
            yield place, name
        seen.add(name)
