"""``ParallelGenerator`` on real worker processes."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from omnibase_core.enums.enum_core_error_code import EnumCoreErrorCode
from omnibase_core.errors import OnexError
from tests.documents import SHOP

from nodewright import templates
from nodewright.delivery.delivery import undo
from nodewright.proving.model import Verify
from nodewright.reading import SimplePRDAnalyzer
from nodewright.runs.parallel import (
    GenerationJob,
    GenerationProgress,
    ParallelGenerator,
)
from nodewright.storage import CodegenPersistence

ANALYSIS = SimplePRDAnalyzer().analyze_prd(SHOP)


def job(folder: Path, kind: str = "EFFECT", name: str = "UserService") -> GenerationJob:
    return GenerationJob(
        job_id=uuid4(),
        node_type=kind,
        microservice_name=name,
        domain="orders",
        analysis_result=ANALYSIS,
        output_directory=str(folder),
    )


@pytest.fixture
async def generator() -> AsyncIterator[ParallelGenerator]:
    async with ParallelGenerator(max_workers=2, enable_metrics=False) as made:
        yield made


async def test_jobs_become_proven_nodes(generator: ParallelGenerator, tmp_path: Path) -> None:
    jobs = [job(tmp_path, kind) for kind in ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR")]
    results = await generator.generate_nodes_parallel(jobs, uuid4())
    assert {result.job_id for result in results} == {made.job_id for made in jobs}
    assert all(result.success for result in results), [result.error for result in results]
    names = {result.node_result["class_name"] for result in results if result.node_result}
    assert "NodeUserServiceEffect" in names
    for result in results:
        assert result.node_result is not None
        assert all(Path(path).is_file() for path in result.node_result["files"])
        assert result.duration_ms > 0
    assert generator.get_progress() == {
        "completed_jobs": 4,
        "total_jobs": 4,
        "progress_percent": 100.0,
        "remaining_jobs": 0,
    }


async def test_a_bad_job_fails_alone(generator: ParallelGenerator, tmp_path: Path) -> None:
    good, unknown, broken = job(tmp_path), job(tmp_path, "CLIENT"), job(tmp_path, name=" ")
    strange = job(tmp_path, "COMPUTE")
    strange.analysis_result = None  # type: ignore[assignment]
    results = await generator.generate_nodes_parallel([good, unknown, broken, strange], uuid4())
    errors = {result.job_id: result.error for result in results}
    assert errors[good.job_id] is None
    assert "'CLIENT' is none of EFFECT" in str(errors[unknown.job_id])
    assert "microservice_name is empty" in str(errors[broken.job_id])
    assert "analysis_result is NoneType" in str(errors[strange.job_id])


async def test_all_jobs_failing_is_an_onex_error(
    generator: ParallelGenerator, tmp_path: Path
) -> None:
    session = uuid4()
    jobs = [job(tmp_path, "NONE"), job(tmp_path, "NEITHER")]
    with pytest.raises(OnexError, match="all 2 jobs failed") as caught:
        await generator.generate_nodes_parallel(jobs, session)
    assert all(str(made.job_id) in str(caught.value) for made in jobs)
    assert caught.value.error_code is EnumCoreErrorCode.OPERATION_FAILED
    details = caught.value.context["additional_context"]["errors"]
    assert details.keys() == {str(made.job_id) for made in jobs}
    assert "'NONE' is none of EFFECT" in details[str(jobs[0].job_id)]
    assert caught.value.correlation_id == session
    assert not isinstance(caught.value, TimeoutError)


async def test_all_jobs_overdue_is_a_timeout_error_too(tmp_path: Path) -> None:
    release = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(release.wait)
        generator = ParallelGenerator(timeout_seconds=1, enable_metrics=False, executor=executor)
        results = generator.generate_nodes_iter([job(tmp_path)], uuid4())
        assert [result.timed_out async for result in results] == [True]
        with pytest.raises(TimeoutError, match=r"abandoned after 1 s.*longer timeout") as caught:
            await generator.generate_nodes_parallel([job(tmp_path)], uuid4())
        release.set()
    assert isinstance(caught.value, OnexError)
    assert caught.value.error_code is EnumCoreErrorCode.TIMEOUT


async def test_no_jobs_give_no_results(generator: ParallelGenerator) -> None:
    assert await generator.generate_nodes_parallel([], uuid4()) == []
    assert generator.get_progress()["progress_percent"] == 0.0


async def test_two_jobs_for_one_node_are_refused(
    generator: ParallelGenerator, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="would write the same node"):
        await generator.generate_nodes_parallel([job(tmp_path), job(tmp_path)], uuid4())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [{"max_workers": 0}, {"timeout_seconds": 0}])
def test_bad_limits_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ParallelGenerator(**arguments)


async def test_two_calls_at_once_and_a_second_job_beside_the_first(tmp_path: Path) -> None:
    seen: list[GenerationProgress] = []
    async with ParallelGenerator(2, enable_metrics=False, on_progress=seen.append) as generator:
        first, second = await asyncio.gather(
            generator.generate_nodes_parallel([job(tmp_path / "a")], uuid4()),
            generator.generate_nodes_parallel([job(tmp_path / "b", "COMPUTE")], uuid4()),
        )
        assert first[0].success
        assert second[0].success
        assert max(progress.total_jobs for progress in seen) == 2
        later = await generator.generate_nodes_parallel([job(tmp_path / "a", "REDUCER")], uuid4())
    assert later[0].success
    nodes = sorted(path.name for path in (tmp_path / "a/src/user_service/nodes").glob("node_*"))
    assert nodes == ["node_user_service_effect", "node_user_service_reducer"]


def overlay(folder: Path, statement: str) -> Path:
    """Templates whose computations do ``statement`` as they are imported."""
    (folder / "node").mkdir(parents=True)
    builtin = Path(templates.__file__).parent / "builtin/node/node_compute.py.j2"
    text = builtin.read_text(encoding="utf-8")
    changed = text.replace("\n\n\nclass ", f"\n\n{statement}\n\n\nclass ", 1)
    assert changed != text
    (folder / "node/node_compute.py.j2").write_text(changed, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("__import__('os')._exit(9)", "process: its process ended with code 9"),
        ("__import__('os').abort()", "process: its process ended"),
        ("__import__('threading').Event().wait()", "time: stopped after 8 s"),
    ],
)
async def test_a_job_that_ends_or_blocks_its_process_fails_alone(
    tmp_path: Path, statement: str, reason: str
) -> None:
    pack = overlay(tmp_path / "pack", statement)
    out = tmp_path / "out"
    async with ParallelGenerator(2, 8, enable_metrics=False, templates=pack) as generator:
        results = await generator.generate_nodes_parallel(
            [job(out), job(out, "COMPUTE"), job(out, "REDUCER")], uuid4()
        )
    by_kind = {result.node_type: result for result in results}
    assert reason in str(by_kind["COMPUTE"].error)
    assert by_kind["EFFECT"].success
    assert by_kind["REDUCER"].success
    nodes = out / "src/user_service/nodes"
    assert not (nodes / "node_user_service_compute").exists()
    report = out / ".nodewright/failed/node_user_service_compute/report.json"
    assert reason.split(":", maxsplit=1)[0] in report.read_text(encoding="utf-8")


async def test_calls_into_one_folder_take_turns(
    generator: ParallelGenerator, tmp_path: Path
) -> None:
    kinds = ("EFFECT", "COMPUTE", "REDUCER")
    calls = [generator.generate_nodes_parallel([job(tmp_path, kind)], uuid4()) for kind in kinds]
    for (result,) in await asyncio.gather(*calls):
        assert result.success, result.error
    assert len(list(tmp_path.glob("src/user_service/nodes/node_*"))) == 3


async def test_one_call_is_undone_wholly(generator: ParallelGenerator, tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobs = [job(out, name=f"Service{number}") for number in range(20)]
    delivered = 0
    async for result in generator.generate_nodes_iter(jobs, uuid4()):
        assert result.success, result.error
        delivered += 1
        assert result.node_result is not None
        assert all(Path(path).is_file() for path in result.node_result["files"])
    assert delivered == 20
    assert generator.last_run.speedup > 0
    undo(out)
    assert not out.exists()


async def test_an_edited_handler_is_judged_with_the_edit(
    generator: ParallelGenerator, tmp_path: Path
) -> None:
    first = await generator.generate_nodes_parallel([job(tmp_path, "COMPUTE")], uuid4())
    assert first[0].node_result is not None
    (handler,) = [path for path in first[0].node_result["files"] if "/handlers/handler_" in path]
    text = Path(handler).read_text(encoding="utf-8")
    broken = text + "\n\nraise RuntimeError('mine')\n"
    Path(handler).write_text(broken, encoding="utf-8")
    again = [job(tmp_path, "COMPUTE"), job(tmp_path)]
    results = await generator.generate_nodes_parallel(again, uuid4())
    errors = {result.node_type: result.error for result in results}
    assert errors["EFFECT"] is None
    assert "RuntimeError: mine" in str(errors["COMPUTE"])
    assert Path(handler).read_text(encoding="utf-8") == broken


async def test_cancelling_stops_the_work(generator: ParallelGenerator, tmp_path: Path) -> None:
    jobs = [job(tmp_path / str(number)) for number in range(12)]
    started = asyncio.Event()

    async def run() -> None:
        async for _ in generator.generate_nodes_iter(jobs, uuid4()):
            started.set()

    running = asyncio.create_task(run())
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert generator.get_progress()["remaining_jobs"] == 0
    later = await generator.generate_nodes_parallel([job(tmp_path / "later")], uuid4())
    assert later[0].success


async def test_any_executor_runs_the_jobs(tmp_path: Path) -> None:
    jobs = [job(tmp_path, name=f"User{number}Service") for number in range(6)]
    with ThreadPoolExecutor(2) as executor:
        async with ParallelGenerator(2, enable_metrics=False, executor=executor) as generator:
            results = await generator.generate_nodes_parallel(jobs, uuid4())
    assert all(result.success for result in results), [result.error for result in results]


async def test_phases_are_recorded(persistence: CodegenPersistence, tmp_path: Path) -> None:
    from nodewright.runs.recording import Recorder

    session = uuid4()
    async with ParallelGenerator(2, recorder=Recorder(persistence)) as generator:
        await generator.generate_nodes_parallel([job(tmp_path)], session)
    rows = await persistence.get_performance_metrics(session)
    assert {row.phase for row in rows} == {"code_gen", "validation", "persistence", "total"}
    assert {row.worker_count for row in rows} == {2}
    assert all(row.parallel_execution for row in rows)
    total = next(row for row in rows if row.phase == "total")
    assert total.metadata is not None
    assert total.metadata["speedup"] > 0


@pytest.mark.parametrize("stdin", [False, True])
def test_from_a_script_without_a_guard(tmp_path: Path, stdin: bool) -> None:
    text = (
        "import asyncio, sys\n"
        "from uuid import uuid4\n"
        "from nodewright import GenerationJob, ParallelGenerator, SimplePRDAnalyzer\n"
        "async def main():\n"
        "    analysis = SimplePRDAnalyzer().analyze_prd('- The system must store orders')\n"
        "    job = GenerationJob(uuid4(), 'EFFECT', 'Shop', 'orders', analysis, sys.argv[1])\n"
        "    generator = ParallelGenerator(enable_metrics=False)\n"
        "    results = await generator.generate_nodes_parallel([job], uuid4())\n"
        "    await generator.cleanup()\n"
        "    print(results[0].success, results[0].error)\n"
        "asyncio.run(main())\n"
    )
    script = tmp_path / "script.py"
    script.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-" if stdin else str(script), str(tmp_path / "out")],
        input=text if stdin else None,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.startswith("True"), done


async def test_the_use_of_templates_is_recorded(
    persistence: CodegenPersistence, tmp_path: Path
) -> None:
    from nodewright.runs.recording import Recorder

    async with ParallelGenerator(1, recorder=Recorder(persistence)) as generator:
        await generator.generate_nodes_parallel([job(tmp_path)], uuid4())
    await persistence.flush()
    by_type = {row.template_type: row for row in await persistence.get_template_cache_efficiency()}
    assert {"EFFECT", "NODE", "FRAME", "COMMON", "PACKAGE"} <= set(by_type)
    assert by_type["NODE"].template_count > 3


async def test_cleanup_lets_go_of_the_database(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEWRIGHT_DATABASE_URL", database_url)
    before = set(threading.enumerate())
    generator = ParallelGenerator(max_workers=1, verify=Verify.STATIC)
    session = uuid4()
    await generator.generate_nodes_parallel([job(tmp_path, "COMPUTE")], session)
    assert {thread.name for thread in set(threading.enumerate()) - before}
    await generator.cleanup()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if "telemetry" in name or "pool" in name}
    rows = CodegenPersistence(database_url).sync.get_performance_metrics(session)
    assert {row.phase for row in rows} >= {"code_gen", "total"}
