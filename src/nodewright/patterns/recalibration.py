"""From how sure the library was to how often that was right.

Per pattern a logistic function of the log odds of the confidence (Platt 1999), fitted to judged
detections by maximum a posteriori: without judgements it changes nothing, with many they decide.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nodewright.patterns.scoring import calibrate
from nodewright.patterns.thresholds import STEPS, Judged

_SLOPE_DEVIATION = 0.5
_INTERCEPT_DEVIATION = 1.0
_LEAST_SLOPE = 0.05  # surer must stay surer
_MOST_SLOPE = 10.0
_MOST_INTERCEPT = 10.0
_ROUNDS = 50
_CLOSE_ENOUGH = 1e-8


@dataclass(frozen=True, slots=True)
class Calibration:
    """``log odds -> slope * log odds + intercept``; as it stands, nothing is changed."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, confidence: float) -> float:
        """The probability that a detection of this ``confidence`` is right."""
        if self == _UNCHANGED:
            return confidence
        return calibrate(confidence, self.slope, self.intercept)


_UNCHANGED = Calibration()


def fit(judged: Iterable[Judged]) -> Calibration:
    """The likeliest calibration, given the judgements and that most patterns need little.

    Args:
        judged: judgements, each counted with its weight.
    """
    points = [
        (_log_odds((group.step + 0.5) / STEPS), group.hit, group.weight * group.count)
        for group in judged
        if group.weight > 0 and group.count > 0
    ]
    if not points:
        return _UNCHANGED
    slope, intercept = 1.0, 0.0
    for _ in range(_ROUNDS):
        change = _newton_step(points, slope, intercept)
        slope, intercept = slope - change[0], intercept - change[1]
        # A step too far is cut; the problem is convex, so the next one leads back.
        slope = min(max(slope, _LEAST_SLOPE), _MOST_SLOPE)
        intercept = min(max(intercept, -_MOST_INTERCEPT), _MOST_INTERCEPT)
        if max(abs(change[0]), abs(change[1])) < _CLOSE_ENOUGH:
            break
    return Calibration(slope, intercept)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1.0 / (2 * STEPS)), 1.0 - 1.0 / (2 * STEPS))
    return math.log(bounded / (1.0 - bounded))


def _newton_step(
    points: Sequence[tuple[float, bool, float]], slope: float, intercept: float
) -> tuple[float, float]:
    """What Newton's method subtracts from slope and intercept."""
    slope_precision, intercept_precision = _SLOPE_DEVIATION**-2, _INTERCEPT_DEVIATION**-2
    gradient_s = slope_precision * (slope - 1.0)
    gradient_i = intercept_precision * intercept
    curve_ss, curve_si, curve_ii = slope_precision, 0.0, intercept_precision
    for odds, hit, weight in points:
        predicted = 1.0 / (1.0 + math.exp(-(slope * odds + intercept)))
        error = weight * (predicted - hit)
        spread = weight * predicted * (1.0 - predicted)
        gradient_s += error * odds
        gradient_i += error
        curve_ss += spread * odds * odds
        curve_si += spread * odds
        curve_ii += spread
    determinant = curve_ss * curve_ii - curve_si * curve_si
    return (
        (curve_ii * gradient_s - curve_si * gradient_i) / determinant,
        (curve_ss * gradient_i - curve_si * gradient_s) / determinant,
    )
