"""Fields that prose lists: in parentheses, after "has" or "includes", as a signature."""

import re
from collections.abc import Iterator

from nodewright.language.data_words import field_words
from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.language.worded import Worded
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.outline import Section
from nodewright.reading.data_names import declared_name, field_name, identifier_in, thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_lists import is_field_phrase, listed_notes, split_list
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.field_types import is_common
from nodewright.reading.gathering import (
    ClauseLines,
    blocks_of,
    is_data,
    known_name,
    put_fields,
    sections_with_data,
    sentences_of_block,
)
from nodewright.reading.phrase_things import (
    acted_on,
    announced_before,
    announces_list,
    introducers,
    is_pronoun,
    is_shown,
)
from nodewright.reading.subjects import label_of, named_thing, subject_of

_SIGNATURE = re.compile(r"(?<![\w.])`?([A-Z][A-Za-z]{1,40})`?\s?\(([^()]{3,400})\)")
_ARGUMENT = re.compile(r"\s*`?[a-z_]\w{0,40}`?\??(?:\s*:\s*[A-Za-z][\w\[\]<>| '?]{0,60})?\s*")
_GROUP = re.compile(
    r"[(（]([^()（）]{3,500}(?:[(（][^()（）]{0,120}[)）][^()（）]{0,300}){0,12})[)）]"
)
_OPENER = Worded(
    r"\s*(?:<listing>|<example>,?|includes?|fields?:|columns?:|包括|包含|如)\s*[:：]?\s*"
)
_LISTING = Worded(
    r"\s*(?:<following>\s+)*(?:(?P<said><fields>)(?=\s*[:：]|\s+(?:<such_as>|for|`)|$))?\s*(?:<such_as>\b)?\s*[:：]?\s*"
)
_CUT = Worded(r"\s+<ends_list>\s")
_LABELLED = Worded(
    r"(?:^|[\s.(])[*_`]{0,3}(?:<kind_of_fields>\s+)?(?:<plural_fields>)[*_`]{0,3}\s*[:：]\s*[*_`]{0,3}(?P<list>.{3,600})"
)
_HAN_THING = re.compile(
    r"([\u4e00-\u9fff\uac00-\ud7a3\u3040-\u30ff]{1,12}?)(?:信息|数据|资料|记录|表|情報|データ|정보|데이터)\s*$"
)
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_FEW = 0.34
_HALF = 0.5


def read_field_phrases(draft: Draft) -> None:
    r"""Read fields that sentences list.

    >>> from nodewright.prd.document import parse_document
    >>> draft = Draft(parse_document("# Inn\n\n## Functions\n\n- Keep guest details (name, phone)"))
    >>> read_field_phrases(draft)
    >>> [field.name for field in draft.entities["Guest"].fields]
    ['name', 'phone']
    """
    lines = ClauseLines(draft)
    reader = _Reader(draft, lines)
    for section in sections_with_data(draft):
        if section.role in {"plan", "architecture", "nonfunctional", "dependencies"}:
            continue
        for number, block in blocks_of(section):
            if (
                block.kind in {BlockKind.ITEM, BlockKind.PARAGRAPH, BlockKind.ROW}
                and len(block.text) < 5000
            ):
                reader.block(section, number, block)


class _Reader:
    def __init__(self, draft: Draft, lines: ClauseLines) -> None:
        self._draft = draft
        self._lines = lines
        self._known = frozenset(draft.read)
        self._recent = ""
        self._last = ""
        self._called: dict[str, str] = {}
        self._foreign = draft.document.language != "en"

    def block(self, section: Section, number: int, block: Block) -> None:
        self._recent = named_thing(label_of(block.text)) if is_data(section) else ""
        for sentence in sentences_of_block(block):
            clauses = self._lines.within(block, sentence)
            if clauses and self._known.issuperset(clauses):
                continue  # a bullet of fields, read as that
            for read in (self._signatures, self._labelled, self._having, self._groups, self._added):
                if read(section, number, sentence, clauses):
                    break
            self._recent = acted_on(sentence) or self._recent

    def _put(self, name: str, notes: list[FieldNote], clauses: tuple[str, ...]) -> bool:
        if not name or not notes:
            return False
        ids = self._lines.mark(clauses)
        put_fields(self._draft, name, notes, ids)
        self._last = known_name(self._draft, name)
        return True

    def _notes(self, listed: str, clauses: tuple[str, ...]) -> list[FieldNote]:
        """The fields of a list; one that was given a name in code letters before keeps it."""
        parts = list(split_list(listed))
        for part in parts:
            called = identifier_in(part)
            if called:
                self._called[_description(part)] = called
        said = ", ".join(
            f"{part} ({self._called[_description(part)]})"
            if _description(part) in self._called and not identifier_in(part)
            else part
            for part in parts
        )
        return listed_notes(said, clauses)

    def _signatures(self, _: Section, __: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``Ticket(seat, price: decimal, note?)``."""
        done = False
        for found in _SIGNATURE.finditer(text):
            parts = found[2].split(",")
            if len(parts) < 2 or not all(_ARGUMENT.fullmatch(part) for part in parts):
                continue
            if text[: found.start()].rstrip()[-1:].isalnum():
                continue  # words before it: a phrase with an aside, no signature
            notes = [_argument(part, clauses) for part in parts]
            name = declared_name(found[1])
            kept = [note for note in notes if note]
            done = self._put(name, kept, clauses) or done
        return done

    def _labelled(self, section: Section, number: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``Columns: id, seat``."""
        found = _LABELLED.search(text)
        if found is None:
            return False
        listed = re.split(r"\.\s+[A-Z]|[.。]$", found["list"], maxsplit=1)[0]
        notes = listed_notes(listed, clauses)
        return self._put(subject_of(section, number), notes, clauses)

    def _groups(self, _: Section, __: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``guest details (name, phone)``."""
        done = False
        for found in _GROUP.finditer(text):
            before = text[: found.start()].rstrip()
            opener = _OPENER.match(found[1])
            listed = found[1][opener.end() :] if opener else found[1]
            name, sure = _thing_before(before)
            if not name or (len(list(split_list(listed))) < 2):
                continue
            kinds = _kinds_of(listed)
            if kinds and sure:
                note = read_field(
                    "kind", clauses, annotation=" | ".join(f"'{kind}'" for kind in kinds)
                )
                done = self._put(name, [note] if note else [], clauses) or done
                continue
            if re.search(r"\bunit\s*:", listed) or before.endswith("`"):
                continue
            notes = self._notes(listed, clauses)
            if self._is_list(listed, notes, _FEW if sure else _HALF, sure=sure):
                done = self._put(name, notes, clauses) or done
        return done

    def _is_list(self, listed: str, notes: list[FieldNote], least: float, *, sure: bool) -> bool:
        if len(notes) < 2 or (
            re.search(r"\b[A-Z]\w+[A-Z]\w*\b.*\b[A-Z]\w+[A-Z]\w*\b", plain(listed)) and not sure
        ):
            return False
        if self._foreign and sure:
            return True
        return sum(is_common(note.field.name) for note in notes) >= least * len(notes)

    def _having(self, section: Section, number: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``Each booking has a date and a guest``; ``a report with columns: day, total``."""
        for found in introducers(text):
            before, rest = text[: found.start()], text[found.end() :].rstrip(" .")
            listing = _LISTING.match(rest)
            said = bool(listing and listing["said"])
            listed = rest[listing.end() :] if listing else rest
            has = found["has"] is not None
            labelled = not re.search(r"[.:;]", before) and (
                bool(named_thing(before)) if is_data(section) else _is_label(before, listed)
            )
            if found["colon"] and not (said or labelled or announces_list(before)):
                continue
            name = (
                announced_before(before, has=has)
                or (self._recent if is_pronoun(before) else "")
                or (
                    _parameters_of(section, number, before)
                    or (subject_of(section, number) if said and not has else "")
                )
            )
            if name and self._listed(name, before, listed, clauses, said=said, has=has):
                return True
        return False

    def _listed(
        self,
        name: str,
        before: str,
        listed: str,
        clauses: tuple[str, ...],
        *,
        said: bool,
        has: bool,
    ) -> bool:
        matched = list(_matched(listed, clauses))
        listed = _without_which(listed)
        if not has:
            listed = _CUT.split(listed)[0]
        parts = list(split_list(listed))
        if not all(is_field_phrase(re.split(r"[(（:]", part)[0]) for part in parts):
            return False
        notes = [*_arranged(before, clauses), *matched, *self._notes(listed, clauses)]
        each = bool(
            re.match(
                r"(?:[*\w .-]{0,30}[:.]\s*)?(?:each|every|an?)\s",
                plain(before).strip(),
                re.IGNORECASE,
            )
        )
        single = (
            has
            and each
            and bool(
                re.fullmatch(
                    r"(?:an?|one)\s+[\w-]+(?:\s+[\w-]+)?(?:\s*\([^()]*\))?", listed.strip()
                )
            )
        )
        if len(notes) < 2 and not single:
            return False
        every = has and each and len(notes) == len(parts)
        if said or every or matched or single or self._is_list(listed, notes, _HALF, sure=False):
            return self._put(name, notes, clauses)
        return False

    def _added(self, _: Section, __: int, text: str, clauses: tuple[str, ...]) -> bool:
        """``Add a "Remarks" column``: to the record spoken of last."""
        found = _ADDED.search(text)
        note = read_field(found["name"], clauses) if found else None
        return self._put(self._last, [note], clauses) if note and self._last else False


_KINDS_OF_THINGS = word_set(
    "type types role roles status statuses format formats channel channels method methods "
    "category categories option options "
    "filter filters search sort sorting validation input inputs output outputs mode modes level "
    "levels step steps language "
    "languages example examples feature features note notes permission permissions user users "
    "page pages tool tools action "
    "actions metric metrics kpi kpis indicator indicators statistics figures event events "
    "trigger triggers source sources tech stack library libraries requirement requirements goal "
    "goals"
)


_RELATES = re.compile(r"\b(?:by|with|from|to|into|using|via|including|on|as)\b", re.IGNORECASE)


def _is_label(before: str, listed: str) -> bool:
    """Whether a line such as ``Account: user name, password (at least 8 letters)`` lists fields."""
    spoken = plain(before).strip().split()
    if (
        not 1 <= len(spoken) <= 3
        or spoken[-1].lower() in _KINDS_OF_THINGS
        or not named_thing(before)
    ):
        return False
    parts = list(split_list(listed))
    if any(_RELATES.search(part.split("(")[0]) for part in parts):
        return False
    noted = sum("(" in part or "`" in part for part in parts)
    common = sum(is_common(field_name(part.split("(")[0])) for part in parts)
    return len(parts) > 1 and 5 * common >= 3 * len(parts) and (len(parts) > 2 or noted > 0)


_ADDED = re.compile(
    r"\b(?:adds?|append|includes?|has|with)\s+(?:an?|the|another)\s+[\"“'`]"
    r"(?P<name>[\w -]{2,40})[\"”'`]\s+(?:column|field)",
    re.IGNORECASE,
)
_ARRANGED = re.compile(
    r"\b(?:rows?|records?|entries)\s+(?:are\s+)?(?:organi[sz]ed|grouped|sorted|keyed|ordered)\s+by\s+(?P<list>.{3,200})",
    re.IGNORECASE | re.DOTALL,
)


def _arranged(before: str, clauses: tuple[str, ...]) -> list[FieldNote]:
    """``Rows grouped by day (`day`), with ...``: what they are grouped by is theirs too."""
    found = _ARRANGED.search(before)
    return listed_notes(found["list"].rstrip(" ,"), clauses) if found else []


def _description(part: str) -> str:
    """The words that describe a field, without its name in code letters and words for data."""
    shown = re.sub(r"[`\"(（].*", "", part).strip().lower()
    spoken = shown.split()
    while len(spoken) > 1 and spoken[-1] in field_words("data_words"):
        spoken.pop()
    return " ".join(spoken)


def _argument(part: str, clauses: tuple[str, ...]) -> FieldNote | None:
    name, _, annotation = part.partition(":")
    maybe = name.strip(" `").endswith("?")
    return read_field(
        name.strip(" `?"), clauses, annotation=annotation, required=False if maybe else None
    )


def _thing_before(before: str) -> tuple[str, bool]:
    """The thing at the end of ``before``, and whether it is called data, a record or a table."""
    han = _HAN_THING.search(before)
    if han:
        return thing_name(han[1]), True
    phrase = re.split(r"[.;:,(（]\s", before[-120:])[-1]
    if not phrase.isascii() and _HAN.search(phrase):
        return "", False
    spoken = plain(phrase).split()
    if not spoken:
        return "", False
    name = thing_name(phrase)
    if not name or is_shown(name):
        return "", False
    head = spoken[-1].lower().strip("*`")
    plural = head.endswith("s") and head not in {
        "details",
        "records",
        "fields",
        "attributes",
        "status",
        "address",
        "basics",
    }
    sure = head in _LOGS or (
        head in field_words("data_words")
        and head
        not in {
            "files",
            "file",
            "documents",
            "resources",
            "management",
            "properties",
        }
    )
    return ("", False) if plural and not sure and len(spoken) > 2 else (name, sure)


_LOGS = frozenset({"log", "logs"})


def _kinds_of(listed: str) -> list[str]:
    """``browsing, buying, rating``: what is done, and no fields."""
    parts = [plain(part) for part in split_list(listed)]
    if len(parts) > 1 and all(re.fullmatch(r"[A-Za-z]{3,20}ing", part) for part in parts):
        return [part.lower() for part in parts]
    return []


def _parameters_of(section: Section, number: int, before: str) -> str:
    """``Key parameters include ...``: those of what the lines above speak of."""
    if re.fullmatch(
        r"\s*(?:the\s+)?(?:key|main|its|required)?\s*(?:fields|parameters|attributes|columns|settings|properties)\s*",
        plain(before),
        re.IGNORECASE,
    ):
        return subject_of(section, number, own=False)
    return ""


_WHICH = re.compile(
    r"which\s+(?P<thing>[\w ]{3,40}?)\s+(?:is|are)\s+(?P<done>\w{3,15}ed)\b[^,;]*", re.IGNORECASE
)


def _without_which(listed: str) -> str:
    return _WHICH.sub("", listed).strip(" ,;")


def _matched(listed: str, clauses: tuple[str, ...]) -> Iterator[FieldNote]:
    """``which seats are blocked by it``: the field ``blocked_seats``."""
    for found in _WHICH.finditer(listed):
        note = read_field(f"{found['done']} {found['thing']}", clauses)
        if note is not None:
            yield note
