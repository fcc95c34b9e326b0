"""Texts that are searched from each of their lines to the end would take hours."""

import signal
from collections.abc import Iterator

import pytest

from nodewright.workflow import plan_text


@pytest.fixture
def _hanging_is_an_error() -> Iterator[None]:
    def stop(_signal: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_hanging_is_an_error")
@pytest.mark.parametrize("start", ["# A\n\n", "# A\n\n## Requirements\n\n", "# A\n\n## Data\n\n"])
def test_blank_lines_of_code_are_passed_over_once(start: str) -> None:
    text = f"{start}- must store a\n\n```\n{' ' * 1000}{chr(10) * 150_000}x\n```\n"
    assert plan_text(text).plan.nodes
