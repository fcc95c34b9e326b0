"""Time contenders alternately in one run, and compare their medians.

Machines are noisy and drift; a ratio of medians from one alternating run is what can be compared.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.machine import this_machine

# A quick run shows that all works; its figures are rough.
QUICK = "--quick" in sys.argv
_QUICK_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Contender:
    """One thing to time: ``run()`` does ``units`` operations."""

    name: str
    run: Callable[[], object]
    units: int = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds an operation, over all rounds."""

    name: str
    median: float
    best: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured ratio beside its target; ``at_least`` says which side is good."""

    name: str
    measured: float
    target: float
    at_least: bool
    unit: str = "x"

    @property
    def reached(self) -> bool:
        """Whether the measured value is on the good side of the target."""
        good = self.measured >= self.target if self.at_least else self.measured <= self.target
        return bool(good)


def alternate(contenders: Sequence[Contender], rounds: int = 15) -> dict[str, Timing]:
    """Run all contenders once a round, after one round to warm up.

    Args:
        contenders: what to time; the order is reversed every other round.
        rounds: timed rounds; three in a quick run.

    Returns:
        Name -> timing, in seconds an operation.
    """
    rounds = min(rounds, _QUICK_ROUNDS) if QUICK else rounds
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for contender in contenders:
        contender.run()
    for number in range(rounds):
        order = contenders if number % 2 == 0 else list(reversed(contenders))
        for contender in order:
            start = time.perf_counter()
            contender.run()
            elapsed = time.perf_counter() - start
            seconds[contender.name].append(elapsed / contender.units)
    return {
        name: Timing(name, statistics.median(values), min(values), rounds)
        for name, values in seconds.items()
    }


def report(
    title: str, timings: Iterable[Timing], figures: Iterable[Figure], notes: Sequence[str] = ()
) -> None:
    """Print timings and figures as Markdown; with ``--json`` as one JSON object."""
    timings, figures = list(timings), list(figures)
    if "--json" in sys.argv:
        rows = [asdict(figure) | {"reached": figure.reached} for figure in figures]
        times = [asdict(timing) for timing in timings]
        document = {
            "title": title,
            "machine": this_machine()._asdict(),
            "timings": times,
            "figures": rows,
            "notes": list(notes),
        }
        print(json.dumps(document))
        return
    print(f"## {title}\n")
    if timings:
        print(timing_table([asdict(timing) for timing in timings]))
    if figures:
        print(figure_table([asdict(figure) | {"reached": figure.reached} for figure in figures]))
    for note in notes:
        print(f"- {note}")


def timing_table(timings: Iterable[Mapping[str, Any]]) -> str:
    """Timings as a Markdown table, with an empty line after it."""
    rows = ["| contender | median | best | rounds |", "|---|---|---|---|"]
    rows += [
        f"| {timing['name']} | {duration(timing['median'])} | {duration(timing['best'])} "
        f"| {timing['rounds']} |"
        for timing in timings
    ]
    return "\n".join([*rows, ""])


def figure_table(figures: Iterable[Mapping[str, Any]]) -> str:
    """Figures as a Markdown table, with an empty line after it."""
    rows = ["| figure | measured | target | reached |", "|---|---|---|---|"]
    rows += [
        f"| {figure['name']} | {measured(figure)} | {target(figure)} | {reached(figure)} |"
        for figure in figures
    ]
    return "\n".join([*rows, ""])


def measured(figure: Mapping[str, Any]) -> str:
    """The measured value with its unit."""
    return f"{number(figure['measured'])} {figure['unit']}".strip()


def target(figure: Mapping[str, Any]) -> str:
    """The target and which side of it is good."""
    return f"{'at least' if figure['at_least'] else 'at most'} {number(figure['target'])}"


def reached(figure: Mapping[str, Any]) -> str:
    """Whether the target is reached, in a word."""
    return "yes" if figure["reached"] else "no"


def number(value: float) -> str:
    """Three digits, or all digits before the point where these are more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """``seconds`` in the unit that reads best."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
