from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from nodewright.logs import levels
from nodewright.logs.context import COMPONENT, CORRELATION, IDS, SESSION
from nodewright.logs.pipeline import PIPELINE
from nodewright.logs.redaction import Redaction


class Kept:
    """Keeps the lines in memory, and reads them strictly."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.lost = 0

    def write(self, line: bytes) -> None:
        self.lines.append(line)

    def close(self) -> None:
        pass

    @property
    def entries(self) -> list[dict[str, Any]]:
        for line in self.lines:
            assert line.endswith(b"\n")
            assert line.count(b"\n") == 1
        return [orjson.loads(line) for line in self.lines]

    @property
    def entry(self) -> dict[str, Any]:
        assert len(self.lines) == 1
        return self.entries[0]


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Entries of the test; switches, levels and context are as new before and after."""
    keeper = Kept()
    tokens = [(variable, variable.set(b"")) for variable in (CORRELATION, SESSION, COMPONENT, IDS)]
    before = PIPELINE.send_to(keeper)
    rules = dict(levels.LEVELS._rules)
    yield keeper
    PIPELINE.send_to(before)
    PIPELINE.clean_by(Redaction())
    PIPELINE.sample_by(None)
    PIPELINE.with_locals = False
    levels.replace_levels(rules)
    for variable, token in tokens:
        variable.reset(token)
