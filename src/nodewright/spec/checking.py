"""What all checks look at: the specification, and the types of expressions at their places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from nodewright.spec.expressions import Expression, ExpressionError
from nodewright.spec.model import Assign, Entity, Guard, Retry, Rule, Specification
from nodewright.spec.naming import LONGEST_NAME, twice, unknown
from nodewright.spec.patterns import pattern_problem
from nodewright.spec.problems import Problem
from nodewright.spec.requests import state_field
from nodewright.spec.tree import Path
from nodewright.spec.types import BOOLEAN, INTEGER, MOST_VALUES, Base, Type
from nodewright.spec.typing_ import Names, Place, assignable, names_of, said, type_of

LONGEST_SPAN = timedelta(days=36_600)
LONGEST_VALUE = 100
MOST_TRIES = 100
Problems = Iterator[Problem]


@dataclass(frozen=True, slots=True)
class Checking:
    """A specification under check."""

    specification: Specification
    entities: Mapping[str, Entity]

    @classmethod
    def of(cls, specification: Specification) -> "Checking":
        """A check of ``specification``."""
        return cls(specification, {each.name: each for each in specification.entities})

    def place(self, names: Names | None = None) -> Place:
        """A place with these names at hand, and nothing else."""
        return Place(self.entities, names or {})

    def record(self, entity: str) -> Place:
        """A place where a record of ``entity`` is at hand."""
        found = self.entities.get(entity)
        return self.place(names_of(found) if found else {})

    # --- parts that many elements have ----------------------------------------------------------

    def expression(
        self, path: Path, expression: Expression | None, place: Place, wanted: Type | None = None
    ) -> Problems:
        """An expression makes sense at its place, and has the type that is wanted."""
        if expression is None:
            return
        try:
            found = type_of(expression, place)
        except ExpressionError as error:
            yield Problem(path, str(error))
            return
        if wanted is not None and not assignable(found, wanted, self.entities):
            wanted_text = "a condition" if wanted == BOOLEAN else str(wanted)[:200]
            missing = " and may be missing" if found.optional and not wanted.optional else ""
            yield Problem(
                path, f"{expression.text[:80]!r} is {said(found)}{missing}, not {wanted_text}"
            )

    def condition(self, path: Path, expression: Expression | None, place: Place) -> Problems:
        """An expression says whether something holds."""
        return self.expression(path, expression, place, BOOLEAN)

    def guards(self, path: Path, guards: Sequence[Guard], place: Place) -> Problems:
        """Guards are conditions with an error code."""
        for number, guard in enumerate(guards):
            here = (*path, number)
            yield from self.condition((*here, "require"), guard.require, place)
            yield from self.code(here, guard.error or " ")

    def code(self, path: Path, code: str) -> Problems:
        """An error code is a short word of small letters."""
        if code and not (code.isidentifier() and code.islower() and len(code) <= LONGEST_NAME):
            yield Problem(
                path,
                f"{code[:60]!r} is not an error code; use small letters and _, as in too_late",
            )

    def type(self, path: Path, kind: Type) -> Problems:
        """A type is one that exists."""
        if kind.base is Base.LIST and kind.item is not None:
            if kind.item.optional or kind.item.base is Base.LIST:
                yield Problem(path, f"{kind}: items of a list are no lists and never missing")
            yield from self.type(path, kind.item)
        elif kind.base is Base.ENTITY and kind.entity not in self.entities:
            yield Problem(path, unknown("entity", kind.entity, self.entities))
        elif kind.base is Base.ENUM:
            yield from _enum(path, kind.values)

    def rules(self, path: Path, rules: Sequence[Rule], kind: Type, place: Place) -> Problems:
        """Rules fit the type that they bound."""
        kind = self.key_type(kind)
        for number, rule in enumerate(rules):
            here = (*path, number)
            bounds = rule.minimum is not None or rule.maximum is not None
            if bounds + (rule.format is not None) + bool(rule.pattern) != 1:
                yield Problem(here, "a rule has bounds, a format or a pattern: one of them")
            if not bounds and kind.base not in {Base.TEXT, Base.ENUM}:
                yield Problem(here, f"a format or pattern is for a text, not for {kind}")
            if rule.pattern and (objection := pattern_problem(rule.pattern)):
                yield Problem(here, objection)
            if bounds:
                yield from self._bounds(here, rule, kind, place)
            yield from self.code(here, rule.error)

    def _bounds(self, path: Path, rule: Rule, kind: Type, place: Place) -> Problems:
        match kind.base:
            case Base.TEXT | Base.ENUM | Base.LIST:
                wanted = INTEGER
            case Base.INTEGER | Base.NUMBER:
                wanted = Type(Base.NUMBER)
            case Base.DATE | Base.DATETIME | Base.DURATION:
                wanted = kind.required
            case _:
                yield Problem(path, f"a {kind} has no bounds")
                return
        yield from self.expression((*path, "minimum"), rule.minimum, place, wanted.maybe)
        yield from self.expression((*path, "maximum"), rule.maximum, place, wanted.maybe)

    def key_type(self, kind: Type) -> Type:
        """The type of the key that a reference holds; any other type as it is."""
        entity = self.entities.get(kind.entity) if kind.base is Base.ENTITY else None
        key = entity.field(entity.key) if entity is not None and entity.stored else None
        return key.type if key is not None else kind

    def assigns(
        self,
        path: Path,
        assigns: Sequence[Assign],
        targets: Names,
        place: Place,
        *,
        what: str,
        needed: Sequence[str] = (),
    ) -> Problems:
        """Names that exist get values of their types; all ``needed`` ones get one."""
        for number, assign in enumerate(assigns):
            here = (*path, number)
            if assign.name not in targets:
                yield Problem(here, unknown(what, assign.name, targets))
                continue
            yield from self.expression((*here, "value"), assign.value, place, targets[assign.name])
        names = [assign.name for assign in assigns]
        for number, name in twice(names):
            yield Problem((*path, number), f"{name!r} gets a value twice; give it one")
        for name in needed:
            if name not in names:
                yield Problem(path, f"{what} {name!r} gets no value; add one for it")

    def span(self, path: Path, span: timedelta, *, least: timedelta) -> Problems:
        """A duration is one that somebody can mean."""
        if not least <= span <= LONGEST_SPAN:
            yield Problem(path, f"{span} is not between {least} and 100 years")

    def retry(self, path: Path, retry: Retry | None) -> Problems:
        """Tries again a few times."""
        if retry is None:
            return
        if not 1 <= retry.times <= MOST_TRIES or not 1 <= retry.factor <= MOST_TRIES:
            yield Problem(path, f"times and factor of a retry are 1 to {MOST_TRIES}")
        yield from self.span(path, retry.wait, least=timedelta())

    def stored(self, path: Path, name: str) -> Problems:
        """An entity exists and has records."""
        entity = self.entities.get(name)
        if entity is None:
            stored = [each.name for each in self.entities.values() if each.stored]
            yield Problem(path, unknown("entity", name, stored))
        elif not entity.stored:
            yield Problem(path, f"{name} is not stored; it has no records to work on")

    def settable(self, entity: str) -> dict[str, Type]:
        """Fields that a change may give a value to: all but the key and the state."""
        found = self.entities.get(entity)
        if found is None:
            return {}
        closed = {found.key, state_field(self.specification, entity)}
        return {name: kind for name, kind in names_of(found).items() if name not in closed}

    def needed_of(self, entity: str) -> list[str]:
        """Fields that a new record does not get by itself."""
        found = self.entities.get(entity)
        if found is None:
            return []
        state = state_field(self.specification, entity)
        return [
            each.name
            for each in found.fields
            if not (
                each.type.optional
                or each.default is not None
                or each.name == state
                or (each.name == found.key and each.type.base is Base.UUID)
            )
        ]


def _enum(path: Path, values: tuple[str, ...]) -> Problems:
    if not 1 <= len(values) <= MOST_VALUES:
        yield Problem(path, f"an enum has {len(values)} values; at most {MOST_VALUES}")
    for _, value in twice(values):
        yield Problem(path, f"the enum says {value[:60]!r} twice; say it once")
    for value in values[:MOST_VALUES]:
        clean = value.strip() == value and value.isprintable() and "|" not in value
        if not (clean and value not in {"", "?"} and len(value) <= LONGEST_VALUE):
            yield Problem(path, f"{value[:60]!r} is not a value of an enum; use a short plain text")
            return
