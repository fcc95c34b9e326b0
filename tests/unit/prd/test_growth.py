"""The time that a document takes grows with its length and with nothing else."""

import time
import tracemalloc

import pytest

from nodewright.prd.document import parse_document

SHAPES = {
    "bullets": "- The system shall store order {0}\n",
    "ids": "- FR-{0}: The system shall store order {0}\n",
    "one id": "- FR-1: store order {0} beside crate {0}\n",
    "headings": "## Heading {0}\n",
    "requirement headings": "### FR-{0}: Store order {0}\n\nIt keeps it.\n\n",
    "rows": "| FR-{0} | The system shall store order {0} |\n",
    "wrapped prose": "The system shall store order {0}. It keeps it\n",
    "paragraphs": "The system shall store order {0}.\n\n",
    "deep lists": "- a{0}\n  - b\n    - c\n      - d\n",
    "comments": "<!-- remark {0} --> text\n\n",
    "open comments": "<!-- remark {0} \n",
    "fences": "```\nFR-{0}: no\n```\n",
    "open fences": "````{0}\n",
    "html": "<table><tr><td>a{0}</td></tr></table>\n\n",
    "open html": "<table><ul>{0}\n",
    "struck": "~~gone {0}~~ kept\n",
    "steps": "Given a{0}\nWhen b\nThen c\n",
    "labels": "Out of scope: x{0}\n\n",
    "brackets": "[(later)] [x](y){0}\n",
    "asciidoc": "|a{0} |b\n",
    "grid": "+--+--+\n| a | {0} |\n",
    "spaces": "                    \n",
    "dots": "1.1.1.1.1.1.{0}\n",
    "quotes": "> > {0}\n",
    "rules": "---\n",
    "words": "a{0} ",
    "marks": "*_`~",
}
HEADS = {
    "rows": "| ID | Requirement |\n|---|---|\n",
    "asciidoc": '= A\n\n[cols="1,1"]\n|===\n',
    "grid": ".. note:: a\n\n",
}
FEW, TIMES = 300, 4


def document(shape: str, count: int) -> str:
    head = HEADS.get(shape, "# A\n\n## Requirements\n\n")
    return head + "".join(SHAPES[shape].format(n) for n in range(count))


def seconds(text: str) -> float:
    start = time.process_time()
    parse_document(text)
    return time.process_time() - start


@pytest.mark.usefixtures("hanging_is_an_error")
@pytest.mark.parametrize("shape", SHAPES)
def test_time_is_linear(shape: str) -> None:
    parse_document(document(shape, FEW))
    few = min(seconds(document(shape, FEW)) for _ in range(2))
    many = min(seconds(document(shape, FEW * TIMES)) for _ in range(2))
    assert many < 0.05 + 2.5 * TIMES * few


def test_memory_is_a_small_multiple_of_the_text() -> None:
    text = document("headings", 20_000)
    tracemalloc.start()
    parse_document(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120 * len(text)
