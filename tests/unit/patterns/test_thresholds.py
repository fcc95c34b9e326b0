"""Proven thresholds: the arithmetic, and what it promises over a thousand histories."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from nodewright.patterns.recalibration import Calibration, fit
from nodewright.patterns.thresholds import (
    STEPS,
    Judged,
    binomial_tail,
    lower_bound,
    thinned,
    tune,
)

COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts=COUNTS, chance=st.floats(0.001, 0.999))
def test_tail_is_the_binomial_one(counts: tuple[int, int], chance: float) -> None:
    hits, total = counts
    expected = stats.binom.sf(hits - 1, total, chance)
    assert binomial_tail(hits, total, chance) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(counts=COUNTS)
def test_the_bound_is_that_of_clopper_and_pearson(counts: tuple[int, int]) -> None:
    hits, total = counts
    exact = stats.beta.ppf(0.05, hits, total - hits + 1) if hits else 0.0
    assert lower_bound(hits, total) == pytest.approx(exact, abs=1e-9)


def test_thinning_keeps_shares_and_repeats() -> None:
    judged = [
        Judged(80, hit=True, weight=1.0, count=500),
        Judged(80, hit=False, weight=0.5, count=2000),
        Judged(80, hit=True, weight=0.0, count=99),
    ]
    kept = thinned(judged)
    assert kept == thinned(judged)
    assert kept[0].count == 500
    assert 900 < kept[1].count < 1100
    assert len(kept) == 2
    # Only the relation of weights counts: where all weigh the same, all are kept.
    assert thinned([Judged(80, hit=True, weight=0.5, count=100)])[0].count == 100


def test_none_has_a_reason() -> None:
    assert tune([], 0.9).reason == "no judged detection has a confidence"
    few = tune([Judged(90, hit=True, weight=1.0, count=20)], 0.9)
    assert few.threshold is None
    assert "20 judged detections cannot prove" in few.reason
    poor = tune(
        [Judged(90, hit=True, weight=1.0, count=500), Judged(90, hit=False, weight=1.0, count=100)],
        0.9,
    )
    assert poor.threshold is None
    assert "500 of 600 were right" in poor.reason
    with pytest.raises(ValueError, match="confidence 1"):
        tune([], 0.9, 1.0)


@given(
    st.lists(
        st.builds(
            Judged,
            st.integers(0, STEPS),
            st.booleans(),
            st.floats(0, 1),
            st.integers(0, 300),
        ),
        max_size=20,
    ),
    st.floats(0.5, 0.99),
)
def test_a_threshold_holds_on_its_own_evidence(judged: list[Judged], target: float) -> None:
    found = tune(judged, target)
    if found.threshold is None:
        return
    assert found.evidence is not None
    assert found.evidence.hits / found.evidence.total >= target
    assert lower_bound(found.evidence.hits, found.evidence.total) >= target - 1e-9


# A detector is how its confidences spread and how often each is right.
type Numbers = NDArray[np.float64]


def steep(confidence: Numbers) -> Numbers:
    return 1.0 / (1.0 + np.exp(-20.0 * (confidence - 0.6)))


def calibrated(confidence: Numbers) -> Numbers:
    return confidence


def never_enough(confidence: Numbers) -> Numbers:
    """Below the target by a hair wherever one looks."""
    return np.full_like(confidence, 0.8999)


DETECTORS = {"steep": steep, "calibrated": calibrated, "never enough": never_enough}
TARGET = 0.9


def true_precision(detector: str) -> Numbers:
    """Precision at and above each step, over a population."""
    confidence = np.random.default_rng(7).beta(3, 1.5, 1_000_000)
    step = (confidence * STEPS).astype(int)
    right = np.bincount(step, DETECTORS[detector](confidence), STEPS + 1)[::-1].cumsum()
    total = np.bincount(step, minlength=STEPS + 1)[::-1].cumsum()
    found: Numbers = (right / np.maximum(total, 1))[::-1]
    return found


def history(
    generator: np.random.Generator, detector: str, records: int, *, weighted: bool
) -> list[Judged]:
    confidence = generator.beta(3, 1.5, records)
    right = generator.random(records) < DETECTORS[detector](confidence)
    step = (confidence * STEPS).astype(int)
    heavy = generator.random(records) < 0.5 if weighted else np.ones(records, dtype=bool)
    counts = np.bincount(step * 4 + right * 2 + heavy)
    return [
        Judged(key // 4, key % 4 >= 2, 1.0 if key % 2 else 0.5, int(counts[key]))
        for key in map(int, np.flatnonzero(counts))
    ]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("detector", DETECTORS)
def test_a_thousand_histories_miss_the_target_in_five_percent(
    detector: str, weighted: bool
) -> None:
    generator = np.random.default_rng(1)
    precision = true_precision(detector)
    missed = 0
    for number in range(1_000):
        records = (100, 400, 2_000)[number % 3]
        found = tune(history(generator, detector, records, weighted=weighted), TARGET).threshold
        missed += found is not None and precision[round(found * STEPS)] < TARGET
    assert missed <= 50


def test_two_thousand_records_come_within_three_hundredths() -> None:
    generator = np.random.default_rng(2)
    best = int(np.argmax(true_precision("steep") >= TARGET)) / STEPS
    found = [
        tune(history(generator, "steep", 2_000, weighted=False), TARGET).threshold
        for _ in range(300)
    ]
    assert None not in found
    distance = np.abs(np.array(found, dtype=float) - best)
    assert np.median(distance) <= 0.03
    assert np.quantile(distance, 0.9) <= 0.03 + 1e-9


def test_calibration_learns_how_often_it_is_right() -> None:
    generator = np.random.default_rng(3)
    assert fit([]) == Calibration(1.0, 0.0)
    learnt = fit(history(generator, "steep", 5_000, weighted=False))
    for confidence in (0.5, 0.6, 0.7, 0.8):
        truth = float(steep(np.array([confidence]))[0])
        assert learnt(confidence) == pytest.approx(truth, abs=0.05)
    kept = fit(history(generator, "calibrated", 5_000, weighted=False))
    assert kept(0.7) == pytest.approx(0.7, abs=0.03)
    # A few judgements move it a little.
    assert 0.4 < fit([Judged(80, hit=False, weight=1.0, count=2)])(0.8) < 0.8


@given(
    st.lists(
        st.builds(
            Judged, st.integers(0, STEPS), st.booleans(), st.floats(0, 1), st.integers(0, 10_000)
        ),
        max_size=10,
    ),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_calibration_keeps_the_order(judged: list[Judged], low: float, high: float) -> None:
    learnt = fit(judged)
    low, high = sorted((low, high))
    assert 0.0 <= learnt(low) <= learnt(high) <= 1.0
