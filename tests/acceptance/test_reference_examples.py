"""The examples of the API reference run with its own import paths."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_the_documented_examples_run(tmp_path: Path, server: str) -> None:
    assert server  # the session's embedded server, which the program shares
    done = subprocess.run(
        [sys.executable, str(HERE / "reference_examples.py")],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1] / "agents")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("all examples ran\n")
    assert '"level":"ERROR"' not in done.stderr
    assert (tmp_path / "phase7.prom").read_text().startswith("# HELP template_load_duration_ms")
