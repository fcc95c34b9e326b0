"""State machines: arrow chains, lists of statuses and transition sentences."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from nodewright.language.markup import plain
from nodewright.language.nouns import entity_name, singular
from nodewright.prd.blocks import BlockKind
from nodewright.prd.models import Scope, StateMachine
from nodewright.prd.outline import Section
from nodewright.reading.drawn_states import drawn_machines
from nodewright.reading.machines import (
    COMMON_STATES,
    STATE_CONTEXT,
    Machine,
    state_name,
    trigger_of,
)

_MAX_STATES = 16
_MAX_MACHINES = 12
_ARROW = re.compile(r"(?:[→⇒➔➜⟶]|-+>|=+>)")
_COMMON_NEEDED = 2


def find_state_machines(
    sections: Sequence[Section], names: Sequence[str]
) -> tuple[StateMachine, ...]:
    """State machines of this release; ``names`` are the entities that one may belong to."""
    machines: dict[str, Machine] = {}
    for section in sections:
        if section.scope is not Scope.RELEASE or section.role in {"market", "references", "plan"}:
            continue
        for drawn in drawn_machines(section):
            drawn.subject = _subject("", "", section, names)
            machines.setdefault(drawn.subject.lower(), drawn).take_in(drawn)
        for text, line, subject_hint in _lines(section):
            found = _from_arrows(text, line, section) or _from_list(text, line)
            if found is None:
                found = _from_sentence(text, line)
            if found is None:
                continue
            _add_moves(found, text, line)
            found.subject = _subject(found.subject, subject_hint, section, names)
            machines.setdefault(found.subject.lower(), found).take_in(found)
        if len(machines) >= _MAX_MACHINES:
            break
    return tuple(
        StateMachine(
            item.subject, tuple(item.states[:_MAX_STATES]), tuple(item.transitions), item.line
        )
        for item in machines.values()
        if len(item.states) > 1
    )


def _lines(section: Section) -> Iterator[tuple[str, int, str]]:
    """Lines of the section with the text above an item, which may name the subject."""
    above: list[tuple[int, str]] = []
    opener = ""
    for block in section.blocks:
        if block.kind is BlockKind.ITEM:
            while above and above[-1][0] >= block.level:
                above.pop()
        hint = above[-1][1] if above else ""
        if (
            block.kind is BlockKind.ROW
            and block.cells
            and _STATUS_CELL.fullmatch(plain(block.cells[0]))
        ):
            for cell in block.cells[1:]:
                yield f"status: {plain(cell)}", block.line, section.title
            continue
        for number, text in enumerate(block.text.split("\n")[:3000]):
            if block.kind is BlockKind.CODE:
                declared = _OPENER.search(text[:200])
                opener = declared[1] if declared else opener
            yield text[:600], block.line + number + (block.kind is BlockKind.CODE), opener or hint
        if block.kind is BlockKind.ITEM:
            above.append((block.level, block.text[:80]))


_OPENER = re.compile(
    r"(?:interface|class|model|table(?: if not exists)?|const|type)\s+[\"`]?(\w+)", re.IGNORECASE
)
_STATUS_CELL = re.compile(r"\w*_?(?:status|state)", re.IGNORECASE)
_CAN_BE = re.compile(
    r"\b(?:an?|the|any)\s+(?P<source>\w{3,20})\s+\w{2,30}\s+(?:can|may"
    r"|could)\s+(?:also\s+)?be\s+(?P<target>\w{4,20}(?:ed|en|id|wn))\b",
    re.IGNORECASE,
)
_MOVES = re.compile(
    r"\b(?:from|de)\s+[\"'`*]{0,3}(?P<source>\w{3,20})[\"'`*]{0,3}\s+(?:to|into"
    r"|a)\s+[\"'`*]{0,3}(?P<target>\w{3,20})\b",
    re.IGNORECASE,
)


def _add_moves(machine: Machine, text: str, line: int) -> None:
    """Moves that sentences beside the states tell: "A reserved ticket can be cancelled"."""
    known = {state.lower() for state in machine.states}
    for pattern in (_CAN_BE, _MOVES):
        for found in pattern.finditer(text):
            source, target = found["source"].lower(), found["target"].lower()
            if source in known and (
                pattern is _CAN_BE or target in known or target in COMMON_STATES
            ):
                machine.move(
                    found["source"].lower(), found["target"].lower(), trigger_of(target), line
                )


def _from_sentence(text: str, line: int) -> Machine | None:
    """A sentence that moves a thing between two common states."""
    if " from " not in text and " can be " not in text and " may be " not in text:
        return None
    for found in _MOVES.finditer(text):
        pair = {found["source"].lower(), found["target"].lower()}
        if pair <= COMMON_STATES:
            machine = Machine("", line)
            machine.move(
                found["source"].lower(), found["target"].lower(), trigger_of(found["target"]), line
            )
            return machine
    return None


def _from_arrows(text: str, line: int, section: Section) -> Machine | None:
    arrow = _ARROW.search(text)
    if arrow is None:
        return None
    lead, colon, _ = text[: arrow.start()].rpartition(":")
    rest = text[len(lead) + 1 :] if colon else text
    body = rest if colon and _ARROW.search(rest) and not _ARROW.search(lead) else text
    label = lead if body is rest else ""
    pieces = [re.split(r"[.;]\s|\.$|,\s", part, maxsplit=1)[0] for part in _ARROW.split(body)]
    parts = [state_name(re.sub(r"^[\s*\-•>|`]+", "", part)) for part in pieces]
    # Prose may surround the chain: its first and last pieces lend a word.
    states = [part for part in parts if part]
    if len(states) < 2 or len(states) < len(parts) - 1:
        return None
    context = bool(STATE_CONTEXT.search(f"{section.title} {label} {text}"))
    common = sum(state.lower().replace(" ", "_") in COMMON_STATES for state in states)
    if not context and common < _COMMON_NEEDED:
        return None
    if any(part is None for part in parts[1:-1]):
        return None
    machine = Machine(label, line)
    for source, target in pairwise(states):
        machine.move(source, target, trigger_of(target), line)
    return machine


_STATUS_LIST = re.compile(
    r"\b(?P<word>status(?:es)?|states?|estados?|lifecycle events?)\b[`*\"']*"
    r"(?:\s*(?:field|values?|code|type|enum|machine|transitions?))?\s*"
    r"(?:[:：=(（]|\bis one of\b|\bcan be\b|\bare\b|\bincluding\b|\b(?:string|text|enum"
    r"|varchar)\b\W{0,12})\s*(?P<list>[^)）\n]{5,300})",
    re.IGNORECASE,
)
_COMMENT_LIST = re.compile(
    r"\b(?P<word>status|state)\b[^\n]{0,200}?//\s*(?P<list>'[^\n]{5,200})", re.IGNORECASE
)
_SEPARATORS = re.compile(r"\s*(?:\||,|;|/|、|，|\bor\b|\band\b|→|->)\s*")


def _from_list(text: str, line: int) -> Machine | None:
    low = text.lower()
    if "stat" not in low and "estad" not in low and "lifecycle" not in low:
        return None
    match = _COMMENT_LIST.search(text) or _STATUS_LIST.search(text)
    if match is None:
        return None
    listed = re.sub(r"[\"'`*(]", " ", match["list"]).strip(" .;:")
    listed = re.sub(r"^(?:one of|is|are|can be|either)\s*:?\s*", "", listed, flags=re.IGNORECASE)
    listed = re.split(r"[.;)]\s|\bwith\b|\bwhen\b", listed, maxsplit=1)[0]
    states = [state_name(part) for part in _SEPARATORS.split(listed) if part.strip()]
    good = [state for state in states if state and len(state.split()) <= 2]
    if len(good) < 2 or len(good) < len(states):
        return None
    if not any(
        state.lower().replace(" ", "_").replace("-", "_") in COMMON_STATES for state in good
    ):
        return None
    before = re.sub(r"[^\w ]", " ", text[max(0, match.start() - 40) : match.start()])
    machine = Machine(before.strip().split(" ")[-1] if before.strip() else "", line)
    for state in good:
        machine.add(state)
    return machine


def _subject(label: str, hint: str, section: Section, names: Sequence[str]) -> str:
    """The entity that the states belong to: named on the line, above it or by the heading."""
    for text in (label, hint, section.title):
        low = " ".join(
            singular(word)
            for word in re.findall(r"[^\W\d_]+", plain(text).lower().replace("_", " "))
        )
        low = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", low)
        for name in names:
            if name.lower() in low or name.lower().replace(" ", "") in low.replace(" ", ""):
                return name
    for text in (label, hint, section.title):
        found = entity_name(
            re.sub(
                r"(?i)\b(?:status|states?|machine|transitions?|life[ -]?cycle|flow"
                r"|orchestration)\b",
                "",
                text,
            )
        )
        if found:
            return found
    return "Item"
