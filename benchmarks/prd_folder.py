"""Generate every PRD of a folder and prove each node.

    python -m benchmarks.prd_folder examples --verify full

Exit code 1 when a node was not proven.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ratios import Figure, report
from nodewright.errors import NodewrightError
from nodewright.proving.model import Verify
from nodewright.spec.verdicts import summed_up
from nodewright.workflow import Options, generate, prepare


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one PRD."""

    name: str
    kinds: str
    nodes: int
    proven: int
    clauses: str
    seconds: float
    problems: tuple[str, ...] = ()


def row_of(prd: Path, out: Path, verify: Verify, jobs: int) -> Row:
    """Generate ``prd`` into ``out``."""
    started = time.perf_counter()
    try:
        prepared = prepare(prd)
        run = generate(prepared, Options(out, verify=verify, jobs=jobs))
    except NodewrightError as error:
        return Row(prd.name, "", 0, 0, "", time.perf_counter() - started, (str(error),))
    plan = prepared.plan
    kinds = sorted({node.kind[0] for node in plan.nodes})
    problems = tuple(
        f"{outcome.node.class_name}: {outcome.reason}"
        for outcome in run.outcomes
        if not outcome.delivered
    )
    return Row(
        prd.name,
        "".join(kinds),
        len(plan.nodes),
        sum(outcome.delivered for outcome in run.outcomes),
        summed_up(run.clauses),
        time.perf_counter() - started,
        problems,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--verify", type=Verify, default=Verify.FULL)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--keep", type=Path, help="a folder for what is generated")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = arguments.keep or Path(scratch)
        rows = [
            row_of(prd, base / prd.stem, arguments.verify, arguments.jobs)
            for prd in sorted(arguments.folder.glob("*.md"))
        ]
    nodes, proven = sum(row.nodes for row in rows), sum(row.proven for row in rows)
    share = proven / nodes if nodes else 0.0
    report(
        f"PRDs of {arguments.folder}",
        [],
        [Figure("nodes proven, of all", share, 1, at_least=True, unit="")],
        [
            f"{row.name}: {row.proven} of {row.nodes} nodes ({row.kinds}) proven, "
            f"{row.clauses}, {row.seconds:.1f} s"
            for row in rows
        ]
        + [f"{row.name}: {problem}" for row in rows for problem in row.problems],
    )
    return 0 if share == 1 and all(row.nodes for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
