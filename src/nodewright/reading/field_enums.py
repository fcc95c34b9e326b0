"""Values that prose allows: "the status is one of ...", "classify wallets into six types: ..."."""

import re
from collections.abc import Callable
from dataclasses import replace

from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.language.nouns import singular
from nodewright.language.worded import Worded
from nodewright.prd.blocks import Block
from nodewright.prd.outline import Section
from nodewright.reading.data_names import field_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_lists import split_list
from nodewright.reading.field_notes import read_field, values_in
from nodewright.reading.field_places import place_of
from nodewright.reading.field_types import one_of
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    children_of,
    put_fields,
    sections_with_data,
    sentences_of_block,
)
from nodewright.reading.phrase_things import is_shown, thing_in
from nodewright.reading.subjects import label_of
from nodewright.spec.types import Type

_CLASSIFIES = Worded(
    r"\b(?P<verb><classifies>)\s+(?:<determiner>\s+)?(?P<thing>[\w -]{0,40}?)\s*\b(?:into|as"
    r"|in)\s+(?P<rest>.{3,300})"
)
_COUNTED = Worded(r"(?:one of\s+)?(?:the\s+)?(?:following\s+)?(?:(?:\d+|<number>)\s+)?")
_MARKED = re.compile(
    r"\b(?:mark|set|flag)(?:s|ing|ed)?\s+(?:(?:the|an?|each|all)\s+)?"
    r"(?P<thing>[\w -]{2,40}?)\s+as\s+(?P<list>[^.;()]{5,120})",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"(?P<thing>[\w -]{2,40}?)\s+(?:is|are|can be|must be|will be|should be)\s*$", re.IGNORECASE
)
_NOUN = Worded(r"^(?P<own>[\w-]+\s+)?(?P<noun><class_noun>)\b\s*[:：(（]?\s*(?P<list>.*)")
_SLASHES = re.compile(
    r"(?P<values>[\w-]+(?:/[\w-]+){1,6})\s+(?P<noun>\w+?)s?\s+for\s+each\b[^()]{0,60}\((?P<list>[^()]{3,200})\)"
)
_IS_ONE_OF = Worded(
    r"(?P<field>[\w `'’-]{2,60}?)\s+(?:<one_of>|<be>)(?:\s+<following>|\s+values?)*\s*[:：]?\s+"
    r"(?P<list>.{3,300})"
)
_LABELLED = Worded(
    r"(?P<field>[\w ]{0,30}?\b<enum_noun>)\s*(?:values\s*)?[:：(（]\s*(?P<list>[^()\n]{3,200})"
)
_LEVELS = re.compile(
    r"(?P<list>[\w ]+(?:,\s*[\w ]+?)+)\s+(?:two|three|four|five|\d)-level\s+(?:permissions?"
    r"|roles?|access)",
    re.IGNORECASE,
)
_SAYS_ONE_OF = Worded(r"one of|either|any of|limited to|\sor\s")
_MAY_BE = Worded(r"\s(?:<one_of>|<be>)\s")
_ENUM_LIST = Worded(r"\b<enum_noun>\s*(?:values\s*)?[:：(（]")
_STATES = word_set("status statuses state states")
_SURE_NAMES = word_set("status state type kind priority role category level method")


def read_classifications(draft: Draft) -> None:
    r"""Read what things are classified into.

    >>> from nodewright.prd.document import parse_document
    >>> text = "# Inn\n\n## Rooms\n\n- Rooms are grouped into sizes: small, big"
    >>> draft = Draft(parse_document(text))
    >>> read_classifications(draft)
    >>> str(draft.entities["Room"].field("size").type)
    'small | big'
    """
    reader = _Reader(draft)
    reader.read((reader.classified, reader.marked))


def read_field_enums(draft: Draft) -> None:
    r"""Read the values that sentences allow for fields.

    >>> from nodewright.prd.document import parse_document
    >>> text = "# Inn\n\n## Rooms\n\n- The status of a room is one of free, taken or closed."
    >>> draft = Draft(parse_document(text))
    >>> read_field_enums(draft)
    >>> str(draft.entities["Room"].field("status").type)
    'free | taken | closed'
    """
    reader = _Reader(draft)
    reader.read((reader.tiers, reader.one_of, reader.roles, reader.labelled))


type _Read = Callable[[Section, int, str, tuple[str, ...]], bool]


class _Reader:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._lines = ClauseLines(draft)

    def read(self, readers: tuple[_Read, ...]) -> None:
        """Try ``readers`` in their order on each sentence."""
        for section in sections_with_data(self._draft):
            for number, block in blocks_of(section):
                for sentence in sentences_of_block(block):
                    clauses = self._lines.within(block, sentence)
                    any(read(section, number, sentence, clauses) for read in readers)

    def _put(self, name: str, field: str, kind: Type, clauses: tuple[str, ...]) -> bool:
        note = read_field(field, clauses, annotation="string")
        if note is None or not name or is_shown(name):
            return False
        typed = replace(note, field=replace(note.field, type=kind, assumed=""))
        put_fields(self._draft, name, [typed], self._lines.mark(clauses))
        return True

    def classified(
        self, section: Section, number: int, text: str, clauses: tuple[str, ...]
    ) -> bool:
        found = _CLASSIFIES.search(text)
        if found is None:
            return False
        thing = thing_in(found["thing"]) if found["thing"].strip() else ""
        passive = _PASSIVE.search(text[: found.start()])
        if not thing and passive:
            thing = thing_in(passive["thing"])
        rest = _COUNTED.after(found["rest"].strip())
        noun = _NOUN.match(rest)
        listed = noun["list"] if noun else rest
        children = (
            children_of(section.blocks, number) if text.rstrip().endswith((":", "：")) else []
        )
        kind = _labels(children) if children else values_in(_unquoted(listed), bare=False)
        if not thing or kind is None:
            return False
        for child in children:
            self._lines.take(child.line)
        return self._put(thing, _class_name(noun, found["verb"]), kind, clauses)

    def marked(self, _: Section, __: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``Mark dishes as available, sold out or hidden``."""
        found = _MARKED.search(text)
        kind = values_in(found["list"], bare=True) if found else None
        thing = thing_in(found["thing"]) if found else ""
        return self._put(thing, "status", kind, clauses) if kind and thing else False

    def tiers(self, _: Section, __: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``into high/medium/low tiers for each dimension (Recency, Frequency)``."""
        found = _SLASHES.search(text) if "/" in text and "each" in text else None
        kind = one_of(found["values"].split("/")) if found else None
        if found is None or kind is None:
            return False
        done = False
        for part in split_list(found["list"]):
            place = place_of(self._draft, part)
            if place is not None:
                done = (
                    self._put(
                        place[0], f"{place[1]}_{singular(found['noun'].lower())}", kind, clauses
                    )
                    or done
                )
        return done

    def one_of(self, section: Section, number: int, text: str, clauses: tuple[str, ...]) -> bool:
        position = 0
        if not (_SAYS_ONE_OF.search(text) and _MAY_BE.search(text)):
            return False
        while found := _IS_ONE_OF.search(text, position):
            position = found.end("field")
            kind = values_in(
                found["list"], bare="one of" not in found[0] and "either" not in found[0].lower()
            )
            said = "one of" in found[0] or re.search(
                r"\b(?:either|any of|limited to)\b|\sor\s", found[0], re.IGNORECASE
            )
            if kind is None or not said:
                continue
            place = place_of(self._draft, found["field"], section, number)
            if place is None or (not place[2] and place[1].split("_")[-1] not in _SURE_NAMES):
                continue
            return self._put(place[0], place[1], kind, clauses)
        return False

    def roles(self, _: Section, __: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``Clerk, manager three-level permissions``: the roles of users."""
        found = _LEVELS.search(plain(text)) if "-level" in text else None
        kind = (
            one_of([part.strip().lower() for part in found["list"].split(",")]) if found else None
        )
        return self._put("User", "role", kind, clauses) if kind else False

    def labelled(self, section: Section, number: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``Task status: open, done``."""
        if not _ENUM_LIST.search(text.replace("*", "")):
            return False
        found = _LABELLED.search(plain(text))
        if found is None or re.search(
            r"\b(?:e\.g|such as|etc|example)", found["list"], re.IGNORECASE
        ):
            return False
        kind = values_in(found["list"], bare=True)
        place = place_of(self._draft, found["field"], section, number)
        if kind is not None and place is None and found["field"].split()[-1].lower() in _STATES:
            place = thing_in(" ".join(found["field"].split()[:-1])), "status", False
        if kind is None or place is None:
            return False
        if place[0] not in self._draft.entities and place[1].split("_")[-1] not in _STATES:
            return False
        return self._put(place[0], place[1], kind, clauses)


def _unquoted(text: str) -> str:
    return text.strip().rstrip(".")


def _labels(children: list[Block]) -> Type | None:
    """The labels of bullets as values: ``**Green:** harmless``."""
    labels = [label_of(child.text) or plain(child.text) for child in children]
    short = all(len(label.split()) <= 4 for label in labels)
    return one_of([plain(label).strip(" *.") for label in labels]) if short else None


def _class_name(noun: re.Match[str] | None, verb: str) -> str:
    """``hazard_class``, ``size``; "types" that things are categorised into are a category."""
    if noun is None:
        return "category"
    word = singular(noun["noun"].lower())
    own = (noun["own"] or "").strip().lower()
    if own and own not in {"following", "the", "different", "main"}:
        return field_name(f"{own} {word}")
    if word in {"type", "kind", "class", "category", "group"}:
        return "category" if verb.lower().startswith(("class", "categ")) else word
    return word
