"""Which patterns a requirements text asks for, how surely, and on which lines."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

from nodewright.language.lexicon import stems
from nodewright.patterns.library import builtin_patterns, load_folder, merge
from nodewright.patterns.models import Concept, Pattern, PatternDetection, Statement
from nodewright.patterns.scoring import ConceptScorer

_CAPABILITY_TERM = 0.6


class PatternTuning(Protocol):
    """What feedback teaches of one pattern."""

    def calibration(self, score: float, /) -> float:
        """The probability of being right at the library's own confidence ``score``."""
        ...

    def detects(self, score: float, /) -> bool:
        """Whether ``score`` counts as a detection."""
        ...


class TuningSource(Protocol):
    """Where tunings come from, such as `nodewright.patterns.tuning.FeedbackTuning`."""

    def current(self) -> Mapping[str, PatternTuning]:
        """Pattern -> tuning as of now."""
        ...


class PatternMatcher:
    """Detects patterns by their evidence.

    Args:
        patterns: the library; the built-in one by default.
        folder: a folder of the user's own pattern files; one with a built-in name replaces it.
        thresholds: pattern name -> lowest confidence that counts as a detection, in place of the
            pattern's own (0.5 unless its file says otherwise).
        tuning: what feedback teaches; asked each time, so that it holds at once. A threshold in
            ``thresholds`` outweighs a learnt one.
    """

    def __init__(
        self,
        patterns: Iterable[Pattern] | None = None,
        *,
        folder: Path | None = None,
        thresholds: Mapping[str, float] | None = None,
        tuning: TuningSource | None = None,
    ) -> None:
        own = load_folder(folder) if folder is not None else ()
        base = builtin_patterns() if patterns is None else tuple(patterns)
        self.patterns: tuple[Pattern, ...] = merge(base, own)
        self.thresholds: dict[str, float] = dict(thresholds or {})
        self.tuning = tuning

    @cached_property
    def _scorer(self) -> ConceptScorer:
        capabilities = (
            Concept(f"{pattern.name}/{name}", dict.fromkeys(terms, _CAPABILITY_TERM))
            for pattern in self.patterns
            for name, terms in pattern.capabilities.items()
        )
        return ConceptScorer((*(pattern.concept for pattern in self.patterns), *capabilities))

    def threshold(self, name: str) -> float:
        """The lowest confidence at which pattern ``name`` counts as detected."""
        own = next((pattern.threshold for pattern in self.patterns if pattern.name == name), 0.5)
        return self.thresholds.get(name, own)

    def detect(self, text: str) -> tuple[PatternDetection, ...]:
        """Patterns in a plain text, each line a statement of full weight."""
        statements = [
            Statement(line, number) for number, line in enumerate(text.splitlines(), 1) if line
        ]
        return self.match(statements)

    def match(
        self, statements: Sequence[Statement], words: Sequence[Sequence[str]] | None = None
    ) -> tuple[PatternDetection, ...]:
        """Patterns at or above their thresholds, the surest first.

        Args:
            statements: sentences and how much each counts.
            words: stems of each statement where the caller has them already.
        """
        learnt = self._learnt()
        return tuple(
            item
            for item in self._candidates(statements, words, learnt)
            if self._detected(item, learnt.get(item.name))
        )

    def _learnt(self) -> Mapping[str, PatternTuning]:
        return self.tuning.current() if self.tuning is not None else {}

    def _detected(self, item: PatternDetection, tuning: PatternTuning | None) -> bool:
        if tuning is not None and item.name not in self.thresholds:
            return tuning.detects(item.score)
        return item.confidence >= self.threshold(item.name)

    def candidates(
        self, statements: Sequence[Statement], words: Sequence[Sequence[str]] | None = None
    ) -> tuple[PatternDetection, ...]:
        """Every pattern that has any evidence, whatever its threshold, the surest first."""
        return self._candidates(statements, words, self._learnt())

    def _candidates(
        self,
        statements: Sequence[Statement],
        words: Sequence[Sequence[str]] | None,
        learnt: Mapping[str, PatternTuning],
    ) -> tuple[PatternDetection, ...]:
        words = [stems(statement.text) for statement in statements] if words is None else words
        scores = self._scorer.score(statements, words)
        found = [
            PatternDetection(
                name=pattern.name,
                confidence=_confidence(scores[pattern.name].probability, learnt.get(pattern.name)),
                evidence=scores[pattern.name].evidence,
                capabilities=tuple(
                    name
                    for name in pattern.capabilities
                    if scores[f"{pattern.name}/{name}"].probability > 0
                ),
                node_kinds=pattern.node_kinds,
                score=scores[pattern.name].probability,
            )
            for pattern in self.patterns
            if scores[pattern.name].evidence
        ]
        return tuple(sorted(found, key=lambda item: (-item.confidence, item.name)))


def _confidence(score: float, tuning: PatternTuning | None) -> float:
    return score if tuning is None else tuning.calibration(score)
