"""What the requirements ask for, sentence by sentence, and which kind of node does it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nodewright.language.naming import shorten
from nodewright.language.verbs import NO_VERB, operation_of
from nodewright.planning.model import Trace
from nodewright.prd.models import Requirement, SimplePRDAnalysisResult
from nodewright.reading import kind_scores

# Sentences under a requirement's heading that become operations of their own.
_MOST_SENTENCES = 8
# A heading such as "Sales figures" names its topic; a sentence with one of these demands.
_DEMANDS = re.compile(r"\b(?:shall|must|should|will|has to|have to|needs? to)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that asks for something, and the requirement that it stands in."""

    text: str
    line: int
    requirement: Requirement
    scores: dict[str, float]

    @property
    def trace(self) -> Trace:
        """Where it stands."""
        requirement = self.requirement
        return Trace(requirement.id, requirement.section, self.line, shorten(self.text, 300))


def statements_of(
    analysis: SimplePRDAnalysisResult, functional: Sequence[Requirement], kinds: Sequence[str]
) -> list[Statement]:
    """What the requirements ask for, sentence by sentence.

    A requirement that says what to do is one statement. One that is only a heading is taken
    apart: each sentence below it with a verb is a statement, or the heading where there is none.
    """
    machine_lines = [machine.line for machine in analysis.parsed_prd.state_machines]
    statements = []
    for requirement in functional:
        below = (*requirement.details, *requirement.acceptance_criteria)
        last = max((line for line, _ in below), default=requirement.line)
        sentences = _sentences(requirement, below)
        for line, text in sentences:
            scores = kind_scores(requirement if text is requirement.text else text)
            if "REDUCER" in kinds and any(requirement.line <= at <= last for at in machine_lines):
                # States and transitions are a reducer's, whatever words go with them.
                scores |= {"REDUCER": 1.0}
            statements.append(Statement(text, line, requirement, scores))
    return statements


def _sentences(
    requirement: Requirement, below: Sequence[tuple[int, str]]
) -> Sequence[tuple[int, str]]:
    """(line, text) of what ``requirement`` demands: its own text, or the sentences under it."""
    own = [(requirement.line, requirement.text)]
    if _DEMANDS.search(requirement.text):
        return own
    said = [pair for pair in below if operation_of(pair[1]).verb != NO_VERB]
    demanded = [pair for pair in said if _DEMANDS.search(pair[1])]
    if operation_of(requirement.text).verb == NO_VERB:
        demanded = demanded or said
    return demanded[:_MOST_SENTENCES] or own


def by_best_kind(
    statements: Sequence[Statement], kinds: Sequence[str]
) -> dict[str, list[Statement]]:
    """Each statement under the kind that fits it best; each kind has at least its best one."""
    by_kind: dict[str, list[Statement]] = {kind: [] for kind in kinds}
    for statement in statements:
        best = max(kinds, key=lambda kind: statement.scores.get(kind, 0.0))
        by_kind[best].append(statement)
    for kind, chosen in by_kind.items():
        if not chosen:
            # The document as a whole needs the kind: its best statement shows it.
            chosen.append(max(statements, key=lambda s: s.scores.get(kind, 0.0)))
    return by_kind
