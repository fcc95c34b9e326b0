"""The tables that ``generate`` and ``stats`` print."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from nodewright.cli.output import printable
from nodewright.cli.wrapping import INDENT, many, say, wrapped

if TYPE_CHECKING:
    from nodewright.runs.clauses import ClauseVerdict
    from nodewright.storage.records import PerformanceMetricsSummary
    from nodewright.workflow import Outcome, Preview, Run

_MOST_LISTED = 40


def print_plan(preview: "Preview", *, files: bool) -> None:
    """The plan as a short tree, and what happens to the files in a line, or file by file."""
    plan = preview.plan
    say(f"{plan.package}: {many(len(plan.nodes), 'node')}")
    for number, node in enumerate(plan.nodes, 1):
        last = number == len(plan.nodes)
        say(f"{'└──' if last else '├──'} {node.class_name} ({node.kind})")
        stem = "    " if last else "│   "
        for place, operation in enumerate(node.operations, 1):
            branch = "└──" if place == len(node.operations) else "├──"
            clauses = f"  {', '.join(operation.clauses)}" if operation.clauses else ""
            say(f"{stem}{branch} {operation.name}{clauses}")
    say(preview.clauses_line())
    if files:
        for decision in preview.decisions:
            say(f"{decision.action:<10}{decision.path}")
    say(preview.files_line())
    for line in preview.warnings():
        say(line)


def print_clauses(verdicts: Sequence["ClauseVerdict"], nothing: str) -> None:
    """Clauses, each with its line, text, reason and place; ``nothing`` where there are none."""
    for each in verdicts:
        say(f"{each.id}  line {each.line}" + (f"  proven by {each.by}" if each.proven else ""))
        wrapped(each.text)
        if each.reason:
            wrapped(f"why: {each.reason}")
        if each.proven:
            say(f"{INDENT}test: {each.test}")
        elif each.place:
            say(f"{INDENT}code: {each.place}")
    say(many(len(verdicts), "clause") if verdicts else nothing)


def print_open(verdicts: Sequence["ClauseVerdict"]) -> None:
    """Open clauses in short, with the reason of each."""
    waiting = [each for each in verdicts if each.state == "open"]
    if waiting:
        say("Open")
    for each in waiting[:_MOST_LISTED]:
        wrapped(f"{each.id} (line {each.line}): {each.text}", first="  ")
        wrapped(f"why: {each.reason}")
    rest = len(waiting) - _MOST_LISTED
    if rest > 0:
        say(f"  and {rest} more: nodewright open OUT")


def outcome_table(run: "Run") -> Table:
    """The closing table of a run."""
    table = _table(
        f"Nodes of {run.prepared.plan.package}", "Node", "Kind", "Clauses", "Proof", "Time"
    )
    proven = Counter(each.node for each in run.clauses if each.proven)
    asked = Counter(each.node for each in run.clauses if each.state != "context")
    for outcome in run.outcomes:
        slug = outcome.node.slug
        _row(
            table,
            outcome.node.class_name,
            outcome.node.kind,
            f"{proven[slug]} of {asked[slug]}",
            _verification(outcome),
            f"{outcome.report.seconds * 1000:.0f} ms",
        )
    return table


def phase_table(rows: Iterable["PerformanceMetricsSummary"]) -> Table:
    """The summary of all recorded runs by phase."""
    table = _table("Recorded phases", "Phase", "Runs", "Mean ms", "p95 ms", "p99 ms", "Cache hits")
    for row in rows:
        _row(
            table,
            row.phase,
            str(row.execution_count),
            str(row.avg_duration_ms),
            str(row.p95_duration_ms),
            str(row.p99_duration_ms),
            str(row.cache_hits),
        )
    return table


def _verification(outcome: "Outcome") -> str:
    if outcome.delivered:
        return f"{len(outcome.report.checks)} checks"
    failed = [check.name for check in outcome.report.checks if not check.passed]
    return f"failed: {', '.join(failed) or 'not delivered'}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(printable(title)), box=box.SIMPLE_HEAD, title_justify="left")
    for number, column in enumerate(columns):
        # The first column has names, which are never broken.
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(printable(cell)) for cell in cells))
