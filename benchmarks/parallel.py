"""Nodes a second with one worker and with two, and what a pool of workers costs.

``python -m benchmarks.parallel [--nodes N] [--rounds N] [--quick] [--large]``; ``--large`` adds the
run of 2,000 nodes, in a process of its own.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from uuid import uuid4

from benchmarks.plans import plan_of
from benchmarks.ratios import QUICK, Contender, Figure, Timing, alternate, report
from nodewright.delivery.delivery import Delivery
from nodewright.planning.model import NodeReport, Plan, Verify
from nodewright.prd.models import NODE_KINDS
from nodewright.proving.proof import render_files
from nodewright.reading import SimplePRDAnalyzer
from nodewright.runs.parallel import GenerationJob, ParallelGenerator
from nodewright.runs.pooling import Proof, prove
from nodewright.runs.workers import ProcessWorkers

ROOT = Path(__file__).parent.parent
NODES = 96 if QUICK else 300
ROUNDS = 1 if QUICK else 2
LARGE = (500, 2000)
# Copier renders some of the files: what one costs does not depend on how many there are.
COPIED = 48
PRD = "# Orders\n\n- FR-1: The system shall store orders.\n\n## Order\n\n- label: string\n"


async def proven(
    plan: Plan, workers: ProcessWorkers, count: int, verify: Verify
) -> list[NodeReport]:
    """Prove all nodes; a node that fails ends the benchmark."""
    found = [r async for r in prove(plan, plan.nodes, workers, count, Proof(verify))]
    assert all(r.passed for r in found), next(r.reason for r in found if not r.passed)
    return found


def with_workers(count: int, work: Callable[[ProcessWorkers], object]) -> None:
    """Run ``work`` on a pool whose workers are all ready."""
    workers = ProcessWorkers(count)

    async def wake() -> None:
        # Each sleeps long enough that no worker takes two.
        await asyncio.gather(
            *(workers.call(time.sleep, 0.3, timeout_seconds=120) for _ in range(count))
        )

    try:
        asyncio.run(workers.call(int, 1, timeout_seconds=120))
        asyncio.run(wake())
        work(workers)
    finally:
        workers.close()


def throughput(nodes: int, rounds: int) -> tuple[list[Timing], list[Figure]]:
    """Nodes a second by workers and level, beside copier's rendering of the same files."""
    plan, copied = plan_of(nodes), plan_of(min(nodes, COPIED))
    seconds: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}
    pools = {count: ProcessWorkers(count) for count in (1, 2)}

    def measure(name: str, count: int, verify: Verify) -> None:
        start = time.perf_counter()
        reports = asyncio.run(proven(plan, pools[count], count, verify))
        seconds.setdefault(name, []).append((time.perf_counter() - start) / nodes)
        used = sum(report.cpu_seconds for report in reports)
        processor.setdefault(name, []).append(used / nodes)

    contenders = [
        ("1 worker, run", 1, Verify.RUN),
        ("2 workers, run", 2, Verify.RUN),
        ("2 workers, static", 2, Verify.STATIC),
    ]
    try:
        for count, workers in pools.items():
            asyncio.run(proven(plan_of(16 * count), workers, count, Verify.RUN))
        for number in range(rounds):
            for contender in contenders if number % 2 == 0 else reversed(contenders):
                measure(*contender)
            taken = copier_seconds(copied)
            if taken is not None:
                seconds.setdefault("copier, unverified", []).append(taken / len(copied.nodes))
    finally:
        for workers in pools.values():
            workers.close()
    timings = [Timing(name, median(v), min(v), len(v)) for name, v in seconds.items()]
    by_name = {timing.name: timing.median for timing in timings}
    one, two = by_name["1 worker, run"], by_name["2 workers, run"]
    figures = [
        Figure("2 workers against 1, run", one / two, 1.8, at_least=True),
        Figure("nodes a second, 2 workers, run", 1 / two, 100, at_least=True, unit=""),
    ]
    if "copier, unverified" in by_name:
        ratio = by_name["copier, unverified"] / by_name["2 workers, static"]
        figures.append(Figure("static against copier's unverified", ratio, 1.0, at_least=True))
    figures += [
        Figure(f"processor time a node, {name}", median(used) * 1000, 20, at_least=False, unit="ms")
        for name, used in processor.items()
    ]
    return timings, figures


def copier_seconds(plan: Plan) -> float | None:
    """Seconds that copier takes to render the files of ``plan``; None where it is missing."""
    try:
        import copier
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder, "template")
        for file in render_files(plan, [node.slug for node in plan.nodes]):
            path = template / f"{file.path}.jinja"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.content.replace("Order", "{{ entity }}"), encoding="utf-8")
        start = time.perf_counter()
        copier.run_copy(
            str(template), str(Path(folder, "out")), data={"entity": "Order"}, quiet=True
        )
        return time.perf_counter() - start


def waiting() -> Figure:
    """Three jobs that wait a second each."""

    def measure(count: int) -> float:
        taken: list[float] = []

        def work(workers: ProcessWorkers) -> None:
            async def wait() -> None:
                await asyncio.gather(
                    *(workers.call(time.sleep, 1, timeout_seconds=30) for _ in range(3))
                )

            start = time.perf_counter()
            asyncio.run(wait())
            taken.append(time.perf_counter() - start)

        with_workers(count, work)
        return taken[0]

    return Figure(
        "3 waiting jobs, 3 workers against 1", measure(1) / measure(3), 2.9, at_least=True
    )


def latency() -> list[Figure]:
    """A job on a warm pool, and the first of a cold process."""
    warm: list[float] = []

    def work(workers: ProcessWorkers) -> None:
        async def ask() -> None:
            for _ in range(100):
                start = time.perf_counter()
                await workers.call(int, 1, timeout_seconds=30)
                warm.append(time.perf_counter() - start)

        asyncio.run(ask())

    with_workers(2, work)
    first = (
        "import asyncio\n"
        "from nodewright.runs.workers import ProcessWorkers\n"
        "if __name__ == '__main__':\n"
        "    w = ProcessWorkers(2)\n"
        "    asyncio.run(w.call(int, 1, timeout_seconds=60))\n"
        "    w.close()\n"
    )
    imports = (
        "from omnibase_core.models.container import model_onex_container\n"
        "from omnibase_core.models.contracts import model_contract_compute, "
        "model_contract_effect, model_contract_orchestrator, model_contract_reducer\n"
        "from omnibase_core.nodes import node_compute, node_effect, node_orchestrator, "
        "node_reducer\n"
        "from omnibase_core.normalization import validate_contract_file\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "cold.py")
        script.write_text(first, encoding="utf-8")
        timings = alternate(
            [
                Contender(
                    "cold", lambda: subprocess.run([sys.executable, str(script)], check=True)
                ),
                Contender(
                    "import", lambda: subprocess.run([sys.executable, "-c", imports], check=True)
                ),
            ],
            rounds=3,
        )
    ratio = timings["cold"].median / timings["import"].median
    return [
        Figure("job on a warm pool", median(warm) * 1000, 5, at_least=False, unit="ms"),
        Figure("first job against the import of omnibase_core", ratio, 1.3, at_least=False),
    ]


def ticking() -> Figure:
    """The longest that the event loop kept a tick waiting beside 200 jobs, without its 10 ms."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.01)
            late.append(time.perf_counter() - start - 0.01)

    async def generate() -> None:
        analysis = SimplePRDAnalyzer().analyze_prd(PRD)
        with tempfile.TemporaryDirectory() as folder:
            jobs = [
                GenerationJob(uuid4(), kind, f"Order{number}Service", "orders", analysis, folder)
                for number in range(50)
                for kind in NODE_KINDS
            ]
            async with ParallelGenerator(2, enable_metrics=False) as generator:
                await generator.generate_nodes_parallel(jobs[:4], uuid4())
                ticker = asyncio.create_task(tick())
                results = await generator.generate_nodes_parallel(jobs, uuid4())
                ticker.cancel()
        assert all(result.success for result in results)

    asyncio.run(generate())
    return Figure("latest tick beside 200 jobs", max(late) * 1000, 50, at_least=False, unit="ms")


def interrupt() -> Figure:
    """From Ctrl-C in a run to the end of its last process."""
    names = [f"Thing{number}" for number in range(60)]
    text = "# Things\n\n" + "".join(
        f"- FR-{number}: The system shall store {name.lower()}s.\n"
        for number, name in enumerate(names)
    )
    taken = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            prd, out = Path(folder, "prd.md"), Path(folder, "out")
            prd.write_text(text, encoding="utf-8")
            process = subprocess.Popen(
                [sys.executable, "-m", "nodewright", "generate", str(prd), "-o", str(out)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            while not any(out.glob("src/*/nodes/node_*")):
                assert process.poll() is None, "it ended before a node was there"
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGINT)
            start = time.perf_counter()
            process.wait()
            while alive(process.pid):
                time.sleep(0.005)
            taken.append(time.perf_counter() - start)
    return Figure("Ctrl-C to the last process gone", median(taken), 1.0, at_least=False, unit="s")


def alive(session: int) -> bool:
    """Whether a process of ``session`` still runs."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            if int(fields[3]) == session and fields[0] != "Z":
                return True
    return False


def large() -> list[Figure]:
    """2,000 nodes against 500: time a node, the coordinator's memory and descriptors.

    The small run is made before and after the large one, for the machine's clock drifts.
    """
    few, many = LARGE
    before = descriptors()
    wall: dict[int, list[float]] = {few: [], many: []}
    processor: dict[int, list[float]] = {few: [], many: []}
    for nodes in (few, many, few):

        def work(workers: ProcessWorkers, nodes: int = nodes) -> None:
            plan = plan_of(nodes)
            start, own = time.perf_counter(), time.process_time()
            reports = asyncio.run(proven(plan, workers, 2, Verify.RUN))
            with tempfile.TemporaryDirectory() as folder:
                with Delivery(Path(folder, "out"), plan.package) as delivery:
                    own_files = render_files(plan)
                    delivery.stage([*own_files, *(f for r in reports for f in r.files)])
                    assert len(delivery.commit(reports).delivered) == nodes
                wall[nodes].append((time.perf_counter() - start) / nodes)
            own = time.process_time() - own + sum(report.cpu_seconds for report in reports)
            processor[nodes].append(own / nodes)

        with_workers(2, work)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratios = {
        name: mean(values[many]) / mean(values[few])
        for name, values in (("time", wall), ("processor time", processor))
    }
    return [
        *(
            Figure(f"{name} a node, {many:,} against {few}", ratio, 1.1, at_least=False)
            for name, ratio in ratios.items()
        ),
        Figure(f"coordinator's memory, {many:,} nodes", memory, 300, at_least=False, unit="MB"),
        Figure("descriptors left open", descriptors() - before, 3, at_least=False, unit=""),
    ]


def descriptors() -> int:
    """Open descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def large_elsewhere() -> list[Figure]:
    """``large`` in a process that has done nothing else, so that its memory says something."""
    code = (
        "import json; from dataclasses import asdict; from benchmarks.parallel import large\n"
        "if __name__ == '__main__': print(json.dumps([asdict(figure) for figure in large()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    return [Figure(**figure) for figure in json.loads(done.stdout)]


def option(name: str, default: int) -> int:
    """The number that follows ``name`` on the command line."""
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


def main() -> None:
    nodes, rounds = option("--nodes", NODES), option("--rounds", ROUNDS)
    timings, figures = throughput(nodes, rounds)
    figures += [waiting(), ticking(), *latency(), interrupt()]
    if "--large" in sys.argv:
        figures += large_elsewhere()
    note = f"{nodes} nodes, a quarter of each kind; {os.cpu_count()} processors"
    report("Parallel generation", timings, figures, [note])


if __name__ == "__main__":
    main()
