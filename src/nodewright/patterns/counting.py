"""Counts of judgements in Python, for records that a user keeps elsewhere.

`analyses_of` gives what the query ``analyses`` of ``feedback.sql`` gives; a test compares the two.
"""

import math
from collections import Counter
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from nodewright.storage.records import FeedbackType
from nodewright.storage.rows import column

_MOST_LETTERS = 500  # of a name that is counted, as in the database

type Judgements = Sequence[object]


class FeedbackRecords(Protocol):
    """What the collector needs of a persistence; rows may be mappings or objects."""

    def record_pattern_feedback(
        self,
        session_id: UUID | str,
        pattern_name: str,
        *,
        detected_confidence: float | None = None,
        actual_pattern: str | None = None,
        feedback_type: str | FeedbackType = FeedbackType.CORRECT,
        user_provided: bool = False,
        contract_json: object = None,
        capabilities_matched: Sequence[str] | None = None,
        false_positives: Sequence[str] | None = None,
        false_negatives: Sequence[str] | None = None,
    ) -> Awaitable[Any]:
        """Store a judgement; gives its id."""
        ...

    def get_pattern_feedback(
        self, pattern_name: str | None = None, limit: int = 1000
    ) -> Awaitable[Judgements]:
        """The latest judgements, newest first."""
        ...


def analyses_of(
    judgements: Iterable[object], *, pattern: str | None = None, least: int = 1, window: int
) -> list[dict[str, Any]]:
    """What is known of each pattern, or of ``pattern``, with at least ``least`` judgements.

    Args:
        judgements: all of them, newest first.
        pattern: only this one.
        least: judgements that a pattern needs.
        window: the latest judgements whose confidences are told.
    """
    known = list(judgements)
    names = {str(column(row, "pattern_name")) for row in known}
    wanted = sorted(names if pattern is None else names & {pattern})
    found = []
    for name in wanted:
        own = [row for row in known if column(row, "pattern_name") == name]
        if len(own) >= least:
            found.append(_analysis(name, own, known, window))
    return found


def _analysis(name: str, own: Judgements, known: Judgements, window: int) -> dict[str, Any]:
    kinds = Counter(str(column(row, "feedback_type")) for row in own)
    correct, missed = kinds["correct"], sum(_misses(row, name) for row in known)
    precision = correct / len(own)
    recall = correct / (correct + missed) if correct + missed else None
    confident = [row for row in own if column(row, "detected_confidence") is not None]
    confidences = [float(column(row, "detected_confidence")) for row in confident]
    return {
        "pattern_name": name,
        "samples": len(own),
        "correct": correct,
        "incorrect": kinds["incorrect"],
        "partial": kinds["partial"],
        "average_confidence": sum(confidences) / len(confidences) if confidences else None,
        "precision": precision,
        "recall": recall,
        "f1": _f1(precision, recall),
        "false_positives": _counted(own, "false_positives"),
        "false_negatives": _counted(own, "false_negatives"),
        "judged": _grouped(confident[:window]),
    }


def _misses(row: object, name: str) -> bool:
    """Whether a judgement says that ``name`` was missed."""
    elsewhere = column(row, "pattern_name") != name and column(row, "actual_pattern") == name
    return elsewhere or name in (column(row, "false_negatives") or ())


def _f1(precision: float, recall: float | None) -> float | None:
    if recall is None:
        return None
    whole = precision + recall
    return 2 * precision * recall / whole if whole else 0.0


def _counted(rows: Judgements, listed: str) -> dict[str, int]:
    listed_names = (set(column(row, listed) or ()) - {""} for row in rows)
    return dict(Counter(name[:_MOST_LETTERS] for names in listed_names for name in names))


def _grouped(rows: Judgements) -> list[list[object]]:
    """[step of the confidence, right, weight, how many] of each group."""
    groups = Counter(
        (
            math.floor(float(column(row, "detected_confidence")) * 100 + 1e-9),
            column(row, "feedback_type") == "correct",
            _weight(row),
        )
        for row in rows
    )
    return [[*key, count] for key, count in sorted(groups.items())]


def _weight(row: object) -> float:
    weight = column(row, "learning_weight")
    if weight is not None:
        return float(weight)
    return 1.0 if column(row, "user_provided") else 0.5
