"""Figures that a text has computed, recorded or reported: a store's margin and turnover."""

import re
from dataclasses import replace

from nodewright.language.data_words import field_words
from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.language.naming import snake
from nodewright.language.worded import Worded
from nodewright.prd.blocks import Block
from nodewright.prd.outline import Section
from nodewright.reading.data_names import counts, thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_lists import is_field_phrase, split_list
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.field_types import type_of_name
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    known_name,
    main_entity,
    put_fields,
    sections_with_data,
    sentences_of_block,
)
from nodewright.reading.phrase_things import is_shown
from nodewright.reading.subjects import label_of, named_thing
from nodewright.spec.model import Field
from nodewright.spec.types import NUMBER, TEXT, entity_type, list_of

_VERB = Worded(r"\b(?P<verb><figures>)\s+(?P<list>\S.*)")
_METRICS = Worded(
    r"\b(?P<what><metrics>)\b\s*(?:[:：(]|,?\s+(?:such as|including|like)\s)\s*"
    r"(?P<list>[^\n]{3,400})"
)
_END = Worded(r"\s+<ends_figures>\s|;|\.\s")
_PER = re.compile(
    r"\s+(?:for|per|of|by)\s+(?:(?:each|every|an?|all|the)\s+)?(?P<thing>[\w -]{2,40})$",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"\s+(?:for each|for every|per|of each)\s+(?P<thing>[\w -]{2,40}?)(?=$|,)", re.IGNORECASE
)
_OWNER = re.compile(
    r"^(?:(?:the|each|every|all|an?)\s+)*(?P<owner>[\w-]+(?:\s[\w-]+)?)['’]s\s+", re.IGNORECASE
)
_OTHER = re.compile(r"^(?:and\s+)?other\s+(?P<thing>[\w -]{3,40})$", re.IGNORECASE)
_SYMBOL = re.compile(r"^(?P<said>[^()]{2,60})\((?P<name>[A-Z]\w{2,20})(?:\s*[,;]|\))")
_PARTS = re.compile(
    r"^(?P<name>[^()]{1,40}?)\s*\((?P<parts>[a-z]+(?:\s*(?:\+|/|and|,|&)\s*[a-z]+)+)\)$"
)
_SHARED_HEADS = word_set("components values scores parts metrics figures rates ratios levels")
_TIMES = word_set("day week month quarter year hour minute date period time")
_RECORDS = ("record", "track", "monitor")
_COMPUTES = ("calculat", "comput", "measur", "deriv", "estimat", "determin")


def read_measure_fields(draft: Draft) -> None:
    r"""Read figures that are listed with what has them.

    >>> from nodewright.prd.document import parse_document
    >>> said = "Calculate the mean duration, yield rate and total cost per batch"
    >>> text = f"# Mill\n\n## Functions\n\n- {said}"
    >>> draft = Draft(parse_document(text))
    >>> read_measure_fields(draft)
    >>> [field.name for field in draft.entities["BatchMetrics"].fields]
    ['mean_duration', 'yield_rate', 'total_cost']
    """
    lines = ClauseLines(draft)
    for section in sections_with_data(draft):
        if section.role in {
            "plan",
            "architecture",
            "nonfunctional",
            "dependencies",
            "observability",
            "goals",
        }:
            continue
        for _, block in blocks_of(section):
            _read(draft, lines, section, block)


def _read(draft: Draft, lines: ClauseLines, section: Section, block: Block) -> None:
    for sentence in sentences_of_block(block):
        clauses = lines.within(block, sentence)
        if any(clauses == entity.clauses for entity in draft.entities.values()):
            continue
        listed = _METRICS.search(sentence)
        found = listed if listed and not _VERB.match(listed["list"]) else _VERB.search(sentence)
        if found is None or _is_negated(sentence[: found.start()]):
            continue
        verb = (found.groupdict().get("verb") or "").lower()
        figures = _figures(found["list"], clauses, verb)
        if figures is None:
            continue
        name = figures.entity(draft, section, sentence, verb)
        if name:
            ids = lines.mark(clauses)
            put_fields(draft, name, figures.notes, ids, stored=verb.startswith(_RECORDS))


def _is_negated(before: str) -> bool:
    return bool(re.search(r"\b(?:not|never|no)\s+(?:\w+\s)?$", before, re.IGNORECASE))


class _Figures:
    """The figures of one sentence; ``owner``, ``each`` and ``other`` say what has them."""

    def __init__(self, notes: list[FieldNote], owner: str, each: str, other: str) -> None:
        self.notes = notes
        self.owner = owner
        self.each = each
        self.other = other

    def entity(  # noqa: PLR0911 - one way after the other
        self, draft: Draft, section: Section, sentence: str, verb: str
    ) -> str:
        """The name of the record that holds them."""
        if self.other:
            return self.other
        label = re.match(
            r"(?P<what>[\w& -]{2,30}?)\s+(?:metrics?|statistics|indicators)\b", label_of(sentence)
        )
        if label and thing_name(label["what"]):
            known = draft.entities.get(known_name(draft, thing_name(label["what"])))
            if known and any(known.field(note.field.name) for note in self.notes):
                return known.name
            return f"{thing_name(label['what'])}Metrics"
        owner = self.each or self.owner
        if verb.startswith(_RECORDS) and owner:
            return owner
        if owner:
            return f"{owner}Metrics"
        named = named_thing(label_of(sentence))
        if (
            named
            and not is_shown(named)
            and named not in {"Metric", "Statistic", "Indicator", "Feature"}
        ):
            return named
        title = named_thing(section.title)
        if not title or is_shown(title):
            title = ""
        return f"{known_name(draft, title) or main_entity(draft)}Metrics"


def _figures(listed: str, clauses: tuple[str, ...], verb: str) -> _Figures | None:
    """What a list measures; None where it is no list of figures."""
    text = _END.split(listed.rstrip(" ."))[0]
    if not verb:
        text = text.rstrip(")")
    each = _EACH.search(text)
    per = each or _PER.search(text) if text.count(",") or " and " in text else each
    if per and (thing_name(per["thing"]) or per["thing"].endswith("application")):
        text = text[: per.start()]
    owner = _OWNER.match(text)
    if owner:
        text = text[owner.end() :]
    parts = [part for part in split_list(text) if part]
    other = next(
        (thing_name(found["thing"]) for part in parts if (found := _OTHER.match(part))), ""
    )
    parts = _shared_head([part for part in parts if not _OTHER.match(part)])
    subject = ""
    if parts and verb.startswith(_RECORDS):
        subject, parts[0] = _own_subject(parts[0])
    notes = [note for part in parts for note in _figure(part, clauses)]
    measured = sum(
        _is_measured(note.field.name) or counts(part)
        for note, part in zip(notes, parts, strict=False)
    )
    broken = len(parts) == 1 and len(notes) > 1 and verb.startswith(_COMPUTES)
    if not broken and (len(parts) < 2 or len(notes) < len(parts) or 4 * measured < 3 * len(parts)):
        return None
    thing = _whole(per["thing"]) if per else ""
    whose = thing_name(owner["owner"]) if owner else ""
    if subject and whose:
        notes.insert(0, _belongs_to(whose, clauses))
    return _Figures(
        notes,
        subject or (thing_name(owner["owner"]) if owner else ""),
        "" if subject else thing,
        other,
    )


def _whole(thing: str) -> str:
    """The thing that figures are of; an application counts as one here."""
    name = "Application" if thing.endswith("application") else ""
    return thing_name(thing) or name


def _belongs_to(owner: str, clauses: tuple[str, ...]) -> FieldNote:
    """The field that says whose a record is: "each user's ride duration"."""
    said = f"whose record it is, as the text speaks of each {owner.lower()}"
    return FieldNote(
        Field(name=f"{snake(owner)}_id", type=entity_type(owner), clauses=clauses, assumed=said)
    )


def _own_subject(part: str) -> tuple[str, str]:
    """``decision process duration``: the thing, and what is measured of it."""
    spoken = plain(part).split()
    if len(spoken) < 3 or spoken[-1].lower() not in field_words("measured"):
        return "", part
    name = thing_name(" ".join(spoken[:-1]))
    return (name, spoken[-1]) if name else ("", part)


def _shared_head(parts: list[str]) -> list[str]:
    """``trend, seasonal and residual components``: the last noun belongs to all."""
    if len(parts) < 2:
        return parts
    *others, last = parts
    spoken = last.split()
    if (
        len(spoken) == 2
        and spoken[1].lower() in _SHARED_HEADS
        and all(len(part.split()) == 1 for part in others)
    ):
        return [*others, spoken[0]]
    return parts


def _figure(part: str, clauses: tuple[str, ...]) -> list[FieldNote]:
    if not is_field_phrase(part):
        return []
    broken = _PARTS.match(part)
    if broken:
        names = [
            broken["name"],
            *(
                f"{each} {broken['name']}"
                for each in re.findall(r"[a-z]{3,}", broken["parts"])
                if each != "and"
            ),
        ]
        return [_measured(note) for name in names if (note := read_field(name, clauses))]
    symbol = _SYMBOL.match(part)
    note = read_field(
        symbol["name"] if symbol else part, clauses, notes=part[symbol.end() :] if symbol else ""
    )
    if note is None:
        return []
    several = re.search(r"\b(?:for|of)\s+(?:each|every)\s+(?P<thing>\w+)", part)
    if several:  # one a step, within the record
        inner = read_field(f"{several['thing']} {note.field.name.replace('_', ' ')}", clauses)
        if inner is not None:
            return [replace(inner, field=replace(inner.field, type=list_of(NUMBER)))]
    return [_measured(note)]


def _measured(note: FieldNote) -> FieldNote:
    """A figure is a number where nothing else is said."""
    if note.field.type == TEXT:
        return replace(note, field=replace(note.field, type=NUMBER))
    return note


def _is_measured(name: str) -> bool:
    parts = name.split("_")
    kind = type_of_name(name)
    return (
        parts[-1] in field_words("measured")
        or parts[0] in field_words("measured")
        or (kind is not None and kind.numeric)
    )
