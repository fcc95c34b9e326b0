import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodewright.events.syncing import GroupSync


class Disk:
    """Stands in for ``fdatasync``: each call waits for its verdict."""

    def __init__(self) -> None:
        self.verdicts: list[OSError | None] = []
        self.may = threading.Semaphore(0)
        self.calls = 0

    def sync(self, _file: int) -> None:
        assert self.may.acquire(timeout=10)
        self.calls += 1
        if (verdict := self.verdicts.pop(0)) is not None:
            raise verdict

    def judge(self, *verdicts: OSError | None) -> None:
        self.verdicts += verdicts
        for _ in verdicts:
            self.may.release()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(os, "fdatasync", made.sync)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    yield opened
    os.close(opened)


def told(sync: GroupSync, position: int) -> OSError | None:
    came = threading.Event()
    answers: list[OSError | None] = []

    def tell(error: OSError | None) -> None:
        answers.append(error)
        came.set()

    sync.wait(position, tell)
    assert came.wait(10)
    return answers[0]


def test_failure_is_told_to_those_who_ask_later_too(disk: Disk, file: int) -> None:
    broken = OSError(errno.EIO, "broken disk")
    sync = GroupSync()
    disk.judge(None)
    sync.written(file, 100)
    assert told(sync, 100) is None
    disk.judge(broken)
    sync.written(file, 200)
    assert told(sync, 150) is broken
    assert told(sync, 200) is broken
    disk.judge(None)
    sync.written(file, 300)
    assert told(sync, 300) is None
    assert [told(sync, at) for at in (50, 100, 150, 200, 250)] == [None, None, broken, broken, None]
    sync.close()


def test_failures_one_after_the_other_are_one_range(disk: Disk, file: int) -> None:
    sync = GroupSync()
    for number in range(5):
        disk.judge(OSError(errno.EIO, f"no {number}"))
        sync.written(file, number * 10 + 10)
        assert told(sync, number * 10 + 10) is not None
    assert len(sync._failed) == 1
    assert all(told(sync, at) is not None for at in range(1, 51))
    sync.close()


def test_file_that_gets_no_more_appends_is_closed_although_its_sync_fails(
    disk: Disk, file: int, tmp_path: Path
) -> None:
    old = os.open(tmp_path / "old", os.O_WRONLY | os.O_CREAT)
    sync = GroupSync()
    sync.retire(old)
    disk.judge(OSError(errno.EIO, "broken disk"), None)
    sync.written(file, 10)
    assert told(sync, 10) is not None, "bytes of the old file belong to it"
    assert disk.calls == 2
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(old)
    sync.close()
