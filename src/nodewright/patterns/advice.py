"""What to do about a pattern, said in words."""

from collections.abc import Mapping
from typing import Any

from nodewright.patterns.thresholds import Tuned

_LOW_CONFIDENCE = 0.70
_LOW_RECALL = 0.80


def recommendations(row: Mapping[str, Any], target: float, tuned: Tuned | None = None) -> list[str]:
    """Advice from a row of the query ``analyses``, most urgent first.

    Args:
        row: the pattern's counts and ratios.
        target: the precision to reach.
        tuned: what tuning found, where it was tried.
    """
    found = []
    if row["precision"] < target:
        found.append(
            f"Precision {row['precision']:.1%} is below the target of {target:.0%}: "
            + _about_threshold(tuned)
        )
        found += _worst(
            row["false_positives"],
            "{name!r} was wrongly detected {count} times: lower the weight of the terms that "
            "speak for it, or give them weight 0 where they mean something else.",
        )
    if row["recall"] is not None and row["recall"] < _LOW_RECALL:
        found.append(
            f"Recall {row['recall']:.1%}: the pattern is missed too often; add the terms that the "
            "missed documents use to its evidence."
        )
    found += _worst(row["false_negatives"], "{name!r} was missed {count} times: add terms for it.")
    average = row["average_confidence"]
    if average is not None and average < _LOW_CONFIDENCE:
        found.append(
            f"The average confidence is {average:.2f}: the evidence is weak; add terms that only "
            "this pattern's documents use."
        )
    return found


def _about_threshold(tuned: Tuned | None) -> str:
    if tuned is None:
        return "raise the threshold (nodewright patterns tune), or refine the evidence."
    if tuned.threshold is None:
        return f"no threshold is proven ({tuned.reason}); refine the evidence, or judge more."
    return f"use the threshold {tuned.threshold:.2f} ({tuned.reason})."


def _worst(counts: Mapping[str, int], sentence: str) -> list[str]:
    if not counts:
        return []
    name, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return [sentence.format(name=name, count=count)]
