"""Spools whose folder was changed by somebody else: nothing is passed over in silence."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.events.test_spool import _crash, all_of, records

from nodewright.events import OptimizerConfig, Spool, SpoolError
from nodewright.events import spool as spool_module
from nodewright.events.segments import MAGIC
from nodewright.events.spool_folder import broker_of
from nodewright.events.survey import survey


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What a killed process left: 200 events in some segments; the segments."""
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1000)
    spool = Spool(tmp_path)
    spans = [spool.append(records(10, n * 10)) for n in range(20)]
    spool.done(spans[18:19])
    _crash(spool)
    return sorted(tmp_path.glob("*.segment"))


def events_in(segment: Path) -> int:
    return segment.read_bytes().count(MAGIC)


@pytest.mark.parametrize("which", [0, 3, -2])
def test_missing_segment_is_told_and_counted(
    left: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture, which: int
) -> None:
    size, lost = left[which].stat().st_size, events_in(left[which])
    done = 10 if which == -2 else 0  # that segment held the events that were done
    left[which].unlink()
    for _ in range(2):
        spool = Spool(tmp_path)
        assert spool.events == len(all_of(spool)) == 200 - 10 - lost + done
        missing = spool.statistics().missing_bytes
        assert missing == size * (lost - done) // lost
        spool.close()
    told = [record for record in caplog.records if "segment_missing" in record.getMessage()]
    assert len(told) == (size > 0 and lost > done), "once"


def test_missing_end_does_not_swallow_what_comes_next(left: list[Path], tmp_path: Path) -> None:
    """What is done lies above the end that the files show: new events must not fall into it."""
    for segment in left[-3:]:
        segment.unlink()
    spool = Spool(tmp_path)
    before = all_of(spool)
    assert spool.statistics().missing_bytes > 0
    spool.append(records(30, 500))
    assert all_of(spool) == before + records(30, 500)
    spool.close()


def test_segment_cut_short_is_told(left: list[Path], tmp_path: Path) -> None:
    size = left[2].stat().st_size
    frame = size // events_in(left[2])
    os.truncate(left[2], size - 3 * frame)
    spool = Spool(tmp_path)
    assert spool.events == len(all_of(spool)) == 187
    assert spool.statistics().missing_bytes == 3 * frame
    spool.close()


def test_segment_that_goes_while_the_spool_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1000)
    spool = Spool(tmp_path)
    for n in range(20):
        spool.append(records(10, n * 10))
    segments = sorted(tmp_path.glob("*.segment"))
    size, lost = segments[4].stat().st_size, events_in(segments[4])
    segments[4].unlink()
    position, found = 0, 0
    while True:
        some, span = spool.read(position, 7, 1 << 20)
        if not some:
            break
        found += len(some)
        spool.done([span])
        position = span.end
    assert found == 200 - lost
    assert spool.statistics().missing_bytes == size
    assert spool.events == 0, "nothing is waited for that cannot come"
    spool.close()


def test_log_that_begins_later_is_no_loss(left: list[Path], tmp_path: Path) -> None:
    """Without ``commits`` nobody knows what was delivered and deleted; but from the front only."""
    size = left[3].stat().st_size
    (tmp_path / "commits").unlink()
    left[0].unlink()
    left[3].unlink()
    spool = Spool(tmp_path)
    assert spool.statistics().missing_bytes == size
    spool.close()


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


HOSTILE: dict[str, Callable[[Path], None]] = {
    "directory": Path.mkdir,
    "link": link,
    "pipe": os.mkfifo,
    "file": Path.touch,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(
    "name",
    [
        "7.segment",
        "٣.segment",
        "-1.segment",
        ".segment",
        "99999999999999999999.segment",
        f"{'9' * 240}.segment",
        "00000000000000099999.segment",
        b"\xff\xfe.segment",
    ],
)
@pytest.mark.usefixtures("left")
def test_strange_name_is_an_error_of_ours(tmp_path: Path, kind: str, name: str | bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    HOSTILE[kind](path)
    if kind == "file" and path.name == "00000000000000099999.segment":
        Spool(tmp_path).close()  # an empty segment, as a crash leaves it
        return
    with pytest.raises(SpoolError, match="segment"):
        Spool(tmp_path)
    (report,) = survey(OptimizerConfig(spool_dir=tmp_path))
    assert "segment" in report.problem
    path.rmdir() if kind == "directory" else path.unlink()
    spool = Spool(tmp_path)
    assert spool.events == 190, "the error cost nothing, and gave the spool up"
    spool.close()


@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
@pytest.mark.parametrize("name", ["owner", "commits", "broker"])
@pytest.mark.usefixtures("left")
def test_strange_file_in_the_place_of_a_spools_own(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    path.unlink(missing_ok=True)
    HOSTILE[kind](path)
    with pytest.raises(SpoolError):
        Spool(tmp_path, broker="a:1")
    assert Path("/etc/passwd").stat().st_size > 100
    path.rmdir() if kind == "directory" else path.unlink()
    spool = Spool(tmp_path)
    assert spool.events >= 190
    spool.close()


@pytest.mark.parametrize("content", [b"", b"\xff" * 5000, b"\x00\x1b[31m"])
def test_strange_name_of_a_broker(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broker").write_bytes(content)
    name = broker_of(tmp_path)
    assert (name is None) == (content == b"")
    spool = Spool(tmp_path, broker="a:1")  # nothing is in it
    spool.append(records(1))
    spool.close()
    assert broker_of(tmp_path) == "a:1"


def test_quarantine_that_is_no_folder(left: list[Path], tmp_path: Path) -> None:
    (tmp_path / "quarantine").write_text("in the way")
    left[3].unlink()
    spool = Spool(tmp_path)
    assert spool.statistics().missing_bytes == 0, "there is no place to note it; the log has it"
    spool.close()
