"""Generation on a Dask cluster of real processes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from nodewright.proving.model import Verify
from nodewright.reading import SimplePRDAnalyzer
from nodewright.runs.parallel import GenerationJob, ParallelGenerator

distributed = pytest.importorskip("distributed", reason="nodewright[dask] is not installed")

PRD = """# Order Desk

- FR-1: The system shall store orders.
- FR-2: The system shall validate each order: quantity must be at least 1.

## Order

- customer: string
- quantity: integer
"""
KINDS = ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR")


class Cluster:
    """A scheduler's address, and its worker processes."""

    def __init__(self, address: str, workers: Sequence[subprocess.Popen[bytes]]) -> None:
        self.address = address
        self.workers = workers


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    file = folder / "scheduler.json"
    processes: list[subprocess.Popen[bytes]] = []

    def start(module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        command += ["--scheduler-file", str(file), "--no-dashboard"]
        processes.append(subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL))

    try:
        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        deadline = time.monotonic() + 60
        while not file.exists() or not file.stat().st_size:
            assert processes[0].poll() is None, "the scheduler ended"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for number in range(workers):
            start("dask_worker", "--no-nanny", "--nthreads", "2", "--name", str(number))
        address = orjson.loads(file.read_bytes())["address"]
        with distributed.Client(address) as client:
            client.wait_for_workers(workers, timeout=60)
        yield Cluster(address, processes[1:])
    finally:
        for process in processes:
            process.kill()
            process.wait()


async def kill_one_during(folder: Path, services: int, verify: Verify) -> None:
    """A worker is killed while nodes are proven: each is delivered all the same, and once."""
    analysis = SimplePRDAnalyzer().analyze_prd(PRD)
    out = folder / "out"
    jobs = [
        GenerationJob(uuid4(), kind, f"Order{number}Service", "orders", analysis, str(out))
        for number in range(services)
        for kind in KINDS
    ]
    with cluster(folder, 3) as running, distributed.Client(running.address) as client:
        executor = client.get_executor()
        async with ParallelGenerator(
            3, enable_metrics=False, executor=executor, verify=verify
        ) as generator:
            results = []
            async for result in generator.generate_nodes_iter(jobs, uuid4()):
                if not results:
                    os.kill(running.workers[0].pid, signal.SIGKILL)
                results.append(result)
        left = len(client.nthreads())
    assert left == 2
    assert all(result.success for result in results), [r.error for r in results if not r.success]
    assert sorted(str(r.job_id) for r in results) == sorted(str(made.job_id) for made in jobs)
    nodes = {path.name for path in out.glob("src/*/nodes/node_*")}
    assert len(nodes) == len(jobs)


async def test_a_worker_of_the_cluster_is_killed(tmp_path: Path) -> None:
    await kill_one_during(tmp_path, 6, Verify.RUN)


@pytest.mark.faults
async def test_a_worker_of_the_cluster_is_killed_during_200_jobs(tmp_path: Path) -> None:
    await kill_one_during(tmp_path, 50, Verify.RUN)


def generate(folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    prd = folder / "prd.md"
    prd.write_text(PRD, encoding="utf-8")
    command = [sys.executable, "-m", "nodewright", "generate", str(prd), "-o", str(folder / "out")]
    return subprocess.run(
        [*command, "--cluster", address, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_the_command_runs_on_a_cluster(tmp_path: Path) -> None:
    with cluster(tmp_path, 1) as running:
        done = generate(tmp_path, running.address)
    assert done.returncode == 0, done.stderr
    assert all(node["delivered"] for node in orjson.loads(done.stdout)["nodes"])


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    done = generate(tmp_path, "no address")
    assert done.returncode == 2
    assert "no address" in done.stderr
    assert not (tmp_path / "out").exists()
