"""Processes that nodewright starts: what they may import, and how all that they leave is ended.

A process carries a mark in its environment, and whatever it starts inherits the mark, detached or
not. Only a process with the mark is ever signalled.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MARK = "NODEWRIGHT_STARTED_BY"

_PROCESSES = Path("/proc")
# A process can start others while it is being ended, so the search is repeated.
_ROUNDS = 100
_LONGEST_END = 5.0
# A copy of the environment fails where another thread takes a variable away meanwhile.
_ENVIRONMENT = threading.Lock()


def environment(**more: str) -> dict[str, str]:
    """The environment of this process with ``more``, for a process to start."""
    with _ENVIRONMENT:
        return os.environ | more


def python(*arguments: str) -> list[str]:
    """The command of this interpreter; it imports nothing from the current directory."""
    return [sys.executable, "-P", *arguments]


@contextmanager
def importing_nothing_here() -> Iterator[None]:
    """While open, interpreters that start import nothing from the current directory.

    For those that ``multiprocessing`` starts: their commands cannot be chosen.
    """
    with _environment("PYTHONSAFEPATH", "1"):
        yield


@contextmanager
def marking(mark: str) -> Iterator[None]:
    """While open, processes that start carry ``mark``."""
    with _environment(MARK, mark):
        yield


def own_mark() -> str:
    """A mark that no other process of this machine gives: its number and the time it started."""
    return f"{os.getpid()}.{_started(os.getpid())}"


def end_marked(mark: str, *, spare: int | None = None) -> int:
    """Kill every process that carries ``mark``, but neither this process nor an ancestor of it.

    Args:
        mark: what the processes carry.
        spare: a process that stays, with all its descendants.

    Returns:
        How many were killed.
    """
    ours = {os.getpid(), *_ancestors(os.getpid())}

    def doomed(pid: int) -> bool:
        if pid in ours or mark_of(pid) != mark:
            return False
        return spare is None or spare not in {pid, *_ancestors(pid)}

    return _end(doomed)


def end_descendants() -> int:
    """Kill what this process has started and what those have started; answers how many."""
    own = os.getpid()
    return _end(lambda pid: own in _ancestors(pid))


def mark_of(pid: int) -> str | None:
    """The mark that a process was started with; None where it has none or is another user's."""
    prefix = f"{MARK}=".encode()
    with suppress(OSError):
        for entry in (_PROCESSES / str(pid) / "environ").read_bytes().split(b"\0"):
            if entry.startswith(prefix):
                return entry.removeprefix(prefix).decode(errors="replace")
    return None


def _end(doomed: Callable[[int], bool]) -> int:
    ended = 0
    for _ in range(_ROUNDS):
        found = [pid for pid in _all() if doomed(pid)]
        killed = sum(_kill(pid, doomed) for pid in found)
        ended += killed
        if not killed:
            break
    return ended


def _kill(pid: int, doomed: Callable[[int], bool]) -> bool:
    """Kill a process that is still the one that was found, and wait until it is gone.

    Its number may be another's by now.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if not doomed(pid):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        select.select([descriptor], [], [], _LONGEST_END)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _all() -> Iterator[int]:
    with suppress(OSError):
        yield from (int(path.name) for path in _PROCESSES.iterdir() if path.name.isdigit())


def _ancestors(pid: int) -> Iterator[int]:
    """The numbers of a process's parent, its parent, and so on."""
    while (fields := _fields(pid)) and (parent := int(fields[1])) > 0:
        yield parent
        pid = parent


def _started(pid: int) -> str:
    fields = _fields(pid)
    return fields[19] if fields else ""


def _fields(pid: int) -> list[str]:
    """What the kernel says of a process, from its state on; nothing where it is gone."""
    try:
        # The name before is in parentheses and may hold anything.
        return (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    with _ENVIRONMENT:
        before = os.environ.get(name)
        os.environ[name] = value
    try:
        yield
    finally:
        with _ENVIRONMENT:
            if before is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = before
