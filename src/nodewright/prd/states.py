"""State machines: arrow chains, lists of statuses and transition sentences."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nodewright.patterns.lexicon import word_set
from nodewright.prd.markdown import BlockKind, plain
from nodewright.prd.models import Scope, StateMachine, Transition
from nodewright.prd.names import entity_name, singular
from nodewright.prd.operations import verb_of
from nodewright.prd.outline import Section

_MAX_STATES = 16
_MAX_MACHINES = 12
_ARROW = re.compile(r"\s*(?:→|⇒|➔|➜|-+>|=+>|⟶)\s*")
_ARROWS = ("→", "⇒", "➔", "➜", "⟶", ">")
_STATE = re.compile(r"[\"'`*(\[]{0,3}([^\W\d_][\w -]{1,24}?)[\"'`*)\].,;]{0,3}")
_STATE_CONTEXT = re.compile(
    r"\bstat(?:e|es|us|uses|e machine)\b|life ?cycle|transition|상태|状态|流转|estado|生命周期",
    re.IGNORECASE,
)
_COMMON_STATES = word_set(
    "draft pending active inactive paused approved rejected cancelled canceled completed "
    "complete done "
    "failed open closed submitted published archived expired shipped delivered paid unpaid "
    "refunded "
    "queued running processing processed processing new idle scheduled confirmed created started "
    "stopped suspended todo in_progress review resolved assigned accepted declined success "
    "succeeded "
    "sent bounced delivering deleted verified unverified blocked past_due trialing error retrying "
    "waiting ready thinking cancel halfopen preparing"
)
_COMMON_NEEDED = 2


@dataclass(slots=True)
class _Machine:
    subject: str
    line: int
    states: list[str] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)

    def add(self, state: str) -> str:
        """The state as first written; one that differs in case only is the same."""
        known = next((item for item in self.states if item.lower() == state.lower()), None)
        if known is None:
            self.states.append(state)
        return known or state

    def move(self, source: str, target: str, trigger: str, line: int) -> None:
        source, target = self.add(source), self.add(target)
        if source != target and all(
            (item.source, item.target) != (source, target) for item in self.transitions
        ):
            self.transitions.append(Transition(source, target, trigger, line))


def find_state_machines(
    sections: Sequence[Section], names: Sequence[str]
) -> tuple[StateMachine, ...]:
    """State machines of this release; ``names`` are the entities that one may belong to."""
    machines: dict[str, _Machine] = {}
    for section in sections:
        if section.scope is not Scope.RELEASE or section.role in {"market", "references", "plan"}:
            continue
        table = _from_table(section)
        if table is not None:
            table.subject = _subject("", "", section, names)
            _merge(machines.setdefault(table.subject.lower(), table), table)
        for text, line, subject_hint in _lines(section):
            found = _from_arrows(text, line, section) or _from_list(text, line)
            if found is None:
                found = _from_sentence(text, line)
            if found is None:
                continue
            _add_moves(found, text, line)
            found.subject = _subject(found.subject, subject_hint, section, names)
            known = machines.setdefault(found.subject.lower(), found)
            if known is not found:
                _merge(known, found)
        if len(machines) >= _MAX_MACHINES:
            break
    return tuple(
        StateMachine(
            item.subject, tuple(item.states[:_MAX_STATES]), tuple(item.transitions), item.line
        )
        for item in machines.values()
        if len(item.states) > 1
    )


def _merge(known: _Machine, found: _Machine) -> None:
    for state in found.states:
        known.add(state)
    for item in found.transitions:
        known.move(item.source, item.target, item.trigger, item.line)


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
                declared = re.search(
                    r"(?:interface|class|model|table(?: if not exists)?|const|type)\s+[\"`]?(\w+)",
                    text[:200],
                    re.IGNORECASE,
                )
                opener = declared[1] if declared else opener
            yield text[:600], block.line + number + (block.kind is BlockKind.CODE), opener or hint
        if block.kind is BlockKind.ITEM:
            above.append((block.level, block.text[:80]))


_STATUS_CELL = re.compile(r"\w*_?(?:status|state)", re.IGNORECASE)
_FROM = re.compile(
    r"(?:from|source|current|old)(?: state| status)?|从|当前状态|이전 상태|desde", re.IGNORECASE
)
_TO = re.compile(
    r"(?:to|target|next|new)(?: state| status)?|到|目标状态|다음 상태|hasta|a", re.IGNORECASE
)
_TRIGGER = re.compile(
    r"trigger|event|action|when|condition|on|触发|事件|트리거|이벤트|evento|acci[óo]n",
    re.IGNORECASE,
)


def _from_table(section: Section) -> _Machine | None:
    """A table with columns From, To and perhaps Trigger."""
    machine: _Machine | None = None
    for block in section.blocks:
        columns = [plain(column) for column in block.header]
        source = next((n for n, column in enumerate(columns) if _FROM.fullmatch(column)), None)
        target = next((n for n, column in enumerate(columns) if _TO.fullmatch(column)), None)
        if block.kind is not BlockKind.ROW or source is None or target is None:
            continue
        trigger = next((n for n, column in enumerate(columns) if _TRIGGER.search(column)), None)
        cells = [_clean(plain(cell)) for cell in block.cells]
        if source < len(cells) and target < len(cells) and cells[source] and cells[target]:
            machine = machine or _Machine("", block.line)
            named = plain(block.cells[trigger]) if trigger is not None else ""
            machine.move(
                cells[source] or "",
                cells[target] or "",
                named or trigger_of(cells[target] or ""),
                block.line,
            )
    return machine


_IRREGULAR = {
    "paid": "pay", "sent": "send", "sold": "sell", "done": "finish", "built": "build",
    "held": "hold", "lost": "lose", "won": "win", "taken": "take", "withdrawn": "withdraw",
    "cancelled": "cancel", "canceled": "cancel", "active": "activate", "open": "open",
    "closed": "close", "used": "use", "new": "create", "draft": "draft",
}  # fmt: skip


def trigger_of(state: str) -> str:
    """What brings a thing into ``state``: ``paid`` -> ``pay``, ``shipped`` -> ``ship``."""
    low = state.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    verb = verb_of(low)
    if verb is not None:
        return verb
    if low.endswith("ied") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith("ed") and len(low) > 4:
        stem = low[:-2]
        return (
            stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "slz" else stem
        )
    return f"to {state}"


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


def _add_moves(machine: _Machine, text: str, line: int) -> None:
    """Moves that sentences beside the states tell: "A reserved ticket can be cancelled"."""
    known = {state.lower() for state in machine.states}
    for pattern in (_CAN_BE, _MOVES):
        for found in pattern.finditer(text):
            source, target = found["source"].lower(), found["target"].lower()
            if source in known and (
                pattern is _CAN_BE or target in known or target in _COMMON_STATES
            ):
                machine.move(
                    found["source"].lower(), found["target"].lower(), trigger_of(target), line
                )


def _from_sentence(text: str, line: int) -> _Machine | None:
    """A sentence that moves a thing between two common states."""
    if " from " not in text and " can be " not in text and " may be " not in text:
        return None
    for found in _MOVES.finditer(text):
        pair = {found["source"].lower(), found["target"].lower()}
        if pair <= _COMMON_STATES:
            machine = _Machine("", line)
            machine.move(
                found["source"].lower(), found["target"].lower(), trigger_of(found["target"]), line
            )
            return machine
    return None


def _clean(part: str) -> str | None:
    match = _STATE.fullmatch(part.strip())
    if match is None:
        return None
    name = match[1].strip()
    return name if len(name.split()) <= 3 else None


def _from_arrows(text: str, line: int, section: Section) -> _Machine | None:
    if not any(mark in text for mark in _ARROWS) or not _ARROW.search(text):
        return None
    lead, colon, rest = text.partition(":")
    body = rest if colon and _ARROW.search(rest) and not _ARROW.search(lead) else text
    label = lead if body is rest else ""
    pieces = [re.split(r"[.;]\s|\.$|,\s", part, maxsplit=1)[0] for part in _ARROW.split(body)]
    parts = [_clean(re.sub(r"^[\s*\-•>|`]+", "", part)) for part in pieces]
    # Prose may surround the chain: its first and last pieces lend a word.
    states = [part for part in parts if part]
    if len(states) < 2 or len(states) < len(parts) - 1:
        return None
    context = bool(_STATE_CONTEXT.search(f"{section.title} {label} {text}"))
    common = sum(state.lower().replace(" ", "_") in _COMMON_STATES for state in states)
    if not context and common < _COMMON_NEEDED:
        return None
    if any(part is None for part in parts[1:-1]):
        return None
    machine = _Machine(label, line)
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


def _from_list(text: str, line: int) -> _Machine | None:
    low = text.lower()
    if "stat" not in low and "estad" not in low and "lifecycle" not in low:
        return None
    match = _COMMENT_LIST.search(text) or _STATUS_LIST.search(text)
    if match is None:
        return None
    listed = re.sub(r"[\"'`*(]", " ", match["list"]).strip(" .;:")
    listed = re.sub(r"^(?:one of|is|are|can be|either)\s*:?\s*", "", listed, flags=re.IGNORECASE)
    listed = re.split(r"[.;)]\s|\bwith\b|\bwhen\b", listed, maxsplit=1)[0]
    states = [_clean(part) for part in _SEPARATORS.split(listed) if part.strip()]
    good = [state for state in states if state and len(state.split()) <= 2]
    if len(good) < 2 or len(good) < len(states):
        return None
    if not any(
        state.lower().replace(" ", "_").replace("-", "_") in _COMMON_STATES for state in good
    ):
        return None
    before = re.sub(r"[^\w ]", " ", text[max(0, match.start() - 40) : match.start()])
    machine = _Machine(before.strip().split(" ")[-1] if before.strip() else "", line)
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
