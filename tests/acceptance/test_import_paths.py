"""The import paths of the API reference name the objects of the package."""

import subprocess
import sys
from pathlib import Path

import pytest
from agents.lib import MODULES

CHECKOUT = Path(__file__).parents[2]

# Documented module -> names that the reference imports from it.
DOCUMENTED = {
    "alert_manager": ["MonitoringAlert", "AlertSeverity"],
    "batch_processor": ["BatchProcessor", "BatchConfig"],
    "codegen_events": ["BaseEvent", "CodegenAnalysisRequest", "CodegenStatusEvent"],
    "event_optimizer": [
        "EventOptimizer",
        "CircuitBreaker",
        "OptimizerConfig",
        "CircuitBreakerConfig",
        "CircuitState",
    ],
    "health_checker": ["HealthStatus"],
    "log_context": ["log_context", "async_log_context", "with_log_context"],
    "log_rotation": ["LogRotationConfig", "configure_file_rotation", "get_log_stats"],
    "mixin_learner": ["MixinLearner", "MixinPrediction", "ModelMetrics"],
    "monitoring": [
        "MonitoringSystem",
        "MonitoringThresholds",
        "MonitoringAlert",
        "HealthStatus",
        "Metric",
        "AlertSeverity",
        "MetricType",
        "get_monitoring_system",
        "record_metric",
        "collect_all_metrics",
        "update_health_status",
        "get_active_alerts",
        "get_monitoring_summary",
        "export_prometheus_metrics",
    ],
    "parallel_generator": ["ParallelGenerator", "GenerationJob", "GenerationResult"],
    "pattern_feedback": ["PatternFeedbackCollector", "PatternFeedback", "PatternAnalysis"],
    "persistence": ["CodegenPersistence"],
    "schema_phase7": [
        "MixinCompatibilityMatrix",
        "MixinCompatibilityCreate",
        "PatternFeedbackLog",
        "PatternFeedbackCreate",
        "GenerationPerformanceMetrics",
        "GenerationPerformanceCreate",
        "TemplateCacheMetadata",
        "TemplateCacheCreate",
        "TemplateCacheUpdate",
        "EventProcessingMetrics",
        "EventProcessingCreate",
        "MixinCompatibilitySummary",
        "PatternFeedbackAnalysis",
        "PerformanceMetricsSummary",
        "TemplateCacheEfficiency",
        "EventProcessingHealth",
    ],
    "simple_prd_analyzer": ["SimplePRDAnalyzer", "SimplePRDAnalysisResult"],
    "structured_logger": [
        "StructuredLogger",
        "LogLevel",
        "LogRecord",
        "get_logger",
        "set_global_correlation_id",
        "set_global_session_id",
        "get_correlation_id",
        "get_session_id",
    ],
    "template_cache": ["TemplateCache", "CachedTemplate"],
}


@pytest.mark.parametrize(("package", "path"), [("agents.lib", "."), ("lib", "agents")])
def test_documented_names_are_the_real_objects(package: str, path: str) -> None:
    lines = [f"import sys; sys.path.insert(0, {str(CHECKOUT / path)!r})", "import importlib"]
    for module, names in DOCUMENTED.items():
        lines.append(f"import {package}.{module} as alias")
        lines.append("real = importlib.import_module(alias.__spec__.name)")
        lines.append("assert alias is real and real.__name__.startswith('nodewright'), alias")
        lines += [f"assert alias.{name} is real.{name}" for name in names]
        lines.append(f"from {package}.{module} import {', '.join(names)}")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_every_alias_is_checked() -> None:
    assert sorted(DOCUMENTED) == sorted(MODULES)


def test_an_unknown_module_is_not_found() -> None:
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); import agents.lib.nothing"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert "ModuleNotFoundError" in done.stderr
