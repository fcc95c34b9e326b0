"""Run a judge that is a command, and leave nothing of it behind."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from nodewright import processes
from nodewright.proving.verdict import Rejected


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    code: int
    output: str
    errors: str


def ask(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
) -> Answer:
    """Run ``command`` in ``folder`` without a shell.

    Raises:
        Rejected: it took longer than ``timeout`` seconds; it and its children were killed.
    """
    mark = uuid4().hex
    with subprocess.Popen(  # noqa: S603 - no shell, and only our own commands
        command,
        cwd=folder,
        env={**environment, processes.MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Rejected(f"{' '.join(command)} took longer than {timeout:g} s") from None
        finally:
            # The session's leader may be gone while children of it still run.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            processes.end_marked(mark)
    return Answer(
        process.returncode, output.decode(errors="replace"), errors.decode(errors="replace")
    )
