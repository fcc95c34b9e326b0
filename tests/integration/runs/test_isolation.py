"""Workers for submitted code: what they cannot reach, by the kernel and by the guard alone."""

import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from nodewright.runs import isolation
from nodewright.runs.isolation import IsolatedError, available
from nodewright.runs.workers import CrashedError, IsolatedWorkers, OverdueError


def write(path: Path) -> None:
    (path.parent / "written").write_text("x")


def read(_: Path) -> str:
    return Path("/etc/hostname").read_text(encoding="utf-8")


def environment() -> dict[str, str]:
    return dict(os.environ)


def processes() -> str:
    return Path("/proc/self/environ").read_text(encoding="utf-8")


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 2)


def fork() -> int:
    return os.fork()


def start() -> None:
    import subprocess

    subprocess.run(["true"], check=True)


def endless() -> None:
    while True:
        pass


def leave() -> None:
    os._exit(3)


def larger() -> int:
    return len(bytearray(3 * 1024**4))


def twice() -> int:
    global count  # noqa: PLW0603 - what a call leaves behind
    count += 1
    return count


count = 0


@pytest.fixture
async def workers() -> AsyncIterator[IsolatedWorkers]:
    pool = IsolatedWorkers(1)
    yield pool
    pool.close()


@pytest.mark.parametrize("function", [write, read, processes, fork, start])
async def test_what_reaches_out_is_refused(
    workers: IsolatedWorkers, tmp_path: Path, function: Callable[..., Any]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    arguments = (folder,) if function in {write, read} else ()
    with pytest.raises(PermissionError):
        await workers.call(function, *arguments, timeout_seconds=30)
    assert not (tmp_path / "written").exists()


async def test_there_is_no_network(workers: IsolatedWorkers) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(OSError, match=r"network|reach|refused"),
    ):
        await workers.call(connect, server.getsockname()[1], timeout_seconds=30)


async def test_the_environment_is_empty(
    workers: IsolatedWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "hunter2")
    found = await workers.call(environment, timeout_seconds=30)
    assert set(found) <= set(isolation.KEPT_VARIABLES)


async def test_what_never_ends_is_ended(workers: IsolatedWorkers) -> None:
    with pytest.raises(OverdueError):
        await workers.call(endless, timeout_seconds=1)
    with pytest.raises(CrashedError):
        await workers.call(leave, timeout_seconds=30)
    with pytest.raises(MemoryError):
        await workers.call(larger, timeout_seconds=30)


async def test_a_process_makes_one_call(workers: IsolatedWorkers) -> None:
    assert [await workers.call(twice, timeout_seconds=30) for _ in range(3)] == [1, 1, 1]


def in_child(work: Callable[[], object]) -> int:
    """The error number that ``work`` ends with in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except OSError as error:
            os._exit(error.errno or 99)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not available().landlock, reason="the kernel has no Landlock")
def test_the_kernel_refuses_files_without_the_guard(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()

    def limited(work: Callable[[], object]) -> Callable[[], None]:
        def confined() -> None:
            isolation._restrict_files([], [inside])
            work()

        return confined

    assert in_child(limited(lambda: (inside / "a").write_text("x"))) == 0
    assert in_child(limited(lambda: (tmp_path / "a").write_text("x"))) == 13
    assert in_child(limited(lambda: Path("/etc/hostname").read_bytes())) == 13
    assert in_child(limited(lambda: list(Path("/proc").iterdir()))) == 13


@pytest.mark.skipif(not available().namespaces, reason="the kernel gives no namespaces")
def test_the_kernel_refuses_the_network_without_the_guard() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def reach() -> None:
            isolation.without_network()
            connect(port)

        assert in_child(reach) == 101


def test_the_guard_refuses_without_the_kernel(tmp_path: Path) -> None:
    def guarded(work: Callable[[], object]) -> Callable[[], None]:
        def confined() -> None:
            isolation._guard([Path("/usr")], [tmp_path / "inside"])
            try:
                work()
            except IsolatedError as error:
                raise OSError(13, str(error)) from None

        return confined

    assert in_child(guarded(lambda: (tmp_path / "a").write_text("x"))) == 13
    assert in_child(guarded(lambda: Path("/etc/hostname").read_bytes())) == 13
    assert in_child(guarded(os.fork)) == 13
    assert in_child(guarded((tmp_path / "b").unlink)) == 13
    assert in_child(guarded(lambda: connect(9))) == 13
