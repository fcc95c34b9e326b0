"""Texts that are searched from each of their lines to the end would take hours."""

import pytest

from nodewright.workflow import plan_text


@pytest.mark.usefixtures("hanging_is_an_error")
@pytest.mark.parametrize("start", ["# A\n\n", "# A\n\n## Requirements\n\n", "# A\n\n## Data\n\n"])
def test_blank_lines_of_code_are_passed_over_once(start: str) -> None:
    text = f"{start}- must store a\n\n```\n{' ' * 1000}{chr(10) * 150_000}x\n```\n"
    assert plan_text(text).plan.nodes
