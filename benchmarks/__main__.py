"""Run the benchmarks one after the other and write their table.

``python -m benchmarks [NAME ...] [--quick] [--output FOLDER]``: all, or those named by module.
Writes ``benchmarks.md``, ``benchmarks.json`` and ``images/benchmarks.svg`` to the folder, and with
``--readme FILE`` a short table between that file's marks. Exit code 1 when a benchmark failed.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.machine import Machine, this_machine
from benchmarks.page import page, short_table, with_table
from benchmarks.picture import picture
from benchmarks.suite import BENCHMARKS, Benchmark, Result, run

PICTURE = "images/benchmarks.svg"


def main() -> int:
    arguments = _arguments()
    chosen = [
        benchmark
        for benchmark in BENCHMARKS
        if not arguments.names or benchmark.module in arguments.names
        if not (arguments.quick and benchmark.quick is None)
    ]
    peers = tuple(dict.fromkeys(peer for benchmark in chosen for peer in benchmark.peers))
    machine = this_machine(peers)
    results = [_announced(benchmark, quick=arguments.quick) for benchmark in chosen]
    write(results, machine, arguments.output, quick=arguments.quick)
    if arguments.readme:
        text = arguments.readme.read_text(encoding="utf-8")
        text = with_table(text, short_table(results, machine))
        arguments.readme.write_text(text, encoding="utf-8")
    print(f"written to {arguments.output / 'benchmarks.md'}")
    return 1 if any(result.error for result in results) else 0


def _arguments() -> argparse.Namespace:
    known = sorted({benchmark.module for benchmark in BENCHMARKS})
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--quick", action="store_true", help="rough figures in a few minutes")
    parser.add_argument("--output", type=Path, default=Path("out/bench"), help="the folder")
    parser.add_argument("--readme", type=Path, help="a file with the marks of the short table")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(known))
    if unknown:
        parser.error(f"{unknown[0]} is none of {', '.join(known)}")
    return arguments


def _announced(benchmark: Benchmark, *, quick: bool) -> Result:
    """Run, and say how it went."""
    print(f"{benchmark.subject} ...", end=" ", flush=True)
    result = run(benchmark, quick=quick)
    good = sum(figure["reached"] for figure in result.figures)
    print(f"{good} of {len(result.figures)} targets reached in {result.seconds:.0f} s", flush=True)
    if result.error:
        print(f"  failed: {result.error}", flush=True)
    return result


def write(results: Sequence[Result], machine: Machine, folder: Path, *, quick: bool) -> None:
    """Write the page, the data and the picture into ``folder``."""
    (folder / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    (folder / PICTURE).write_text(picture(results), encoding="utf-8")
    text = page(results, machine, PICTURE, quick=quick)
    (folder / "benchmarks.md").write_text(text, encoding="utf-8")
    document = {
        "machine": machine._asdict(),
        "quick": quick,
        "benchmarks": [_data(result) for result in results],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "benchmarks.json").write_text(f"{text}\n", encoding="utf-8")


def _data(result: Result) -> dict[str, Any]:
    reports = [{k: v for k, v in report.items() if k != "machine"} for report in result.reports]
    return asdict(result) | {"benchmark": result.benchmark.subject, "reports": reports}


if __name__ == "__main__":
    sys.exit(main())
