"""Which kinds of nodes a document asks for, and which one a requirement belongs to."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from nodewright.patterns.lexicon import stems
from nodewright.patterns.library import ConceptSpec
from nodewright.patterns.models import PatternDetection, Statement
from nodewright.patterns.scoring import ConceptScorer, Score
from nodewright.prd.models import NODE_KINDS, Requirement
from nodewright.prd.operations import operation_of, verb_kind
from nodewright.prd.outline import load_data

_VERB_VOTE = 0.6
_TERM_VOTE = 0.5
_DEFAULT = {"EFFECT": 0.5, "COMPUTE": 0.3, "REDUCER": 0.1, "ORCHESTRATOR": 0.1}


@cache
def kind_scorer() -> ConceptScorer:
    """Scores the four kinds."""
    return ConceptScorer(ConceptSpec(**item).concept() for item in load_data("kinds"))


@cache
def capability_scorer() -> ConceptScorer:
    """Scores the capabilities."""
    return ConceptScorer(ConceptSpec(**item).concept() for item in load_data("capabilities"))


def kind_of(requirement: Requirement | str) -> tuple[str, float]:
    """The kind of node that fits a requirement, and how well (0..1)."""
    scores = kind_scores(requirement)
    best = max(NODE_KINDS, key=lambda name: scores[name])
    return best, scores[best]


def kind_scores(requirement: Requirement | str) -> dict[str, float]:
    """How well each kind of node fits a requirement; the scores add up to 1.

    The main verb votes first, the terms of the whole text second; details count a little.
    """
    if isinstance(requirement, str):
        return dict(_scores_of_text(requirement, ""))
    details = "\n".join(text for _, text in requirement.details[:8])
    return dict(_scores_of_text(requirement.text, details))


@lru_cache(maxsize=4096)
def _scores_of_text(text: str, details: str) -> dict[str, float]:
    votes = dict.fromkeys(NODE_KINDS, 0.0)
    kind = verb_kind(operation_of(text).verb)
    if kind is not None:
        votes[kind] += _VERB_VOTE
    statements = [Statement(text, 1), Statement(details, 2, 0.5)]
    words = [stems(statement.text) for statement in statements]
    for name, score in kind_scorer().score(statements, words).items():
        votes[name] += _TERM_VOTE * score.probability
    total = sum(votes.values())
    if not total:
        return _DEFAULT
    return {name: round(vote / total, 4) for name, vote in votes.items()}


def hints(
    scores: Mapping[str, Score], patterns: Sequence[PatternDetection], machines: int
) -> dict[str, float]:
    """Probability that each kind is asked for, from its terms and the patterns that need it."""
    found: dict[str, float] = {}
    for kind in NODE_KINDS:
        chances = [scores[kind].probability]
        chances += [item.confidence * 0.8 for item in patterns if kind in item.node_kinds]
        found[kind] = max(chances)
    if machines:
        found["REDUCER"] = max(found["REDUCER"], 0.6)
    found["EFFECT"] = max(found["EFFECT"], 0.55)
    return {kind: round(value, 4) for kind, value in found.items()}
