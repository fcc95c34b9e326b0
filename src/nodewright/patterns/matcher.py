"""Which patterns a requirements text asks for, how surely, and on which lines."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from nodewright.patterns.lexicon import stems
from nodewright.patterns.library import builtin_patterns, load_folder, merge
from nodewright.patterns.models import Concept, Pattern, PatternDetection, Statement
from nodewright.patterns.scoring import ConceptScorer

_CAPABILITY_TERM = 0.6


class PatternMatcher:
    """Detects patterns by their evidence.

    Args:
        patterns: the library; the built-in one by default.
        folder: a folder of the user's own pattern files; one with a built-in name replaces it.
        thresholds: pattern name -> lowest confidence that counts as a detection, in place of the
            pattern's own (0.5 unless its file says otherwise).
    """

    def __init__(
        self,
        patterns: Iterable[Pattern] | None = None,
        *,
        folder: Path | None = None,
        thresholds: Mapping[str, float] | None = None,
    ) -> None:
        base = builtin_patterns() if patterns is None else tuple(patterns)
        self.patterns = merge(base, load_folder(folder) if folder is not None else ())
        self.thresholds = dict(thresholds or {})

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
        found = [
            item
            for item in self.candidates(statements, words)
            if item.confidence >= self.threshold(item.name)
        ]
        return tuple(found)

    def candidates(
        self, statements: Sequence[Statement], words: Sequence[Sequence[str]] | None = None
    ) -> tuple[PatternDetection, ...]:
        """Every pattern that has any evidence, whatever its threshold, the surest first."""
        words = [stems(statement.text) for statement in statements] if words is None else words
        scores = self._scorer.score(statements, words)
        found = [
            PatternDetection(
                name=pattern.name,
                confidence=scores[pattern.name].probability,
                evidence=scores[pattern.name].evidence,
                capabilities=tuple(
                    name
                    for name in pattern.capabilities
                    if scores[f"{pattern.name}/{name}"].probability > 0
                ),
                node_kinds=pattern.node_kinds,
            )
            for pattern in self.patterns
            if scores[pattern.name].evidence
        ]
        return tuple(sorted(found, key=lambda item: (-item.confidence, item.name)))
