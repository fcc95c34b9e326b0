"""nodewright reads a product requirements document and generates proven ONEX nodes.

Every public name can be imported from here; each is loaded when it is first used, so that
``import nodewright`` stays fast.
"""

from typing import Any

from nodewright.lazy import load_export

__version__ = "0.1.0"

# Public name -> the module that defines it.
_EXPORTS: dict[str, str] = {
    "AlertRule": "nodewright.monitoring",
    "AlertSeverity": "nodewright.monitoring",
    "BaseEvent": "nodewright.events.model",
    "BatchConfig": "nodewright.events.config",
    "BatchProcessor": "nodewright.events.batching",
    "CachedTemplate": "nodewright.templates",
    "CircuitBreaker": "nodewright.events.breaker",
    "CircuitBreakerConfig": "nodewright.events.config",
    "CircuitState": "nodewright.events.breaker",
    "CodegenAnalysisRequest": "nodewright.events.codegen",
    "CodegenAnalysisResponse": "nodewright.events.codegen",
    "CodegenGenerationRequest": "nodewright.events.codegen",
    "CodegenGenerationResponse": "nodewright.events.codegen",
    "CodegenPersistence": "nodewright.storage.persistence",
    "CodegenStatusEvent": "nodewright.events.codegen",
    "CodegenValidationRequest": "nodewright.events.codegen",
    "CodegenValidationResponse": "nodewright.events.codegen",
    "EventOptimizer": "nodewright.events.optimizer",
    "GenerationJob": "nodewright.runs.parallel",
    "GenerationResult": "nodewright.runs.parallel",
    "HealthStatus": "nodewright.monitoring",
    "JSONFormatter": "nodewright.logs.stdlib",
    "LogFileError": "nodewright.logs.files",
    "LogLevel": "nodewright.logs.levels",
    "LogRecord": "nodewright.logs.record",
    "LogRotationConfig": "nodewright.logs.rotation",
    "Metric": "nodewright.monitoring",
    "MetricType": "nodewright.monitoring",
    "MixinLearner": "nodewright.mixins",
    "MixinPrediction": "nodewright.mixins",
    "ModelMetrics": "nodewright.mixins",
    "MonitoringAlert": "nodewright.monitoring",
    "MonitoringSystem": "nodewright.monitoring",
    "MonitoringThresholds": "nodewright.monitoring",
    "NodewrightError": "nodewright.errors",
    "OptimizerConfig": "nodewright.events.config",
    "ParallelGenerator": "nodewright.runs.parallel",
    "PatternAnalysis": "nodewright.patterns.feedback",
    "PatternFeedback": "nodewright.patterns.feedback",
    "PatternFeedbackCollector": "nodewright.patterns.feedback",
    "PatternMatcher": "nodewright.patterns.matcher",
    "Redaction": "nodewright.logs.redaction",
    "Sampling": "nodewright.logs.sampling",
    "Settings": "nodewright.settings",
    "SimplePRDAnalysisResult": "nodewright.prd.models",
    "SimplePRDAnalyzer": "nodewright.reading.analyzer",
    "StructuredLogger": "nodewright.logs.logger",
    "TemplateCache": "nodewright.templates",
    "TemplateError": "nodewright.templates",
    "TemplatePack": "nodewright.templates",
    "async_log_context": "nodewright.logs.context",
    "collect_all_metrics": "nodewright.monitoring",
    "configure_file_rotation": "nodewright.logs.config",
    "configure_logging": "nodewright.logs.config",
    "export_prometheus_metrics": "nodewright.monitoring",
    "get_active_alerts": "nodewright.monitoring",
    "get_correlation_id": "nodewright.logs.context",
    "get_log_stats": "nodewright.logs.rotation",
    "get_logger": "nodewright.logs.logger",
    "get_monitoring_summary": "nodewright.monitoring",
    "get_monitoring_system": "nodewright.monitoring",
    "get_session_id": "nodewright.logs.context",
    "log_context": "nodewright.logs.context",
    "read_prd": "nodewright.prd.source",
    "record_metric": "nodewright.monitoring",
    "set_global_correlation_id": "nodewright.logs.context",
    "set_global_session_id": "nodewright.logs.context",
    "update_health_status": "nodewright.monitoring",
    "with_log_context": "nodewright.logs.context",
}

__all__ = ["__version__", *sorted(_EXPORTS)]  # noqa: PLE0604 - names come from the table


def __getattr__(name: str) -> Any:
    return load_export(__name__, _EXPORTS, name)


def __dir__() -> list[str]:
    return list(__all__)
