"""Which kinds of nodes a document asks for, and which one a requirement belongs to."""

from collections.abc import Sequence
from functools import cache, lru_cache

from nodewright.language.lexicon import stems
from nodewright.language.verbs import operation_of, verb_kind
from nodewright.language.vocabulary import load_data
from nodewright.patterns.library import ConceptSpec
from nodewright.patterns.models import PatternDetection, Statement
from nodewright.patterns.scoring import ConceptScorer, Score
from nodewright.prd.models import NODE_KINDS, Requirement, Scope
from nodewright.prd.sentences import Sentence

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
    sentences: Sequence[Sentence],
    requirements: Sequence[Requirement],
    patterns: Sequence[PatternDetection],
    machines: int,
) -> dict[str, float]:
    """How surely each kind is asked for (0.5 and more: it is), the primary kind highest.

    The probability of a kind comes from its terms and from the patterns that need it. Where
    several kinds are asked for, the breadth of their evidence ranks them; what the document says
    of itself (title, overview, goals) counts twice.
    """
    words = [sentence.words for sentence in sentences]
    scores = kind_scorer().score(sentences, words)
    about = [item for item in sentences if _speaks_of_itself(item)]
    own = kind_scorer().score(about, [item.words for item in about], [_SELF_WEIGHT] * len(about))
    found = {kind: scores[kind].probability for kind in NODE_KINDS}
    for item in patterns:
        for kind in item.node_kinds:
            found[kind] = max(found[kind], item.confidence * _PATTERN_SHARE)
    for requirement in requirements:
        if requirement.functional and requirement.scope is Scope.RELEASE:
            told = _TELLING_VERBS.get(operation_of(requirement.text).verb)
            if told is not None:
                found[told] = max(found[told], _VERB_CHANCE)
    if machines:
        found["REDUCER"] = max(found["REDUCER"], _MACHINE)
    found["EFFECT"] = max(found["EFFECT"], _EFFECT_FLOOR)
    breadth = {
        kind: _BREADTH[kind] * (_total(scores[kind]) + min(2 * _total(own[kind]), _SELF_LIMIT))
        for kind in NODE_KINDS
    }
    if any(item.name == "orchestration" for item in patterns):
        breadth["ORCHESTRATOR"] += _ORCHESTRATION
    widest = max(breadth[kind] for kind in NODE_KINDS if found[kind] >= _ASKED) or 1.0
    ranked = {
        kind: value
        if value < _ASKED
        else _ASKED + (value - _ASKED) * min(breadth[kind] / widest, 1.0)
        for kind, value in found.items()
    }
    return {kind: round(value, 4) for kind, value in ranked.items()}


# Main verbs that leave no doubt about the kind of work.
_TELLING_VERBS = {
    verb: kind
    for kind, verbs in {
        "COMPUTE": "calculate compute parse extract transform convert normalize classify score "
        "rank predict recommend translate summarize simulate",
        "REDUCER": "aggregate count sum accumulate consolidate reduce",
        "ORCHESTRATOR": "orchestrate coordinate",
    }.items()
    for verb in verbs.split()
}
_VERB_CHANCE = 0.65
_ASKED = 0.5
_EFFECT_FLOOR = 0.55
_MACHINE = 0.6
_PATTERN_SHARE = 0.8
_SELF_WEIGHT = 1.0
_SELF_LIMIT = 4.0
_ORCHESTRATION = 3.0
# Words of effects are common, and state is kept in the service of something else.
_BREADTH = {"EFFECT": 0.75, "COMPUTE": 0.9, "REDUCER": 0.55, "ORCHESTRATOR": 1.2}


def _speaks_of_itself(sentence: Sentence) -> bool:
    return sentence.section <= 1 or sentence.role in {"overview", "goals"}


def _total(score: Score) -> float:
    return sum(item.weight for item in score.evidence)
