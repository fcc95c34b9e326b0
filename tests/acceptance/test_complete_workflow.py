"""The complete workflow of the documentation runs anywhere, with real output, and tidies up."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/complete_workflow.py"


def processes_of(folder: Path) -> list[str]:
    """Command lines that name ``folder``: a server of it, or a worker."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has just ended
            continue
        if str(folder) in command:
            found.append(command)
    return found


def test_it_needs_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "t"
    home.mkdir()
    temporary.mkdir()
    # The server runs as another user when root starts it; sockets need short paths.
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-I", str(EXAMPLE)],
        env={"HOME": str(home), "TMPDIR": str(temporary), "PATH": "/usr/bin:/bin"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert re.search(r"^templates: [4-9] in memory$", said, re.MULTILINE)
    assert re.search(r"^mixins: model of \d{4} samples, \d+\.\d% right$", said, re.MULTILINE)
    for kind in ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"):
        assert f"nodes: {kind} proven" in said
    assert "events: 4 acknowledged" in said
    assert re.search(r"^collected: [1-9]\d* ms for the nodes$", said, re.MULTILINE)
    assert "collected: 100% of the patterns right" in said
    assert re.search(r"^files: \d{2,3}, ", said, re.MULTILINE)
    assert '"level":"WARNING"' not in done.stderr
    assert '"level":"ERROR"' not in done.stderr
    assert "Traceback" not in done.stderr
    assert [path for folder in (home, temporary) for path in folder.rglob("*")] == []
    assert processes_of(temporary) == []
