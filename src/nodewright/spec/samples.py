"""Plain sample values by the name and type of a field, and values at the edges."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from nodewright.spec.evaluation import Refused, Scope, World, evaluate
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Format, Rule
from nodewright.spec.patterns import sample_of
from nodewright.spec.records import check_rules
from nodewright.spec.types import Base, Type
from nodewright.spec.values import Value

LONGEST = 2000
CENT = Decimal("0.01")
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
_ROUNDED = Decimal("10.125")  # differs by how it is rounded to two places or one
_APART = (100, 20, 5, 3, 7, 2, 11, 13)
_PERSONS = frozenset(
    {"first", "last", "holder", "author", "customer", "visitor", "user", "patient", "student",
     "teacher", "owner", "contact", "recipient", "supplier", "doctor"}
)  # fmt: skip
_PEOPLE = ("anna", "ben", "clara", "david", "emma", "felix")
_UNKNOWN_ID = UUID(int=999)

_BY_FORMAT: dict[Format, Callable[[int], str]] = {
    Format.EMAIL: lambda n: f"{_person(n)}@example.org",
    Format.URL: lambda n: f"https://example.org/{n}",
    Format.PHONE: lambda n: f"+49 30 555010{n}",
    Format.HOSTNAME: lambda n: f"host{n}.example.org",
    Format.IP: lambda n: f"192.0.2.{n}",
    Format.COUNTRY: lambda n: ("DE", "FR", "IT", "ES")[n % 4 - 1],
    Format.CURRENCY: lambda n: ("EUR", "USD", "GBP", "CHF")[n % 4 - 1],
    Format.SLUG: lambda n: f"sample-{n}",
    Format.DATE: lambda n: f"2026-01-{5 + n:02}",
    Format.DATETIME: lambda n: f"2026-01-{5 + n:02}T09:00:00+00:00",
}
_BY_WORD = {
    "email": Format.EMAIL,
    "mail": Format.EMAIL,
    "recipient": Format.EMAIL,
    "url": Format.URL,
    "link": Format.URL,
    "phone": Format.PHONE,
    "country": Format.COUNTRY,
    "currency": Format.CURRENCY,
}


def _person(number: int) -> str:
    return _PEOPLE[(number - 1) % len(_PEOPLE)]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Samples at one moment."""

    now: datetime

    def value(self, name: str, kind: Type, rules: Sequence[Rule] = (), number: int = 1) -> Value:
        """A plain value that keeps ``rules``, another one for each ``number``."""
        plain = self.plain(name, kind, number)
        if self.keeps(plain, name, rules):
            return plain
        for rule in rules:
            if rule.format is not None:
                return _BY_FORMAT[rule.format](number)
            if rule.pattern:
                return sample_of(rule.pattern, number)
        for each in self.edges(name, kind, rules, ()):
            if self.keeps(each, name, rules):
                return each
        return plain

    def told_apart(self, name: str, kind: Type, rules: Sequence[Rule], place: int) -> Value:
        """A number of its own for each input of a formula, so that none stands for another."""
        wanted = _APART[place % len(_APART)]
        value = Decimal(wanted) if kind.base is Base.NUMBER else wanted
        return value if self.keeps(value, name, rules) else self.value(name, kind, rules)

    def keeps(self, value: Value, name: str, rules: Sequence[Rule]) -> bool:
        """Whether ``value`` breaks none of ``rules``, as far as it can be told without a record."""
        for rule in rules:
            try:
                check_rules((rule,), name, value, self._scope())
            except Refused as refused:
                if refused.code != "not_computable":
                    return False
        return True

    def _scope(self) -> Scope:
        return Scope(World(records={}, now=self.now, new_id=lambda: _UNKNOWN_ID))

    def plain(self, name: str, kind: Type, number: int = 1) -> Value:  # noqa: C901, PLR0911 - one case a type
        """A value of ``kind`` that reads well."""
        match kind.base:
            case Base.TEXT:
                return _text(name, number)
            case Base.INTEGER:
                return number + 1
            case Base.NUMBER:
                return Decimal(10 * number)
            case Base.BOOLEAN:
                return number % 2 == 1
            case Base.DATE:
                return self.now.date() + (number - 1) * DAY
            case Base.DATETIME:
                return self.now + (number - 1) * DAY
            case Base.DURATION:
                return timedelta(hours=number)
            case Base.UUID:
                return UUID(int=0xA0 + number)
            case Base.OBJECT:
                return {"note": f"sample {number}"}
            case Base.ENUM:
                return kind.values[(number - 1) % len(kind.values)]
            case Base.LIST:
                return [self.plain(name, kind.item, number)] if kind.item is not None else []
            case _:
                return None

    def edges(
        self, name: str, kind: Type, rules: Iterable[Rule], constants: Iterable[Value]
    ) -> list[Value]:
        """Values where an answer may change: around bounds and constants, other texts."""
        bounds = [*self._bounds(rules), *constants]
        found = [*_around(kind, bounds)]
        match kind.base:
            case Base.TEXT:
                found += self._texts(name, rules, constants)
            case Base.LIST if kind.item is not None:
                items = [self.plain(name, kind.item, n) for n in range(1, 30)]
                found += [items[:n] for n in _lengths(bounds)]
                found += [[], items[1:2]]
            case Base.ENUM:
                found += kind.values
            case Base.BOOLEAN:
                found += [True, False]
            case Base.NUMBER:
                found += [self.plain(name, kind, 2), _ROUNDED]
            case Base.DATETIME | Base.DATE:
                found += self._moments(kind, constants)
            case _:
                found += [self.plain(name, kind, number) for number in (2, 3)]
        return list({repr(each): each for each in found}.values())

    def _moments(self, kind: Type, constants: Iterable[Value]) -> Iterator[Value]:
        """Now, and as far from now as constants say, a little before and after."""
        spans = [timedelta(), *(each for each in constants if isinstance(each, timedelta))]
        for span in (each for each in spans if abs(each) < timedelta(days=3660)):
            for moment in (self.now + span, self.now - span):
                bound = moment if kind.base is Base.DATETIME else moment.date()
                yield from _around(kind, [bound])
        yield self.plain("", kind, 2)

    def _bounds(self, rules: Iterable[Rule]) -> Iterator[Value]:
        for rule in rules:
            for bound in (rule.minimum, rule.maximum):
                if bound is not None:
                    value = self.computed(bound)
                    if value is not None:
                        yield value

    def computed(self, expression: Expression) -> Value:
        """What an expression comes to without a record; None where it needs one."""
        try:
            return evaluate(expression, self._scope())
        except Refused:
            return None

    def _texts(
        self, name: str, rules: Iterable[Rule], constants: Iterable[Value]
    ) -> Iterator[Value]:
        rules = list(rules)
        lengths = _lengths(self._bounds(rules))
        yield from ("a" * length for length in lengths)
        if any(rule.format or rule.pattern for rule in rules):
            yield f"not a {name.replace('_', ' ')}"
        yield from (each for each in constants if isinstance(each, str))
        shaped = [rule for rule in rules if rule.format or rule.pattern]
        yield self.value(name, Type(Base.TEXT), shaped, 2)
        yield ""


def _lengths(bounds: Iterable[Value]) -> list[int]:
    numbers = [each for each in bounds if isinstance(each, int | Decimal)]
    whole = [int(each) for each in numbers if -LONGEST < each < LONGEST]
    return [n for bound in whole for n in (bound, bound + 1, bound - 1) if n >= 0]


def _text(name: str, number: int) -> str:
    words = name.split("_")
    for word in reversed(words):
        if word in _BY_WORD:
            return _BY_FORMAT[_BY_WORD[word]](number)
    if words[-1] == "name" and len(words) > 1:
        words = words[:-1]
    if words[-1] in _PERSONS:
        return _person(number).title()
    return f"{' '.join(words)} {number}"


def _around(kind: Type, bounds: Iterable[Value]) -> Iterator[Value]:
    for bound in bounds:
        match kind.base, bound:
            case Base.INTEGER, int() | Decimal() if not isinstance(bound, bool):
                yield from (int(bound), int(bound) + 1, int(bound) - 1)
            case Base.NUMBER, int() | Decimal() if not isinstance(bound, bool):
                exact = Decimal(bound)
                yield from (exact, exact + CENT, exact - CENT)
            case Base.DATETIME, datetime():
                yield from (bound, bound + SECOND, bound - SECOND)
            case Base.DATE, date() if not isinstance(bound, datetime):
                yield from (bound, bound + DAY, bound - DAY)
            case Base.DURATION, timedelta():
                yield from (bound, bound + SECOND, bound - SECOND)


def constants_of(expressions: Iterable[Expression]) -> list[Value]:
    """Numbers and texts that expressions name, and the durations that they make of numbers."""
    found: dict[str, Any] = {}
    for expression in expressions:
        for node in ast.walk(expression.tree):
            for value in _constants(node):
                found[repr(value)] = value
    return list(found.values())


_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
_LONGEST_SPAN = 10**10


def _constants(node: ast.AST) -> Iterator[Value]:
    match node:
        case ast.Constant(value=bool()):
            return
        case ast.Constant(value=int() | str() as value):
            yield value
        case ast.Constant(value=float() as number):
            yield Decimal(repr(number))
        case ast.Call(func=ast.Name(id=unit), args=[ast.Constant(value=int() | float() as count)]):
            seconds = float(str(count)) * _UNITS.get(unit, 0)
            if 0 < abs(seconds) < _LONGEST_SPAN:
                yield timedelta(seconds=seconds)
