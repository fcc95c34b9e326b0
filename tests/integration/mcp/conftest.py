"""A folder with a document and the package that was generated from it."""

import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from nodewright import submitting, workflow
from nodewright.runs.referee import Court
from nodewright.runs.workers import IsolatedWorkers, ProcessWorkers

DOCUMENT = """\
# Room booking

## Data model

**Booking**

- booking_id: uuid
- room: string, required
- guest_email: string, required
- seats: integer, required

## Requirements

### FR-1: Booking

The system shall create a booking. The number of seats must be greater than 0.

### FR-2: Listing

The system shall list all bookings of a room.

### FR-3: House rules

Bookings must follow the custom of the house.

### FR-4: Price

The system shall calculate the price from base, extras and discount.
"""

Tool = Callable[..., Any]


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; tests work on copies."""
    root = tmp_path_factory.mktemp("rooms")
    (root / "prd.md").write_text(DOCUMENT, encoding="utf-8")
    run = workflow.generate(
        workflow.prepare(root / "prd.md"), workflow.Options(root / "out", jobs=2)
    )
    assert run.succeeded, [outcome.reason for outcome in run.outcomes]
    return root


@pytest.fixture
def folder(generated: Path, tmp_path: Path) -> Path:
    root = tmp_path / "work"
    shutil.copytree(generated, root)
    return root


@pytest.fixture(scope="session")
def court() -> Iterator[Court]:
    isolated, workers = IsolatedWorkers(2), ProcessWorkers(2)
    yield Court(workers, isolated, timeout_seconds=15.0)
    isolated.close()
    workers.close()


@pytest.fixture
def propose(folder: Path, court: Court) -> Callable[..., submitting.Judgement]:
    def call(elements: str, *clauses: str, **options: Any) -> submitting.Judgement:
        prd, out = folder / "prd.md", folder / "out"
        return submitting.propose(prd, out, elements, clauses, court, **options)

    return call


@pytest.fixture
def submit(folder: Path, court: Court) -> Callable[..., submitting.Judgement]:
    def call(node: str, code: str, test: str, *clauses: str) -> submitting.Judgement:
        prd, out = folder / "prd.md", folder / "out"
        return submitting.submit_code(prd, out, node, code, test, clauses, court, by="agent:t")

    return call


def parameters(folder: Path, *options: str) -> StdioServerParameters:
    arguments = ["-m", "nodewright", "mcp", str(folder), "--document", "prd.md", "-o", "out"]
    return StdioServerParameters(command=sys.executable, args=[*arguments, *options])


@pytest.fixture
def client(folder: Path) -> Callable[..., AbstractAsyncContextManager[Client]]:
    """Starts a server on the folder, with options, and connects to it."""

    @asynccontextmanager
    async def connected(*options: str) -> AsyncIterator[Client]:
        async with Client(parameters(folder, *options)) as client:
            yield client

    return connected


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the package; nodewright's own state is left out."""
    out = folder / "out"
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".nodewright" not in path.parts and "__pycache__" not in path.parts
    }
