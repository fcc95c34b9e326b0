"""Worker processes that hang, crash and are cancelled."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nodewright.runs.workers import (
    LARGEST_WORKER,
    CrashedError,
    ExecutorWorkers,
    OverdueError,
    ProcessWorkers,
    Workers,
)


def double(value: int) -> int:
    return value * 2


def own_pid(path: str) -> None:
    """Say who works here, then hang."""
    Path(path).write_text(str(os.getpid()), encoding="utf-8")
    while True:
        signal.pause()


def own_folder(path: str) -> None:
    """Say where temporary files go, then hang."""
    Path(path).write_text(tempfile.mkdtemp(), encoding="utf-8")
    while True:
        signal.pause()


def crash() -> None:
    os._exit(7)


def allocate(size: int) -> int:
    return len(bytearray(size))


def leave_processes(folder: str) -> None:
    """Start one process in the usual way, one that is detached, and one that is forked twice."""
    subprocess.Popen([sys.executable, "-c", SLEEPER, f"{folder}/plain"])
    subprocess.Popen([sys.executable, "-c", SLEEPER, f"{folder}/detached"], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            own_pid(f"{folder}/forked")
        os._exit(0)
    os.wait()


def leave_processes_and_hang(folder: str) -> None:
    leave_processes(folder)
    signal.pause()


def write_to_terminal() -> None:
    os.write(1, b"\x1b[2Jstandard output")
    os.write(2, b"\x1b[2Jstandard error")
    with contextlib.suppress(OSError), Path("/dev/tty").open("w", encoding="utf-8") as terminal:
        terminal.write("terminal")


SLEEPER = """
import os, signal, sys
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
signal.pause()
"""
LEFT = ("plain", "detached", "forked")


def refuse() -> None:
    raise ValueError("no")


@pytest.fixture
def workers() -> Iterator[ProcessWorkers]:
    pool = ProcessWorkers(2)
    yield pool
    pool.close()


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def until_gone(pid: int) -> None:
    await eventually(lambda: not alive(pid))


async def until_written(path: Path) -> int:
    await eventually(lambda: path.exists() and path.stat().st_size > 0)
    return int(await asyncio.to_thread(path.read_text, encoding="utf-8"))


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(90):
        while not holds():  # noqa: ASYNC110 - another process makes it hold
            await asyncio.sleep(0.01)


async def test_an_overdue_call_is_killed_and_the_others_go_on(
    workers: ProcessWorkers, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    hanging = asyncio.create_task(workers.call(own_pid, str(pid_file), timeout_seconds=1.5))
    pid = await until_written(pid_file)
    answers = await asyncio.gather(
        *(workers.call(double, number, timeout_seconds=20) for number in range(20))
    )
    assert answers == [number * 2 for number in range(20)]
    with pytest.raises(OverdueError, match=r"stopped after 1\.5 s"):
        await hanging
    await until_gone(pid)


async def test_a_crash_fails_its_own_call_alone(workers: ProcessWorkers) -> None:
    crashing = workers.call(crash, timeout_seconds=20)
    fine = [workers.call(double, number, timeout_seconds=20) for number in range(10)]
    results = await asyncio.gather(crashing, *fine, return_exceptions=True)
    assert isinstance(results[0], CrashedError)
    assert "code 7" in str(results[0])
    assert results[1:] == [number * 2 for number in range(10)]


async def test_a_worker_cannot_take_all_memory(workers: ProcessWorkers) -> None:
    with pytest.raises(MemoryError):
        await workers.call(allocate, LARGEST_WORKER, timeout_seconds=60)
    assert await workers.call(allocate, 2**20, timeout_seconds=60) == 2**20


async def test_an_error_comes_back_as_it_was(workers: ProcessWorkers) -> None:
    with pytest.raises(ValueError, match=r"^no$"):
        await workers.call(refuse, timeout_seconds=20)


async def test_a_cancelled_call_leaves_no_process(workers: ProcessWorkers, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    hanging = asyncio.create_task(workers.call(own_pid, str(pid_file), timeout_seconds=60))
    pid = await until_written(pid_file)
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    await until_gone(pid)


async def test_closing_leaves_no_process(tmp_path: Path) -> None:
    pool = ProcessWorkers(1)
    pid_file = tmp_path / "pid"
    hanging = asyncio.create_task(pool.call(own_pid, str(pid_file), timeout_seconds=60))
    pid = await until_written(pid_file)
    await asyncio.to_thread(pool.close)
    await until_gone(pid)
    hanging.cancel()
    with pytest.raises((asyncio.CancelledError, CrashedError)):
        await hanging


COORDINATOR = """
import asyncio, importlib.util, sys
spec = importlib.util.spec_from_file_location("test_workers", sys.argv[1])
tests = importlib.util.module_from_spec(spec)
sys.modules["test_workers"] = tests
spec.loader.exec_module(tests)
sys.path.insert(0, sys.argv[1].rpartition("/")[0])
hang = getattr(tests, sys.argv[3])
asyncio.run(tests.ProcessWorkers(1).call(hang, sys.argv[2], timeout_seconds=60))
"""


async def test_a_killed_coordinator_leaves_no_process(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    command = [sys.executable, "-c", COORDINATOR, __file__, str(pid_file), "own_pid"]
    coordinator = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    pid = await until_written(pid_file)
    coordinator.kill()
    await coordinator.wait()
    await until_gone(pid)


async def test_a_killed_call_leaves_no_files(tmp_path: Path) -> None:
    pool = ProcessWorkers(1)
    said = tmp_path / "folder"
    hanging = asyncio.create_task(pool.call(own_folder, str(said), timeout_seconds=90))
    await eventually(lambda: said.exists() and said.stat().st_size > 0)
    folder = Path(said.read_text(encoding="utf-8"))
    assert folder.is_dir()
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    await asyncio.to_thread(pool.close)
    assert not folder.parent.exists()


async def test_a_killed_coordinator_leaves_no_files(tmp_path: Path) -> None:
    said = tmp_path / "folder"
    command = [sys.executable, "-c", COORDINATOR, __file__, str(said), "own_folder"]
    coordinator = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    await eventually(lambda: said.exists() and said.stat().st_size > 0)
    folder = Path(said.read_text(encoding="utf-8"))
    coordinator.kill()
    await coordinator.wait()
    await eventually(lambda: not folder.parent.exists())


async def test_closing_ends_what_the_calls_have_started(tmp_path: Path) -> None:
    pool, other = ProcessWorkers(1), ProcessWorkers(1)
    await pool.call(leave_processes, str(tmp_path), timeout_seconds=60)
    pids = [await until_written(tmp_path / name) for name in LEFT]
    busy = asyncio.create_task(other.call(own_pid, str(tmp_path / "busy"), timeout_seconds=60))
    theirs = await until_written(tmp_path / "busy")
    await asyncio.to_thread(pool.close)
    assert [alive(pid) for pid in pids] == [False] * 3
    assert alive(theirs)
    busy.cancel()
    await asyncio.gather(busy, return_exceptions=True)
    await asyncio.to_thread(other.close)


async def test_a_killed_coordinator_leaves_nothing_that_its_calls_started(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COORDINATOR, __file__, str(tmp_path)]
    coordinator = await asyncio.create_subprocess_exec(
        *command, "leave_processes_and_hang", stderr=subprocess.DEVNULL
    )
    pids = [await until_written(tmp_path / name) for name in LEFT]
    coordinator.kill()
    await coordinator.wait()
    for pid in pids:
        await until_gone(pid)


async def test_what_a_call_writes_does_not_reach_the_terminal(
    workers: ProcessWorkers, capfd: pytest.CaptureFixture[str]
) -> None:
    await workers.call(write_to_terminal, timeout_seconds=60)
    assert capfd.readouterr() == ("", "")


async def test_workers_are_replaced_and_no_call_is_lost(workers: ProcessWorkers) -> None:
    calls = [workers.call(os.getpid, timeout_seconds=60) for _ in range(160)]
    processes = await asyncio.gather(*calls)
    assert len(set(processes)) > 2


async def test_any_executor_serves() -> None:
    with ThreadPoolExecutor(2) as executor:
        workers: Workers = ExecutorWorkers(executor)
        assert await workers.call(double, 4, timeout_seconds=5) == 8
        released = threading.Event()
        with pytest.raises(OverdueError, match="abandoned"):
            await workers.call(released.wait, timeout_seconds=0.05)
        released.set()


async def test_the_event_loop_is_not_blocked(workers: ProcessWorkers) -> None:
    gaps: list[float] = []

    async def tick() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.01)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    await workers.call(double, 1, timeout_seconds=20)
    ticker = asyncio.create_task(tick())
    calls = [workers.call(double, number, timeout_seconds=20) for number in range(200)]
    await asyncio.gather(*calls)
    ticker.cancel()
    # Not a timing: a call that ran in the loop itself would let no tick through.
    assert len(gaps) > 0


async def test_a_call_that_the_executor_cancels_fails_alone() -> None:
    release = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        workers = ExecutorWorkers(executor)
        running = asyncio.create_task(workers.call(release.wait, timeout_seconds=20))
        queued = asyncio.create_task(workers.call(double, 1, timeout_seconds=20))
        await asyncio.sleep(0)
        executor.shutdown(wait=False, cancel_futures=True)
        release.set()
        with pytest.raises(CrashedError, match="cancelled"):
            await queued
        assert await running
