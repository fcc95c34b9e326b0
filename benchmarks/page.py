"""The results of a suite as a page, and as the short table of the README."""

from collections.abc import Sequence
from typing import Any

from benchmarks.machine import Machine, installed
from benchmarks.ratios import (
    figure_table,
    measured,
    reached,
    target,
    timing_table,
)
from benchmarks.suite import LEFT_OUT, Result

BEGIN, END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"

_ROUGH = "A quick run: fewer rounds and smaller data, so the figures are rough.\n"
_ABOUT = """\
Each row is one measured value beside its target. Contenders run alternately in one process, and
the ratio of their medians is what counts: absolute times drift from machine to machine. A peer
that is not installed leaves no row.
"""


def page(results: Sequence[Result], machine: Machine, picture: str, *, quick: bool) -> str:
    """Everything as Markdown; ``picture`` is the path of the picture from the page."""
    figures = [figure for result in results for figure in result.figures]
    good = sum(figure["reached"] for figure in figures)
    parts = [
        "# Benchmarks\n",
        f"`make bench{'-quick' if quick else ''}` wrote this page.\n",
        *([_ROUGH] if quick else []),
        _ABOUT,
        f"**{good} of {len(figures)} targets reached.**\n",
        f"![Each figure against its target]({picture})\n",
        "## The machine\n",
        _machine(machine),
        *(_section(result) for result in results),
        "## What is not here\n",
        *_not_here(results),
    ]
    return "\n".join(parts).rstrip() + "\n"


def short_table(results: Sequence[Result], machine: Machine) -> str:
    """One row a benchmark: its headline, and how many of its targets are reached."""
    rows = [
        "| | figure | measured | target | reached | of all its targets |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        subject, figure = result.benchmark.subject, result.headline
        if figure is None:
            rows.append(f"| {subject} | failed: {_cell(result.error)} | | | no | |")
            continue
        good = sum(each["reached"] for each in result.figures)
        share = f"{good} of {len(result.figures)}" + (", then failed" if result.error else "")
        rows.append(
            f"| {subject} | {figure['name']} | {measured(figure)} | {target(figure)} "
            f"| {reached(figure)} | {share} |"
        )
    where = f"{machine.cores} cores of {machine.processor}, {machine.python}"
    return "\n".join([*rows, "", f"Measured by `make bench` on {where}."])


def with_table(readme: str, table: str) -> str:
    """``readme`` with ``table`` between its two marks.

    Raises:
        ValueError: a mark is missing.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no place for the table: write {BEGIN} and {END} there")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _machine(machine: Machine) -> str:
    facts: dict[str, Any] = {
        "processor": f"{machine.processor}, {machine.cores} cores",
        "memory": f"{machine.memory_gb} GB",
        "system": machine.system,
        "Python": machine.python,
        "load before the run": machine.load,
        "libraries": ", ".join(f"{name} {version}" for name, version in machine.libraries.items()),
    }
    rows = [f"| {name} | {_cell(str(value))} |" for name, value in facts.items()]
    return "\n".join(["| | |", "|---|---|", *rows, ""])


def _section(result: Result) -> str:
    lines = [
        f"## {result.benchmark.subject}\n",
        f"`{result.command}` took {result.seconds:.0f} s.\n",
    ]
    if result.error:
        lines.append(f"| failed |\n|---|\n| {_cell(result.error)} |\n")
    for report in result.reports:
        if len(result.reports) > 1:
            lines.append(f"### {report['title']}\n")
        if report["figures"]:
            lines.append(figure_table(report["figures"]))
        if report["timings"]:
            lines.append(timing_table(report["timings"]))
        if report["notes"]:
            lines.append("\n".join(f"- {note}" for note in report["notes"]) + "\n")
    return "\n".join(lines)


def _not_here(results: Sequence[Result]) -> list[str]:
    peers = dict.fromkeys(peer for result in results for peer in result.benchmark.peers)
    missing = [peer for peer in peers if not installed(peer)]
    lines = [f"- `python -m benchmarks.{name}` {why}." for name, why in LEFT_OUT.items()]
    if missing:
        lines.append(f"- Peers that are not installed: {', '.join(missing)}.")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
