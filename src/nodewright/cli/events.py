"""``nodewright events``: what is spooled, what was refused, what happens."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
import yaml

from nodewright.cli.output import command_app, print_json
from nodewright.cli.streams import reader_left
from nodewright.events import DeadLetter, DeadLetters, OptimizerConfig, asyncapi_document
from nodewright.events.draining import drain_spools, replay_letters
from nodewright.events.shared import dead_letter_dir
from nodewright.events.survey import survey
from nodewright.events.tail import TailedEvent, tail
from nodewright.templates.quoting import visible

app: typer.Typer = command_app("Show, drain and replay events; watch topics live.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
SpoolDir = Annotated[
    Path | None,
    typer.Option("--dir", help="Folder of one spool; by default those of all processes."),
]
Broker = Annotated[
    str | None,
    typer.Option(help="Address of Kafka; KAFKA_BOOTSTRAP_SERVERS by default."),
]
Adopt = Annotated[
    bool,
    typer.Option(
        "--adopt",
        help="Also send what is meant for another broker: it has moved, or is replaced.",
    ),
]


def _config(directory: Path | None) -> OptimizerConfig:
    config = OptimizerConfig.from_settings()
    config.spool_dir = directory or config.spool_dir
    return config


@app.command("spool")
def _spool(directory: SpoolDir = None, as_json: AsJson = False) -> None:
    """Show what is spooled: accepted, and not yet acknowledged."""
    reports = survey(_config(directory))
    if as_json:
        print_json(reports)
        return
    for report in reports:
        found = report.statistics
        what = visible(report.problem) or "in use by a running process"
        if found is not None:
            what = f"{found.events:,} events, {found.unsent_bytes:,} bytes unsent"
            if found.quarantined:
                what += f", {found.quarantined:,} damaged events in quarantine/"
            if found.missing_bytes:
                what += f", {found.missing_bytes:,} undelivered bytes are missing"
            if report.broker is not None:
                what += f", for {visible(report.broker)}"
        typer.echo(f"{report.directory}: {what}, {report.disk_bytes:,} bytes on disk")
    if not reports:
        typer.echo("no spools")


@app.command("drain")
def _drain(
    directory: SpoolDir = None,
    broker: Broker = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the broker.")] = 60.0,
    adopt: Adopt = False,
) -> None:
    """Send what is spooled now.

    Exit codes: 0 all is sent, 1 something is left, 2 there is no broker.
    """
    complete = True
    for each in asyncio.run(drain_spools(broker, _config(directory), timeout, adopt=adopt)):
        complete = complete and each.left == 0
        what = visible(each.problem) or f"{each.left:,} events left"
        typer.echo(f"{each.directory}: {'drained' if each.left == 0 else what}")
    if not complete:
        raise typer.Exit(1)


@app.command("dead-letters")
def _dead_letters(directory: SpoolDir = None, as_json: AsJson = False) -> None:
    """Show the events that the broker refused, and why."""
    letters = DeadLetters(dead_letter_dir(_config(directory)))
    if as_json:
        print_json([_as_row(letter) for letter in letters])
        return
    count = 0
    for count, letter in enumerate(letters, 1):  # noqa: B007
        typer.echo(
            f"{_time(letter.refused_at, 'seconds')} {visible(letter.event_id)} "
            f"{visible(letter.record[0])}: {visible(letter.reason)}"
        )
    typer.echo(f"{count:,} dead letters")


def _as_row(letter: DeadLetter) -> dict[str, str]:
    topic, value, _, _ = letter.record
    return {
        "id": letter.event_id,
        "topic": topic,
        "reason": letter.reason,
        "at": _time(letter.refused_at, "seconds"),
        "value": value.decode(errors="replace"),
    }


@app.command("replay")
def _replay(directory: SpoolDir = None, broker: Broker = None, adopt: Adopt = False) -> None:
    """Publish the dead letters again.

    Exit codes: 0 all were accepted, 1 some were refused once more, 2 there is no broker.
    """
    accepted, refused = asyncio.run(replay_letters(broker, _config(directory), adopt=adopt))
    typer.echo(f"{accepted:,} accepted, {refused:,} refused again")
    if refused:
        raise typer.Exit(1)


@app.command("tail")
def _tail(
    topic: Annotated[list[str], typer.Option(help="Topic to watch; may be repeated.")],
    broker: Broker = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Also show what is there already.")
    ] = False,
    count: Annotated[int, typer.Option(min=0, help="Events to end after; 0: never.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show events as they come, until Ctrl-C.

    With --json each is one document on a line of its own.
    """
    shown = 0
    for event in tail(topic, bootstrap=broker, from_beginning=from_beginning):
        if event is not None:
            typer.echo(_as_json(event) if as_json else _as_line(event))
            shown += 1
        if shown == count > 0 or reader_left():
            return


@app.command("asyncapi")
def _asyncapi(
    service: Annotated[
        str | None, typer.Option(help="Service whose topics are shown; all by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the AsyncAPI document of the code-generation events.

    In YAML; with --json in JSON.
    """
    document = asyncapi_document(service=service)
    if as_json:
        print_json(document)
    else:
        typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


def _time(seconds: float, precision: str) -> str:
    """A time that anyone may have written, also one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision)
    except (ValueError, OverflowError, OSError):
        return f"at {seconds:g} s"


def _as_line(event: TailedEvent) -> str:
    when = _time(event.timestamp, "milliseconds")
    key = visible((event.key or b"-").decode(errors="replace"))
    return f"{when} {visible(event.topic)} {key} {visible(event.value.decode(errors='replace'))}"


def _as_json(event: TailedEvent) -> str:
    row = {
        "topic": event.topic,
        "partition": event.partition,
        "offset": event.offset,
        "timestamp": event.timestamp,
        "key": None if event.key is None else event.key.decode(errors="replace"),
        "headers": {
            name: value if value is None else value.decode(errors="replace")
            for name, value in event.headers.items()
        },
        "value": event.value.decode(errors="replace"),
    }
    return orjson.dumps(row).decode()
