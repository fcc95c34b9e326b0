"""The work for a document grows with its length, not with its square."""

import sys

import pytest

from nodewright.planning.planner import NothingToGenerateError
from nodewright.workflow import plan_text

SHAPES = {
    "items": "- a\n",
    "requirements": "- FR-1: The system must store the order.\n",
    "other requirements": "- The system must list orders.\n- The order amount is at least 1.\n",
    "paragraphs": "The system must send mail.\n\n",
    "tables": "|a|b|\n|-|-|\n|must store|x|\n\n",
    "headings": "## A\n\nmust store orders\n\n",
    "states": "- Order moves from open to closed.\n",
    "entities": "- **Order**: `id`, `name`\n",
    "nesting": "- a\n  - must store b\n    - c\n",
    "quotations": "> must store\n\n",
}


def calls(text: str) -> int:
    """Calls of Python functions that planning a text takes."""
    count = 0

    def on_event(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(on_event)
    try:
        plan_text(text)
    except NothingToGenerateError:
        pass
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_four_times_the_text_is_four_times_the_work(shape: str) -> None:
    start = "# Shop\n\n## Requirements\n\n- The system must store orders.\n"
    calls(start)
    short, long = calls(start + shape * 100), calls(start + shape * 400)
    assert long < 5 * short
