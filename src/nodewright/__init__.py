"""nodewright reads a product requirements document and generates proven ONEX nodes.

Every public name can be imported from here; each is loaded when it is first used, so that
``import nodewright`` stays fast.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Public name -> the module that defines it.
_EXPORTS: dict[str, str] = {
    "CachedTemplate": "nodewright.templates",
    "CodegenPersistence": "nodewright.storage.persistence",
    "GenerationJob": "nodewright.generation.parallel",
    "GenerationResult": "nodewright.generation.parallel",
    "JSONFormatter": "nodewright.logs.stdlib",
    "LogFileError": "nodewright.logs.files",
    "LogLevel": "nodewright.logs.levels",
    "LogRecord": "nodewright.logs.record",
    "LogRotationConfig": "nodewright.logs.rotation",
    "MixinLearner": "nodewright.mixins",
    "MixinPrediction": "nodewright.mixins",
    "ModelMetrics": "nodewright.mixins",
    "AlertRule": "nodewright.monitoring",
    "AlertSeverity": "nodewright.monitoring",
    "CodegenPersistence": "nodewright.storage.persistence",
    "HealthStatus": "nodewright.monitoring",
    "Metric": "nodewright.monitoring",
    "MetricType": "nodewright.monitoring",
    "MonitoringAlert": "nodewright.monitoring",
    "MonitoringSystem": "nodewright.monitoring",
    "MonitoringThresholds": "nodewright.monitoring",
    "NodewrightError": "nodewright.errors",
    "ParallelGenerator": "nodewright.generation.parallel",
    "PatternMatcher": "nodewright.patterns.matcher",
    "Redaction": "nodewright.logs.redaction",
    "Sampling": "nodewright.logs.sampling",
    "Settings": "nodewright.settings",
    "SimplePRDAnalysisResult": "nodewright.prd.models",
    "SimplePRDAnalyzer": "nodewright.prd.analyzer",
    "StructuredLogger": "nodewright.logs.logger",
    "TemplateCache": "nodewright.templates",
    "TemplateError": "nodewright.templates",
    "TemplatePack": "nodewright.templates",
    "async_log_context": "nodewright.logs.context",
    "configure_file_rotation": "nodewright.logs.config",
    "configure_logging": "nodewright.logs.config",
    "get_correlation_id": "nodewright.logs.context",
    "get_log_stats": "nodewright.logs.rotation",
    "get_logger": "nodewright.logs.logger",
    "get_session_id": "nodewright.logs.context",
    "log_context": "nodewright.logs.context",
    "read_prd": "nodewright.prd.source",
    "set_global_correlation_id": "nodewright.logs.context",
    "set_global_session_id": "nodewright.logs.context",
    "with_log_context": "nodewright.logs.context",
    "collect_all_metrics": "nodewright.monitoring",
    "export_prometheus_metrics": "nodewright.monitoring",
    "get_active_alerts": "nodewright.monitoring",
    "get_monitoring_summary": "nodewright.monitoring",
    "get_monitoring_system": "nodewright.monitoring",
    "record_metric": "nodewright.monitoring",
    "update_health_status": "nodewright.monitoring",
}

__all__ = ["__version__", *sorted(_EXPORTS)]  # noqa: PLE0604 - names come from the table


def __getattr__(name: str) -> Any:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module 'nodewright' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
