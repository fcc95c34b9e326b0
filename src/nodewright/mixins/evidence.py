"""What is believed of a pair, and why: recorded outcomes, else a trial, else the forest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from nodewright.mixins.catalogue import Catalogue
from nodewright.mixins.features import FEATURES
from nodewright.mixins.forest import Verdict
from nodewright.mixins.trials import PairTrial

# A trial is exact about what it tries; the rest is for what only real work shows.
_TRIAL_MEAN = 0.99
# The weight of what is known before outcomes are counted, in outcomes: Beta(1, 1) without a trial.
_PRIOR_WEIGHT = 2.0
_DECIDING = 3
_LEAST_CONTRIBUTION = 0.005
# The largest count that a record can hold.
_MOST = 2**31 - 1
_PERCENT = 100


class Outcomes(NamedTuple):
    """Recorded outcomes of a pair on a kind."""

    successes: int = 0
    failures: int = 0
    conflict_reason: str | None = None
    resolution_pattern: str | None = None

    @property
    def total(self) -> int:
        """All outcomes."""
        return self.successes + self.failures

    def plus(self, other: "Outcomes") -> "Outcomes":
        """Both; the reasons of ``other`` weigh more."""
        return Outcomes(
            self.successes + other.successes,
            self.failures + other.failures,
            other.conflict_reason or self.conflict_reason,
            other.resolution_pattern or self.resolution_pattern,
        )


NONE = Outcomes()


@dataclass(frozen=True, slots=True)
class Belief:
    """A probability of being usable, the samples behind it and its explanation."""

    probability: float
    samples: int
    explanation: str


def given_outcomes(data: Mapping[str, Any] | None) -> Outcomes:
    """A caller's ``historical_data`` as outcomes.

    Keys: ``success_count`` and ``failure_count``, or ``success_rate`` (0 to 1, or percent above 1)
    of ``total_tests``; ``conflict_reason`` and ``resolution_pattern``. Others are ignored. Counts
    are used where both forms are given.

    Raises:
        ValueError: a count is not a whole number that a record could hold, or the rate is no rate.
    """
    if not data:
        return NONE
    successes, failures = _count(data, "success_count"), _count(data, "failure_count")
    if "success_count" not in data and "failure_count" not in data:
        total = _count(data, "total_tests")
        successes = round(_rate(data) * total)
        failures = total - successes
    reason, resolution = data.get("conflict_reason"), data.get("resolution_pattern")
    return Outcomes(
        successes,
        failures,
        str(reason) if reason else None,
        str(resolution) if resolution else None,
    )


def _count(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError(
            f"historical_data[{name!r}] is {value!r:.40}: give a whole number, 0 to {_MOST}"
        )
    return value


def _rate(data: Mapping[str, Any]) -> float:
    """The share of successes; one half where none is given, which says nothing."""
    value = data.get("success_rate")
    if value is None:
        return 0.5
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _PERCENT:
        raise ValueError(
            f"historical_data['success_rate'] is {value!r:.40}: give 0 to 1, or a percentage"
        )
    return value / _PERCENT if value > 1 else float(value)


def posterior(outcomes: Outcomes, trial: PairTrial | None) -> float:
    """The mean of the Beta posterior of being usable."""
    before = 0.5 if trial is None else _TRIAL_MEAN if trial.usable else 1 - _TRIAL_MEAN
    return (_PRIOR_WEIGHT * before + outcomes.successes) / (_PRIOR_WEIGHT + outcomes.total)


def from_outcomes(outcomes: Outcomes, trial: PairTrial | None, version: str) -> Belief:
    """By recorded outcomes of this very pair; a trial counts as what was known before them."""
    mean = posterior(outcomes, trial)
    said = f"Recorded outcomes: {outcomes.successes} of {outcomes.total} succeeded"
    said += f" (Beta posterior {mean:.2f})."
    if trial is not None:
        said += f" {_tried(trial, version)}"
    elif outcomes.conflict_reason:
        said += f" Conflict: {outcomes.conflict_reason}."
    if outcomes.resolution_pattern and outcomes.resolution_pattern not in said:
        said += f" Resolution: {outcomes.resolution_pattern}."
    return Belief(mean, outcomes.total, said)


def from_trial(trial: PairTrial, version: str) -> Belief:
    """By the trial of this very pair."""
    return Belief(posterior(NONE, trial), 1, _tried(trial, version))


def _tried(trial: PairTrial, version: str) -> str:
    start = f"Tried on {trial.kind} with omnibase_core {version}:"
    if trial.a_first.usable and trial.b_first.usable:
        return f"{start} usable in both orders."
    reason = trial.conflict_reason
    if trial.usable:
        return f"{start} usable. Resolution: {trial.resolution_pattern}; otherwise {reason}."
    return f"{start} conflict in both orders: {reason}. Resolution: none by order."


def from_forest(verdict: Verdict, features: tuple[float, ...], samples: int, kind: str) -> Belief:
    """By the forest, with the features that moved it most."""
    ranked = sorted(
        range(len(FEATURES)), key=lambda index: abs(verdict.contributions[index]), reverse=True
    )
    deciding = [
        index
        for index in ranked[:_DECIDING]
        if abs(verdict.contributions[index]) >= _LEAST_CONTRIBUTION
    ]
    listed = ", ".join(
        f"{FEATURES[index].name}={features[index]:g} ({verdict.contributions[index]:+.2f})"
        for index in deciding
    )
    said = f"Forest on {kind}, learned from {samples} samples: P(usable) {verdict.probability:.2f}"
    said += f", decided by {listed}." if listed else "."
    if verdict.probability < 0.5:  # noqa: PLR2004 - the less likely half
        said += _advice(features, deciding)
    return Belief(verdict.probability, samples, said)


# For a conflict that the forest predicts: feature -> (what is wrong, what to do).
_ADVICE: dict[str, tuple[str, str]] = {
    "arguments_demanded": (
        "a constructor demands arguments that a node does not pass",
        "pass them in the node's __init__",
    ),
    "abstract_left": ("abstract methods are left", "implement them in the node class"),
    "readonly_assigned": (
        "a constructor assigns a read-only property",
        "none by order; use one of the two",
    ),
    "inits_skipped": ("a constructor is never reached", "put the class that ends the chain last"),
    "orders_resolving": ("no method resolution order", "use one of the two"),
    "metaclasses_agree": ("the metaclasses exclude each other", "use one of the two"),
    "methods_redefined": (
        "a method is redefined with another signature",
        "none by order; use one of the two",
    ),
}
_PRESENT_AT_ZERO = frozenset({"orders_resolving", "metaclasses_agree"})


def _advice(features: tuple[float, ...], deciding: list[int]) -> str:
    names = [FEATURES[index].name for index in deciding]
    for name, value in sorted(
        zip((feature.name for feature in FEATURES), features, strict=True),
        key=lambda pair: pair[0] not in names,
    ):
        if name in _ADVICE and (value == 0) == (name in _PRESENT_AT_ZERO):
            reason, resolution = _ADVICE[name]
            return f" Conflict: {reason}. Resolution: {resolution}."
    return ""


def without_class(names: list[str], catalogue: Catalogue) -> Belief:
    """A name that metadata describes but that has no class cannot be composed."""
    near = {near for name in names for near in catalogue.near(name)}
    said = f"{' and '.join(names)} is described by metadata but has no class in omnibase_core "
    said += f"{catalogue.version}, so it cannot be composed."
    said += f" Near: {', '.join(sorted(near))}." if near else ""
    return Belief(1 - _TRIAL_MEAN, 0, said)


def of_unknown(names: list[str], catalogue: Catalogue, share: float | None, kind: str) -> Belief:
    """Nothing is known: the uniform prior, and names that look alike."""
    near = list(dict.fromkeys(near for name in names for near in catalogue.near(name)))
    said = f"Nothing is known of {' and '.join(names)}: neither in the catalogue of omnibase_core "
    said += f"{catalogue.version} and scanned packages nor in the records. "
    said += f"Near names: {', '.join(near)}." if near else "No name is near."
    if share is not None:
        said += f" (Of the tried pairs on {kind}, {share:.0%} are usable.)"
    return Belief(0.5, 0, said)


def untried() -> Belief:
    """There is neither a trial nor a model."""
    return Belief(0.5, 0, "Neither was the pair tried nor is the model trained.")


def with_itself(name: str) -> Belief:
    """A class cannot be its own sibling base."""
    return Belief(
        0.0, 0, f"{name} cannot be combined with itself: Python accepts a base class only once."
    )
