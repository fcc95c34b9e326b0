"""Records of the five tables and five views, as typed data.

Rows and views are frozen. A ``...Create`` or ``...Update`` model holds what a caller gives; its
checks are those of the database, so what it accepts can be stored. Durations are whole
milliseconds, instants are aware datetimes (a naive one is taken as UTC), scores and confidences
run from 0 to 1 with four decimals.
"""

from uuid import UUID

from nodewright.storage.columns import (
    Count,
    FeedbackType,
    GenerationPhase,
    Instant,
    Integer,
    Json,
    Name50,
    Name64,
    Name100,
    Name200,
    Name500,
    Names,
    NodeKind,
    Percent,
    Positive,
    TemplateType,
    Text,
    Unit,
)
from nodewright.storage.rows import Given, Row, percent

__all__ = [
    "EventProcessingCreate",
    "EventProcessingHealth",
    "EventProcessingMetrics",
    "FeedbackType",
    "GenerationPerformanceCreate",
    "GenerationPerformanceMetrics",
    "GenerationPhase",
    "MixinCompatibilityCreate",
    "MixinCompatibilityMatrix",
    "MixinCompatibilitySummary",
    "NodeKind",
    "NodeType",
    "PatternFeedbackAnalysis",
    "PatternFeedbackCreate",
    "PatternFeedbackLog",
    "PerformanceMetricsSummary",
    "TemplateCacheCreate",
    "TemplateCacheEfficiency",
    "TemplateCacheMetadata",
    "TemplateCacheUpdate",
    "TemplateType",
]

NodeType = NodeKind
"""The name that the reference's schema has for it."""


class MixinCompatibilityCreate(Given):
    """One outcome of composing two mixins on a node kind.

    The order of the pair does not matter: (a, b) and (b, a) are one record.
    """

    mixin_a: Name100
    mixin_b: Name100
    node_type: NodeKind
    success: bool
    conflict_reason: Text | None = None
    resolution_pattern: Text | None = None


class MixinCompatibilityMatrix(Row):
    """What is known of two mixins on a node kind.

    Attributes:
        mixin_a: the name that sorts first by code points.
        compatibility_score: successes / all trials, 0 to 1.
        success_count: trials that worked.
        failure_count: trials that failed.
        conflict_reason: of the last failure that gave one.
        resolution_pattern: how a conflict can be avoided, as last given.
    """

    id: UUID
    mixin_a: str
    mixin_b: str
    node_type: NodeKind
    compatibility_score: float | None = None
    success_count: int | None = 0
    failure_count: int | None = 0
    last_tested_at: Instant | None = None
    conflict_reason: str | None = None
    resolution_pattern: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    @property
    def total_tests(self) -> int:
        """All trials."""
        return (self.success_count or 0) + (self.failure_count or 0)

    @property
    def success_rate(self) -> float:
        """Successes in percent of all trials, 0 to 100; 0 without a trial."""
        return percent(self.success_count, self.failure_count)


class PatternFeedbackCreate(Given):
    """A judgement of one detection.

    Attributes:
        detected_confidence: 0 to 1, four decimals.
        learning_weight: 0 to 1; None lets the source decide: 1.0 from a user, else 0.5.
    """

    session_id: UUID
    pattern_name: Name100
    detected_confidence: Unit | None = None
    actual_pattern: Name100 | None = None
    feedback_type: FeedbackType
    user_provided: bool = False
    contract_json: Json | None = None
    capabilities_matched: Names | None = None
    false_positives: Names | None = None
    false_negatives: Names | None = None
    learning_weight: Unit | None = None


class PatternFeedbackLog(Row):
    """A stored judgement; see `PatternFeedbackCreate`."""

    id: UUID
    session_id: UUID
    pattern_name: str
    detected_confidence: float | None = None
    actual_pattern: str | None = None
    feedback_type: FeedbackType
    user_provided: bool | None = False
    contract_json: Json | None = None
    capabilities_matched: list[str] | None = None
    false_positives: list[str] | None = None
    false_negatives: list[str] | None = None
    learning_weight: float | None = 1.0
    created_at: Instant | None = None


class GenerationPerformanceCreate(Given):
    """How long one phase of a run took.

    Attributes:
        node_type: a node kind, or another word where a phase belongs to none.
        phase: prd_analysis, template_load, code_gen, validation, persistence, total, or the
            caller's own.
        duration_ms: milliseconds, at least 0.
        memory_usage_mb: MiB.
        cpu_percent: of one core, so above 100 with several; below 1000, two decimals.
        worker_count: at least 1.
    """

    session_id: UUID
    node_type: Name50
    phase: Name50
    duration_ms: Count
    memory_usage_mb: Integer | None = None
    cpu_percent: Percent | None = None
    cache_hit: bool | None = False
    parallel_execution: bool | None = False
    worker_count: Positive | None = 1
    metadata: Json | None = None


class GenerationPerformanceMetrics(Row):
    """A stored measurement; see `GenerationPerformanceCreate`."""

    id: UUID
    session_id: UUID
    node_type: str
    phase: str
    duration_ms: int
    memory_usage_mb: int | None = None
    cpu_percent: float | None = None
    cache_hit: bool | None = False
    parallel_execution: bool | None = False
    worker_count: int | None = 1
    metadata: Json | None = None
    created_at: Instant | None = None


class TemplateCacheCreate(Given):
    """A template that a cache has loaded.

    Attributes:
        template_type: node, contract, subcontract, mixin, test, or a node kind.
        file_hash: SHA-256 in hexadecimal.
        size_bytes: bytes.
        load_time_ms: milliseconds of the last load.
    """

    template_name: Name200
    template_type: Name50
    cache_key: Name500
    file_path: Text
    file_hash: Name64
    size_bytes: Integer | None = None
    load_time_ms: Integer | None = None
    last_accessed_at: Instant | None = None
    access_count: Integer | None = 0
    cache_hits: Integer | None = 0
    cache_misses: Integer | None = 0


class TemplateCacheUpdate(Given):
    """What happened to a template since the last update; counts are added to the stored ones."""

    template_name: Name200
    cache_hits: Count = 0
    cache_misses: Count = 0
    access_count: Count | None = None
    load_time_ms: Integer | None = None
    last_accessed_at: Instant | None = None


class TemplateCacheMetadata(Row):
    """A template's record; see `TemplateCacheCreate`."""

    id: UUID
    template_name: str
    template_type: str
    cache_key: str
    file_path: str
    file_hash: str
    size_bytes: int | None = None
    load_time_ms: int | None = None
    last_accessed_at: Instant | None = None
    access_count: int | None = 0
    cache_hits: int | None = 0
    cache_misses: int | None = 0
    created_at: Instant | None = None
    updated_at: Instant | None = None

    @property
    def total_accesses(self) -> int:
        """Hits and misses."""
        return (self.cache_hits or 0) + (self.cache_misses or 0)

    @property
    def hit_rate(self) -> float:
        """Hits in percent of all accesses, 0 to 100; 0 without an access."""
        return percent(self.cache_hits, self.cache_misses)


class EventProcessingCreate(Given):
    """How one event, or one batch of them, was processed.

    Attributes:
        processing_duration_ms: milliseconds, at least 0.
        queue_wait_time_ms: milliseconds before processing began.
        retry_count: attempts after the first.
        batch_size: events in it, at least 1.
    """

    event_type: Name100
    event_source: Name100
    processing_duration_ms: Count
    success: bool
    queue_wait_time_ms: Integer | None = None
    error_type: Name100 | None = None
    error_message: Text | None = None
    retry_count: Integer | None = 0
    batch_size: Positive | None = 1


class EventProcessingMetrics(Row):
    """A stored measurement; see `EventProcessingCreate`."""

    id: UUID
    event_type: str
    event_source: str
    processing_duration_ms: int
    queue_wait_time_ms: int | None = None
    success: bool
    error_type: str | None = None
    error_message: str | None = None
    retry_count: int | None = 0
    batch_size: int | None = 1
    created_at: Instant | None = None


class MixinCompatibilitySummary(Row):
    """Mixin compatibility of one node kind; rates and scores 0 to 1, three decimals."""

    node_type: str
    total_combinations: int
    avg_compatibility: float | None
    total_successes: int | None
    total_failures: int | None
    success_rate: float | None


class PatternFeedbackAnalysis(Row):
    """Feedback of one type on one pattern; averages 0 to 1, three decimals."""

    pattern_name: str
    feedback_type: str
    feedback_count: int
    avg_confidence: float | None
    user_provided_count: int
    avg_learning_weight: float | None


class PerformanceMetricsSummary(Row):
    """Durations of one phase in milliseconds; percentiles are interpolated."""

    phase: str
    execution_count: int
    avg_duration_ms: float
    p95_duration_ms: float
    p99_duration_ms: float
    cache_hits: int
    parallel_executions: int
    avg_workers: float | None


class TemplateCacheEfficiency(Row):
    """Cache use of one template type; hit_rate 0 to 1, times in milliseconds, sizes in MiB."""

    template_type: str
    template_count: int
    avg_cache_hits: float | None
    avg_cache_misses: float | None
    hit_rate: float | None
    avg_load_time_ms: float | None
    total_size_mb: float | None


class EventProcessingHealth(Row):
    """Processing of one event type from one source; success_rate 0 to 1, milliseconds."""

    event_type: str
    event_source: str
    total_events: int
    success_count: int
    failure_count: int
    success_rate: float
    avg_duration_ms: float
    avg_wait_ms: float | None
    avg_retries: float | None
