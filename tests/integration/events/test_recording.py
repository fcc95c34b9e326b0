from uuid import uuid4

from tests.integration.events.behaviour import Happened, happenings

from nodewright.events import EventOptimizer, OptimizerConfig
from nodewright.storage import CodegenPersistence


async def test_publishing_is_recorded_in_the_database(
    mock_bootstrap: str, persistence: CodegenPersistence
) -> None:
    service = f"s-{uuid4().hex[:12]}"
    async with EventOptimizer(mock_bootstrap, OptimizerConfig(), persistence) as optimizer:
        await optimizer.publish_event(Happened(service=service))
        await optimizer.publish_batch(happenings(service, 10))
    (health,) = await persistence.get_event_processing_health()
    assert (health.event_type, health.event_source) == ("happened", service)
    assert (health.total_events, health.success_count) == (2, 2)


async def test_dead_database_changes_nothing(mock_bootstrap: str) -> None:
    dead = CodegenPersistence("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    async with EventOptimizer(mock_bootstrap, OptimizerConfig(), dead) as optimizer:
        await optimizer.publish_batch(happenings(f"s-{uuid4().hex[:12]}", 10))
        assert optimizer.statistics().published == 10
    await dead.close()
