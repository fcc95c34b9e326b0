"""What demands nothing by itself: introductions, roles, headings of lists, purposes."""

import re
from collections.abc import Sequence

from nodewright.language.lexicon import stems
from nodewright.language.word_lists import stems_of_list
from nodewright.prd.clauses import Clause, ClauseForm
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import is_person
from nodewright.reading.frames import leads_with_verb

# Sections that tell of hopes and of the world rather than of what is to be done.
TELLING = frozenset(
    {"goals", "overview", "background", "success", "market", "risks", "references", "meta"}
)
_HOPING = frozenset({"goals", "overview", "background", "market", "references", "meta"})
_DEMANDING = re.compile(
    r"\b(?:shall|must|should|need(?:s|ed)?|required?|cannot|can|may|never|only|no|not|"
    r"within|at most|at least|ever)\b|\d",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:this|the following)\s+(?:document|prd|specification|section|project|feature)\b|"
    r"\b(?:feature|product|project) (?:description|overview)\b|"
    r"\b(?:is|are) (?:an?|the) (?:[\w.+/-]+ ){0,4}(?:tool|system|platform|app|application|service|"
    r"product|website|library)\b",
    re.IGNORECASE,
)
_LEGEND = re.compile(r"^(?:version|priority legend|legend|status|draft)\b", re.IGNORECASE)
_LONGEST_HEADING = 9
_LONGEST_ROLE = 4


def read_remarks(draft: Draft) -> None:
    """Give clauses that demand nothing the reason.

    "This document describes ..." is about the document, "Receptionist" under "Actors" is a role,
    "Order management" above deeper items is a heading.
    """
    clauses = draft.document.clauses
    for number, clause in enumerate(clauses):
        if clause.context or clause.id in draft.context or clause.id in draft.read:
            continue
        if draft.understood.get(clause.id) or clause.id in draft.open:
            continue
        reason = _reason(clauses, number)
        if reason:
            draft.context[clause.id] = reason


def _reason(clauses: Sequence[Clause], number: int) -> str:
    clause = clauses[number]
    text = " ".join(clause.text.split())
    demanding = bool(_DEMANDING.search(text))
    outside = not clause.requirement and not demanding
    hoping = clause.role == "goals" or clause.form is ClauseForm.SENTENCE
    reasons = (
        ("a role", _is_role(clause, text)),
        ("about the document", bool(_LEGEND.match(text)) and not clause.requirement),
        ("a heading of what follows", _heads_items(clauses, number, text)),
        ("it says what the product is", outside and bool(_ABOUT.search(text))),
        (
            "it tells of the purpose",
            outside and hoping and (clause.section == "" or clause.role in _HOPING),
        ),
    )
    return next((reason for reason, so in reasons if so), "")


def _is_role(clause: Clause, text: str) -> bool:
    """A name of people under a heading such as "Actors"."""
    heading = clause.section.rsplit(" > ", 1)[-1]
    under = set(stems(heading)) & stems_of_list("demands", "role_headings")
    return bool(under) and len(text.split()) <= _LONGEST_ROLE and is_person(text)


def _heads_items(clauses: Sequence[Clause], number: int, text: str) -> bool:
    """Whether a clause without a demand only opens a list of deeper items."""
    if number + 1 >= len(clauses):
        return False
    clause, following = clauses[number], clauses[number + 1]
    deeper = following.form is ClauseForm.ITEM and (
        following.level > clause.level if clause.form is ClauseForm.ITEM else text.endswith(":")
    )
    if not deeper or clause.form not in {ClauseForm.ITEM, ClauseForm.SENTENCE}:
        return False
    if _DEMANDING.search(text) or len(text.split()) > _LONGEST_HEADING:
        return False
    return not leads_with_verb(text) or set(stems(text)) <= stems_of_list(
        "demands", "heading_words"
    )
