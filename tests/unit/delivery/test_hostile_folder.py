"""An output folder from a stranger: nothing outside it is read, changed or removed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from nodewright.delivery.decisions import decide
from nodewright.delivery.delivery import Delivery, recover, undo
from nodewright.delivery.manifest import DeliveryError, load_manifest
from nodewright.proving.model import Check, NodeReport
from nodewright.rendering.model import RenderedFile

FILES = [RenderedFile("src/shop/node.py", "one\n", "t", "1", "ab", "node_a")]
DIGEST = "a" * 64

type Record = dict[str, Any]


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder beside the output folder that nobody may touch."""
    folder = tmp_path / "victim"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__/kept").write_text("kept")
    (folder / "secret").write_text("secret")
    return folder


def deliver(out: Path, *, passed: bool = True) -> None:
    with Delivery(out, "shop") as delivery:
        delivery.stage(FILES)
        delivery.commit([NodeReport("node_a", "EFFECT", (Check("parses", passed=passed),))])


def contents(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def planted(out: Path, **changed: Any) -> Path:
    """A journal with one batch that is not done; returns the batch's folder."""
    place = out / ".nodewright/journal/000001"
    (place / "before").mkdir(parents=True)
    (place / "incoming").mkdir()
    record: Record = {"changes": [], "folders": [], "created": [], "bases": []}
    (place / "record.json").write_bytes(orjson.dumps(record | changed))
    run = {"run": "x", "out_existed": True, "state_existed": True}
    (out / ".nodewright/journal/run.json").write_bytes(orjson.dumps(run))
    return place


def change(path: str, before: Any = None, after: Any = DIGEST) -> Record:
    return {"path": path, "before": before, "after": after}


CLIMBING: list[Record] = [
    {"changes": [change("../victim/secret")]},
    {"changes": [change("../victim/secret", 0, None)]},
    {"changes": [change("/etc/nodewright")]},
    {"changes": [change(".")]},
    {"created": ["../victim"]},
    {"folders": ["../victim/new"]},
    {"bases": ["../../../victim/secret"]},
    {"changes": [change(".nodewright/manifest.json")]},
    {"changes": [change("linked/secret")]},
    {"created": ["linked"]},
]


@pytest.mark.parametrize("record", CLIMBING, ids=lambda record: str(record)[:60])
@pytest.mark.parametrize("act", [recover, undo])
def test_a_journal_that_climbs_out_changes_nothing(
    tmp_path: Path, victim: Path, record: Record, act: Callable[[Path], object]
) -> None:
    out = tmp_path / "out"
    place = planted(out, **record)
    (place / "before/0").write_text("evil")
    (out / "linked").symlink_to(victim)
    before = contents(victim)
    with pytest.raises(DeliveryError):
        act(out)
    assert contents(victim) == before


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"[]",
        b"{}",
        b'{"changes": 1, "folders": [], "created": [], "bases": []}',
        b'{"changes": [{"path": 7}], "folders": [], "created": [], "bases": []}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_journal_that_is_none_is_refused(tmp_path: Path, record: bytes) -> None:
    place = planted(tmp_path)
    (place / "record.json").write_bytes(record)
    with pytest.raises(DeliveryError, match=r"record\.json"):
        recover(tmp_path)


@pytest.mark.parametrize(
    "name", ["journal", "base", "failed", "failed/node_a", "manifest.json", "journal/000001"]
)
def test_links_among_what_is_nodewrights_own_are_refused(
    tmp_path: Path, victim: Path, name: str
) -> None:
    out = tmp_path / "out"
    link = out / ".nodewright" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(victim)
    before = contents(victim)
    with pytest.raises(DeliveryError):
        deliver(out, passed=False)
    assert contents(victim) == before


def test_incoming_files_are_not_taken_from_elsewhere(tmp_path: Path, victim: Path) -> None:
    out = tmp_path / "out"
    place = planted(out, changes=[change("stolen/secret")])
    (place / "incoming/stolen").symlink_to(victim)
    with pytest.raises(DeliveryError, match="symbolic link"):
        recover(out)
    assert (victim / "secret").read_text() == "secret"


@pytest.mark.parametrize(
    "name", ["src/shop/node.py", ".nodewright/manifest.json", ".nodewright/journal/run.json"]
)
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    pipe = tmp_path / name
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    with pytest.raises(DeliveryError, match="pipe"):
        deliver(tmp_path)


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "src").mkdir()
    (tmp_path / "huge.py").rename(tmp_path / "src/huge.py")
    files = [RenderedFile("src/huge.py", "one\n", "t", "1", "ab", "node_a")]
    with pytest.raises(DeliveryError, match="larger"):
        decide(files, tmp_path)


@pytest.mark.parametrize(
    "changed",
    [
        {"base": ""},
        {"base": "ab cd"},
        {"base": "../" * 20 + "etc/passwd"},
        {"base": 7},
        {"node": ["a"]},
        {"requirements": 7},
        {"user_owned": "yes"},
        {"sha256": None},
    ],
    ids=str,
)
def test_a_manifest_of_other_types_is_refused(tmp_path: Path, changed: Record) -> None:
    deliver(tmp_path)
    path = tmp_path / ".nodewright/manifest.json"
    document = orjson.loads(path.read_bytes())
    document["files"]["src/shop/node.py"] |= changed
    path.write_bytes(orjson.dumps(document))
    with pytest.raises(DeliveryError, match=r"manifest\.json cannot be read"):
        load_manifest(tmp_path)
