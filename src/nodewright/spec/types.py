"""Types of values in a specification, and how a person writes them.

``text``, ``integer``, ``number`` (exact decimal), ``boolean``, ``date``, ``datetime`` (with time
zone), ``duration``, ``uuid``, ``object`` (text to text); ``reserved | paid`` (one of these texts);
``Ticket`` (the key of a stored record, or the record itself for a value entity); ``list[text]``;
a question mark after any of them: the value may be missing.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from nodewright.errors import NodewrightError

MOST_VALUES = 1000


class SpecificationError(NodewrightError):
    """A specification is wrong: the message names the element, the value and what to do."""


class Base(StrEnum):
    """What a type is at its core."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    DURATION = "duration"
    UUID = "uuid"
    OBJECT = "object"
    ENUM = "enum"
    ENTITY = "entity"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a value.

    ``values`` are the texts of an enum, ``entity`` names what an entity type refers to, ``item`` is
    the type of a list's items. ``optional`` values may be missing (None).
    """

    base: Base
    values: tuple[str, ...] = ()
    entity: str = ""
    item: "Type | None" = None
    optional: bool = False

    def __str__(self) -> str:
        """As it is written in a specification."""
        mark = "?" if self.optional else ""
        if self.base is Base.ENUM:
            return " | ".join(self.values) + (" | ?" if self.optional else "")
        if self.base is Base.ENTITY:
            return self.entity + mark
        if self.base is Base.LIST:
            return f"list[{self.item}]{mark}"
        return self.base.value + mark

    @property
    def required(self) -> "Type":
        """This type, never missing."""
        return replace(self, optional=False) if self.optional else self

    @property
    def maybe(self) -> "Type":
        """This type, or missing."""
        return self if self.optional else replace(self, optional=True)

    @property
    def numeric(self) -> bool:
        """Whether arithmetic knows it."""
        return self.base in {Base.INTEGER, Base.NUMBER}

    @property
    def textual(self) -> bool:
        """Whether it is a text: free, or one of some."""
        return self.base in {Base.TEXT, Base.ENUM}


TEXT = Type(Base.TEXT)
INTEGER = Type(Base.INTEGER)
NUMBER = Type(Base.NUMBER)
BOOLEAN = Type(Base.BOOLEAN)
DATE = Type(Base.DATE)
DATETIME = Type(Base.DATETIME)
DURATION = Type(Base.DURATION)
UUID = Type(Base.UUID)
OBJECT = Type(Base.OBJECT)

_PLAIN = {
    base.value: Type(base) for base in Base if base not in {Base.ENUM, Base.ENTITY, Base.LIST}
}
_LIST = re.compile(r"list\[(?P<item>.+)\]")
_ENTITY = re.compile(r"[A-Z][A-Za-z0-9]*")


def enum_of(*values: str, optional: bool = False) -> Type:
    """One of ``values``."""
    return Type(Base.ENUM, values=values, optional=optional)


def list_of(item: Type, *, optional: bool = False) -> Type:
    """A list of ``item``."""
    return Type(Base.LIST, item=item, optional=optional)


def entity_type(name: str, *, optional: bool = False) -> Type:
    """A reference to a stored entity, or a value entity itself."""
    return Type(Base.ENTITY, entity=name, optional=optional)


def parse_type(text: str) -> Type:
    """The type that ``text`` writes.

    >>> str(parse_type("reserved | paid"))
    'reserved | paid'
    >>> parse_type("list[Ticket]?").item.entity
    'Ticket'

    Raises:
        SpecificationError: it writes none.
    """
    text = text.strip()
    if "|" in text:
        return _enum(text)
    optional = text.endswith("?")
    name = text.removesuffix("?").strip()
    if name in _PLAIN:
        return replace(_PLAIN[name], optional=optional)
    inside = _LIST.fullmatch(name)
    if inside:
        return list_of(parse_type(inside["item"]), optional=optional)
    if _ENTITY.fullmatch(name):
        return entity_type(name, optional=optional)
    known = ", ".join(_PLAIN)
    raise SpecificationError(
        f"{text[:80]!r} is not a type: use {known}, an entity's name, list[...], or values with | "
        "between them"
    )


def _enum(text: str) -> Type:
    values = [value.strip() for value in text.split("|")]
    optional = values[-1] == "?"
    values = [value for value in values if value not in {"?", ""}]
    if not values or len(values) > MOST_VALUES:
        raise SpecificationError(
            f"an enum has {len(values)} values; write 1 to {MOST_VALUES} with | between them"
        )
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise SpecificationError(f"the enum says {twice[:80]!r} twice; say it once")
    return Type(Base.ENUM, values=tuple(values), optional=optional)
