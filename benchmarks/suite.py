"""The benchmarks that `make bench` runs, and what one of them gave."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One module of this folder, to be run in a process of its own.

    Attributes:
        module: what ``python -m`` runs.
        subject: what it measures, for headings.
        headline: what the name of the figure has in it that the README shows.
        peers: distributions that it is measured against and that need not be installed.
        arguments: for a whole run.
        quick: for a quick run; None leaves it out.
        limit: seconds after which it is stopped.
    """

    module: str
    subject: str
    headline: str
    peers: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] | None = ()
    limit: float = 1800.0

    def command(self, *, quick: bool) -> list[str]:
        """What a user types to run it alone."""
        words = [*(self.quick or ()), "--quick"] if quick else self.arguments
        return ["python", "-m", f"benchmarks.{self.module}", *words]


BENCHMARKS = (
    Benchmark("startup", "Start-up", "nodewright --help"),
    Benchmark(
        "logging",
        "Logs",
        "an entry, faster than structlog",
        peers=("structlog", "loguru", "python-json-logger"),
    ),
    Benchmark("template_cache", "Template cache", "Jinja2's loader", peers=("cachetools",)),
    Benchmark(
        "events",
        "Events",
        "256 tasks, against aiokafka",
        peers=("aiokafka", "faststream"),
    ),
    Benchmark(
        "monitoring",
        "Monitoring",
        "await record_metric, faster than prometheus_client",
        peers=("opentelemetry-sdk",),
        quick=("record", "export", "health", "soak"),
    ),
    Benchmark("storage", "Storage", "against row by row"),
    Benchmark("storage", "Views", "five views", arguments=("--rows", "1000000"), quick=None),
    Benchmark("feedback", "Pattern feedback", "against psql"),
    Benchmark("feedback_year", "A year of feedback", "lowest weekly precision"),
    Benchmark("prd_speed", "Reading PRDs", "60 KB beside parsing alone"),
    Benchmark("mixins", "Mixins", "first-seen pair, times faster"),
    Benchmark(
        "parallel",
        "Generation",
        "static against copier",
        peers=("copier",),
        arguments=("--large",),
    ),
    Benchmark("prd_folder", "Example PRDs", "nodes proven", arguments=("examples",), quick=None),
)

# Modules that are not timed against anything, with the reason.
LEFT_OUT = {
    "eval_clauses": "scores specifications on labelled documents that the caller names",
    "eval_prd": "scores a folder of labelled PRDs that the caller names",
    "faults": "kills brokers and publishers for a quarter of an hour",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a benchmark: its reports, as `ratios.report` gives them in JSON.

    ``error`` says why there are none; ``command`` repeats the run.
    """

    benchmark: Benchmark
    command: str
    seconds: float
    reports: tuple[dict[str, Any], ...] = ()
    error: str = ""

    @property
    def figures(self) -> list[dict[str, Any]]:
        """The figures of all reports."""
        return [figure for report in self.reports for figure in report["figures"]]

    @property
    def headline(self) -> dict[str, Any] | None:
        """The figure for the README; the first one where a missing peer left no such row."""
        found = [f for f in self.figures if self.benchmark.headline in f["name"]]
        return next(iter(found or self.figures), None)


def run(benchmark: Benchmark, *, quick: bool) -> Result:
    """Run a benchmark in a process of its own, with data of its own; never raises for its faults.

    What it had reported before it failed is kept.
    """
    words = benchmark.command(quick=quick)
    shown = " ".join(words)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="nwb-", ignore_cleanup_errors=True) as data:
        process = subprocess.Popen(
            [sys.executable, *words[1:], "--json"],
            cwd=ROOT,
            env=os.environ | {"NODEWRIGHT_DATA_DIR": data},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=benchmark.limit)
            error = "" if process.returncode == 0 else _last_line(err, process.returncode)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, _ = process.communicate()
            error = f"stopped after {benchmark.limit:.0f} s"
        finally:
            if process.poll() is None:  # interrupted: nothing may run on
                os.killpg(process.pid, signal.SIGKILL)
    reports = tuple(_reports(out))
    if not reports:
        error = error or "reported nothing"
    return Result(benchmark, shown, time.perf_counter() - started, reports, error)


def _reports(out: str) -> Iterator[dict[str, Any]]:
    """The reports among the lines of a benchmark's output."""
    for line in out.splitlines():
        if not line.startswith("{"):
            continue
        try:
            report = json.loads(line)
        except ValueError:
            continue
        if isinstance(report, dict) and "figures" in report:
            yield report


def _last_line(err: str, status: int) -> str:
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    return f"ended with status {status}: {lines[-1] if lines else 'no message'}"[:300]
