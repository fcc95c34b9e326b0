import errno
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nodewright.events import EventEncodingError, Spool, SpoolFullError, SpoolOwnedError
from nodewright.events import spool as spool_module
from nodewright.events.encoding import Record
from nodewright.events.spool import Span


def records(count: int, first: int = 0, size: int = 20) -> list[Record]:
    return [("topic", b"%d" % n + b"." * size, b"key", b"1 ") for n in range(first, first + count)]


def all_of(spool: Spool) -> list[Record]:
    found, position = [], 0
    while True:
        some, span = spool.read(position, 7, 1 << 20)
        if not some:
            return found
        found += some
        position = span.end


def test_records_come_back_in_order_after_reopening(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first = spool.append(records(10))
    spool.append(records(10, 10))
    spool.done([first])
    assert all_of(spool) == records(10, 10)
    spool.close()
    spool = Spool(tmp_path)
    assert (spool.events, all_of(spool)) == (10, records(10, 10))
    spool.append(records(5, 20))
    assert all_of(spool) == records(15, 10)
    spool.close()


def test_done_segments_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1000)
    spool = Spool(tmp_path)
    spans = [spool.append(records(10, n * 10)) for n in range(20)]
    assert spool.statistics().segments > 5
    assert all_of(spool) == records(200)
    spool.done(spans[1:])
    assert spool.statistics().segments > 5, "the first span is not done"
    spool.done(spans[:1])
    assert spool.statistics().segments == 1
    spool.close()
    assert list(tmp_path.glob("*.segment")) == []
    spool = Spool(tmp_path)
    assert spool.append(records(1)).start == spans[-1].end, "positions go on"
    spool.close()


def test_another_process_is_kept_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(SpoolOwnedError, match=str(os.getpid())):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_refuses_the_whole_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    spool = Spool(tmp_path)
    spool.append(records(5))
    write = os.write
    room = 3000

    def limited(file: int, data: Any) -> int:
        nonlocal room
        if room <= 0:
            raise OSError(error, os.strerror(error))
        written = write(file, data[:room])
        room -= written
        return written

    monkeypatch.setattr(os, "write", limited)
    with pytest.raises(SpoolFullError, match="free some disk space"):
        spool.append(records(3000, 100))
    monkeypatch.undo()
    assert all_of(spool) == records(5)
    spool.append(records(5, 5))
    assert all_of(spool) == records(10)
    spool.close()
    spool = Spool(tmp_path)
    assert all_of(spool) == records(10)
    assert spool.statistics().quarantined == 0
    spool.close()


def test_real_limit_of_the_operating_system(tmp_path: Path) -> None:
    """In a child: a file may not grow beyond the limit, as on a full disk."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from nodewright.events import Spool, SpoolFullError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "spool, accepted = Spool(Path(sys.argv[1])), 0\n"
        "try:\n"
        "    while True:\n"
        "        spool.append([('t', b'x' * 1000, b'k', None)] * 7); accepted += 7\n"
        "except SpoolFullError: print(accepted)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True
    )
    accepted = int(run.stdout)
    spool = Spool(tmp_path)
    assert 0 < accepted == spool.events == len(all_of(spool))
    assert spool.statistics().quarantined == 0
    spool.close()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_limit_on_unsent_bytes(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=2000)
    span = spool.append(records(20))
    with pytest.raises(SpoolFullError, match="2,000"):
        spool.append(records(60))
    spool.done([span])
    spool.append(records(20))
    spool.close()


def test_too_large_a_record_is_the_events_fault(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(EventEncodingError, match="too large"):
        spool.append([*records(3), ("t", bytes(17 * 1024 * 1024), None, None)])
    assert spool.events == 0
    assert all_of(spool) == []
    spool.close()


def test_torn_tail_is_quarantined(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(records(10))
    _crash(spool)
    (segment,) = tmp_path.glob("*.segment")
    os.truncate(segment, segment.stat().st_size - 5)
    spool = Spool(tmp_path)
    assert (spool.events, all_of(spool)) == (9, records(9))
    assert spool.statistics().quarantined == 1
    spool.append(records(3, 50))
    assert all_of(spool) == records(9) + records(3, 50)
    _crash(spool)
    spool = Spool(tmp_path)
    assert all_of(spool) == records(9) + records(3, 50)
    assert spool.statistics().quarantined == 1, "met once, counted once"
    spool.close()


def test_flipped_bits_are_quarantined_while_in_use(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    span = spool.append(records(100))
    (segment,) = tmp_path.glob("*.segment")
    content = bytearray(segment.read_bytes())
    size = len(content) // 100
    for number in (0, 50, 51, 99):
        content[number * size + size // 2] ^= 4
    segment.write_bytes(content)
    left = [r for n, r in enumerate(records(100)) if n not in (0, 50, 51, 99)]
    assert len(left) == len(all_of(spool))
    assert spool.statistics().quarantined == 4
    assert spool.end == span.end
    spool.close()


def test_disk_durability_syncs_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    sync = os.fdatasync

    def counting(file: int) -> None:
        syncs.append(file)
        sync(file)

    monkeypatch.setattr(os, "fdatasync", counting)
    spool = Spool(tmp_path, durability="disk")
    done = threading.Semaphore(0)

    def add() -> None:
        for n in range(50):
            spool.when_synced(spool.append(records(1, n)), lambda _: done.release())

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(400):
        assert done.acquire(timeout=20)
    for thread in threads:
        thread.join()
    assert 0 < len(syncs) < 400
    spool.close()


def test_failed_sync_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_file: int) -> None:
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(os, "fdatasync", broken)
    spool = Spool(tmp_path, durability="disk")
    told: list[OSError | None] = []
    came = threading.Event()

    def tell(error: OSError | None) -> None:
        told.append(error)
        came.set()

    spool.when_synced(spool.append(records(1)), tell)
    assert came.wait(10)
    assert isinstance(told[0], OSError)
    spool.close()


def _crash(spool: Spool) -> None:
    """Leave the files as a killed process does."""
    os.close(spool._owner)
    if spool._active is not None:
        os.close(spool._active)
    os.close(spool._commits._file)


class SpoolMachine(RuleBasedStateMachine):
    """A spool that is used, killed, reopened and torn, against a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.spool = Spool(self.directory)
        self.held: dict[Span, list[Record]] = {}
        self.next = 0

    @rule(count=st.integers(1, 5))
    def append(self, count: int) -> None:
        some = records(count, self.next)
        self.next += count
        self.held[self.spool.append(some)] = some

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        held = sorted(self.held, key=lambda span: span.start)
        spans = data.draw(st.lists(st.sampled_from(held), unique=True))
        self.spool.done(spans)
        for span in spans:
            del self.held[span]

    @rule(torn=st.binary(max_size=30))
    def kill(self, torn: bytes) -> None:
        """SIGKILL in the middle of a write that was not accepted."""
        active = self.spool._segments[-1][1] if self.spool._active is not None else None
        _crash(self.spool)
        if active is not None:
            with active.open("ab") as file:
                file.write(torn)
        self.spool = Spool(self.directory)

    @rule()
    def close(self) -> None:
        self.spool.close()
        self.spool = Spool(self.directory)

    @invariant()
    def holds_what_is_held(self) -> None:
        expected = [r for span in sorted(self.held, key=lambda s: s.start) for r in self.held[span]]
        assert all_of(self.spool) == expected
        assert self.spool.events == len(expected)

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.directory)


TestSpoolMachine = SpoolMachine.TestCase
TestSpoolMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
