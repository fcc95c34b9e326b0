"""The health checks of one installation, as its settings describe it."""

from collections.abc import Mapping, Sequence

from nodewright.monitoring import HealthStatus, MonitoringSystem, checks
from nodewright.monitoring.health import HealthCheck
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence


async def diagnose(settings: Settings | None = None) -> list[HealthStatus]:
    """Run every check of this installation once."""
    settings = settings or Settings()
    async with CodegenPersistence(settings=settings) as persistence:
        system = MonitoringSystem(persistence=persistence, log_alerts=False)
        system.add_health_checks(standard_checks(settings, persistence))
        try:
            return await system.check_health()
        finally:
            await system.close()


def standard_checks(settings: Settings, persistence: CodegenPersistence) -> Sequence[HealthCheck]:
    """Database, broker, template pack, model, disk, spool and worker processes."""
    data = settings.data_dir
    return (
        checks.database(persistence),
        checks.broker(_broker(settings)),
        checks.part("template_pack", _read_templates, "install nodewright again"),
        checks.model(
            data / "mixins" / "compatibility.skops", most_age_days=settings.model_max_age_days
        ),
        checks.disk(data, least_free_mb=settings.disk_min_free_mb),
        checks.spool(
            settings.events_spool_dir or data / "events" / "spools",
            most_mb=settings.spool_max_mb,
            most_age_s=settings.spool_max_age_s,
        ),
        checks.workers(),
        checks.part("isolation", _isolation, "use a kernel with user namespaces or Landlock"),
    )


def _broker(settings: Settings) -> Mapping[str, object]:
    """How events reach Kafka; empty where the mock in the process takes them."""
    if not settings.kafka_bootstrap_servers or settings.kafka_bootstrap_servers == "mock":
        return {}
    from nodewright.events.broker import client_settings

    return client_settings(settings.kafka_bootstrap_servers, {})


def _isolation() -> str:
    from nodewright.runs.isolation import available

    return f"submitted code is isolated by {available()}"


def _read_templates() -> str:
    from nodewright.templates import TemplatePack

    pack = TemplatePack()
    names = pack.names()
    for name in names:
        pack.template(name)
    if not names:
        raise FileNotFoundError("the built-in template pack is empty")
    return f"{len(names)} templates are readable"
