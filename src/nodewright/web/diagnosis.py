"""What ``nodewright doctor`` finds, as text or JSON."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson

from nodewright.monitoring import HealthStatus, MonitoringSystem
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence
from nodewright.web.checks import standard_checks


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


def shown(statuses: Sequence[HealthStatus], *, as_json: bool = False) -> str:
    """One line a part: status, part, finding; below it what to do."""
    if as_json:
        return orjson.dumps([asdict(status) for status in statuses], default=str).decode()
    width = max((len(status.component) for status in statuses), default=0)
    lines = []
    for status in statuses:
        message = " ".join(str(status.metadata.get("message", "")).split())
        lines.append(f"{status.status:<9} {status.component:<{width}}  {message}")
        if not status.healthy and status.metadata.get("advice"):
            lines.append(f"{'':<10}{'':<{width}}  to do: {status.metadata['advice']}")
    well = sum(status.healthy for status in statuses)
    lines.append(f"{well} of {len(statuses)} parts are well")
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)
