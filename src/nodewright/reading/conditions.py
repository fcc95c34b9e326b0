"""What a condition says of a record, as an expression: "it is paid", "stock is below 10".

A condition that is not wholly understood gives none: better open than wrong.
"""

import re
from collections.abc import Callable

from nodewright.language.durations import duration_in
from nodewright.language.lexicon import stems
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.adjectives import Test, moment_test, state_of
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, name_stems, present, time_field
from nodewright.reading.things import thing_of
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import Base

_BE = r"(?:is|are|was|were|has been|have been|lies|lie|be|being|gets|becomes)"
_STATE = re.compile(
    rf"(?P<what>.{{0,60}}?)\s*\b{_BE}\s+(?P<not>not\s+|no longer\s+|never\s+)?"
    r"(?:already\s+|still\s+|currently\s+|yet\s+|marked\s+as\s+|marked\s+|set to\s+|in (?:status|state)\s+)*"
    r"(?P<state>[\w -]{2,30})",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    rf"(?P<what>[\w' -]{{2,50}}?)\s+(?:{_BE}\s+|must be\s+)?"
    r"(?P<how>greater than or equal to|less than or equal to|greater than|more than|less than|fewer than|"
    r"at least|at most|no more than|not more than|above|over|below|under|exceeds?|falls below|drops below|"
    r"reaches|equal to|equals|higher than|lower than|up to|>=|<=|≥|≤|>|<|=)\s*(?P<bound>.+)",
    re.IGNORECASE,
)
_SIGNS = {
    "greater than or equal to": ">=", "less than or equal to": "<=", "greater than": ">",
    "more than": ">", "less than": "<", "fewer than": "<", "at least": ">=", "at most": "<=",
    "no more than": "<=", "not more than": "<=", "above": ">", "over": ">", "below": "<",
    "under": "<", "exceed": ">", "exceeds": ">", "falls below": "<", "drops below": "<",
    "reaches": ">=", "equal to": "==", "equals": "==", "higher than": ">", "lower than": "<",
    "up to": "<=", "≥": ">=", "≤": "<=", "=": "==",
}  # fmt: skip
_NUMBER = re.compile(r"[$€£]?\s?(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>[%\w€$£]{0,12})")
_PAST = re.compile(r"\bin the past$|\bhas passed$|\bpast date$", re.IGNORECASE)
_FUTURE = re.compile(
    r"\bin the future$|\bhas not (?:yet )?(?:passed|started|begun)$", re.IGNORECASE
)
_OLDER = re.compile(
    r"\b(?:is |are )?(?:older than|more than|for (?:more|longer) than|longer ago than|after)\s+"
    r"(?P<length>[\w.]+ \w+)(?:\s+(?:ago|old))?$",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"\b(?:less than|within(?: the (?:last|past))?|in the (?:last|past)|newer than|of the last)\s+"
    r"(?P<length>[\w.]+ \w+)(?:\s+(?:ago|old))?$",
    re.IGNORECASE,
)
_HAS = re.compile(
    r"(?:.{0,40}?\b)?(?:has|have|with|without|there (?:is|are))\s*(?P<no>no\s+|without\s+)?(?P<what>.+)",
    re.IGNORECASE,
)
_AND = re.compile(r"\s+and\s+|,\s*and\s+|,\s+", re.IGNORECASE)


def condition_of(draft: Draft, entity: Entity, text: str) -> Test | None:
    """What ``text`` says of a record of ``entity``; None where it is not understood.

    "the order is paid" of an Order with a status gives ``status == 'paid'``.
    """
    text = " ".join(text.strip(" .,;").split())
    if not text or len(text) > _LONGEST:
        return None
    parts = [part for part in _AND.split(text) if part]
    tests = [_one(draft, entity, part) for part in parts]
    known = [test for test in tests if test is not None]
    if len(known) < len(tests):
        return _one(draft, entity, text)
    assumed = "; ".join(dict.fromkeys(test.assumed for test in known if test.assumed))
    if len(known) == 1:
        return known[0]
    return Test(" and ".join(f"({test.text})" for test in known), assumed)


_LONGEST = 300


def _one(draft: Draft, entity: Entity, text: str) -> Test | None:
    found = (read(draft, entity, text) for read in _READERS)
    return next((test for test in found if test is not None), None)


def _about(draft: Draft, entity: Entity, what: str) -> bool:
    """Whether the subject of a condition is a record of ``entity``: "it", "the order", nothing."""
    words = what.lower().split()
    if not words or words[-1] in _PRONOUNS:
        return True
    thing = thing_of(draft, what)
    return thing is not None and thing.entity.name == entity.name


_PRONOUNS = {
    "it",
    "they",
    "that",
    "which",
    "this",
    "these",
    "them",
    "one",
    "ones",
    "record",
    "there",
}


def _state(draft: Draft, entity: Entity, text: str) -> Test | None:
    """Conditions on a state or truth: "it is not paid", "the status is open", "is overdue"."""
    found = _STATE.fullmatch(text)
    if found is None:
        return None
    what, state = found["what"], found["state"].strip()
    field = field_of(entity, what) if what else None
    if field is not None and field.type.values:
        value = next((v for v in field.type.values if stems(v) == stems(state)), None)
        test = Test(present(field, f"{field.name} == {value!r}")) if value else None
    elif _about(draft, entity, what):
        test = state_of(entity, state, draft.machines.get(entity.name))
    elif field is not None:
        test = _bound(field, state) or moment_test(field, state)
    else:
        test = None
    return test.denied if test is not None and found["not"] else test


def _bound(field: Field, state: str) -> Test | None:
    """A word for a number: "is zero", "is negative"."""
    if not field.type.numeric:
        return None
    signs = {"zero": "== 0", "0": "== 0", "negative": "< 0", "positive": "> 0", "empty": "== 0"}
    sign = signs.get(state.lower())
    return Test(present(field, f"{field.name} {sign}")) if sign else None


def _compared(draft: Draft, entity: Entity, text: str) -> Test | None:
    """Comparisons: "the stock falls below 10", "the amount exceeds the balance"."""
    found = _COMPARED.fullmatch(text)
    if found is None:
        return None
    field = field_of(entity, found["what"])
    if field is None or not field.type.numeric:
        return None
    sign = _SIGNS.get(found["how"].lower(), found["how"])
    number = _NUMBER.fullmatch(found["bound"].strip())
    if number:
        unit = number["unit"].lower()
        if unit and unit not in _MONEY and not _is_unit(field, unit):
            return None
        return Test(present(field, f"{field.name} {sign} {number['number'].replace(',', '')}"))
    other = field_of(entity, found["bound"])
    if other is None or other is field or not other.type.numeric:
        return None
    return Test(present(field, present(other, f"{field.name} {sign} {other.name}")))


_MONEY = {
    "euro",
    "euros",
    "eur",
    "usd",
    "dollars",
    "€",
    "$",
    "%",
    "percent",
    "gbp",
    "pieces",
    "units",
}


def _is_unit(field: Field, unit: str) -> bool:
    return unit == field.unit.lower() or set(stems(unit)) <= set(name_stems(field.name))


def _time(draft: Draft, entity: Entity, text: str) -> Test | None:
    """Conditions on time: "it is older than 30 days", "the start lies in the past"."""
    for shape, sign in ((_OLDER, ">"), (_WITHIN, "<=")):
        found = shape.search(text)
        length = duration_in(found["length"]) if found else None
        if found is None or length is None:
            continue
        rest = re.sub(rf"\s*\b{_BE}$", "", text[: found.start()].strip(), flags=re.IGNORECASE)
        field = field_of(entity, rest) if rest else None
        if field is None and _about(draft, entity, rest):
            field = time_field(entity)
        if field is None or field.type.base not in {Base.DATE, Base.DATETIME}:
            return None
        now = "today()" if field.type.base is Base.DATE else "now()"
        assumed = f"the time runs from {field.name}"
        return Test(present(field, f"{now} - {field.name} {sign} {length.text}"), assumed)
    for shape, word in ((_PAST, "past"), (_FUTURE, "future")):
        if shape.search(text):
            field = field_of(entity, shape.sub("", text)) or time_field(entity, text)
            return moment_test(field, word) if field is not None else None
    return None


def _left(draft: Draft, entity: Entity, text: str) -> Test | None:
    """How much is left: "with free places", "no seats left", "it is full", "out of stock"."""
    del draft
    wanted = set(stems(text))
    numbers = [field for field in entity.fields if field.type.numeric]
    left = stems_of_list("likeness", "left")
    hits = [
        field
        for field in numbers
        if wanted & left and (own := set(name_stems(field.name)) - left) and own <= wanted
    ]
    if len(hits) == 1:
        known = {stem for field in entity.fields for stem in name_stems(field.name)}
        known |= set(name_stems(entity.name)) | left | set(_AROUND)
        if not wanted <= known:
            return None
        none = bool(wanted & {"no", "without", "none", "0", "zero"})
        return Test(present(hits[0], f"{hits[0].name} {'<=' if none else '>'} 0"))
    if _FULL.search(text):
        spare = [field for field in numbers if set(name_stems(field.name)) & (left | {"stock"})]
        if len(spare) == 1:
            return Test(present(spare[0], f"{spare[0].name} <= 0"))
    return None


_FULL = re.compile(r"\b(?:is|are) (?:full|fully booked|sold out|out of stock)$", re.IGNORECASE)
_AROUND = ("a", "an", "the", "with", "without", "no", "none", "there", "is", "are", "has", "have", "0",
           "zero", "it", "any", "more", "still", "some")  # fmt: skip


def _of_phrase(draft: Draft, entity: Entity, text: str) -> Test | None:
    """A noun with an adjective and what it has: "a paid order with open lines"."""
    found = _PHRASE.fullmatch(text)
    if found is None:
        return None
    adjective = state_of(entity, found["adjective"], draft.machines.get(entity.name))
    rest = _one(draft, entity, f"{found['what']} {found['rest']}") if found["rest"] else None
    if adjective is None or (found["rest"] and rest is None):
        return None
    if rest is None:
        return adjective if _about(draft, entity, found["what"]) else None
    return Test(f"({adjective.text}) and ({rest.text})", adjective.assumed or rest.assumed)


_PHRASE = re.compile(
    r"(?:an?|the|any|each)\s+(?P<adjective>[\w-]+)\s+(?P<what>\w+)"
    r"(?:\s+(?P<rest>(?:with|without|that)\b.+))?",
    re.IGNORECASE,
)


def _having(draft: Draft, entity: Entity, text: str) -> Test | None:
    """What a record has: "has no e-mail", "has open loans"."""
    found = _HAS.fullmatch(text)
    if found is None:
        return None
    no = bool(found["no"]) or " without " in f" {text.lower()}"
    what = found["what"]
    field = field_of(entity, what)
    if field is not None and field.type.optional:
        return Test(f"{field.name} is None" if no else f"{field.name} is not None")
    thing = thing_of(draft, what)
    if thing is None or thing.entity.name == entity.name or not entity.key:
        return None
    link = next(
        (each for each in thing.entity.fields if each.type.entity == entity.name),
        None,
    )
    if link is None:
        return None
    where = f"{link.name} == this.{entity.key}"
    if link.type.optional:
        where = f"{link.name} is not None and {where}"
    if thing.where:
        where = f"{where} and ({thing.where})"
    test = Test(f"exists({thing.entity.name}, {where})")
    return test.denied if no else test


_READERS: tuple[Callable[[Draft, Entity, str], Test | None], ...] = (
    _of_phrase,
    _time,
    _compared,
    _left,
    _state,
    _having,
)
