"""State machines: arrow chains, lists of statuses and transition sentences."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from nodewright.patterns.lexicon import word_set
from nodewright.prd.entities import entity_name, singular
from nodewright.prd.markdown import BlockKind, plain
from nodewright.prd.models import Scope, StateMachine, Transition
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
    "draft pending active inactive paused approved rejected cancelled canceled completed complete done "
    "failed open closed submitted published archived expired shipped delivered paid unpaid refunded "
    "queued running processing processed processing new idle scheduled confirmed created started "
    "stopped suspended todo in_progress review resolved assigned accepted declined success succeeded "
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
        for text, line, subject_hint in _lines(section):
            found = _from_arrows(text, line, section) or _from_list(text, line)
            if found is None:
                continue
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
    parts = [_clean(re.sub(r"^[\s*\-•>|`]+", "", part)) for part in _ARROW.split(body)]
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
    for source, target in zip(states, states[1:], strict=False):
        machine.move(source, target, f"to {target}", line)
    return machine


_STATUS_LIST = re.compile(
    r"\b(?P<word>status(?:es)?|states?|estados?|lifecycle events?)\b[`*\"']*"
    r"(?:\s*(?:field|values?|code|type|enum|machine|transitions?))?\s*"
    r"(?:[:：=(（]|\bis one of\b|\bcan be\b|\bare\b|\bincluding\b|\b(?:string|text|enum|varchar)\b\W{0,12})\s*(?P<list>[^)）\n]{5,300})",
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
                r"(?i)\b(?:status|states?|machine|transitions?|lifecycle|orchestration)\b", "", text
            )
        )
        if found:
            return found
    return "Item"


def states_of(machines: Iterable[StateMachine]) -> set[str]:
    """All states' names in lower case."""
    return {state.lower() for machine in machines for state in machine.states}
