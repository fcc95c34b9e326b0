import asyncio
import threading
from uuid import UUID, uuid4

import pytest

from nodewright.storage import CodegenPersistence, InvalidRecordError


async def test_pair_is_one_record_in_either_order(persistence: CodegenPersistence) -> None:
    first = await persistence.update_mixin_compatibility(
        mixin_a="MixinB", mixin_b="MixinA", node_type="EFFECT", success=True
    )
    second = await persistence.update_mixin_compatibility(
        mixin_a="MixinA",
        mixin_b="MixinB",
        node_type="EFFECT",
        success=False,
        conflict_reason="both define close",
    )
    assert first == second
    row = await persistence.get_mixin_compatibility("MixinB", "MixinA", "EFFECT")
    assert row is not None
    assert (row.mixin_a, row.mixin_b) == ("MixinA", "MixinB")
    assert (row.success_count, row.failure_count, row.compatibility_score) == (1, 1, 0.5)
    assert row.conflict_reason == "both define close"
    assert row.updated_at is not None
    assert row.created_at is not None
    assert row.updated_at > row.created_at
    assert await persistence.get_mixin_compatibility("MixinA", "MixinB", "COMPUTE") is None


async def test_concurrent_outcomes_are_all_counted(persistence: CodegenPersistence) -> None:
    await asyncio.gather(
        *(
            persistence.update_mixin_compatibility(
                mixin_a="AB"[number % 2],
                mixin_b="BA"[number % 2],
                node_type="REDUCER",
                success=number % 4 != 0,
            )
            for number in range(200)
        )
    )
    row = await persistence.get_mixin_compatibility("A", "B", "REDUCER")
    assert row is not None
    assert (row.success_count, row.failure_count) == (150, 50)
    assert row.compatibility_score == 0.75
    [summary] = await persistence.get_mixin_compatibility_summary()
    assert summary.total_combinations == 1
    assert summary.success_rate == 0.75


async def test_feedback_keeps_every_field(persistence: CodegenPersistence) -> None:
    session = uuid4()
    identity = await persistence.record_pattern_feedback(
        session_id=session,
        pattern_name="auth'; DROP TABLE pattern_feedback_log; --",
        detected_confidence=0.85,
        actual_pattern="oauth2",
        feedback_type="incorrect",
        user_provided=True,
        contract_json={"type": "EFFECT", "deep": [1, None, "ü"]},
        capabilities_matched=["auth", "{a,b}", 'quo"te'],
        false_positives=["basic"],
        false_negatives=[],
    )
    [row] = await persistence.get_pattern_feedback()
    assert isinstance(identity, UUID)
    assert row.id == identity
    assert row.session_id == session
    assert row.pattern_name == "auth'; DROP TABLE pattern_feedback_log; --"
    assert row.contract_json == {"type": "EFFECT", "deep": [1, None, "ü"]}
    assert row.capabilities_matched == ["auth", "{a,b}", 'quo"te']
    assert row.false_positives == ["basic"]
    assert row.false_negatives == []
    assert row.learning_weight == 1.0
    [analysis] = await persistence.get_pattern_feedback_analysis()
    assert (analysis.feedback_count, analysis.avg_confidence) == (1, 0.85)


async def test_summary_sees_telemetry_accepted_before(persistence: CodegenPersistence) -> None:
    session = uuid4()
    for duration in range(1, 101):
        await persistence.insert_performance_metric(
            session_id=session, node_type="EFFECT", phase="total", duration_ms=duration
        )
    [summary] = await persistence.get_performance_metrics_summary()
    assert summary.execution_count == 100
    assert summary.p95_duration_ms == 95.05
    assert summary.p99_duration_ms == 99.01


async def test_cache_counts_add_up(persistence: CodegenPersistence) -> None:
    for _ in range(2):
        await persistence.upsert_template_cache_metadata(
            template_name="effect",
            template_type="EFFECT",
            cache_key="effect:1",
            file_path="/templates/effect.j2",
            file_hash="0" * 64,
            size_bytes=1024,
            load_time_ms=3,
        )
        for _ in range(500):
            await persistence.update_cache_metrics("effect", cache_hits=1)
        await persistence.update_cache_metrics("effect", cache_misses=1, load_time_ms=7)
        await persistence.flush()
    row = await persistence.get_template_cache_metadata("effect")
    assert row is not None
    assert (row.cache_hits, row.cache_misses, row.access_count) == (1000, 2, 1002)
    assert row.load_time_ms == 7
    [efficiency] = await persistence.get_template_cache_efficiency()
    assert efficiency.hit_rate == 0.998


async def test_bad_telemetry_is_counted_and_never_raised(persistence: CodegenPersistence) -> None:
    for duration in (5, -1, float("nan"), "x"):
        await persistence.insert_event_processing_metric(
            event_type="made",
            event_source="test",
            processing_duration_ms=duration,  # type: ignore[arg-type]
            success=True,
        )
    [health] = await persistence.get_event_processing_health()
    assert health.total_events == 1
    stats = persistence.telemetry_stats()
    assert (stats.written, stats.rejected, stats.queued) == (1, 3, 0)


async def test_refused_fact_names_field_and_value(persistence: CodegenPersistence) -> None:
    with pytest.raises(InvalidRecordError, match=r"detected_confidence cannot be 1\.0001") as info:
        await persistence.record_pattern_feedback(
            session_id=uuid4(),
            pattern_name="crud",
            detected_confidence=1.0001,
            feedback_type="correct",
        )
    assert info.value.field == "detected_confidence"
    assert info.value.value == 1.0001
    assert await persistence.get_pattern_feedback() == []


async def test_transaction_is_undone_by_an_error(persistence: CodegenPersistence) -> None:
    async def fail_inside() -> None:
        async with persistence.transaction() as transaction:
            await transaction.execute(
                "INSERT INTO pattern_feedback_log (session_id, pattern_name, feedback_type)"
                " VALUES (gen_random_uuid(), 'crud', 'correct')"
            )
            assert len(await transaction.fetch("SELECT * FROM pattern_feedback_log")) == 1
            raise KeyError

    with pytest.raises(KeyError):
        await fail_inside()
    assert await persistence.get_pattern_feedback() == []


def test_one_object_serves_threads_and_successive_loops(persistence: CodegenPersistence) -> None:
    async def count(times: int) -> None:
        await asyncio.gather(
            *(
                persistence.update_mixin_compatibility(
                    mixin_a="A", mixin_b="B", node_type="EFFECT", success=True
                )
                for _ in range(times)
            )
        )

    threads = [threading.Thread(target=lambda: asyncio.run(count(20))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(3):
        asyncio.run(count(5))
    row = persistence.sync.get_mixin_compatibility("A", "B", "EFFECT")
    assert row is not None
    assert row.success_count == 175
