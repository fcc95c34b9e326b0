"""The tables that ``generate`` and ``stats`` print."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from nodewright.cli.output import printable

if TYPE_CHECKING:
    from nodewright.delivery.decisions import FileDecision
    from nodewright.planning.model import NodePlan, Plan
    from nodewright.storage.records import PerformanceMetricsSummary
    from nodewright.workflow import Outcome, Run

_MOST_ROWS = 40


def plan_table(plan: "Plan") -> Table:
    """The nodes of a plan: kind, operations and the requirements that each comes from."""
    table = _table(f"Plan of {plan.package}", "Node", "Kind", "Operations", "Requirements")
    for node in plan.nodes:
        operations = ", ".join(operation.name for operation in node.operations)
        _row(table, node.class_name, node.kind, operations, _requirements(node))
    return table


def uncovered_table(plan: "Plan") -> Table:
    """Requirements that no node covers."""
    table = _table("Not covered by a node", "Requirement", "Line", "Text")
    for trace in plan.uncovered[:_MOST_ROWS]:
        _row(table, trace.requirement, str(trace.line), trace.text)
    rest = len(plan.uncovered) - _MOST_ROWS
    if rest > 0:
        _row(table, "", "", f"and {rest} more")
    return table


def file_table(decisions: Sequence["FileDecision"]) -> Table:
    """What a run does to each file."""
    table = _table("Files", "File", "What happens")
    for decision in decisions:
        _row(table, decision.path, str(decision.action))
    return table


def outcome_table(run: "Run") -> Table:
    """The closing table of a run."""
    table = _table(
        f"Nodes of {run.prepared.plan.package}",
        "Node",
        "Kind",
        "Requirements",
        "Files",
        "Verification",
        "Time",
    )
    for outcome in run.outcomes:
        _row(
            table,
            outcome.node.class_name,
            outcome.node.kind,
            _requirements(outcome.node),
            str(len(outcome.report.files)),
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
        return f"{len(outcome.report.checks)} checks passed"
    failed = [check.name for check in outcome.report.checks if not check.passed]
    return f"failed: {', '.join(failed) or 'not delivered'}"


def _requirements(node: "NodePlan") -> str:
    return ", ".join(trace.requirement for trace in node.traces)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(printable(title)), box=box.SIMPLE_HEAD, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(printable(cell)) for cell in cells))
