"""A state machine in the making, and what a state's name may be."""

import re
from dataclasses import dataclass, field

from nodewright.language.lexicon import word_set
from nodewright.language.verbs import verb_of
from nodewright.prd.models import Transition

_STATE = re.compile(r"[\"'`*(\[]{0,3}([^\W\d_][\w -]{1,24}?)[\"'`*)\].,;]{0,3}")
STATE_CONTEXT = re.compile(
    r"\bstat(?:e|es|us|uses|e machine)\b|life ?cycle|transition|상태|状态|流转|estado|生命周期",
    re.IGNORECASE,
)
COMMON_STATES = word_set(
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


@dataclass(slots=True)
class Machine:
    """States and transitions of ``subject`` as they are found, the first on ``line``."""

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
        """A transition, once."""
        source, target = self.add(source), self.add(target)
        if source != target and all(
            (item.source, item.target) != (source, target) for item in self.transitions
        ):
            self.transitions.append(Transition(source, target, trigger, line))

    def take_in(self, other: "Machine") -> None:
        """Add what ``other`` knows of the same subject."""
        if other is self:
            return
        for state in other.states:
            self.add(state)
        for item in other.transitions:
            self.move(item.source, item.target, item.trigger, item.line)


_IRREGULAR = {
    "paid": "pay", "sent": "send", "sold": "sell", "done": "finish", "built": "build",
    "held": "hold", "lost": "lose", "won": "win", "taken": "take", "withdrawn": "withdraw",
    "cancelled": "cancel", "canceled": "cancel", "active": "activate", "open": "open",
    "closed": "close", "used": "use", "new": "create", "draft": "draft",
}  # fmt: skip


# Stems that lose an "e" before "ed": refused, archived, created, merged.
_SILENT_E = ("s", "v", "z", "c", "u", "at", "ag", "rg", "dg", "ur")


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
        if stem.endswith(_SILENT_E) and not stem.endswith("ss"):
            return stem + "e"
        return (
            stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "slz" else stem
        )
    return f"to {state}"


def state_name(part: str) -> str | None:
    """``part`` without marks if it can be the name of a state, else None."""
    match = _STATE.fullmatch(part.strip())
    if match is None:
        return None
    name = match[1].strip()
    return name if len(name.split()) <= 3 else None
