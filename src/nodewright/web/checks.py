"""The health checks of one installation, as its settings describe it."""

from collections.abc import Sequence

from nodewright.monitoring import checks
from nodewright.monitoring.health import HealthCheck
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence


def standard_checks(settings: Settings, persistence: CodegenPersistence) -> Sequence[HealthCheck]:
    """Database, broker, template pack, model, disk, spool and worker processes."""
    data = settings.data_dir
    return (
        checks.database(persistence),
        checks.broker({"bootstrap.servers": getattr(settings, "kafka_bootstrap_servers", None)}),
        checks.part("template_pack", _read_templates, "install nodewright again"),
        checks.model(
            data / "mixins" / "compatibility.skops", most_age_days=settings.model_max_age_days
        ),
        checks.disk(data, least_free_mb=settings.disk_min_free_mb),
        checks.spool(data / "events" / "spools"),
        checks.workers(),
    )


def _read_templates() -> str:
    from nodewright.templates import TemplatePack

    pack = TemplatePack()
    names = pack.names()
    for name in names:
        pack.template(name)
    if not names:
        raise FileNotFoundError("the built-in template pack is empty")
    return f"{len(names)} templates are readable"
