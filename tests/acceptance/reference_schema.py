"""The documented tables, indexes, views and functions, as data for the checks.

A column is its name, its type with NOT NULL where it has that, and its default, as PostgreSQL
prints them.
"""

from typing import Any, NamedTuple

ID = "gen_random_uuid()"
NOW = "now()"


class Column(NamedTuple):
    name: str
    type: str
    default: str | None = None

    @property
    def required(self) -> bool:
        return self.type.endswith(" NOT NULL")


def text(length: int) -> str:
    return f"character varying({length})"


def name(length: int) -> str:
    return f"{text(length)} NOT NULL"


TIME = "timestamp with time zone"
SHARE = "numeric(5,4)"

TABLES: dict[str, list[Column]] = {
    "mixin_compatibility_matrix": [
        Column("id", "uuid NOT NULL", ID),
        Column("mixin_a", name(100)),
        Column("mixin_b", name(100)),
        Column("node_type", name(50)),
        Column("compatibility_score", SHARE),
        Column("success_count", "integer", "0"),
        Column("failure_count", "integer", "0"),
        Column("last_tested_at", TIME),
        Column("conflict_reason", "text"),
        Column("resolution_pattern", "text"),
        Column("created_at", TIME, NOW),
        Column("updated_at", TIME, NOW),
    ],
    "pattern_feedback_log": [
        Column("id", "uuid NOT NULL", ID),
        Column("session_id", "uuid NOT NULL"),
        Column("pattern_name", name(100)),
        Column("detected_confidence", SHARE),
        Column("actual_pattern", text(100)),
        Column("feedback_type", name(50)),
        Column("user_provided", "boolean", "false"),
        Column("contract_json", "jsonb"),
        Column("capabilities_matched", "text[]"),
        Column("false_positives", "text[]"),
        Column("false_negatives", "text[]"),
        Column("learning_weight", SHARE, "1.0"),
        Column("created_at", TIME, NOW),
    ],
    "generation_performance_metrics": [
        Column("id", "uuid NOT NULL", ID),
        Column("session_id", "uuid NOT NULL"),
        Column("node_type", name(50)),
        Column("phase", name(50)),
        Column("duration_ms", "integer NOT NULL"),
        Column("memory_usage_mb", "integer"),
        Column("cpu_percent", "numeric(5,2)"),
        Column("cache_hit", "boolean", "false"),
        Column("parallel_execution", "boolean", "false"),
        Column("worker_count", "integer", "1"),
        Column("metadata", "jsonb"),
        Column("created_at", TIME, NOW),
    ],
    "template_cache_metadata": [
        Column("id", "uuid NOT NULL", ID),
        Column("template_name", name(200)),
        Column("template_type", name(50)),
        Column("cache_key", name(500)),
        Column("file_path", "text NOT NULL"),
        Column("file_hash", name(64)),
        Column("size_bytes", "integer"),
        Column("load_time_ms", "integer"),
        Column("last_accessed_at", TIME),
        Column("access_count", "integer", "0"),
        Column("cache_hits", "integer", "0"),
        Column("cache_misses", "integer", "0"),
        Column("created_at", TIME, NOW),
        Column("updated_at", TIME, NOW),
    ],
    "event_processing_metrics": [
        Column("id", "uuid NOT NULL", ID),
        Column("event_type", name(100)),
        Column("event_source", name(100)),
        Column("processing_duration_ms", "integer NOT NULL"),
        Column("queue_wait_time_ms", "integer"),
        Column("success", "boolean NOT NULL"),
        Column("error_type", text(100)),
        Column("error_message", "text"),
        Column("retry_count", "integer", "0"),
        Column("batch_size", "integer", "1"),
        Column("created_at", TIME, NOW),
    ],
}

# A row that each table takes; the checks change one value of it.
ROWS: dict[str, dict[str, Any]] = {
    "mixin_compatibility_matrix": {"mixin_a": "A", "mixin_b": "B", "node_type": "EFFECT"},
    "pattern_feedback_log": {
        "session_id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "pattern_name": "p",
        "feedback_type": "correct",
    },
    "generation_performance_metrics": {
        "session_id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "node_type": "EFFECT",
        "phase": "total",
        "duration_ms": 1,
    },
    "template_cache_metadata": {
        "template_name": "t",
        "template_type": "node",
        "cache_key": "k",
        "file_path": "/t",
        "file_hash": "0" * 64,
    },
    "event_processing_metrics": {
        "event_type": "e",
        "event_source": "s",
        "processing_duration_ms": 1,
        "success": True,
    },
}

# (table, column, values that the documented check takes, values that it refuses)
CHECKS: list[tuple[str, str, list[Any], list[Any]]] = [
    ("mixin_compatibility_matrix", "compatibility_score", [0, 0.5, 1, None], [-0.1, 1.1]),
    ("pattern_feedback_log", "detected_confidence", [0, 0.85, 1, None], [-0.1, 1.1]),
    ("pattern_feedback_log", "learning_weight", [0, 0.5, 1, None], [-0.1, 1.1]),
    ("generation_performance_metrics", "duration_ms", [0, 1], [-1]),
    ("generation_performance_metrics", "worker_count", [1, 64, None], [0, -1]),
    ("event_processing_metrics", "processing_duration_ms", [0, 1], [-1]),
    ("event_processing_metrics", "batch_size", [1, 500, None], [0, -1]),
    # Values that a comment of the reference lists; all of them have to be taken.
    (
        "mixin_compatibility_matrix",
        "node_type",
        ["EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"],
        [],
    ),
    ("pattern_feedback_log", "feedback_type", ["correct", "incorrect", "partial", "adjusted"], []),
    (
        "generation_performance_metrics",
        "phase",
        ["prd_analysis", "template_load", "code_gen", "validation", "persistence", "total"],
        [],
    ),
    (
        "template_cache_metadata",
        "template_type",
        ["node", "contract", "subcontract", "mixin", "test"],
        [],
    ),
]

UNIQUE = {
    "mixin_compatibility_matrix": ["mixin_a", "mixin_b", "node_type"],
    "template_cache_metadata": ["template_name"],
}

# Name -> table and what follows USING in PostgreSQL's own words.
INDEXES: dict[str, tuple[str, str]] = {
    "idx_mixin_compat_score": (
        "mixin_compatibility_matrix",
        "btree (compatibility_score DESC)",
    ),
    "idx_mixin_compat_node_type": ("mixin_compatibility_matrix", "btree (node_type)"),
    "idx_mixin_compat_mixins": ("mixin_compatibility_matrix", "btree (mixin_a, mixin_b)"),
    "idx_mixin_compat_updated": ("mixin_compatibility_matrix", "btree (updated_at DESC)"),
    "idx_pattern_feedback_session": ("pattern_feedback_log", "btree (session_id)"),
    "idx_pattern_feedback_pattern": ("pattern_feedback_log", "btree (pattern_name)"),
    "idx_pattern_feedback_type": ("pattern_feedback_log", "btree (feedback_type)"),
    "idx_pattern_feedback_created": ("pattern_feedback_log", "btree (created_at DESC)"),
    "idx_pattern_feedback_user": (
        "pattern_feedback_log",
        "btree (user_provided) WHERE (user_provided = true)",
    ),
    "idx_pattern_feedback_contract": ("pattern_feedback_log", "gin (contract_json)"),
    "idx_gen_perf_session": ("generation_performance_metrics", "btree (session_id)"),
    "idx_gen_perf_phase": ("generation_performance_metrics", "btree (phase)"),
    "idx_gen_perf_duration": ("generation_performance_metrics", "btree (duration_ms DESC)"),
    "idx_gen_perf_node_type": ("generation_performance_metrics", "btree (node_type)"),
    "idx_gen_perf_cache": (
        "generation_performance_metrics",
        "btree (cache_hit) WHERE (cache_hit = true)",
    ),
    "idx_gen_perf_parallel": (
        "generation_performance_metrics",
        "btree (parallel_execution) WHERE (parallel_execution = true)",
    ),
    "idx_gen_perf_created": ("generation_performance_metrics", "btree (created_at DESC)"),
    "idx_gen_perf_metadata": ("generation_performance_metrics", "gin (metadata)"),
    "idx_template_cache_name": ("template_cache_metadata", "btree (template_name)"),
    "idx_template_cache_type": ("template_cache_metadata", "btree (template_type)"),
    "idx_template_cache_accessed": ("template_cache_metadata", "btree (last_accessed_at DESC)"),
    "idx_template_cache_hits": ("template_cache_metadata", "btree (cache_hits DESC)"),
    "idx_template_cache_hash": ("template_cache_metadata", "btree (file_hash)"),
    "idx_event_proc_type": ("event_processing_metrics", "btree (event_type)"),
    "idx_event_proc_source": ("event_processing_metrics", "btree (event_source)"),
    "idx_event_proc_success": ("event_processing_metrics", "btree (success)"),
    "idx_event_proc_created": ("event_processing_metrics", "btree (created_at DESC)"),
    "idx_event_proc_duration": (
        "event_processing_metrics",
        "btree (processing_duration_ms DESC)",
    ),
    "idx_event_proc_errors": (
        "event_processing_metrics",
        "btree (error_type) WHERE (error_type IS NOT NULL)",
    ),
}

# The overview counts 30; the lists name 29. This is the one that nodewright chose.
THIRTIETH = "idx_gen_perf_phase_duration"

# View -> its columns in order, with their types.
VIEWS: dict[str, dict[str, str]] = {
    "mixin_compatibility_summary": {
        "node_type": "character varying",
        "total_combinations": "bigint",
        "avg_compatibility": "numeric",
        "total_successes": "bigint",
        "total_failures": "bigint",
        "success_rate": "numeric",
    },
    "pattern_feedback_analysis": {
        "pattern_name": "character varying",
        "feedback_type": "character varying",
        "feedback_count": "bigint",
        "avg_confidence": "numeric",
        "user_provided_count": "bigint",
        "avg_learning_weight": "numeric",
    },
    "performance_metrics_summary": {
        "phase": "character varying",
        "execution_count": "bigint",
        "avg_duration_ms": "numeric",
        "p95_duration_ms": "numeric",
        "p99_duration_ms": "numeric",
        "cache_hits": "bigint",
        "parallel_executions": "bigint",
        "avg_workers": "numeric",
    },
    "template_cache_efficiency": {
        "template_type": "character varying",
        "template_count": "bigint",
        "avg_cache_hits": "numeric",
        "avg_cache_misses": "numeric",
        "hit_rate": "numeric",
        "avg_load_time_ms": "numeric",
        "total_size_mb": "numeric",
    },
    "event_processing_health": {
        "event_type": "character varying",
        "event_source": "character varying",
        "total_events": "bigint",
        "success_count": "bigint",
        "failure_count": "bigint",
        "success_rate": "numeric",
        "avg_duration_ms": "numeric",
        "avg_wait_ms": "numeric",
        "avg_retries": "numeric",
    },
}

# Function -> its parameters as PostgreSQL prints them; both return a UUID.
FUNCTIONS = {
    "update_mixin_compatibility": (
        "p_mixin_a character varying, p_mixin_b character varying, "
        "p_node_type character varying, p_success boolean, "
        "p_conflict_reason text DEFAULT NULL::text, p_resolution_pattern text DEFAULT NULL::text"
    ),
    "record_pattern_feedback": (
        "p_session_id uuid, p_pattern_name character varying, p_detected_confidence numeric, "
        "p_actual_pattern character varying, p_feedback_type character varying, "
        "p_user_provided boolean DEFAULT false, p_contract_json jsonb DEFAULT NULL::jsonb"
    ),
}

# Model of a row or view -> where it reads from.
MODELS = {
    "MixinCompatibilityMatrix": "mixin_compatibility_matrix",
    "PatternFeedbackLog": "pattern_feedback_log",
    "GenerationPerformanceMetrics": "generation_performance_metrics",
    "TemplateCacheMetadata": "template_cache_metadata",
    "EventProcessingMetrics": "event_processing_metrics",
    "MixinCompatibilitySummary": "mixin_compatibility_summary",
    "PatternFeedbackAnalysis": "pattern_feedback_analysis",
    "PerformanceMetricsSummary": "performance_metrics_summary",
    "TemplateCacheEfficiency": "template_cache_efficiency",
    "EventProcessingHealth": "event_processing_health",
}
# Model of what a caller gives -> the table it becomes a row of.
GIVEN = {
    "MixinCompatibilityCreate": "mixin_compatibility_matrix",
    "PatternFeedbackCreate": "pattern_feedback_log",
    "GenerationPerformanceCreate": "generation_performance_metrics",
    "TemplateCacheCreate": "template_cache_metadata",
    "TemplateCacheUpdate": "template_cache_metadata",
    "EventProcessingCreate": "event_processing_metrics",
}
