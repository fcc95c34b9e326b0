"""``nodewright mixins``: scan, trial, train, evaluate, predict, recommend."""

import asyncio
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from nodewright.cli.output import command_app, print_json
from nodewright.errors import NodewrightError
from nodewright.mixins.evaluation import Evaluation, evaluate
from nodewright.mixins.facts import NODE_KINDS, node_kind
from nodewright.mixins.knowledge import default_knowledge
from nodewright.mixins.learner import MixinLearner
from nodewright.mixins.records import Records
from nodewright.mixins.trials import trial_summary

app: typer.Typer = command_app("Try mixins, learn from it, predict and recommend.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
NodeType = Annotated[
    str, typer.Option("--node-type", "-n", help="Kind: EFFECT, COMPUTE, REDUCER or ORCHESTRATOR.")
]

FirstMixin = Annotated[str, typer.Argument(help="A mixin, such as MixinCaching.")]
SecondMixin = Annotated[str, typer.Argument(help="Another mixin.")]


@app.command("list")
def _list(as_json: AsJson = False) -> None:
    """List the known mixins and their capabilities."""
    catalogue = default_knowledge().catalogue
    rows = [catalogue.mixins[name] for name in sorted(catalogue.mixins)]
    if as_json:
        fields = ("name", "package", "category", "description", "importable")
        entries = [
            {field: getattr(mixin, field) for field in fields}
            | {"capabilities": sorted(mixin.capabilities)}
            for mixin in rows
        ]
        print_json(entries)
        return
    table = Table("mixin", "class", "capabilities", "package")
    for mixin in rows:
        state = "yes" if mixin.importable else "no class"
        table.add_row(mixin.name, state, ", ".join(sorted(mixin.capabilities)), mixin.package)
    Console().print(table)


@app.command("scan")
def _scan(
    package: Annotated[
        str, typer.Argument(help="Dotted name of the package, such as acme.mixins.")
    ],
    forget: Annotated[
        bool, typer.Option("--forget", help="Leave the package out from now on.")
    ] = False,
) -> None:
    """Add the mixins of an installed package to the catalogue.

    The package is imported: scan only what you would run.
    """
    knowledge = default_knowledge()
    if forget:
        knowledge.forget(package)
        typer.echo(f"{package} is left out from now on")
        return
    scan = knowledge.scan(package)
    for profile in scan.profiles:
        typer.echo(f"{profile.name:<32} {profile.module}")
    for failure in scan.failed:
        typer.echo(f"not imported: {failure}", err=True)
    typer.echo(f"{len(scan.profiles)} mixins; 'nodewright mixins trial' tries them")


@app.command("trial")
def _trial(
    node_type: Annotated[
        str | None,
        typer.Option(
            "--node-type", "-n", help="Only this kind of node; all by default.", show_default=False
        ),
    ] = None,
    mixin: Annotated[
        str | None,
        typer.Option(
            "--mixin", "-m", help="Only pairs with this mixin; all by default.", show_default=False
        ),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Write the outcomes to the database.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Try pairs of mixins on real nodes.

    Each pair is composed, constructed, initialised and made to process, in both orders.
    """
    knowledge = default_knowledge()
    kinds = NODE_KINDS if node_type is None else (node_kind(node_type),)
    name = knowledge.catalogue.checked(mixin) if mixin is not None else None
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as progress:
        total = sum(1 for _ in knowledge.catalogue.pairs(kinds, name))
        task = progress.add_task("trials", total=total)
        trials = knowledge.ensure_trials(
            kinds, name, again=True, on_progress=lambda done: progress.advance(task, done)
        )
    if record:
        with closing(Records(None)) as records:
            written = records.add_trials(trials)
        console.print(f"{written} outcomes recorded")
    if as_json:
        print_json(
            [
                {
                    "mixin_a": trial.mixin_a,
                    "mixin_b": trial.mixin_b,
                    "node_type": trial.kind,
                    "usable": trial.usable,
                    "conflict_reason": trial.conflict_reason,
                    "resolution_pattern": trial.resolution_pattern,
                }
                for trial in trials
            ]
        )
        return
    table = Table("node type", "pairs", "usable", "with an order", "conflicts")
    for row in trial_summary(trials):
        table.add_row(row.kind, str(row.pairs), str(row.usable), str(row.ordered), row.conflicts)
    Console().print(table)


@app.command("train")
def _train(
    min_samples: Annotated[int, typer.Option(help="Least number of samples.")] = 50,
    test_size: Annotated[
        float, typer.Option(help="Share of the pairs that the test is made on.")
    ] = 0.2,
    folds: Annotated[int, typer.Option(help="Folds of the cross-validation.")] = 5,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Model file to write; in the data directory by default.", show_default=False
        ),
    ] = None,
) -> None:
    """Train the model on trials and recorded outcomes."""
    with closing(MixinLearner(model_path=model)) as learner:
        metrics = asyncio.run(learner.train_model(min_samples, test_size, folds))
    scores = ", ".join(f"{score:.1%}" for score in metrics.cross_val_scores)
    typer.echo(f"accuracy {metrics.accuracy:.1%}, F1 {metrics.f1_score:.1%}; folds: {scores}")
    typer.echo(f"{metrics.training_samples} + {metrics.test_samples} samples: {learner.model_path}")


@app.command("evaluate")
def _evaluate(as_json: AsJson = False) -> None:
    """Measure the model on unseen pairs and unseen mixins.

    Beside it stands what it has to beat: the majority, and the names alone.
    """
    result = evaluate(default_knowledge())
    if as_json:
        print_json(result.to_plain())
        return
    _print_evaluation(result)


def _print_evaluation(result: Evaluation) -> None:
    table = Table(
        "held out", "samples", "forest", "with solo trial", "majority", "names only", "calibration"
    )
    for row in (*result.splits, result.shuffled):
        solo = "" if row.with_solo is None else f"{row.with_solo:.1%}"
        table.add_row(
            row.split,
            str(row.samples),
            f"{row.forest:.1%}",
            solo,
            f"{row.majority:.1%}",
            f"{row.names_only:.1%}",
            f"{row.calibration_error:.3f}",
        )
    Console().print(table)
    typer.echo(
        f"omnibase_core {result.omnibase_core}: {result.samples} samples, "
        f"{result.usable_share:.1%} usable"
    )


@app.command("predict")
def _predict(
    mixin_a: FirstMixin,
    mixin_b: SecondMixin,
    node_type: NodeType = "EFFECT",
    as_json: AsJson = False,
) -> None:
    """Say whether two mixins work together, and why.

    Exit code 1 if they do not, or nothing is known of them.
    """
    with closing(MixinLearner(auto_train=True)) as learner:
        prediction = learner.predict_compatibility(mixin_a, mixin_b, node_type)
    if as_json:
        print_json(asdict(prediction))
    else:
        answer = "compatible" if prediction.compatible else "not compatible"
        typer.echo(f"{answer}, confidence {prediction.confidence:.1%}")
        typer.echo(prediction.explanation)
    if not prediction.compatible:
        raise typer.Exit(1)


@app.command("recommend")
def _recommend(
    capabilities: Annotated[
        list[str], typer.Argument(help="What the node needs, such as caching metrics.")
    ],
    node_type: NodeType = "EFFECT",
    existing: Annotated[
        list[str] | None,
        typer.Option("--existing", "-e", help="Mixin that the node has already; may be repeated."),
    ] = None,
    most: Annotated[int, typer.Option("--max", help="Most mixins to recommend.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Recommend the fewest mixins for some capabilities."""
    with closing(MixinLearner()) as learner:
        found = learner.recommend(node_type, capabilities, existing, most)
    if as_json:
        print_json(asdict(found))
        return
    for chosen in found.mixins:
        typer.echo(f"from {chosen.module} import {chosen.name}  # {', '.join(chosen.covers)}")
    for capability, owner in found.by_base:
        typer.echo(f"{capability}: {owner} already has it")
    for gap in found.uncovered:
        typer.echo(f"{gap.capability}: not covered: {gap.reason}")
    if found.reason:
        typer.echo(found.reason, err=True)


@app.command("feedback")
def _feedback(
    mixin_a: FirstMixin,
    mixin_b: SecondMixin,
    success: Annotated[
        bool, typer.Option("--worked/--failed", help="Whether they worked together.")
    ],
    node_type: NodeType = "EFFECT",
    retract: Annotated[
        bool, typer.Option("--retract", help="Take one such outcome back instead.")
    ] = False,
) -> None:
    """Record how two mixins worked together for you."""
    from nodewright.workflow import judge_mixins, retract_mixins

    if not retract:
        judge_mixins(mixin_a, mixin_b, node_type, success=success)
        typer.echo("recorded")
    elif retract_mixins(mixin_a, mixin_b, node_type, success=success):
        typer.echo("taken back")
    else:
        outcome = "worked" if success else "failed"
        raise NodewrightError(
            f"there is no record that {mixin_a} and {mixin_b} {outcome} on {node_type}"
        )
