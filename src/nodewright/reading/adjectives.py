"""What an adjective says of a record: "paid", "unpaid", "overdue", "sold"."""

import re
from dataclasses import dataclass

from nodewright.language.lexicon import stems
from nodewright.language.verb_forms import verb_in
from nodewright.language.vocabulary import load_data
from nodewright.language.word_lists import words_of_list
from nodewright.reading.field_lookup import name_stems, present, time_field, value_of
from nodewright.spec.model import Entity, Field, Machine
from nodewright.spec.types import Base


@dataclass(frozen=True, slots=True)
class Test:
    """An expression over a record, and what was assumed to read it.

    ``opposite`` is what is true where it is not, if that is said otherwise than by ``not``.
    """

    text: str
    assumed: str = ""
    opposite: str = ""

    @property
    def denied(self) -> "Test":
        """The opposite."""
        return Test(self.opposite or _denied(self.text), self.assumed, self.text)


_SIMPLE = re.compile(r"(?P<left>[\w.()]+) (?P<sign>==|!=|<=|>=|<|>) (?P<right>[^<>=!]+)")
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}


def _denied(text: str) -> str:
    found = _SIMPLE.fullmatch(text)
    if found and " and " not in text and " or " not in text:
        return f"{found['left']} {_OPPOSITE[found['sign']]} {found['right']}"
    if re.fullmatch(r"\w+", text):
        return f"not {text}"
    return f"not ({text})"


def state_of(entity: Entity, word: str, machine: Machine | None = None) -> Test | None:
    """The test of an adjective: a value of a status, a truth field, or what means the same.

    A state of a machine that comes after counts where the adjective only means the same: with
    "paid" before "used", sold tickets are both.
    """
    word = word.strip().lower()
    named = value_of(entity, word)
    if named is not None:
        field, value = named
        return Test(present(field, f"{field.name} == {value!r}"))
    truth = _truth(entity, word)
    if truth is not None:
        return Test(present(truth, truth.name))
    return _late(entity, word) or _opposite(entity, word) or _like(entity, word, machine)


def _truth(entity: Entity, word: str) -> Field | None:
    wanted = set(stems(word))
    return next(
        (
            field
            for field in entity.fields
            if field.type.base is Base.BOOLEAN
            and wanted == set(name_stems(field.name)) - {"is", "has"}
        ),
        None,
    )


def _late(entity: Entity, word: str) -> Test | None:
    """Words of time: overdue, expired, upcoming, past."""
    ends = {
        "overdue": "due deadline",
        "late": "due deadline",
        "expired": "expire expiry valid ends end",
    }
    hints = ends.get(word)
    if hints is not None:
        times = [each for each in entity.fields if each.type.base in {Base.DATE, Base.DATETIME}]
        field = next((f for f in times if set(name_stems(f.name)) & set(stems(hints))), None)
        return moment_test(field, "past") if field is not None else None
    if word in {"upcoming", "future", "past"}:
        field = time_field(entity)
        return moment_test(field, "past" if word == "past" else "future") if field else None
    return None


def _opposite(entity: Entity, word: str) -> Test | None:
    """As in "unpaid" and "inactive" where there is a "paid" and an "active"."""
    for prefix in ("un", "in", "non-", "not "):
        if word.startswith(prefix) and len(word) > len(prefix) + 2:
            rest = word.removeprefix(prefix)
            named, truth = value_of(entity, rest), _truth(entity, rest)
            if named is not None:
                return Test(present(named[0], f"{named[0].name} != {named[1]!r}"))
            if truth is not None:
                return Test(present(truth, f"not {truth.name}"))
    return None


def _like(entity: Entity, word: str, machine: Machine | None) -> Test | None:
    """A state by a word that means the same: "sold" where a status is "paid"."""
    alike: dict[str, list[str]] = load_data("likeness")["states"]
    for other in alike.get(word, []):
        denied = other.startswith("not ")
        named = value_of(entity, other.removeprefix("not "))
        if named is None:
            continue
        field, value = named
        values = [value, *_after(field, value, machine)] if word in _lasting() else [value]
        if len(values) > 1:
            test = f"{field.name} in [{', '.join(map(repr, values))}]"
            return Test(present(field, test), f"{word} means {' or '.join(values)}")
        sign = "!=" if denied else "=="
        return Test(present(field, f"{field.name} {sign} {value!r}"), f"{word} means {other}")
    return None


def _lasting() -> frozenset[str]:
    return words_of_list("likeness", "lasting")


def _after(field: Field, value: str, machine: Machine | None) -> list[str]:
    """States that a record comes to after ``value``, but for those that undo it."""
    if machine is None or machine.field != field.name:
        return []
    undoing = words_of_list("likeness", "undoing")
    found: list[str] = []
    waiting = [value]
    while waiting:
        here = waiting.pop()
        for step in machine.transitions:
            fresh = step.target not in found and step.target != value
            if step.source == here and fresh and verb_in(step.target.lower()) not in undoing:
                found.append(step.target)
                waiting.append(step.target)
    return found


def moment_test(field: Field, state: str) -> Test | None:
    """The test of a word for a time: "in the past", "future"."""
    if field.type.base not in {Base.DATE, Base.DATETIME}:
        return None
    now = "today()" if field.type.base is Base.DATE else "now()"
    sign = {"in the past": "<", "past": "<", "in the future": ">", "future": ">"}.get(state.lower())
    return Test(present(field, f"{field.name} {sign} {now}")) if sign else None
