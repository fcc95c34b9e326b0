"""What a condition says of a record, as an expression: "it is paid", "stock is below 10".

A condition that is not wholly understood gives none: better open than wrong.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from nodewright.language.durations import duration_in
from nodewright.language.lexicon import stems
from nodewright.language.vocabulary import load_data
from nodewright.language.word_lists import stems_of_list, words_of_list
from nodewright.reading.adjectives import Test, moment_test, state_of
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, name_stems, present, time_field
from nodewright.reading.things import thing_of
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import Base

_BE = r"(?:is|are|was|were|has been|have been|lies|lie|be|being|gets|becomes)"


@cache
def _signs() -> dict[str, str]:
    signs: dict[str, str] = load_data("likeness")["comparisons"]
    return signs


def _any_of(words: Iterable[str]) -> str:
    """A pattern for one of ``words``, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


@cache
def _state_shape() -> re.Pattern[str]:
    before = _any_of(words_of_list("likeness", "before_state"))
    return re.compile(
        rf"(?P<what>.{{0,60}}?)\s*\b{_BE}\s+(?P<not>(?:not|no longer|never)\s+)?"
        rf"(?:(?:{before})\s+)*(?P<state>[\w -]{{2,30}})",
        re.IGNORECASE,
    )


@cache
def _comparison_shape() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<what>[\w' -]{{2,50}}?)\s+(?:{_BE}\s+|must be\s+)?"
        rf"(?P<how>{_any_of(_signs())})\s*(?P<bound>.+)",
        re.IGNORECASE,
    )


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
    r"(?:.{0,40}?\b)?(?:has|have|with|without|there (?:is|are))\s*"
    r"(?P<no>no\s+|without\s+)?(?P<what>.+)",
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
    either = [part for part in _OR.split(text) if part]
    if len(either) > 1 and _LITERAL.fullmatch(text) is None:
        read = [condition_of(draft, entity, part) for part in either]
        if all(read):
            joined = " or ".join(f"({test.text})" for test in read if test is not None)
            return Test(joined)
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
_OR = re.compile(r"\s+or\s+(?!equal\b)", re.IGNORECASE)


def _one(draft: Draft, entity: Entity, text: str, *, linked: bool = True) -> Test | None:
    found = (read(draft, entity, text) for read in _READERS)
    own = next((test for test in found if test is not None), None)
    return own or (_linked(draft, entity, text) if linked else None)


def _linked(draft: Draft, entity: Entity, text: str) -> Test | None:
    """A condition on what a record refers to: "the session is full" of a Booking."""
    tests = []
    for link in entity.fields:
        other = draft.entities.get(link.type.entity)
        if other is None or not other.stored or link.type.optional or link.type.base is Base.LIST:
            continue
        test = _one(draft, other, text, linked=False)
        if test is not None and not re.search(r"\bthis\.", test.text):
            one = f"exists({other.name}, {other.key} == this.{link.name} and ({{}}))"
            denied = one.format(test.denied.text)
            tests.append(Test(one.format(test.text), test.assumed, denied))
    return tests[0] if len(tests) == 1 else None


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
    found = _state_shape().fullmatch(text)
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


_LITERAL = re.compile(
    r"(?P<what>[\w -]{2,60}?)\s*(?:==?|\b(?:is|values?|in|equals|of)\b)\s*(?:one of\s*)?"
    r"(?P<values>[\"'][^\"']{1,60}[\"'](?:\s*(?:,|or|and)\s*[\"'][^\"']{1,60}[\"']){0,8})",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"']([^\"']{1,60})[\"']")
_EMPTY = re.compile(
    r"(?P<what>[\w -]{2,60}?)\s+(?:is|are)\s+(?P<no>not\s+)?(?:null|missing|empty|blank|none)",
    re.IGNORECASE,
)
_MOMENTS = re.compile(
    r"(?P<what>[\w -]{2,60}?)\s+(?:is|are|lies)\s+(?P<how>earlier than|before|later than|after)\s+"
    r"(?:the\s+)?(?P<other>[\w -]{2,60})",
    re.IGNORECASE,
)


def _literal(draft: Draft, entity: Entity, text: str) -> Test | None:
    """A field and the values that the text quotes: "type = 'A' or 'B'"."""
    del draft
    found = _LITERAL.fullmatch(text)
    field = field_of(entity, found["what"]) if found else None
    if found is None or field is None or not field.type.textual:
        return None
    values = _QUOTED.findall(found["values"])
    if len(values) == 1:
        return Test(present(field, f"{field.name} == {values[0]!r}"))
    return Test(present(field, f"{field.name} in [{', '.join(map(repr, values))}]"))


def _empty(draft: Draft, entity: Entity, text: str) -> Test | None:
    """A field without a value: "amount is NULL"."""
    del draft
    found = _EMPTY.fullmatch(text)
    field = field_of(entity, found["what"]) if found else None
    if found is None or field is None or not field.type.optional:
        return None
    return Test(f"{field.name} is not None" if found["no"] else f"{field.name} is None")


def _moments(draft: Draft, entity: Entity, text: str) -> Test | None:
    """Two times: "the date is earlier than the opening date of the store"."""
    found = _MOMENTS.fullmatch(re.sub(r"\s*\([^()]*\)", "", text))
    field = field_of(entity, found["what"]) if found else None
    if found is None or field is None or field.type.base not in {Base.DATE, Base.DATETIME}:
        return None
    sign = "<" if found["how"].lower() in {"earlier than", "before"} else ">"
    own = field_of(entity, found["other"])
    if own is not None and own.type.base is field.type.base and own is not field:
        return Test(present(field, present(own, f"{field.name} {sign} {own.name}")))
    for other in draft.entities.values():
        moment = field_of(other, found["other"]) if other.stored and other is not entity else None
        shared = entity.field(other.key) if other.key else None
        if moment is None or shared is None or moment.type.base is not field.type.base:
            continue
        if moment.type.optional or field.type.optional or shared.type.optional:
            continue
        return Test(
            f"exists({other.name}, {other.key} == this.{other.key} and "
            f"{moment.name} {'>' if sign == '<' else '<'} this.{field.name})"
        )
    return None


def _compared(draft: Draft, entity: Entity, text: str) -> Test | None:
    """Comparisons: "the stock falls below 10", "the amount exceeds the balance"."""
    del draft
    found = _comparison_shape().fullmatch(text)
    if found is None:
        return None
    field = field_of(entity, found["what"])
    if field is None or not field.type.numeric:
        return None
    sign = _signs()[found["how"].lower()]
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
        known |= set(name_stems(entity.name)) | left | words_of_list("likeness", "around")
        if not wanted <= known:
            return None
        none = bool(wanted & {"no", "without", "none", "0", "zero"})
        return Test(present(hits[0], f"{hits[0].name} {'<=' if none else '>'} 0"))
    if _FULL.search(text) and _about(draft, entity, _FULL.sub("", text)):
        spare = [field for field in numbers if set(name_stems(field.name)) & (left | {"stock"})]
        if len(spare) == 1:
            return Test(present(spare[0], f"{spare[0].name} <= 0"))
    return None


_FULL = re.compile(r"\b(?:is|are) (?:full|fully booked|sold out|out of stock)$", re.IGNORECASE)


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
    _literal,
    _empty,
    _moments,
    _of_phrase,
    _time,
    _compared,
    _left,
    _state,
    _having,
)
