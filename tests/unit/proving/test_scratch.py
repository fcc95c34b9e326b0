"""Temporary folders, whose owners are killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nodewright.proving.scratch import TemporaryFolder

OWNER = """
import sys
from pathlib import Path
from nodewright.proving import scratch
scratch._MEMORY = Path(sys.argv[1])
folder = scratch.TemporaryFolder()
Path(folder.name, "file").write_text("")
print(folder.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("nodewright.proving.scratch._MEMORY", tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("killed", [False, True])
def test_only_folders_of_the_killed_are_removed(place: Path, *, killed: bool) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    assert folder.is_relative_to(place)
    os.utime(folder, (0, 0))
    if killed:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    with TemporaryFolder() as other:
        assert Path(other).parent == place
        assert folder.exists() is not killed
    owner.communicate()
    assert not folder.exists()


def test_what_is_not_ours_stays(place: Path) -> None:
    young = place / "nodewright-scratch-young"
    other = place / "other"
    linked = place / "nodewright-scratch-link"
    for folder in (young, other):
        folder.mkdir()
    linked.symlink_to(other)
    os.utime(other, (0, 0))
    with TemporaryFolder():
        pass
    assert {path.name for path in place.iterdir()} == {young.name, other.name, linked.name}
