"""Times that a stranger wrote into a message or a dead letter are shown, whatever they are."""

import math

import pytest

from nodewright.cli.events import _time


@pytest.mark.parametrize("seconds", [-(2.0**63), 2.0**63 / 1000, math.inf, -math.inf, math.nan])
def test_a_time_that_no_calendar_has_is_shown_as_a_number(seconds: float) -> None:
    assert _time(seconds, "seconds") == f"at {seconds:g} s"


def test_other_times_are_shown_as_a_date() -> None:
    assert _time(0.0, "seconds") == "1970-01-01T00:00:00+00:00"
