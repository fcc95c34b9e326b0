"""Scenarios: the given and when of a scenario are conditions of what it says then."""

import re
from collections.abc import Iterable, Iterator

from nodewright.language.lexicon import stems
from nodewright.language.word_lists import stems_of_list
from nodewright.prd.clauses import Clause
from nodewright.reading.demands import PURPOSE, Demand, demands_of, filler_stems
from nodewright.reading.draft import Draft
from nodewright.reading.frames import Condition

_BEFORE = re.compile(r"^(?:given|when|and|but|if|while)\s+(?:that\s+)?", re.IGNORECASE)
_THEN = re.compile(r"\bthen\b|,\s*(?:the system|it)\b", re.IGNORECASE)
_TITLE = re.compile(
    r"^(?:feature|scenario(?: outline)?|background|rule|examples?)\s*:", re.IGNORECASE
)
_KINDS = {"given": "guard", "when": "trigger"}


def demands_in(clauses: Iterable[Clause]) -> Iterator[Demand]:
    """The demands of clauses in their order; those of a scenario know what stands before.

    "Given a paid order / When it is shipped / Then the customer is notified" is one demand, to
    notify, with a guard and a trigger.
    """
    before: dict[str, list[Condition]] = {}
    for clause in clauses:
        if is_title(clause):
            continue
        if is_occasion(clause):
            text = _BEFORE.sub("", " ".join(clause.text.split()))
            condition = Condition(_KINDS[clause.step], text.rstrip(" ."), clause.id)
            before.setdefault(clause.group, []).append(condition)
            continue
        yield from demands_of(clause, before.get(clause.group, []) if clause.step else [])


def is_occasion(clause: Clause) -> bool:
    """Whether a clause is only the given or when of a scenario."""
    return clause.step in _KINDS and not _THEN.search(clause.text)


def is_title(clause: Clause) -> bool:
    """Whether a clause names a scenario or a feature."""
    return bool(_TITLE.match(clause.text))


def settle_steps(draft: Draft) -> None:
    """Say of each title of a scenario that it is one."""
    for clause in draft.document.clauses:
        if is_title(clause):
            draft.context.setdefault(clause.id, "the title of a scenario")


_STORY = re.compile(r"^as an? [^,]{1,60},?\s+i (?:want|need|would like)\b", re.IGNORECASE)


def settle_stories(draft: Draft) -> None:
    """Say of a story whose criteria say all of it that they do.

    "I want a reminder 24 hours before my appointment" demands no more than a criterion that sends a
    reminder when an appointment is 24 hours away.
    """
    said: dict[str, set[str]] = {}
    for clause in draft.document.clauses:
        if clause.id in draft.read and clause.id not in draft.open and clause.requirement:
            said.setdefault(clause.requirement, set()).update(clause.stems)
    filler = filler_stems() | stems_of_list("demands", "prepositions") | {",", "."}
    for clause in draft.document.clauses:
        text = " ".join(clause.text.split())
        found = _STORY.match(text)
        known = clause.id in draft.read and clause.id not in draft.open
        if found is None or known or clause.context or not clause.requirement:
            continue
        rest = stems(PURPOSE.sub("", text[found.end() :]))
        if rest and set(rest) - filler <= said.get(clause.requirement, set()):
            draft.open.pop(clause.id, None)
            draft.context[clause.id] = "its acceptance criteria say it"
