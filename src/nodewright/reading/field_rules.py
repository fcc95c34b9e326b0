"""What sentences demand of fields: ranges, formats, that one is missing or given."""

import re
from dataclasses import replace

from nodewright.language.markup import plain
from nodewright.language.worded import Worded
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import default_value, read_field
from nodewright.reading.field_types import is_common
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    change_field,
    known_name,
    put_fields,
    sections_with_data,
    sentences_of_block,
)
from nodewright.reading.limits import Limit, limits_in
from nodewright.reading.mentions import Mention, Mentions
from nodewright.reading.subjects import named_thing
from nodewright.spec.model import Field, Format, Rule
from nodewright.spec.types import NUMBER, Base

_DEMANDS = Worded(r"\b<demand>\b|[<>≤≥]")
_FORMATS: tuple[tuple[re.Pattern[str], Format], ...] = (
    (
        re.compile(
            r"\bvalid\s+(?:e-?mail)|\be-?mail\s+(?:format|address format)|format of an e-?mail",
            re.IGNORECASE,
        ),
        Format.EMAIL,
    ),
    (re.compile(r"\bvalid\s+(?:url|link|uri)|\burl\s+format", re.IGNORECASE), Format.URL),
    (
        re.compile(
            r"\bvalid\s+(?:tele)?phone|\bphone\s+(?:number\s+)?format|E\.164", re.IGNORECASE
        ),
        Format.PHONE,
    ),
    (re.compile(r"\bvalid\s+ip\b|\bip\s+address\s+format", re.IGNORECASE), Format.IP),
)
_MISSING_BEFORE = re.compile(r"\b(?:empty|missing|blank|null)\s*[`\"]?$", re.IGNORECASE)
_MISSING_AFTER = Worded(r"^[`\"]?\s+<may_be>\s+<missing>\b")
_NEVER_MISSING = re.compile(
    r"\b(?:must not|may not|cannot|shall not|never|reject|refuse|required)\b", re.IGNORECASE
)
_DEFAULT = Worded(
    r"<default_to>\s*:?\s*(?:[\"'“‘`](?P<quoted>[^\"'”’`]{1,60})[\"'”’`]|(?P<bare>[\w.-]{1,30}))"
)
_SUBJECT = re.compile(
    r"^(?:the|each|every|an?|all)\s+(?P<field>[a-z][\w -]{2,40}?)\s+(?:must|should|shall|has to"
    r"|cannot|may not|is always)\s",
    re.IGNORECASE,
)
_NOT_OF_RECORDS = Worded(r"\b(?:<not_of_records>|p9\d)\b")
_FAR = 60
_NEAR = 14


def read_field_rules(draft: Draft) -> None:
    r"""Attach what sentences demand to the fields that they name.

    >>> from nodewright.prd.document import parse_document
    >>> text = "# Inn\n\n- Room(number, rate)\n- The rate must be at least 20."
    >>> draft = Draft(parse_document(text))
    >>> from nodewright.reading.field_phrases import read_field_phrases
    >>> read_field_phrases(draft)
    >>> read_field_rules(draft)
    >>> [str(rule.minimum) for rule in draft.entities["Room"].field("rate").rules]
    ['20']
    """
    lines = ClauseLines(draft)
    mentions = Mentions(draft)
    for section in sections_with_data(draft):
        if section.role in {
            "nonfunctional",
            "plan",
            "dependencies",
            "architecture",
            "observability",
        }:
            continue
        subject = known_name(draft, named_thing(section.title))
        for _, block in blocks_of(section):
            for sentence in sentences_of_block(block):
                if (
                    _DEMANDS.search(sentence)
                    or "efault" in sentence
                    or "mpty" in sentence
                    or "issing" in sentence
                ):
                    clauses = lines.within(block, sentence)
                    if _implied(draft, subject, sentence, clauses):
                        mentions = Mentions(draft)
                    _read(draft, lines, mentions.fields(sentence, subject), sentence, clauses)


def _read(
    draft: Draft, lines: ClauseLines, found: list[Mention], sentence: str, clauses: tuple[str, ...]
) -> None:
    for number, mention in enumerate(found):
        field = draft.entities[mention.entity].field(mention.field)
        following = found[number + 1].begin if number + 1 < len(found) else len(sentence)
        if field is None or set(clauses) <= set(field.clauses):
            continue
        said = sentence[mention.finish : following]
        before = sentence[: mention.begin]
        changed = _optional(field, sentence, before, said)
        changed = _with_default(changed, said)
        changed = _with_rules(changed, said, clauses)
        if changed != field:
            ids = lines.mark(clauses)
            merged = tuple(dict.fromkeys((*field.clauses, *ids)))
            change_field(draft, mention.entity, replace(changed, clauses=merged))


def _optional(field: Field, sentence: str, before: str, said: str) -> Field:
    missing = _MISSING_BEFORE.search(before) or _MISSING_AFTER.match(said)
    if missing and not _NEVER_MISSING.search(sentence):
        return replace(field, type=field.type.maybe)
    return field


def _with_default(field: Field, said: str) -> Field:
    found = _DEFAULT.search(said[:120])
    if found is None or field.default is not None:
        return field
    return replace(
        field, default=default_value(found["quoted"] or found["bare"], field.type.required)
    )


def _with_rules(field: Field, said: str, clauses: tuple[str, ...]) -> Field:
    near = re.split(
        r"\b(?:when|if|unless|until|after|before|within|because)\b|[.;]\s", said, maxsplit=1
    )[0][:_FAR]
    demand = _DEMANDS.search(near)
    if demand is None or demand.start() > _NEAR or _is_condition(said, near):
        return field
    limits = _fitting(field, limits_in(near)) if not _NOT_OF_RECORDS.search(near) else []
    rules = [limit.rule(clauses) for limit in limits]
    if field.type.base is Base.TEXT:
        rules += [
            Rule(format=shape, clauses=clauses)
            for pattern, shape in _FORMATS
            if pattern.search(near)
        ]
    fresh = [rule for rule in rules if all(not _same(rule, known) for known in field.rules)]
    return replace(field, rules=(*field.rules, *fresh))


def _fitting(field: Field, limits: list[Limit]) -> list[Limit]:
    if field.type.numeric:
        return limits
    if field.type.base in {Base.TEXT, Base.LIST}:
        return [limit for limit in limits if limit.length or field.type.base is Base.LIST]
    return []


def _is_condition(said: str, near: str) -> bool:
    """Whether a bound chooses records instead of refusing values: "where amount is ≤ 0"."""
    return not re.search(
        r"\b(?:must|should|shall|has to|have to|cannot|may not|needs to|never|always|valid"
        r"|between|at least"
        r"|at most|only)\b",
        near,
        re.IGNORECASE,
    ) and bool(said)


def _same(one: Rule, other: Rule) -> bool:
    return replace(one, clauses=(), assumed="") == replace(other, clauses=(), assumed="")


def _implied(draft: Draft, subject: str, sentence: str, clauses: tuple[str, ...]) -> bool:
    """A bound on a field that is not declared: of the thing that the heading names."""
    found = _SUBJECT.match(plain(sentence).strip())
    if found is None or not subject or not limits_in(sentence) or _NOT_OF_RECORDS.search(sentence):
        return False
    note = read_field(found["field"], clauses)
    entity = draft.entities[subject]
    if (
        note is None
        or not is_common(note.field.name)
        or Mentions(draft).fields(found["field"], subject)
    ):
        return False
    kind = note.field.type if note.field.type.numeric else NUMBER
    assumed = f"a field of {entity.name}, whose section bounds it"
    put_fields(
        draft,
        subject,
        [replace(note, field=replace(note.field, type=kind, assumed=assumed, clauses=()))],
    )
    return True
