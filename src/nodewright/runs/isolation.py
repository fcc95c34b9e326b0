"""Isolation of a worker that runs submitted code: no network, no files but those that it is given.

The kernel isolates where it can: a network namespace of its own, and Landlock for files and TCP.
A guard inside the interpreter stands before both, and alone where the kernel has neither.
``available`` says which there are.
"""

import ctypes
import os
import resource
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import nodewright
from nodewright import processes

LARGEST_FILE = 64 * 1024**2
MOST_OPEN = 512
# What is left of the environment; the rest may hold secrets.
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", processes.MARK)

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
_FILES_BY_VERSION = {1: 13, 2: 14, 3: 15, 5: 16}  # version -> how many rights of files it knows
_NETWORK_SINCE = 4
_TCP = 0b11  # bind and connect
_READ = 0b1101  # execute, read file, read folder
_OF_FILES = 0b1100_0000_0000_0111  # rights that make sense for a file


class IsolatedError(PermissionError):
    """Submitted code tried what an isolated worker may not do."""


class Isolation(NamedTuple):
    """What this machine has to isolate with."""

    namespaces: bool
    landlock: int

    def __str__(self) -> str:
        parts = ["a network namespace"] * self.namespaces
        parts += [f"Landlock {self.landlock}"] * bool(self.landlock)
        return " and ".join(parts) or "a guard inside the interpreter alone"


@cache
def available() -> Isolation:
    """What isolates a worker here; asked in a child, since a process cannot leave a namespace."""
    version = _system_call(_CREATE_RULESET, None, 0, _VERSION)
    child = os.fork()
    if child == 0:
        os._exit(0 if without_network() else 1)
    _, status = os.waitpid(child, 0)
    return Isolation(status == 0, max(version, 0))


def without_network() -> bool:
    """Give this process, which has one thread, a network of its own, with nothing in it."""
    try:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    except (OSError, AttributeError):
        return False
    return True


def prepare_worker() -> None:
    """Take from a new worker what it never needs: the network, the environment, large files."""
    without_network()
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    os.environ.clear()
    os.environ.update(kept)
    for limit, size in ((resource.RLIMIT_FSIZE, LARGEST_FILE), (resource.RLIMIT_NOFILE, MOST_OPEN)):
        _, hard = resource.getrlimit(limit)
        most = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(limit, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def confined[R](
    readable: Iterable[Path], writable: Iterable[Path], function: Callable[..., R], *arguments: Any
) -> R:
    """``function(*arguments)``, after this process gave up all files but those, for good."""
    reads = [*_runtime(), *(path.resolve() for path in readable)]
    writes = [path.resolve() for path in writable]
    for place in writes[:1]:
        os.chdir(place)  # libraries look for their files in the current folder
    _restrict_files(reads, writes)
    _guard(reads, writes)
    return function(*arguments)


def _runtime() -> list[Path]:
    """What running Python takes."""
    known = [sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()]
    known += [str(Path(nodewright.__file__).parent), *(path for path in sys.path if path)]
    known += ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime"]
    known += ["/dev/null", "/dev/urandom"]
    return [path.resolve() for path in dict.fromkeys(map(Path, known)) if path.exists()]


# --- Landlock -----------------------------------------------------------------------------------


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _restrict_files(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    version = available_landlock()
    if version < 1:
        return
    rights = (1 << max(n for since, n in _FILES_BY_VERSION.items() if since <= version)) - 1
    network = _TCP if version >= _NETWORK_SINCE else 0
    asked = _Ruleset(rights, network)
    size = ctypes.sizeof(asked) if network else 8
    ruleset = _system_call(_CREATE_RULESET, ctypes.byref(asked), size, 0)
    if ruleset < 0:
        return
    try:
        for path in reads:
            _allow(ruleset, path, _READ & rights)
        for path in (*writes, Path(os.devnull)):
            _allow(ruleset, path, rights)
        ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _system_call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def available_landlock() -> int:
    """The version of Landlock that the kernel has; 0 without it."""
    return max(_system_call(_CREATE_RULESET, None, 0, _VERSION), 0)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = rights if path.is_dir() else rights & _OF_FILES
        rule = _Beneath(allowed, descriptor)
        _system_call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(descriptor)


def _system_call(*arguments: Any) -> int:
    if not sys.platform.startswith("linux"):
        return -1
    return int(ctypes.CDLL(None, use_errno=True).syscall(*arguments))


# --- the guard ----------------------------------------------------------------------------------

_PROCESSES = frozenset(
    {"os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.system", "os.kill", "pty.spawn"}
)
_CHANGES = frozenset(
    {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod",
     "os.chown", "os.truncate", "shutil.rmtree", "shutil.move"}
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _guard(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """Refuse in the interpreter what the kernel should refuse too; it cannot be taken off."""
    written = tuple(map(str, writes))
    known = (*map(str, reads), *written)

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            _check_open(arguments, known, written)
        elif event in _CHANGES:
            paths = [each for each in arguments if isinstance(each, str | bytes | os.PathLike)]
            for path in paths:
                _check(path, written, event)
        elif event in _PROCESSES or (event == "subprocess.Popen" and not _is_ruff(arguments)):
            raise IsolatedError(f"{event} is refused: submitted code starts no processes")
        elif event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"}:
            if event == "socket.bind" or getattr(arguments[0], "family", None) != socket.AF_UNIX:
                raise IsolatedError(f"{event} is refused: submitted code has no network")
        elif event.startswith("ctypes.dlopen"):
            raise IsolatedError(f"{event} is refused")

    sys.addaudithook(look)


def _check_open(
    arguments: tuple[Any, ...], known: tuple[str, ...], written: tuple[str, ...]
) -> None:
    path, mode, flags = arguments
    if isinstance(path, int) or path is None:
        return
    writing = bool(flags & _WRITING) if isinstance(flags, int) else False
    writing = writing or (isinstance(mode, str) and any(each in mode for each in "wax+"))
    _check(path, written if writing else known, "writing" if writing else "reading")


def _check(path: Any, allowed: tuple[str, ...], what: str) -> None:
    place = os.path.realpath(os.fsdecode(path))
    inside = any(place == each or place.startswith(f"{each}/") for each in allowed)
    if inside or place == os.devnull:
        return
    raise IsolatedError(f"{what} {place} is refused: it is outside the folder of the package")


def _is_ruff(arguments: tuple[Any, ...]) -> bool:
    from ruff import find_ruff_bin  # type: ignore[import-untyped]  # ships no types

    return bool(os.fspath(arguments[0]) == find_ruff_bin())
