"""What reads bytes from strangers, as functions of these bytes.

Each returns where the bytes are taken or refused in the documented way, and raises for anything
else. Hypothesis (``test_readers.py``) and atheris (``guided.py``) call the same ones.
"""

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np
import orjson
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from nodewright.delivery.delivery import recover, undo
from nodewright.delivery.manifest import DeliveryError, load_manifest
from nodewright.errors import NodewrightError
from nodewright.events import DeadLetters
from nodewright.events.spool import Spool
from nodewright.logs.console import render
from nodewright.logs.tail import Match
from nodewright.mixins import model_file
from nodewright.mixins.errors import ModelFileError
from nodewright.mixins.features import FEATURE_NAMES
from nodewright.mixins.forest import Forest, fit
from nodewright.monitoring import MetricType, MonitoringSystem
from nodewright.monitoring.errors import MetricError
from nodewright.patterns import PatternLibraryError, PatternMatcher, load_folder
from nodewright.planning.plan import NothingToGenerateError
from nodewright.prd.source import PRDSourceError, read_prd
from nodewright.reading.display import print_analysis
from nodewright.templates import TemplatePack
from nodewright.templates.errors import TemplateError
from nodewright.workflow import plan_text

_SHM = Path("/dev/shm")  # noqa: S108 - folders in it get random names


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one input, in memory where that is possible."""
    place = str(_SHM) if os.access(_SHM, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="nodewright-fuzz-", dir=place) as name:
        yield Path(name).resolve()


def prd(data: bytes) -> None:
    """A PRD: read, analysed, shown and planned."""
    with folder() as place:
        (place / "prd.md").write_bytes(data)
        try:
            text = read_prd(place / "prd.md")
        except PRDSourceError:
            return
    try:
        prepared = plan_text(text)
    except NothingToGenerateError:
        return
    shown = io.StringIO()
    print_analysis(prepared.analysis, Console(file=shown, width=200))
    assert all(char.isprintable() for char in shown.getvalue().replace("\n", ""))
    for node in prepared.plan.nodes:
        names = [node.slug, node.class_name, *(field.name for field in node.fields)]
        names += [operation.name for operation in node.operations]
        assert all(name.isidentifier() and name.isascii() for name in names)


def patterns(data: bytes) -> None:
    """A pattern file, and a text matched with what it says."""
    with folder() as place:
        (place / "own.yaml").write_bytes(data)
        try:
            own = load_folder(place)
        except PatternLibraryError:
            return
    PatternMatcher(own).detect("The system must create and read orders.\nIt retries.")


def template(data: bytes) -> None:
    """A template of a pack, rendered with values of all kinds."""
    with folder() as place:
        (place / "own").mkdir()
        (place / "own/own.j2").write_bytes(data)
        with suppress(TemplateError):
            TemplatePack(place).render(
                "own/own.j2", {"name": "a", "items": [1, "b"], "d": {"k": 1}}
            )


def spool(data: bytes) -> None:
    """A spool's segments and commits; what is read back is marked as done."""
    with folder() as place:
        half = len(data) // 2
        (place / f"{0:020d}.segment").write_bytes(data[:half])
        (place / f"{half:020d}.segment").write_bytes(data[half:])
        (place / "commits").write_bytes(data[:64])
        opened = Spool(place)
        position = opened.watermark
        while True:
            records, span = opened.read(position, 10, 1000)
            if not records:
                break
            opened.done([span])
            position = span.end
        opened.append([("topic", b"{}", None, None)])
        opened.statistics()
        opened.close()


def dead_letters(data: bytes) -> None:
    """A file of dead letters."""
    with folder() as place:
        (place / "1.letters").write_bytes(data)
        for letter in DeadLetters(place):
            assert isinstance(letter.event_id, str)


@cache
def a_model() -> bytes:
    """A model file as nodewright writes it."""
    features = np.random.default_rng(7).integers(0, 4, (40, len(FEATURE_NAMES)))
    classifier = fit(features.astype(np.float32), features[:, 0] > 1)
    classifier.estimators_ = classifier.estimators_[:3]
    with folder() as place:
        model_file.save(place / "model", classifier, {"accuracy": 0.5}, "1")
        return (place / "model").read_bytes()


def model(data: bytes) -> None:
    """A model file; one that is taken answers."""
    with folder() as place:
        (place / "model").write_bytes(data)
        try:
            saved = model_file.load(place / "model", "1")
        except ModelFileError:
            return
        probability = Forest(saved.classifier).probability([0.0] * len(FEATURE_NAMES))
        assert 0.0 <= probability <= 1.0


def manifest(data: bytes) -> None:
    """The manifest of an output folder."""
    with folder() as place:
        (place / ".nodewright").mkdir()
        (place / ".nodewright/manifest.json").write_bytes(data)
        with suppress(DeliveryError):
            load_manifest(place)


def journal(data: bytes) -> None:
    """A batch of an output folder's journal; nothing beside the folder is touched."""
    with folder() as home:
        (home / "victim").write_bytes(b"victim")
        out = home / "out"
        batch = out / ".nodewright/journal/000001"
        (batch / "before").mkdir(parents=True)
        (batch / "before/0").write_bytes(b"evil")
        (batch / "incoming/a").mkdir(parents=True)
        (batch / "incoming/a/b").write_bytes(b"evil")
        (batch / "record.json").write_bytes(data)
        run = {"run": "x", "out_existed": True, "state_existed": True}
        (batch.parent / "run.json").write_bytes(orjson.dumps(run))
        for act in (recover, undo):
            with suppress(DeliveryError):
                act(out)
        assert {path.name for path in home.iterdir()} == {"victim", "out"}
        assert (home / "victim").read_bytes() == b"victim"


def labels(data: bytes) -> None:
    """A metric's name and label; what /metrics says of it is what was recorded."""
    name, _, text = data.decode(errors="surrogateescape").partition("\n")
    system = MonitoringSystem(log_alerts=False)
    try:
        system.record("jobs", 1.0, MetricType.GAUGE, {name or "of": text})
    except MetricError:
        return
    families = list(text_string_to_metric_families(system.store.export()))
    found = [s for family in families for s in family.samples if s.name == "jobs"]
    assert [sample.labels for sample in found] == [{name or "of": text} if text else {}]


def log_line(data: bytes) -> None:
    """A line of a log file, shown on a terminal."""
    entry = Match().read(data)
    if entry is not None:
        with suppress(NodewrightError):
            shown = render(entry)
            assert all(char.isprintable() for char in shown.replace("\n", ""))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        prd,
        patterns,
        template,
        spool,
        dead_letters,
        model,
        manifest,
        journal,
        labels,
        log_line,
    )
}
