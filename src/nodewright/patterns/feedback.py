"""`PatternFeedbackCollector`: judgements of detections, what they say, and what follows."""

import asyncio
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from nodewright.logs import get_logger
from nodewright.patterns.advice import recommendations
from nodewright.patterns.models import PatternDetection
from nodewright.patterns.thresholds import tune
from nodewright.patterns.tuning import FeedbackTuning, judged_of, read_analyses
from nodewright.patterns.verification import OperationOutcome, judge
from nodewright.patterns.watch import FeedbackWatch
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence

_CACHE_S = 300.0
_GLOBAL_SAMPLES = 10
_LISTED = 5
_MOST_KEPT = 10_000
_log = get_logger(__name__, component="patterns")


@dataclass
class PatternFeedback:
    """A judgement of one detection.

    Attributes:
        session_id: the run that detected.
        detected_pattern: what was detected.
        detected_confidence: the library's own confidence (`PatternDetection.score`), 0 to 1; None
            where it is not known.
        actual_pattern: what it really was.
        feedback_type: ``correct``, ``incorrect``, ``partial`` or ``adjusted``.
        capabilities_matched: names.
        false_positives: names that were wrongly detected.
        false_negatives: names, of patterns or capabilities, that were missed.
        user_provided: whether a user says so; that counts twice as much as a program.
        contract_json: any JSON value that belongs to it.
    """

    session_id: UUID
    detected_pattern: str
    detected_confidence: float | None
    actual_pattern: str
    feedback_type: str
    capabilities_matched: list[str] = field(default_factory=list)
    false_positives: list[str] = field(default_factory=list)
    false_negatives: list[str] = field(default_factory=list)
    user_provided: bool = False
    contract_json: dict[str, Any] | None = None


@dataclass
class PatternAnalysis:
    """What the judgements of a pattern say.

    Attributes:
        pattern_name: the pattern.
        sufficient_data: whether there are as many judgements as were asked for. Where not, the
            ratios are 0 or None, and only the counts are told.
        sample_count: judgements of its detections.
        precision: share of the detections that were judged correct, 0 to 1.
        recall: correct ones / (correct ones + misses); None without either.
        f1_score: the harmonic mean of both.
        correct_count: judgements of that type.
        incorrect_count: judgements of that type.
        partial_count: judgements of that type; the rest are ``adjusted``.
        false_positive_counts: name -> how many judgements list it; the commonest 100 first.
        false_negative_counts: the same of what was missed.
        recommendations: what to do, most urgent first.
        suggested_threshold: the lowest confidence that is proven to hold the target precision.
    """

    pattern_name: str
    sufficient_data: bool
    sample_count: int
    precision: float
    recall: float | None = None
    f1_score: float | None = None
    correct_count: int = 0
    incorrect_count: int = 0
    partial_count: int = 0
    false_positive_counts: dict[str, int] = field(default_factory=dict)
    false_negative_counts: dict[str, int] = field(default_factory=dict)
    recommendations: list[str] = field(default_factory=list)
    suggested_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    analysis: PatternAnalysis
    version: int
    until: float


class PatternFeedbackCollector:
    """Records judgements, analyses them, and finds thresholds that hold a precision.

    Safe in any thread and any event loop. Analyses are kept for five minutes, or until any
    process records something.

    Args:
        persistence: where the feedback is; nodewright's own database by default.

    Attributes:
        tuning: give it to a `PatternMatcher`, which then follows the feedback.
    """

    def __init__(self, persistence: CodegenPersistence | None = None) -> None:
        self._own = persistence is None
        self.persistence: CodegenPersistence = (
            CodegenPersistence() if persistence is None else persistence
        )
        self.target_precision: float = Settings().pattern_target_precision
        self._watch = FeedbackWatch(self.persistence.sync.database)
        self.tuning: FeedbackTuning = FeedbackTuning(
            self.persistence, self.target_precision, self._watch
        )
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    async def record_feedback(self, feedback: PatternFeedback, user_provided: bool = False) -> UUID:
        """Write a judgement, all its fields in one transaction.

        Args:
            feedback: the judgement.
            user_provided: whether a user says so, if ``feedback`` does not tell already.

        Returns:
            Its id; the judgement is committed.

        Raises:
            InvalidRecordError: a value cannot be stored, such as an unknown ``feedback_type``;
                nothing was written.
            StorageUnavailableError: the database stayed away.
        """
        identity = await self.persistence.record_pattern_feedback(
            session_id=feedback.session_id,
            pattern_name=feedback.detected_pattern,
            detected_confidence=feedback.detected_confidence,
            actual_pattern=feedback.actual_pattern,
            feedback_type=feedback.feedback_type,
            user_provided=user_provided or feedback.user_provided,
            contract_json=feedback.contract_json,
            capabilities_matched=feedback.capabilities_matched,
            false_positives=feedback.false_positives,
            false_negatives=feedback.false_negatives,
        )
        self._watch.changed()
        return identity

    async def record_verification(
        self,
        session_id: UUID,
        detections: Iterable[PatternDetection],
        outcomes: Iterable[OperationOutcome],
    ) -> list[UUID]:
        """Record what the proof of generated operations says of the patterns detected.

        Args:
            session_id: the run.
            detections: the patterns that the PRD was found to ask for.
            outcomes: every planned operation and whether it was proven.

        Returns:
            The ids, one for each pattern that contributes operations; see
            `nodewright.patterns.verification.judge`.

        Raises:
            StorageError: as `record_feedback`; what came before is written.
        """
        known = list(outcomes)
        verdicts = [(detection, judge(detection.name, known)) for detection in detections]
        return [
            await self.record_feedback(
                PatternFeedback(
                    session_id=session_id,
                    detected_pattern=detection.name,
                    detected_confidence=detection.score,
                    actual_pattern=detection.name,
                    feedback_type=verdict.feedback_type,
                    capabilities_matched=list(detection.capabilities),
                    false_positives=list(verdict.failed),
                    contract_json={
                        "source": "verification",
                        "proven": list(verdict.proven),
                        "failed": list(verdict.failed),
                    },
                )
            )
            for detection, verdict in verdicts
            if verdict is not None
        ]

    async def analyze_feedback(
        self, pattern_name: str, min_samples: int = 20, use_cache: bool = True
    ) -> PatternAnalysis:
        """Say how good the detections of a pattern are, and what to do.

        Args:
            pattern_name: the pattern.
            min_samples: judgements below which nothing is said.
            use_cache: whether an analysis that is still true may come from memory.

        Returns:
            The analysis, the caller's own.

        Raises:
            StorageUnavailableError: the database stayed away.
        """
        kept = self._kept.get(pattern_name) if use_cache else None
        if (
            kept is not None
            and kept.version == self._watch.version
            and time.monotonic() < kept.until
        ):
            return _told(kept.analysis, min_samples)
        return _told(await asyncio.to_thread(self._analyze, pattern_name, use_cache), min_samples)

    def _analyze(self, pattern_name: str, keep: bool) -> PatternAnalysis:
        version = self._watch.begin() if keep else None
        rows = read_analyses(self.persistence, pattern_name)
        if rows:
            analysis = _analysis(rows[0], self.target_precision)
        else:
            analysis = PatternAnalysis(pattern_name, False, 0, 0.0)  # noqa: FBT003 - as documented
        if version is not None:
            with self._lock:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[pattern_name] = _Kept(analysis, version, time.monotonic() + _CACHE_S)
        return analysis

    async def get_all_pattern_analyses(self, min_samples: int = 20) -> list[PatternAnalysis]:
        """The analyses of all patterns with at least ``min_samples`` judgements, worst first."""
        rows = await asyncio.to_thread(read_analyses, self.persistence, least=max(min_samples, 1))
        analyses = [_analysis(row, self.target_precision) for row in rows]
        return sorted(analyses, key=lambda item: (item.precision, item.pattern_name))

    async def tune_pattern_threshold(
        self, pattern_name: str, target_precision: float = 0.90
    ) -> float | None:
        """The lowest threshold whose precision is at least the target, with 95 % confidence.

        Args:
            pattern_name: the pattern.
            target_precision: above 0 and below 1.

        Returns:
            The threshold on `PatternDetection.score`, a multiple of 0.01, or None where the
            latest 2,000 judgements do not prove one; the log says why. See
            `nodewright.patterns.thresholds`.

        Raises:
            ValueError: a target that is no precision.
            StorageUnavailableError: the database stayed away.
        """
        rows = await asyncio.to_thread(read_analyses, self.persistence, pattern_name)
        found = tune(judged_of(rows[0]) if rows else [], target_precision)
        if found.threshold is None:
            _log.warning(
                "patterns.threshold.not_proven",
                metadata={"pattern": pattern_name, "reason": found.reason},
            )
        return found.threshold

    async def get_global_precision_metrics(self) -> dict[str, Any]:
        """Precision over all patterns with at least ten judgements.

        Returns:
            ``overall_precision`` (weighted by judgements), ``patterns_analyzed``,
            ``patterns_meeting_target``, ``target_precision``, ``needs_improvement`` (worst first:
            ``pattern``, ``precision``, ``samples``, ``recommendations``), ``best_patterns`` and
            ``worst_patterns`` (at most five, ``pattern`` and ``precision``).
        """
        rows = await asyncio.to_thread(
            read_analyses, self.persistence, least=_GLOBAL_SAMPLES, window=0
        )
        target = self.target_precision
        worst_first = sorted(rows, key=lambda row: (row["precision"], row["pattern_name"]))
        samples = sum(row["samples"] for row in rows)
        right = sum(row["correct"] for row in rows)
        below = [row for row in worst_first if row["precision"] < target]
        ranked = [
            {"pattern": row["pattern_name"], "precision": row["precision"]} for row in worst_first
        ]
        return {
            "overall_precision": right / samples if samples else 0.0,
            "patterns_analyzed": len(rows),
            "patterns_meeting_target": len(rows) - len(below),
            "target_precision": target,
            "needs_improvement": [
                {
                    "pattern": row["pattern_name"],
                    "precision": row["precision"],
                    "samples": row["samples"],
                    "recommendations": recommendations(row, target),
                }
                for row in below
            ],
            "best_patterns": ranked[::-1][:_LISTED],
            "worst_patterns": ranked[:_LISTED],
        }

    async def cleanup(self) -> None:
        """Release everything; a later call opens again. A given persistence stays open."""
        await asyncio.to_thread(self._watch.close)
        with self._lock:
            self._kept.clear()
        if self._own:
            await self.persistence.close()


def _analysis(row: Mapping[str, Any], target: float) -> PatternAnalysis:
    found = tune(judged_of(row), target)
    return PatternAnalysis(
        pattern_name=row["pattern_name"],
        sufficient_data=True,
        sample_count=row["samples"],
        precision=row["precision"],
        recall=row["recall"],
        f1_score=row["f1"],
        correct_count=row["correct"],
        incorrect_count=row["incorrect"],
        partial_count=row["partial"],
        false_positive_counts=_commonest_first(row["false_positives"]),
        false_negative_counts=_commonest_first(row["false_negatives"]),
        recommendations=recommendations(row, target, found),
        suggested_threshold=found.threshold,
    )


def _commonest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _told(analysis: PatternAnalysis, min_samples: int) -> PatternAnalysis:
    """A copy of ``analysis``, without ratios where ``min_samples`` are not there."""
    copy = replace(analysis)
    copy.false_positive_counts = analysis.false_positive_counts.copy()
    copy.false_negative_counts = analysis.false_negative_counts.copy()
    copy.recommendations = analysis.recommendations.copy()
    if analysis.sample_count < min_samples or not analysis.sample_count:
        copy.sufficient_data = False
        copy.precision, copy.recall, copy.f1_score = 0.0, None, None
        copy.recommendations = []
        copy.suggested_threshold = None
    return copy
