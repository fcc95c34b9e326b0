"""What there is only once: "no seat is sold twice", "the e-mail must be unique"."""

import re
from dataclasses import replace

from nodewright.language.lexicon import word_set
from nodewright.language.nouns import singular
from nodewright.language.worded import Worded
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import read_field
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    known_name,
    put_fields,
    sections_with_data,
    sentences_of_block,
)
from nodewright.reading.mentions import Mention, Mentions
from nodewright.reading.subjects import named_thing
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Entity, Unique
from nodewright.spec.types import Base

_TWICE = Worded(r"\b<same>\s+(?P<thing>[\w -]{2,40}?)\s+<finite>\b[^.;]{0,60}?\b<twice>\b")
_NO_TWO = Worded(r"\bno\s+two\s+(?P<thing>[\w -]{2,40}?)\s+<two_have>\b(?P<rest>[^.;]{3,120})")
_UNIQUE = Worded(r"\b<is_unique>\b(?:\s+<scope>\s+(?:<determiner>\s+)?(?P<scope>[\w -]{2,30}))?")
_IDENTIFIED = Worded(r"\b<identified>\s+(?P<rest>[^.;()]{3,120})")
_DUPLICATES = Worded(r"\bduplicate\s+(?P<thing>[\w -]{2,40}?)\s+<finite>\s+(?:be\s+)?<refused>")
_SAME_SCOPE = re.compile(
    r"\b(?:on|at|in|for|within)\s+the\s+same\s+(?P<scope>[\w -]{2,30})", re.IGNORECASE
)
# A place is taken for something: a seat of an event, a box on a day.
_OCCASIONS = word_set(
    "event show flight trip ride screening performance session concert match class course "
    "crossing departure"
)
_OVER = re.compile(
    r"cancel|refund|expir|reject|withdraw|returned|closed|void|no.?show|released|checked.?out",
    re.IGNORECASE,
)
OVER = "records whose state says that they are over do not count"


def read_uniqueness(draft: Draft) -> None:
    r"""Read which values no two records may share.

    >>> from nodewright.prd.document import parse_document
    >>> text = "# Hall\n\n- Ticket(event, seat, price)\n- No seat is sold twice."
    >>> draft = Draft(parse_document(text))
    >>> from nodewright.reading.field_phrases import read_field_phrases
    >>> read_field_phrases(draft)
    >>> read_uniqueness(draft)
    >>> draft.entities["Ticket"].unique[0].fields
    ('event', 'seat')
    """
    lines = ClauseLines(draft)
    for section in sections_with_data(draft):
        subject = known_name(draft, named_thing(section.title))
        for _, block in blocks_of(section):
            for sentence in sentences_of_block(block):
                if _ASKS.search(sentence):
                    _read(draft, lines, subject, sentence, lines.within(block, sentence))


_ASKS = re.compile(
    r"twice|once|double|unique|no two|duplicate|identified by|keyed by|again", re.IGNORECASE
)


def _read(
    draft: Draft, lines: ClauseLines, subject: str, sentence: str, clauses: tuple[str, ...]
) -> None:
    mentions = Mentions(draft)
    for find in (_taken_twice, _no_two, _unique, _identified, _duplicates):
        found = find(draft, mentions, subject, sentence, clauses)
        if found is None:
            continue
        entity, fields, assumed = draft.entities[found[0]], found[1], found[2]
        if (
            not fields
            or any(known.fields == fields for known in entity.unique)
            or fields == (entity.key,)
        ):
            return
        when, over = _still_counts(entity) if find is _taken_twice else (None, "")
        said = "; ".join(part for part in (assumed, over) if part)
        rule = Unique(fields=fields, when=when, clauses=lines.mark(clauses), assumed=said)
        draft.entities[entity.name] = replace(entity, unique=(*entity.unique, rule))
        return


type _Found = tuple[str, tuple[str, ...], str] | None


def _taken_twice(
    draft: Draft, mentions: Mentions, subject: str, sentence: str, clauses: tuple[str, ...]
) -> _Found:
    found = _TWICE.search(sentence)
    if found is None:
        return None
    mention = _last(mentions.fields(found["thing"], subject))
    scope = _SAME_SCOPE.search(sentence)
    if mention is None:
        thing = singular(found["thing"].split()[-1].lower())
        if not subject or not scope or len(found["thing"].split()) > 2:
            return None
        note = read_field(thing, clauses)
        if note is None:
            return None
        assumed = f"a field of {subject}, in whose section it stands"
        put_fields(draft, subject, [replace(note, field=replace(note.field, assumed=assumed))])
        entity, field = subject, note.field.name
    else:
        entity, field = mention.entity, mention.field
    return _scoped(draft.entities[entity], field, scope["scope"] if scope else "")


def _scoped(entity: Entity, field: str, scope: str) -> _Found:
    """What a place is taken for: the occasion among the fields, or the time that the text names."""
    if scope:
        wanted = set(map(singular, scope.lower().split()))
        named = [each.name for each in entity.fields if wanted & set(each.name.split("_"))]
        dated = [
            each.name for each in entity.fields if each.type.base in {Base.DATE, Base.DATETIME}
        ]
        other = named[:1] or (dated[:1] if wanted & {"day", "date", "time", "night"} else [])
        return (entity.name, (other[0], field), "") if other else None
    occasions = [
        each.name
        for each in entity.fields
        if each.name != field and _OCCASIONS & set(each.name.split("_"))
    ]
    if occasions:
        return (
            entity.name,
            (occasions[0], field),
            f"the same {field} of another {occasions[0]} is another one",
        )
    return entity.name, (field,), ""


def _still_counts(entity: Entity) -> tuple[Expression | None, str]:
    """The condition that leaves out records that are over."""
    for field in entity.fields:
        over = [value for value in field.type.values if _OVER.search(value)]
        if over and field.name.endswith(("status", "state")) and not field.type.optional:
            return Expression(f"{field.name} not in {over!r}"), OVER
    return None, ""


def _no_two(
    _: Draft, mentions: Mentions, subject: str, sentence: str, __: tuple[str, ...]
) -> _Found:
    found = _NO_TWO.search(sentence)
    if found is None:
        return None
    entities = [name for _, name in mentions.entities(found["thing"])]
    fields = mentions.fields(found["rest"], entities[0] if entities else subject)
    return _together(fields, entities[0] if entities else "")


def _unique(
    _: Draft, mentions: Mentions, subject: str, sentence: str, __: tuple[str, ...]
) -> _Found:
    found = _UNIQUE.search(sentence)
    if found is None:
        return None
    fields = mentions.fields(sentence[: found.start()], subject)
    if not fields:
        return None
    together = re.search(r"combination|pair of|together", sentence, re.IGNORECASE)
    chosen = fields if together else fields[-1:]
    scope = mentions.fields(found["scope"], chosen[0].entity) if found["scope"] else []
    if found["scope"] and not scope:
        return None
    return _together([*scope, *chosen], chosen[0].entity)


def _identified(
    _: Draft, mentions: Mentions, subject: str, sentence: str, __: tuple[str, ...]
) -> _Found:
    found = _IDENTIFIED.search(sentence)
    if found is None:
        return None
    named = [name for begin, name in mentions.entities(sentence) if begin < found.start()]
    entity = named[-1] if named else subject
    return _together(mentions.fields(found["rest"], entity), entity)


def _duplicates(
    _: Draft, mentions: Mentions, subject: str, sentence: str, __: tuple[str, ...]
) -> _Found:
    found = _DUPLICATES.search(sentence)
    return _together(mentions.fields(found["thing"], subject)[-1:], subject) if found else None


def _together(fields: list[Mention], entity: str) -> _Found:
    """The fields of one entity."""
    if not fields:
        return None
    own = entity or fields[0].entity
    chosen = tuple(dict.fromkeys(each.field for each in fields if each.entity == own))
    return (own, chosen, "") if chosen else None


def _last(fields: list[Mention]) -> Mention | None:
    return fields[-1] if fields else None
