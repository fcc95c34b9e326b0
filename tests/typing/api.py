"""Public names as users write them: never run, read by the type checkers."""

from pathlib import Path

import nodewright
from nodewright.mixins import (
    MixinLearner,
    MixinPrediction,
    ModelMetrics,
    Recommendation,
    usable_set,
)
from nodewright.monitoring import (
    AlertSeverity,
    MetricType,
    MonitoringAlert,
    MonitoringSystem,
    MonitoringThresholds,
    get_monitoring_system,
)
from nodewright.templates import CachedTemplate, TemplateCache, TemplatePack


def version() -> str:
    return nodewright.__version__


def cached(folder: Path) -> tuple[str, bool]:
    with TemplateCache(max_templates=10, max_size_mb=1, ttl_seconds=60) as cache:
        cache.warmup(templates_dir=folder, template_types=["EFFECT"])
        return cache.get("t", "EFFECT", folder / "t.j2", lambda path: path.read_text())


def first(cache: TemplateCache) -> CachedTemplate:
    cache.invalidate("t")
    return cache.templates()[0]


def rendered(folder: Path) -> str:
    return TemplatePack(folder).render("node_effect/node.py.j2", {"name": "Node"})


async def learned(learner: MixinLearner) -> ModelMetrics:
    await learner.update_from_feedback("MixinA", "MixinB", "EFFECT", success=True)
    return await learner.train_model(min_samples=100)


def predicted(learner: MixinLearner, folder: Path) -> MixinPrediction:
    learner = MixinLearner(model_path=folder / "m.skops", auto_train=True)
    return learner.predict_compatibility("MixinA", "MixinB", "EFFECT", {"success_count": 1})


def recommended(learner: MixinLearner) -> list[tuple[str, float, str]]:
    return learner.recommend_mixins("EFFECT", ["caching"], existing_mixins=None)


def chosen() -> Recommendation:
    return usable_set("EFFECT", ("caching",))


async def monitored(monitoring: MonitoringSystem) -> list[MonitoringAlert]:
    monitoring = get_monitoring_system(MonitoringThresholds(cache_hit_rate_warning=0.8))
    await monitoring.record_metric(
        name="template_load_duration_ms",
        value=45.2,
        metric_type=MetricType.HISTOGRAM,
        labels={"template_type": "EFFECT"},
        help_text="Template load duration in milliseconds",
    )
    await monitoring.update_health_status("template_cache", healthy=True, status="healthy")
    await monitoring.collect_all_metrics(time_window_minutes=30)
    return monitoring.get_active_alerts(severity=AlertSeverity.CRITICAL, component="events")
