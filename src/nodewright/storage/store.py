"""Every documented operation on the stored data, synchronous; safe in any thread.

It is over 400 lines because each operation is a method of one class, with what it takes and gives.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import time
from typing import Any
from uuid import UUID

from nodewright.settings import Settings
from nodewright.storage import queries
from nodewright.storage.columns import json_text
from nodewright.storage.database import Database, Parameters
from nodewright.storage.records import (
    EventProcessingHealth,
    FeedbackType,
    GenerationPerformanceMetrics,
    MixinCompatibilityCreate,
    MixinCompatibilityMatrix,
    MixinCompatibilitySummary,
    NodeKind,
    PatternFeedbackAnalysis,
    PatternFeedbackCreate,
    PatternFeedbackLog,
    PerformanceMetricsSummary,
    TemplateCacheEfficiency,
    TemplateCacheMetadata,
)
from nodewright.storage.telemetry_rows import (
    EVENT,
    PERFORMANCE,
    TEMPLATE,
    TEMPLATE_USE,
)
from nodewright.storage.write_behind import TelemetryStats, TelemetryWriter

# How long a summary waits for the telemetry that was accepted before it.
_FLUSH_S = 5.0


class Store:
    """The tables and views of one database.

    Facts (mixin compatibility, pattern feedback) are committed, exactly once, before the call
    returns. Telemetry (performance, cache and event metrics) is accepted at once and written
    behind: these calls never wait and never raise. A summary of telemetry first waits, for a few
    seconds at most, until what was accepted before is written.
    """

    def __init__(self, dsn: str | None = None, settings: Settings | None = None) -> None:
        self.database: Database = Database(dsn, settings)
        self.telemetry: TelemetryWriter = TelemetryWriter(self.database)

    def close(self) -> None:
        """Write what waits and release everything; a later call opens again."""
        self.database.close()

    def flush(self, timeout: float = _FLUSH_S) -> bool:
        """Wait until all accepted telemetry is written; whether it was, within ``timeout`` s."""
        return self.telemetry.flush(timeout)

    def telemetry_stats(self) -> TelemetryStats:
        """What became of the telemetry so far."""
        return self.telemetry.stats()

    # Mixin compatibility

    def update_mixin_compatibility(
        self,
        mixin_a: str,
        mixin_b: str,
        node_type: str | NodeKind,
        success: bool,
        *,
        conflict_reason: str | None = None,
        resolution_pattern: str | None = None,
    ) -> UUID:
        """Count one outcome of two mixins on a node kind; their order does not matter.

        Args:
            mixin_a: a mixin's class name.
            mixin_b: the other's.
            node_type: EFFECT, COMPUTE, REDUCER or ORCHESTRATOR.
            success: whether they worked together.
            conflict_reason: why not; the latest one is kept.
            resolution_pattern: what helped; the latest one is kept.

        Returns:
            The id of the pair's record.

        Raises:
            InvalidRecordError: a value cannot be stored; nothing was written.
            StorageUnavailableError: the database stayed away.
        """
        record = MixinCompatibilityCreate.of(
            mixin_a=mixin_a,
            mixin_b=mixin_b,
            node_type=node_type,
            success=success,
            conflict_reason=conflict_reason,
            resolution_pattern=resolution_pattern,
        )
        return self._record("update_mixin_compatibility", record.__dict__)

    def retract_mixin_compatibility(
        self, mixin_a: str, mixin_b: str, node_type: str | NodeKind, success: bool
    ) -> bool:
        """Take one outcome back, as if it had never been counted; whether there was such a one.

        Args:
            mixin_a: a mixin's class name.
            mixin_b: the other's; their order does not matter.
            node_type: EFFECT, COMPUTE, REDUCER or ORCHESTRATOR.
            success: whether the outcome to take back was a success.

        Raises:
            InvalidRecordError: a value cannot be stored.
            StorageUnavailableError: the database stayed away.
        """
        record = MixinCompatibilityCreate.of(
            mixin_a=mixin_a, mixin_b=mixin_b, node_type=node_type, success=success
        )
        named = queries.load("nodewright.storage")
        return self.database.execute(named["retract_mixin_compatibility"], record.__dict__) > 0

    def get_mixin_compatibility(
        self, mixin_a: str, mixin_b: str, node_type: str | NodeKind
    ) -> MixinCompatibilityMatrix | None:
        """What is known of two mixins, in either order, on a node kind; None: nothing."""
        parameters = {"mixin_a": mixin_a, "mixin_b": mixin_b, "node_type": str(node_type)}
        rows = self._fetch("get_mixin_compatibility", MixinCompatibilityMatrix, parameters)
        return rows[0] if rows else None

    def list_mixin_compatibility(
        self, node_type: str | NodeKind | None = None
    ) -> list[MixinCompatibilityMatrix]:
        """All records of pairs, or those of one node kind."""
        parameters = {"node_type": str(node_type) if node_type else None}
        return self._fetch("list_mixin_compatibility", MixinCompatibilityMatrix, parameters)

    def get_mixin_compatibility_summary(
        self, node_type: str | NodeKind | None = None
    ) -> list[MixinCompatibilitySummary]:
        """The view of that name, all node kinds or one."""
        parameters = {"node_type": str(node_type) if node_type else None}
        return self._fetch("mixin_compatibility_summary", MixinCompatibilitySummary, parameters)

    # Pattern feedback

    def record_pattern_feedback(
        self,
        session_id: UUID | str,
        pattern_name: str,
        *,
        detected_confidence: float | None = None,
        actual_pattern: str | None = None,
        feedback_type: str | FeedbackType = FeedbackType.CORRECT,
        user_provided: bool = False,
        contract_json: Any = None,
        capabilities_matched: Sequence[str] | None = None,
        false_positives: Sequence[str] | None = None,
        false_negatives: Sequence[str] | None = None,
        learning_weight: float | None = None,
    ) -> UUID:
        """Store a judgement of one detection.

        Args:
            session_id: the run it belongs to.
            pattern_name: the detected pattern.
            detected_confidence: 0 to 1.
            actual_pattern: what it really was.
            feedback_type: correct, incorrect, partial or adjusted.
            user_provided: whether a user says so.
            contract_json: any JSON value.
            capabilities_matched: names.
            false_positives: names wrongly detected.
            false_negatives: names missed.
            learning_weight: 0 to 1; by default 1.0 from a user, else 0.5.

        Returns:
            The record's id.

        Raises:
            InvalidRecordError: a value cannot be stored; nothing was written.
            StorageUnavailableError: the database stayed away.
        """
        record = PatternFeedbackCreate.of(
            session_id=session_id,
            pattern_name=pattern_name,
            detected_confidence=detected_confidence,
            actual_pattern=actual_pattern,
            feedback_type=feedback_type,
            user_provided=user_provided,
            contract_json=contract_json,
            capabilities_matched=capabilities_matched,
            false_positives=false_positives,
            false_negatives=false_negatives,
            learning_weight=learning_weight,
        )
        parameters = dict(record.__dict__)
        if contract_json is not None:
            parameters["contract_json"] = json_text(contract_json)
        return self._record("record_pattern_feedback", parameters)

    def delete_pattern_feedback(self, feedback_id: UUID | str) -> bool:
        """Take a judgement back, as if it had never been given; whether there was one.

        Raises:
            InvalidRecordError: ``feedback_id`` is not a UUID.
            StorageUnavailableError: the database stayed away.
        """
        named = queries.load("nodewright.storage")
        return self.database.execute(named["delete_pattern_feedback"], {"id": feedback_id}) > 0

    def get_pattern_feedback(
        self, pattern_name: str | None = None, limit: int = 1000
    ) -> list[PatternFeedbackLog]:
        """The latest ``limit`` judgements of a pattern, or of all, newest first."""
        parameters = {"pattern_name": pattern_name, "limit": limit}
        return self._fetch("get_pattern_feedback", PatternFeedbackLog, parameters)

    def get_pattern_feedback_analysis(
        self, pattern_name: str | None = None
    ) -> list[PatternFeedbackAnalysis]:
        """The view of that name, all patterns or one."""
        parameters = {"pattern_name": pattern_name}
        return self._fetch("pattern_feedback_analysis", PatternFeedbackAnalysis, parameters)

    # Generation performance

    def insert_performance_metric(
        self,
        session_id: UUID | str,
        node_type: str,
        phase: str,
        duration_ms: float,
        *,
        memory_usage_mb: float | None = None,
        cpu_percent: float | None = None,
        cache_hit: bool = False,
        parallel_execution: bool = False,
        worker_count: int = 1,
        metadata: Any = None,
    ) -> None:
        """Accept the time that one phase took; see `GenerationPerformanceCreate` for units.

        ``metadata`` may be changed afterwards, but not what is nested in it.
        """
        self.telemetry.put(
            (
                PERFORMANCE,
                time(),
                session_id,
                node_type,
                phase,
                duration_ms,
                memory_usage_mb,
                cpu_percent,
                cache_hit,
                parallel_execution,
                worker_count,
                metadata.copy() if type(metadata) is dict else metadata,
            )
        )

    def get_performance_metrics_summary(
        self, phase: str | None = None
    ) -> list[PerformanceMetricsSummary]:
        """The view of that name, all phases or one."""
        self.flush()
        return self._fetch(
            "performance_metrics_summary", PerformanceMetricsSummary, {"phase": phase}
        )

    def get_performance_metrics(
        self, session_id: UUID | str | None = None, limit: int = 1000
    ) -> list[GenerationPerformanceMetrics]:
        """The latest measurements, newest first, of all sessions or one."""
        self.flush()
        parameters = {"session_id": session_id, "limit": limit}
        return self._fetch("get_performance_metrics", GenerationPerformanceMetrics, parameters)

    # Template cache

    def upsert_template_cache_metadata(
        self,
        template_name: str,
        template_type: str,
        *,
        cache_key: str,
        file_path: str,
        file_hash: str,
        size_bytes: int | None = None,
        load_time_ms: float | None = None,
        last_accessed_at: datetime | None = None,
        access_count: int = 0,
        cache_hits: int = 0,
        cache_misses: int = 0,
    ) -> None:
        """Accept a loaded template; where it is known, counts are added to its own.

        Sizes are bytes, times milliseconds; ``file_hash`` is the SHA-256 of the content in hex,
        ``last_accessed_at`` now by default. See `TemplateCacheCreate` for the bounds.
        """
        self.telemetry.put(
            (
                TEMPLATE,
                time(),
                template_name,
                template_type,
                cache_key,
                file_path,
                file_hash,
                size_bytes,
                load_time_ms,
                last_accessed_at,
                access_count,
                cache_hits,
                cache_misses,
            )
        )

    def update_cache_metrics(
        self,
        template_name: str,
        *,
        cache_hits: int = 0,
        cache_misses: int = 0,
        access_count: int | None = None,
        load_time_ms: float | None = None,
        last_accessed_at: datetime | None = None,
    ) -> None:
        """Accept what happened to a known template; counts are added to the stored ones.

        Without ``access_count`` it is hits plus misses, without ``last_accessed_at`` now;
        ``load_time_ms`` is of the last load.
        """
        self.telemetry.put(
            (
                TEMPLATE_USE,
                time(),
                template_name,
                cache_hits,
                cache_misses,
                access_count,
                load_time_ms,
                last_accessed_at,
            )
        )

    def get_template_cache_metadata(self, template_name: str) -> TemplateCacheMetadata | None:
        """The record of one template; None: it is not known."""
        self.flush()
        parameters = {"template_name": template_name}
        rows = self._fetch("get_template_cache_metadata", TemplateCacheMetadata, parameters)
        return rows[0] if rows else None

    def get_template_cache_efficiency(
        self, template_type: str | None = None
    ) -> list[TemplateCacheEfficiency]:
        """The view of that name, all template types or one."""
        self.flush()
        parameters = {"template_type": template_type}
        return self._fetch("template_cache_efficiency", TemplateCacheEfficiency, parameters)

    # Events

    def insert_event_processing_metric(
        self,
        event_type: str,
        event_source: str,
        processing_duration_ms: float,
        success: bool,
        *,
        queue_wait_time_ms: float | None = None,
        error_type: str | None = None,
        error_message: str | None = None,
        retry_count: int = 0,
        batch_size: int = 1,
    ) -> None:
        """Accept how an event was processed; see `EventProcessingCreate` for units."""
        self.telemetry.put(
            (
                EVENT,
                time(),
                event_type,
                event_source,
                processing_duration_ms,
                success,
                queue_wait_time_ms,
                error_type,
                error_message,
                retry_count,
                batch_size,
            )
        )

    def get_event_processing_health(
        self, event_type: str | None = None
    ) -> list[EventProcessingHealth]:
        """The view of that name, all event types or one."""
        self.flush()
        return self._fetch(
            "event_processing_health", EventProcessingHealth, {"event_type": event_type}
        )

    def _record(self, name: str, parameters: Mapping[str, Any]) -> UUID:
        named = queries.load("nodewright.storage")
        return self.database.record(named[name], parameters, named[f"{name}_recorded"])

    def _fetch[T](self, name: str, row: type[T], parameters: Parameters) -> list[T]:
        return self.database.fetch(queries.load("nodewright.storage")[name], parameters, row=row)
