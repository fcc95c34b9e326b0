"""What names mean at one place of the generated code, and pieces of code with their types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nodewright.rendering.names import resolved, safe, variable
from nodewright.spec.model import Entity, Specification
from nodewright.spec.types import NUMBER, TEXT, Base, Type

# How tightly operators bind, loosest first.
CHOICE, OR, AND, NOT, COMPARE, ADD, MULTIPLY, UNARY, ATOM = range(9)


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of Python, the type of its value, and how tightly it binds."""

    text: str
    type: Type
    binds: int = ATOM

    def within(self, binds: int) -> str:
        """The text, in parentheses where the surrounding operator binds tighter."""
        return self.text if self.binds >= binds else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Record:
    """A variable that holds a record of ``entity``."""

    variable: str
    entity: Entity


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one place of the generated code.

    ``record`` is the record at hand, ``names`` are bare names beside its fields, ``request`` are
    the inputs by name, ``steps`` what earlier steps of a workflow answered.
    """

    specification: Specification
    record: Record | None = None
    old: Record | None = None
    this: "Scope | None" = None
    names: Mapping[str, Code] = field(default_factory=dict)
    request: Mapping[str, Code] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, Code]] = field(default_factory=dict)
    surroundings: str = "self.surroundings"
    caller: str = "named(request.caller)"

    def bare(self, name: str) -> Code:
        """What the bare ``name`` means."""
        if name in self.names:
            return self.names[name]
        if self.record is not None:
            return self.attribute(self.record, name)
        raise LookupError(f"{name!r} means nothing here; check the specification before rendering")

    def attribute(self, record: Record, name: str) -> Code:
        """The field ``name`` of a record."""
        declared = record.entity.field(name)
        if declared is None:
            raise LookupError(f"{record.entity.name} has no field {name!r}")
        kind = resolved(declared.type, self.specification)
        return Code(f"{record.variable}.{safe(name)}", kind)

    def store(self, entity: str) -> str:
        """The store of an entity's records."""
        return f"{self.surroundings}.stores.{variable(entity)}"


def fitted(code: Code, kind: Type, places: int | None = None) -> Code:
    """``code`` as a value of ``kind``: a number where one is asked for, rounded to ``places``."""
    if kind.base is not Base.NUMBER or code.text == "None":
        return code
    if code.type.base is Base.INTEGER:
        code = where_present(code, decimal)
    if places is None:
        return code
    return where_present(code, lambda inner: call(f"rounded({inner.text}, {places})", NUMBER))


def where_present(code: Code, change: Callable[[Code], Code]) -> Code:
    """``change`` of a value that may be missing."""
    if not code.type.optional:
        return change(code)
    present = change(Code(code.text, code.type.required, code.binds))
    text = f"None if {code.within(COMPARE)} is None else {present.within(OR)}"
    return Code(text, present.type.maybe, CHOICE)


def call(text: str, kind: Type) -> Code:
    """A call, or anything else that binds as tight."""
    return Code(text, kind, ATOM)


def decimal(code: Code) -> Code:
    """An integer as an exact decimal."""
    return call(f"Decimal({code.text})", NUMBER)


def common(left: Code, right: Code) -> Type:
    """The type of a value that is one of two."""
    if left.text == "None":
        return right.type.maybe
    if right.text == "None":
        return left.type.maybe
    optional = left.type.optional or right.type.optional
    kind = left.type
    if {left.type.base, right.type.base} == {Base.INTEGER, Base.NUMBER}:
        kind = NUMBER
    elif left.type.base is Base.ENUM and right.type.base is Base.ENUM:
        kind = Type(Base.ENUM, values=tuple({*left.type.values, *right.type.values}))
    elif left.type.base is Base.ENUM:
        kind = right.type
    return kind.maybe if optional else kind.required


def as_text(code: Code) -> Code:
    """A value as text."""
    if code.type.optional:
        return call(f"text_of({code.text})", TEXT)
    match code.type.base:
        case Base.TEXT | Base.ENUM:
            return code
        case Base.INTEGER | Base.UUID:
            return call(f"str({code.text})", TEXT)
        case _:
            return call(f"text_of({code.text})", TEXT)
