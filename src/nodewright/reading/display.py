"""An analysis as tables for the terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nodewright.prd.models import NODE_KINDS, Scope, SimplePRDAnalysisResult
from nodewright.templates.quoting import visible

_MAX_ROWS = 60
_MAX_EVIDENCE = 3


def print_analysis(
    result: SimplePRDAnalysisResult,
    console: Console | None = None,
    kinds: Mapping[str, str] | None = None,
) -> None:
    """Print the tables of ``result``; plain text where there is no terminal.

    ``kinds`` maps requirement -> kinds of the nodes that the plan makes of it.
    """
    console = console or Console()
    parsed = result.parsed_prd
    console.print(Text(visible(parsed.title or parsed.product or "(no title)"), style="bold"))
    console.print(
        f"language {parsed.language}, {parsed.word_count:,} words, "
        f"confidence {result.confidence_score:.2f}, quality {result.quality_baseline:.2f}"
    )
    hints = "  ".join(f"{kind} {result.node_type_hints[kind]:.2f}" for kind in NODE_KINDS)
    console.print(f"node kinds: {hints}; primary: {result.primary_node_type}")
    _print_requirements(result, console, kinds)
    _print_table(
        console,
        "Entities",
        ("entity", "fields", "line"),
        (
            (
                entity.name,
                ", ".join(
                    f"{item.name}: {item.type.value}{'' if item.required else '?'}"
                    for item in entity.fields
                ),
                str(entity.line),
            )
            for entity in parsed.entities
        ),
    )
    _print_table(
        console,
        "States",
        ("subject", "states", "transitions"),
        (
            (
                machine.subject,
                ", ".join(machine.states),
                "; ".join(f"{move.source} to {move.target}" for move in machine.transitions),
            )
            for machine in parsed.state_machines
        ),
    )
    _print_table(
        console,
        "Patterns",
        ("pattern", "confidence", "evidence"),
        (
            (
                item.name,
                f"{item.confidence:.2f}",
                ", ".join(f"{part.term} ({part.line})" for part in item.evidence[:_MAX_EVIDENCE]),
            )
            for item in result.patterns
        ),
    )
    _print_table(
        console,
        "External systems",
        ("system", "optional", "lines"),
        (
            (
                system.name,
                "yes" if system.optional else "no",
                ", ".join(map(str, system.lines[:_MAX_EVIDENCE])),
            )
            for system in result.systems
        ),
    )
    console.print(Text(visible(f"capabilities: {', '.join(result.capabilities) or 'none'}")))


def _print_requirements(
    result: SimplePRDAnalysisResult, console: Console, planned: Mapping[str, str] | None
) -> None:
    requirements = result.parsed_prd.requirements
    kinds = {task["requirement"]: task["kind"] for task in result.decomposition_result.tasks}
    if planned is not None:
        kinds = {requirement: planned.get(requirement, "") for requirement in kinds}
    rows = (
        (
            item.id,
            kinds.get(item.id, "" if item.functional else "quality"),
            item.scope.value if item.scope is not Scope.RELEASE else "",
            item.text,
            str(item.line),
        )
        for item in requirements[:_MAX_ROWS]
    )
    _print_table(console, "Requirements", ("id", "kind", "scope", "requirement", "line"), rows)
    if len(requirements) > _MAX_ROWS:
        console.print(f"and {len(requirements) - _MAX_ROWS:,} more; --json shows all")


def _print_table(
    console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text, not markup: the document's brackets are no styles, its controls no commands.
        table.add_row(*(Text(visible(cell)) for cell in row))
    if table.row_count:
        console.print(table)
