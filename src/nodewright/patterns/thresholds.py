"""The lowest confidence threshold whose precision is proven, not guessed.

Detections at or above a threshold are right with an unknown probability, their precision. Whether
it reaches a target is an exact binomial test (Clopper and Pearson 1934). Thresholds are tested in
a fixed sequence, from high to low, and the first failure ends it; then all of them together err
with the probability that one of them may err with, and looking further costs nothing (Maurer,
Hothorn and Lehmacher 1995). The sequence has to begin somewhere: at a threshold that leaves few
detections one chance error ends it, at a low one precision is lost already. Where it begins
depends on how many detections there are, never on how they turned out.

A judgement of weight w counts with probability w / (largest weight): what is kept is a plain
sample of the weighted population, so the exact bounds hold for its weighted precision, which no
sum of fractions would give.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

STEPS = 100
"""Thresholds are multiples of 1 / STEPS."""

CONFIDENCE = 0.95
"""How sure it has to be that the target is reached."""

# The sequence begins where twice as many detections are left as a perfect record would need, or
# this share of all: more withstand a chance error better, fewer leave higher thresholds untested.
_START_FACTOR = 2.0
_START_SHARE = 1 / 16
_NEGLIGIBLE = 1e-17
_BISECTIONS = 60


@dataclass(frozen=True, slots=True)
class Judged:
    """Judgements that agree: ``count`` detections whose confidence was in one step.

    Attributes:
        step: the confidence in units of 1 / STEPS, rounded down.
        hit: whether the detections were right.
        weight: what each counts, 0 to 1.
        count: how many there are.
    """

    step: int
    hit: bool
    weight: float
    count: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Detections at or above a threshold: how many, and how many of them were right."""

    threshold: float
    hits: int
    total: int


@dataclass(frozen=True, slots=True)
class Tuned:
    """The outcome of a search.

    Attributes:
        threshold: the lowest proven one; None where the data proves none.
        reason: why, in one sentence.
        evidence: the detections at or above it, or, without one, where the search began.
    """

    threshold: float | None
    reason: str
    evidence: Outcomes | None = None


def binomial_tail(hits: int, total: int, chance: float) -> float:
    """The probability of at least ``hits`` in ``total`` independent trials of ``chance``."""
    if hits <= 0:
        return 1.0
    if hits > total or chance <= 0.0:
        return 0.0
    if chance >= 1.0:
        return 1.0
    if hits <= total * chance:
        # The terms shrink fastest away from the mean, so the other tail is summed.
        return 1.0 - _upper_sum(total - hits + 1, total, 1.0 - chance)
    return _upper_sum(hits, total, chance)


def _upper_sum(hits: int, total: int, chance: float) -> float:
    """Sum the terms of ``hits`` and more, which lie above the mean and so shrink."""
    if hits > total:
        return 0.0
    odds = chance / (1.0 - chance)
    logarithm = (
        math.lgamma(total + 1)
        - math.lgamma(hits + 1)
        - math.lgamma(total - hits + 1)
        + hits * math.log(chance)
        + (total - hits) * math.log1p(-chance)
    )
    term = math.exp(logarithm)
    found = 0.0
    while hits <= total:
        found += term
        term *= odds * (total - hits) / (hits + 1)
        hits += 1
        if term <= found * _NEGLIGIBLE:
            break
    return min(found, 1.0)


def lower_bound(hits: int, total: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided exact bound (Clopper and Pearson 1934) below the chance of a hit.

    Args:
        hits: successes.
        total: trials; none at all gives 0.
        confidence: how sure it has to be that the chance is not lower.

    Returns:
        The largest chance that ``hits`` of ``total`` still speak against.
    """
    if hits <= 0 or total <= 0:
        return 0.0
    low, high = 0.0, hits / total
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if binomial_tail(hits, total, middle) <= 1.0 - confidence:
            low = middle
        else:
            high = middle
    return low


def thinned(judged: Iterable[Judged]) -> list[Judged]:
    """A plain sample of weighted judgements: each is kept with its share of the largest weight."""
    judged = [group for group in judged if group.weight > 0 and group.count > 0]
    largest = max((group.weight for group in judged), default=0.0)
    # Seeded with all the data: the same data gives the same sample, other data another one, so
    # that no group of judgements is favoured for good.
    data = tuple((group.step, group.hit, group.weight, group.count) for group in judged)
    draw = Random(hash(data)).binomialvariate  # noqa: S311 - repeatable, not secret
    return [
        group
        if group.weight == largest
        else Judged(group.step, group.hit, largest, draw(group.count, group.weight / largest))
        for group in judged
    ]


def cumulated(judged: Iterable[Judged]) -> list[Outcomes]:
    """Outcomes at or above each threshold, from the highest to the lowest, of a plain sample."""
    hits, totals = [0] * (STEPS + 1), [0] * (STEPS + 1)
    for group in judged:
        totals[group.step] += group.count
        hits[group.step] += group.count if group.hit else 0
    found = []
    right = total = 0
    for step in range(STEPS, -1, -1):
        right, total = right + hits[step], total + totals[step]
        if totals[step]:
            found.append(Outcomes(step / STEPS, right, total))
    return found


def tune(judged: Iterable[Judged], target: float, confidence: float = CONFIDENCE) -> Tuned:
    """The lowest threshold whose precision is at least ``target``, with ``confidence``.

    Args:
        judged: judgements in any order.
        target: the precision to reach, above 0 and below 1.
        confidence: how sure it has to be, for the search as a whole.

    Raises:
        ValueError: the target or the confidence is not between 0 and 1.
    """
    for name, value in (("target precision", target), ("confidence", confidence)):
        if not 0.0 < value < 1.0:
            raise ValueError(f"{name} {value!r}: give a number above 0 and below 1")
    outcomes = cumulated(thinned(judged))
    if not outcomes:
        return Tuned(None, "no judged detection has a confidence")
    error = 1.0 - confidence
    fewest = math.log(error) / math.log(target)
    total = outcomes[-1].total
    if total < fewest:
        return Tuned(
            None,
            f"{total} judged detections cannot prove a precision of {target:.2f}; "
            f"it takes {math.ceil(fewest)} at least",
            outcomes[-1],
        )
    start = _start(outcomes, max(_START_FACTOR * fewest, _START_SHARE * total))
    lowest = _last_proven(outcomes[start:], target, error)
    if lowest is None:
        first = outcomes[start]
        bound = lower_bound(first.hits, first.total, confidence)
        return Tuned(
            None,
            f"at {first.threshold:.2f} and above {first.hits} of {first.total} were right: a "
            f"precision of {bound:.3f} is proven, and the target is {target:.2f}",
            first,
        )
    return Tuned(
        lowest.threshold,
        f"at {lowest.threshold:.2f} and above {lowest.hits} of {lowest.total} were right",
        lowest,
    )


def _start(outcomes: Sequence[Outcomes], fewest: float) -> int:
    """The index of the highest threshold that leaves at least ``fewest`` detections."""
    enough = (index for index, outcome in enumerate(outcomes) if outcome.total >= fewest)
    return next(enough, len(outcomes) - 1)


def _last_proven(outcomes: Sequence[Outcomes], target: float, error: float) -> Outcomes | None:
    """The last of the leading outcomes that prove the target."""
    last = None
    for outcome in outcomes:
        if binomial_tail(outcome.hits, outcome.total, target) > error:
            break
        last = outcome
    return last
