"""``nodewright patterns``: detect, feedback, analyze, tune, report."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid4

import typer

from nodewright.cli.output import command_app, print_json, printable, warnings_only
from nodewright.errors import NodewrightError

if TYPE_CHECKING:
    from nodewright.patterns.feedback import PatternAnalysis, PatternFeedbackCollector
    from nodewright.patterns.models import PatternDetection

app: typer.Typer = command_app(
    "Detect patterns in a PRD, judge the detections, tune them by the judgements."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Target = Annotated[float, typer.Option("--target", help="Precision to hold, between 0 and 1.")]


@app.command("detect")
def _detect(
    prd: Annotated[
        Path, typer.Argument(help="The document: Markdown, or any text; - for standard input.")
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Also show what is below its threshold.")
    ] = False,
    untuned: Annotated[
        bool, typer.Option("--untuned", help="Use the library as it is, without feedback.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the patterns that a PRD asks for, with the evidence."""
    with _collector() as collector:
        from nodewright.patterns.matcher import PatternMatcher
        from nodewright.prd.source import read_prd
        from nodewright.reading.analyzer import SimplePRDAnalyzer
        from nodewright.settings import Settings

        tuning = None if untuned else collector.tuning
        matcher = PatternMatcher(folder=Settings().pattern_folder, tuning=tuning)
        if everything:
            matcher.thresholds = dict.fromkeys((item.name for item in matcher.patterns), 0.0)
        found = SimplePRDAnalyzer(matcher).analyze_prd(read_prd(prd)).patterns
        if as_json:
            print_json(found)
            return
        _table(
            ("Pattern", "Confidence", "Score", "Capabilities", "Evidence"),
            [_detection_row(item) for item in found],
        )


@app.command("feedback")
def _feedback(
    pattern: Annotated[str, typer.Argument(help="Pattern that was detected.")],
    kind: Annotated[
        str, typer.Argument(help="Your judgement: correct, incorrect, partial or adjusted.")
    ],
    score: Annotated[
        float | None,
        typer.Option(
            "--score", help="Score of the detection, as detect shows it.", show_default=False
        ),
    ] = None,
    actual: Annotated[
        str | None, typer.Option("--actual", help="Pattern that it really is.", show_default=False)
    ] = None,
    matched: Annotated[
        list[str] | None,
        typer.Option("--matched", help="Capability rightly matched; may be repeated."),
    ] = None,
    wrong: Annotated[
        list[str] | None,
        typer.Option("--wrong", help="Pattern or capability wrongly detected; may be repeated."),
    ] = None,
    missed: Annotated[
        list[str] | None,
        typer.Option("--missed", help="Pattern or capability missed; may be repeated."),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", help="Session id of the run that it belongs to.", show_default=False
        ),
    ] = None,
) -> None:
    """Record your judgement of a detection, and print its id.

    'nodewright patterns retract ID' takes it back.
    """
    from nodewright.patterns.feedback import PatternFeedback
    from nodewright.workflow import judge_pattern

    judgement = PatternFeedback(
        session_id=uuid4() if session is None else _uuid("session", session),
        detected_pattern=pattern,
        detected_confidence=score,
        actual_pattern=actual or pattern,
        feedback_type=kind,
        capabilities_matched=matched or [],
        false_positives=wrong or [],
        false_negatives=missed or [],
    )
    typer.echo(str(judge_pattern(judgement)))


@app.command("retract")
def _retract(
    judgements: Annotated[
        list[str], typer.Argument(help="Ids that 'nodewright patterns feedback' printed.")
    ],
) -> None:
    """Take judgements back, as if they had never been given."""
    from nodewright.workflow import retract_judgement

    missing = [text for text in judgements if not retract_judgement(_uuid("judgement", text))]
    if missing:
        said = ", ".join(missing)
        raise NodewrightError(f"there is no judgement {said}; the others were taken back")


@app.command("list")
def _list(as_json: AsJson = False) -> None:
    """List the patterns of the library, built-in and of your folder."""
    from nodewright.patterns.library import known_patterns
    from nodewright.settings import Settings

    library = sorted(known_patterns(Settings().pattern_folder), key=lambda item: item.name)
    if as_json:
        shown = ("name", "summary", "node_kinds", "capabilities")
        print_json([{key: getattr(item, key) for key in shown} for item in library])
        return
    _table(("Pattern", "What it is"), [(item.name, item.summary) for item in library])


@app.command("analyze")
def _analyze(
    pattern: Annotated[str | None, typer.Argument(help="Pattern; all by default.")] = None,
    min_samples: Annotated[
        int, typer.Option(min=1, help="Judgements below which only counts are told.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Show precision, recall and advice, worst pattern first."""
    with _collector() as collector:
        found = (
            _run(lambda: collector.get_all_pattern_analyses(min_samples))
            if pattern is None
            else [_run(lambda: collector.analyze_feedback(pattern, min_samples))]
        )
        if as_json:
            print_json(found)
            return
        _table(
            ("Pattern", "Judgements", "Precision", "Recall", "F1", "Threshold"),
            [_analysis_row(item) for item in found],
        )
        for item in found:
            for advice in item.recommendations:
                typer.echo(f"{printable(item.pattern_name)}: {printable(advice)}")


@app.command("tune")
def _tune(
    patterns: Annotated[
        list[str] | None, typer.Argument(help="Patterns; all that were judged by default.")
    ] = None,
    target: Target = 0.90,
    as_json: AsJson = False,
) -> None:
    """Show the lowest thresholds that hold a precision.

    With 95 % confidence. The matcher uses those for NODEWRIGHT_PATTERN_TARGET_PRECISION by itself.
    """
    with _collector() as collector:
        from nodewright.patterns.tuning import read_tunings

        found = read_tunings(collector.persistence, target, patterns or None)
        if as_json:
            print_json(found)
            return
        _table(
            ("Pattern", "Threshold", "Why"),
            [
                (item.pattern, _ratio(item.tuned.threshold), item.tuned.reason)
                for item in found.values()
            ],
        )


@app.command("report")
def _report(as_json: AsJson = False) -> None:
    """Show overall precision, and patterns that need care."""
    with _collector() as collector:
        metrics = _run(collector.get_global_precision_metrics)
        if as_json:
            print_json(metrics)
            return
        if not metrics["patterns_analyzed"]:
            typer.echo("No pattern has enough judgements yet: give some by patterns feedback.")
            return
        typer.echo(
            f"precision {metrics['overall_precision']:.1%} over {metrics['patterns_analyzed']} "
            f"patterns; {metrics['patterns_meeting_target']} reach the target of "
            f"{metrics['target_precision']:.0%}"
        )
        _table(
            ("Needs care", "Precision", "Judgements", "What to do"),
            [
                (
                    item["pattern"],
                    f"{item['precision']:.1%}",
                    str(item["samples"]),
                    " ".join(item["recommendations"]),
                )
                for item in metrics["needs_improvement"]
            ],
        )


@contextmanager
def _collector() -> Iterator["PatternFeedbackCollector"]:
    """A collector on the configured database, released at the end."""
    with warnings_only():
        from nodewright.patterns.feedback import PatternFeedbackCollector

        collector = PatternFeedbackCollector()
        try:
            yield collector
        except ValueError as error:
            raise NodewrightError(str(error)) from error
        finally:
            _run(collector.cleanup)


def _run[R](work: Callable[[], Awaitable[R]]) -> R:
    async def run() -> R:
        return await work()

    return asyncio.run(run())


def _uuid(what: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NodewrightError(f"{what} {text!r} is not a UUID; give it as it was printed") from None


def _detection_row(item: "PatternDetection") -> tuple[str, ...]:
    evidence = ", ".join(f"{part.term} (line {part.line})" for part in item.evidence[:3])
    return (
        item.name,
        f"{item.confidence:.2f}",
        f"{item.score:.4f}",
        ", ".join(item.capabilities),
        evidence,
    )


def _analysis_row(item: "PatternAnalysis") -> tuple[str, ...]:
    precision = f"{item.precision:.1%}" if item.sufficient_data else "too few"
    return (
        item.pattern_name,
        str(item.sample_count),
        precision,
        _ratio(item.recall),
        _ratio(item.f1_score),
        _ratio(item.suggested_threshold),
    )


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        typer.echo("Nothing to show.")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(highlight=False).print(table)
