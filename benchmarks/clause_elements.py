"""Elements of a specification by the construct that they are, with the lines they come from."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from nodewright.spec import model
from nodewright.spec.expressions import Expression
from nodewright.spec.types import Base


@dataclass(frozen=True, slots=True)
class Found:
    """An element: ``constructs`` that it can be, the entity it speaks of, and its lines.

    ``text`` is all that it says, for the numbers and values that a label names.
    """

    element: model.Element
    constructs: frozenset[str]
    entity: str
    lines: frozenset[int]
    text: str


_CONSTRUCTS: dict[type[model.Element], str] = {
    model.Entity: "schema",
    model.Event: "schema event",
    model.Unique: "unique idem",
    model.Guard: "cond error filter range reqopt unique state perm time",
    model.Machine: "state",
    model.Transition: "state",
    model.Create: "crud",
    model.Read: "crud",
    model.Update: "crud",
    model.Delete: "crud",
    model.Listing: "crud",
    model.Add: "crud",
    model.Change: "crud",
    model.Move: "state",
    model.Order: "order",
    model.Aggregate: "group formula",
    model.Measure: "group formula",
    model.Compute: "formula algo",
    model.Result: "formula algo",
    model.Assign: "formula",
    model.Import: "io format crud",
    model.Export: "io format",
    model.Workflow: "step",
    model.Step: "step",
    model.Schedule: "time",
    model.RateLimit: "time nfr",
    model.Idempotency: "idem",
    model.Route: "api",
    model.Port: "api",
    model.Roles: "perm",
    model.Send: "notify api",
    model.Publish: "event",
    model.Retry: "retry",
    model.Store: "db",
    model.Quality: "nfr",
    model.Input: "io schema",
}


def lines_of(spec: model.Specification) -> dict[str, frozenset[int]]:
    """Clause -> its lines; a block of code is one clause of many."""
    return {
        clause.id: frozenset(range(clause.line, clause.line + clause.text.count("\n") + 1))
        for clause in spec.clauses
    }


def elements_of(spec: model.Specification) -> list[Found]:
    """All elements, those inside others too; one without clauses of its own has its owner's."""
    walker = _Walker(lines_of(spec))
    found: list[Found] = []
    for group in (
        spec.entities, spec.machines, spec.events, spec.ports, spec.stores, spec.operations,
        spec.qualities,
    ):  # fmt: skip
        for element in group:
            found += walker.walk(element, "", frozenset())
    return found


class _Walker:
    def __init__(self, lines: dict[str, frozenset[int]]) -> None:
        self._lines = lines

    def walk(self, element: model.Element, entity: str, above: frozenset[int]) -> Iterator[Found]:
        own = frozenset[int]().union(*(self._lines.get(clause, ()) for clause in element.clauses))
        lines = own or above
        entity = _entity_of(element) or entity
        constructs = frozenset(_CONSTRUCTS.get(type(element), "").split()) | _more(element)
        yield Found(element, constructs, entity, lines, _text(element))
        parts = {
            name: self._lines[clause] for name, clause in element.parts if clause in self._lines
        }
        yield from self._parts(element, entity, lines, parts)
        for field in fields(element):
            value = getattr(element, field.name)
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, model.Element):
                    yield from self.walk(each, entity, lines)

    def _parts(
        self,
        element: model.Element,
        entity: str,
        lines: frozenset[int],
        parts: dict[str, frozenset[int]],
    ) -> Iterator[Found]:
        """Parts of an element that are constructs of their own: conditions, limits, commands."""
        for name, constructs in _PARTS.items():
            value = getattr(element, name, None)
            if not value:
                continue
            own = parts.get(name, lines)
            text = _text(value)
            kinds = set(constructs.split()) | ({"time"} if _tells_time(text) else set())
            kinds |= {"perm"} if "caller." in text else set()
            yield Found(element, frozenset(kinds), entity, own, text)


_PARTS = {
    "where": "filter cond",
    "when": "cond filter",
    "limit": "filter order range",
    "command": "ui",
    "on": "event",
    "upsert": "idem unique",
    "default": "formula",
    "on_failure": "error",
}


def _entity_of(element: model.Element) -> str:
    if isinstance(element, model.Entity):
        return element.name
    if isinstance(element, model.Operation):
        return getattr(element, "entity", "") or "".join(
            part.title() for part in element.name.split("_")[1:]
        )
    return getattr(element, "entity", "")


def _more(element: model.Element) -> set[str]:
    """Constructs that depend on what an element says."""
    if isinstance(element, model.Result) and element.type.base is Base.BOOLEAN:
        return {"cond", "time"}  # the test of one class
    if isinstance(element, model.Field):
        found = {"schema"}
        found |= {"enum"} if element.type.base is Base.ENUM else set()
        found |= {"reqopt"}
        found |= {"range", "format"} if element.type.base in {Base.DATE, Base.DATETIME} else set()
        return found
    if isinstance(element, model.Rule):
        return {"format"} if element.format or element.pattern else {"range"}
    if isinstance(element, model.Result):
        text = _text(element.value)
        return ({"cond"} if " if " in text else set()) | ({"time"} if _tells_time(text) else set())
    if isinstance(element, model.Operation) and element.on:
        return {"event"}
    return set()


def _tells_time(text: str) -> bool:
    return any(
        word in text for word in ("now()", "today()", "days(", "hours(", "minutes(", "seconds(")
    )


def _text(value: object) -> str:
    """All that a value says, without where it comes from."""
    if isinstance(value, Expression):
        return value.text
    if is_dataclass(value):
        return " ".join(
            _text(getattr(value, field.name))
            for field in fields(value)
            if field.name not in {"clauses", "assumed", "parts"}
        )
    if isinstance(value, tuple):
        return " ".join(map(_text, value))
    return str(value)
