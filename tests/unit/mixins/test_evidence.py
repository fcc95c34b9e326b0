import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.mixins.evidence import Outcomes, given_outcomes, posterior
from nodewright.mixins.facts import Outcome
from nodewright.mixins.trials import PairTrial, Result

GOOD = Result(Outcome.USABLE)
BAD = Result(Outcome.MRO_CONFLICT, "no order")
USABLE = PairTrial("A", "B", "EFFECT", GOOD, GOOD)
CONFLICT = PairTrial("A", "B", "EFFECT", BAD, BAD)


def test_three_successes_are_not_certainty() -> None:
    assert posterior(Outcomes(3, 0), None) == pytest.approx(0.8)


def test_outcomes_overrule_a_trial() -> None:
    assert posterior(Outcomes(0, 3), USABLE) < 0.5
    assert posterior(Outcomes(3, 0), CONFLICT) > 0.5


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_posterior_is_a_probability_that_outcomes_move(good: int, bad: int) -> None:
    for trial in (None, USABLE, CONFLICT):
        mean = posterior(Outcomes(good, bad), trial)
        assert 0 < mean < 1
        assert posterior(Outcomes(good + 1, bad), trial) > mean
        assert posterior(Outcomes(good, bad + 1), trial) < mean


def test_only_the_order_that_works_is_advised() -> None:
    trial = PairTrial("A", "B", "EFFECT", BAD, GOOD)
    assert trial.usable
    assert trial.resolution_pattern == "put B before A"
    assert (trial.conflict_reason or "").startswith("mro_conflict")
    assert CONFLICT.resolution_pattern is None
    assert USABLE.conflict_reason is None


@pytest.mark.parametrize("value", [-1, 1.5, "3", True])
def test_senseless_history_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="success_count"):
        given_outcomes({"success_count": value})


def test_history_may_be_partial() -> None:
    assert given_outcomes(None).total == 0
    assert given_outcomes({"failure_count": 2, "conflict_reason": "x"}) == Outcomes(0, 2, "x")
