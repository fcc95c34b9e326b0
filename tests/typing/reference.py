"""The API reference as types: what its classes, methods and fields are called, take and return.

Type checkers prove at the end of this file that the real classes can be used as these say;
``tests/acceptance/test_reference_api.py`` compares names, order and defaults with them. A class
here has the name of the documented one; real ones are spelled with their module.

Over 400 lines because it is the documented interface as a whole.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from nodewright import events, logs, mixins, monitoring, templates
from nodewright.events import BaseEvent
from nodewright.logs import LogLevel as Level
from nodewright.monitoring import (
    AlertSeverity as Severity,
)
from nodewright.monitoring import (
    MetricType as Kind,
)
from nodewright.patterns import feedback
from nodewright.prd import SimplePRDAnalysisResult
from nodewright.runs import parallel
from nodewright.storage import CodegenPersistence

# Stream 2: template caching


class TemplateCache(Protocol):
    def __init__(
        self,
        max_templates: int = 100,
        max_size_mb: int = 50,
        ttl_seconds: int = 3600,
        enable_persistence: bool = True,
    ) -> None: ...

    def get(
        self,
        template_name: str,
        template_type: str,
        file_path: Path,
        loader_func: Callable[[Path], str],
    ) -> tuple[str, bool]: ...

    def invalidate(self, template_name: str) -> None: ...

    def invalidate_all(self) -> None: ...

    def warmup(self, templates_dir: Path, template_types: list[str]) -> None: ...

    def get_stats(self) -> dict[str, Any]: ...

    def get_detailed_stats(self) -> dict[str, Any]: ...


@dataclass
class CachedTemplate:
    template_name: str
    template_type: str
    content: str
    file_path: str
    file_hash: str
    loaded_at: datetime
    last_accessed_at: datetime
    access_count: int = 0
    size_bytes: int = 0


# Stream 3: parallel generation


class ParallelGenerator(Protocol):
    def __init__(
        self, max_workers: int = 3, timeout_seconds: int = 120, enable_metrics: bool = True
    ) -> None: ...

    async def generate_nodes_parallel(
        self, jobs: list[parallel.GenerationJob], session_id: UUID
    ) -> list[parallel.GenerationResult]: ...

    def get_progress(self) -> dict[str, Any]: ...

    async def cleanup(self) -> None: ...


@dataclass
class GenerationJob:
    job_id: UUID
    node_type: str
    microservice_name: str
    domain: str
    analysis_result: SimplePRDAnalysisResult
    output_directory: str


@dataclass
class GenerationResult:
    job_id: UUID
    success: bool
    node_result: dict[str, Any] | None
    error: str | None
    duration_ms: float
    node_type: str
    microservice_name: str


# Stream 4: mixin learning


class MixinLearner(Protocol):
    def __init__(
        self,
        model_path: Path | None = None,
        auto_train: bool = False,
        min_confidence_threshold: float = 0.7,
        persistence: CodegenPersistence | None = None,
    ) -> None: ...

    async def train_model(
        self, min_samples: int = 50, test_size: float = 0.2, cross_val_folds: int = 5
    ) -> mixins.ModelMetrics: ...

    def predict_compatibility(
        self,
        mixin_a: str,
        mixin_b: str,
        node_type: str,
        historical_data: dict[str, Any] | None = None,
    ) -> mixins.MixinPrediction: ...

    def recommend_mixins(
        self,
        node_type: str,
        required_capabilities: list[str],
        existing_mixins: list[str] | None = None,
        max_recommendations: int = 5,
    ) -> list[tuple[str, float, str]]: ...

    async def update_from_feedback(
        self,
        mixin_a: str,
        mixin_b: str,
        node_type: str,
        success: bool,
        retrain_threshold: int = 100,
    ) -> None: ...

    def get_metrics(self) -> mixins.ModelMetrics | None: ...

    def is_trained(self) -> bool: ...


@dataclass
class MixinPrediction:
    mixin_a: str
    mixin_b: str
    node_type: str
    compatible: bool
    confidence: float
    learned_from_samples: int
    explanation: str = ""


@dataclass
class ModelMetrics:
    accuracy: float
    precision: float
    recall: float
    f1_score: float
    cross_val_scores: list[float]
    training_samples: int
    test_samples: int
    trained_at: datetime


# Stream 5: pattern feedback


class PatternFeedbackCollector(Protocol):
    def __init__(self, persistence: CodegenPersistence | None = None) -> None: ...

    async def record_feedback(
        self, feedback: feedback.PatternFeedback, user_provided: bool = False
    ) -> UUID: ...

    async def analyze_feedback(
        self, pattern_name: str, min_samples: int = 20, use_cache: bool = True
    ) -> feedback.PatternAnalysis: ...

    async def get_all_pattern_analyses(
        self, min_samples: int = 20
    ) -> list[feedback.PatternAnalysis]: ...

    async def tune_pattern_threshold(
        self, pattern_name: str, target_precision: float = 0.90
    ) -> float | None: ...

    async def get_global_precision_metrics(self) -> dict[str, Any]: ...

    async def cleanup(self) -> None: ...


@dataclass
class PatternFeedback:
    session_id: UUID
    detected_pattern: str
    # The reference says float; where the confidence is not known, None is taken too.
    detected_confidence: float | None
    actual_pattern: str
    feedback_type: str
    capabilities_matched: list[str] = field(default_factory=list)
    false_positives: list[str] = field(default_factory=list)
    false_negatives: list[str] = field(default_factory=list)
    user_provided: bool = False
    contract_json: dict[str, Any] | None = None


@dataclass
class PatternAnalysis:
    pattern_name: str
    sufficient_data: bool
    sample_count: int
    precision: float
    recall: float | None = None
    f1_score: float | None = None
    correct_count: int = 0
    incorrect_count: int = 0
    partial_count: int = 0
    false_positive_counts: dict[str, int] = field(default_factory=dict)
    false_negative_counts: dict[str, int] = field(default_factory=dict)
    recommendations: list[str] = field(default_factory=list)
    suggested_threshold: float | None = None


# Stream 6: event optimization


@dataclass
class OptimizerConfig:
    enable_compression: bool = True
    compression_threshold_bytes: int = 1024
    max_producer_pool_size: int = 3
    enable_metrics: bool = True


@dataclass
class BatchConfig:
    max_batch_size: int = 10
    max_wait_ms: int = 100
    enable_metrics: bool = True


@dataclass
class CircuitBreakerConfig:
    failure_threshold: int = 5
    recovery_timeout_ms: int = 10000
    success_threshold: int = 2


class EventOptimizer(Protocol):
    def __init__(
        self,
        bootstrap_servers: str,
        config: events.OptimizerConfig | None = None,
        persistence: CodegenPersistence | None = None,
        batch_config: events.BatchConfig | None = None,
        circuit_config: events.CircuitBreakerConfig | None = None,
    ) -> None: ...

    async def publish_event(self, event: BaseEvent) -> None: ...

    async def publish_batch(self, events: list[BaseEvent]) -> None: ...

    def create_batch_processor(self) -> events.BatchProcessor: ...

    async def cleanup(self) -> None: ...


class BatchProcessor(Protocol):
    def __init__(
        self,
        processor_func: Callable[[list[Any]], Any],
        config: events.BatchConfig | None = None,
        persistence: CodegenPersistence | None = None,
    ) -> None: ...

    async def add_event(self, event: Any) -> Any | None: ...

    async def flush(self) -> Any: ...

    async def cleanup(self) -> None: ...


class CircuitBreaker(Protocol):
    def __init__(self, config: events.CircuitBreakerConfig) -> None: ...

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any: ...


class CircuitState(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


# Stream 7: monitoring


class Monitoring(Protocol):
    """What both the system and the module offer."""

    async def record_metric(
        self,
        name: str,
        value: float,
        metric_type: Kind,
        labels: dict[str, str] | None = None,
        help_text: str = "",
    ) -> None: ...

    async def collect_all_metrics(self, time_window_minutes: int = 60) -> dict[str, Any]: ...

    async def update_health_status(
        self,
        component: str,
        healthy: bool,
        status: str,
        error_message: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None: ...

    def get_active_alerts(
        self, severity: Severity | None = None, component: str | None = None
    ) -> list[monitoring.MonitoringAlert]: ...

    def get_monitoring_summary(self) -> dict[str, Any]: ...

    async def export_prometheus_metrics(self) -> str: ...


class MonitoringSystem(Monitoring, Protocol):
    def __init__(self, thresholds: monitoring.MonitoringThresholds | None = None) -> None: ...

    async def clear_metrics(self) -> None: ...


@dataclass
class MonitoringThresholds:
    template_load_ms_warning: float = 50.0
    template_load_ms_critical: float = 100.0
    cache_hit_rate_warning: float = 0.70
    cache_hit_rate_critical: float = 0.60
    parallel_speedup_warning: float = 2.5
    parallel_speedup_critical: float = 2.0
    generation_time_ms_warning: float = 3000.0
    generation_time_ms_critical: float = 5000.0
    mixin_accuracy_warning: float = 0.90
    mixin_accuracy_critical: float = 0.85
    compatibility_score_warning: float = 0.80
    compatibility_score_critical: float = 0.70
    pattern_precision_warning: float = 0.85
    pattern_precision_critical: float = 0.80
    false_positive_rate_warning: float = 0.15
    false_positive_rate_critical: float = 0.20
    event_latency_p95_warning: float = 200.0
    event_latency_p95_critical: float = 300.0
    event_success_rate_warning: float = 0.95
    event_success_rate_critical: float = 0.90
    quality_score_warning: float = 0.80
    quality_score_critical: float = 0.75
    validation_pass_rate_warning: float = 0.90
    validation_pass_rate_critical: float = 0.85


@dataclass
class MonitoringAlert:
    alert_id: str
    severity: Severity
    metric_name: str
    threshold: float
    actual_value: float
    message: str
    component: str
    labels: dict[str, str] = field(default_factory=dict)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    resolved_at: datetime | None = None
    resolution_message: str | None = None


@dataclass
class HealthStatus:
    component: str
    healthy: bool
    status: str
    last_check: datetime
    error_message: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class Metric:
    name: str
    value: float
    metric_type: Kind
    labels: dict[str, str] = field(default_factory=dict)
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    help_text: str = ""


class AlertSeverity(Enum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class MetricType(Enum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"


class MonitoringFunctions(Monitoring, Protocol):
    """The module's functions."""

    def get_monitoring_system(
        self, thresholds: monitoring.MonitoringThresholds | None = None
    ) -> monitoring.MonitoringSystem: ...


# Stream 8: structured logging


class StructuredLogger(Protocol):
    def __init__(
        self, name: str, component: str | None = None, level: Level = Level.INFO
    ) -> None: ...

    def set_correlation_id(self, correlation_id: UUID | str) -> None: ...

    def set_session_id(self, session_id: UUID | str) -> None: ...

    def set_component(self, component: str) -> None: ...

    def debug(self, message: str, metadata: dict[str, Any] | None = None) -> None: ...

    def info(self, message: str, metadata: dict[str, Any] | None = None) -> None: ...

    def warning(self, message: str, metadata: dict[str, Any] | None = None) -> None: ...

    def error(
        self,
        message: str,
        metadata: dict[str, Any] | None = None,
        exc_info: Exception | None = None,
    ) -> None: ...

    def critical(
        self,
        message: str,
        metadata: dict[str, Any] | None = None,
        exc_info: Exception | None = None,
    ) -> None: ...


class LoggerFunctions(Protocol):
    """The module's functions."""

    def get_logger(self, name: str, component: str | None = None) -> logs.StructuredLogger: ...

    def set_global_correlation_id(self, correlation_id: UUID | str) -> None: ...

    def set_global_session_id(self, session_id: UUID | str) -> None: ...

    def get_correlation_id(self) -> str | None: ...

    def get_session_id(self) -> str | None: ...


@dataclass
class LogRecord:
    timestamp: str
    level: str
    logger_name: str
    message: str
    correlation_id: str | None = None
    session_id: str | None = None
    component: str | None = None
    metadata: dict[str, Any] | None = None


class LogLevel(str, Enum):  # noqa: UP042 - as documented
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


# What the type checker proves: the real objects, made with documented arguments, are such.


def usable(
    persistence: CodegenPersistence, handle: Callable[[list[Any]], Any]
) -> tuple[
    TemplateCache,
    ParallelGenerator,
    MixinLearner,
    PatternFeedbackCollector,
    EventOptimizer,
    BatchProcessor,
    MonitoringSystem,
    MonitoringFunctions,
    StructuredLogger,
    LoggerFunctions,
]:
    return (
        templates.TemplateCache(
            max_templates=100, max_size_mb=50, ttl_seconds=3600, enable_persistence=True
        ),
        parallel.ParallelGenerator(max_workers=3, timeout_seconds=120, enable_metrics=True),
        mixins.MixinLearner(
            model_path=Path("model"),
            auto_train=False,
            min_confidence_threshold=0.7,
            persistence=persistence,
        ),
        feedback.PatternFeedbackCollector(persistence=persistence),
        events.EventOptimizer(
            bootstrap_servers="localhost:9092",
            config=events.OptimizerConfig(),
            persistence=persistence,
            batch_config=events.BatchConfig(),
            circuit_config=events.CircuitBreakerConfig(),
        ),
        events.BatchProcessor(
            processor_func=handle, config=events.BatchConfig(), persistence=persistence
        ),
        monitoring.MonitoringSystem(thresholds=monitoring.MonitoringThresholds()),
        monitoring,
        logs.StructuredLogger("name", component="part", level=logs.LogLevel.INFO),
        logs,
    )


async def called(
    circuit: events.CircuitBreaker, risky: Callable[[int, str], Awaitable[float]]
) -> float:
    return await circuit.call(risky, 1, "two")
