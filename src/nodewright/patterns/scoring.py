"""From terms in weighted statements to calibrated probabilities of concepts.

Each distinct term that occurs is one independent chance that the concept is asked for, as large
as its weight times that of the best statement it stands in; the chances combine as a noisy-or,
``1 - prod(1 - p)`` (Pearl 1988, section 4.3.2). A logistic function of the log odds calibrates the
result (Platt 1999) with the slope and intercept of the concept.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nodewright.language.lexicon import CLAUSE_ENDS, COMMAS, Hit, Lexicon, stems, word_set
from nodewright.patterns.models import Concept, Evidence, Statement

_NEGATORS = word_set(
    "no not without never non none neither nor cannot exclud prohibit forbid avoid isn don doesn "
    "won sin ningun nunca"
)
_NEGATION_WINDOW = 6
_CASES = word_set("if when that which who whos where whenever unles si cuando que")
_CASE_WINDOW = 3
_FIRST_HANGUL = "\uac00"
_KOREAN_NEGATORS = frozenset("않없")
_KOREAN_WINDOW = 30
_REPEAT_GAIN = 0.5
_CERTAIN = 0.999


@dataclass(frozen=True, slots=True)
class Score:
    """Probability that a concept is asked for, with its evidence, strongest first."""

    probability: float
    evidence: tuple[Evidence, ...]


def _distinct(terms: dict[str, float]) -> list[tuple[str, float]]:
    """Terms without those whose stems another, weightier one has too."""
    chosen: dict[tuple[str, ...], tuple[str, float]] = {}
    for term, weight in terms.items():
        key = tuple(stems(term))
        if key not in chosen or chosen[key][1] < weight:
            chosen[key] = (term, weight)
    return list(chosen.values())


def negated(words: Sequence[str], start: int, end: int | None = None) -> bool:
    """Whether the stems from ``start`` to ``end`` stand under a negator in their clause.

    English and Spanish negate before the term; Korean after it, at the clause's end.
    """
    if end is not None and words[start] >= _FIRST_HANGUL:
        for word in words[end : end + _KOREAN_WINDOW]:
            if word in CLAUSE_ENDS:
                break
            if word in _KOREAN_NEGATORS:
                return True
    first_comma = False
    for position in range(start - 1, max(-1, start - 1 - _NEGATION_WINDOW), -1):
        word = words[position]
        if word in CLAUSE_ENDS:
            return False
        if word in COMMAS:
            first_comma = True
        elif word in _NEGATORS:
            # "not only x but y" asks for y; "if not found, retry" asks for the retry.
            only = position + 1 < len(words) and words[position + 1] in {"only", "just"}
            # "Records that do not match the schema go ..." asks for the schema.
            case = not _CASES.isdisjoint(words[max(0, position - _CASE_WINDOW) : position])
            return not only and not case and not (first_comma and word == "not")
        elif word == "but":
            return False
    return False


def combine(chances: Iterable[float]) -> float:
    """The noisy-or of independent chances."""
    missed = 1.0
    for chance in chances:
        missed *= 1.0 - min(chance, _CERTAIN)
    return 1.0 - missed


def calibrate(probability: float, slope: float, intercept: float) -> float:
    """A logistic function of the log odds of ``probability``."""
    bounded = min(max(probability, 1e-6), _CERTAIN)
    odds = slope * math.log(bounded / (1.0 - bounded)) + intercept
    return 1.0 / (1.0 + math.exp(-odds))


class ConceptScorer:
    """Scores many concepts in one pass over a document's statements."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._concepts = {concept.name: concept for concept in concepts}
        self._lexicon = Lexicon(
            (term, (concept.name, term, weight))
            for concept in self._concepts.values()
            for term, weight in _distinct(concept.terms)
        )

    def score(
        self,
        statements: Iterable[Statement],
        words: Sequence[Sequence[str]] | None = None,
        weights: Sequence[float] | None = None,
    ) -> dict[str, Score]:
        """Probability and evidence of every concept, 0 for those without a term.

        Args:
            statements: sentences with weights; those of weight 0 are not read.
            words: stems of each statement where the caller has them already.
            weights: of each statement, in place of its own.
        """
        found: dict[str, dict[str, list[tuple[float, int]]]] = {name: {} for name in self._concepts}
        find = self._lexicon.find
        for number, statement in enumerate(statements):
            factor = statement.weight if weights is None else weights[number]
            if factor <= 0:
                continue
            line_words = words[number] if words is not None else stems(statement.text)
            hits = find(line_words, nested=True)
            if not hits:
                continue
            blocked: dict[str, int] = {}
            chosen: dict[tuple[str, int], Hit] = {}
            for hit in hits:
                # Of the terms of one concept at one place, the longest comes last and counts.
                chosen[hit.payload[0], hit.start] = hit
            for hit in chosen.values():
                name, term, weight = hit.payload
                if weight == 0:
                    blocked[name] = max(blocked.get(name, 0), hit.end)
                elif hit.start >= blocked.get(name, 0) and not negated(
                    line_words, hit.start, hit.end
                ):
                    found[name].setdefault(term, []).append((weight * factor, statement.line))
        return {name: self._score(self._concepts[name], terms) for name, terms in found.items()}

    def _score(self, concept: Concept, terms: dict[str, list[tuple[float, int]]]) -> Score:
        if not terms:
            return Score(0.0, ())
        best: list[Evidence] = []
        chances: list[float] = []
        for term, places in terms.items():
            places.sort(key=_weight, reverse=True)
            weight, line = places[0]
            best.append(Evidence(term, line, weight))
            chances.append(weight)
            # A second place in the text confirms a strong term; a weak one is mere chatter.
            chances += [again**2 * _REPEAT_GAIN**n for n, (again, _) in enumerate(places[1:4], 1)]
        best.sort(key=lambda item: (-item.weight, item.line))
        probability = calibrate(combine(chances), concept.slope, concept.intercept)
        return Score(probability, tuple(best))


def _weight(place: tuple[float, int]) -> float:
    return place[0]
