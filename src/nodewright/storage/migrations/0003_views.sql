-- The five views.

CREATE VIEW mixin_compatibility_summary AS
SELECT
  node_type,
  count(*) AS total_combinations,
  round(avg(compatibility_score)::numeric, 3) AS avg_compatibility,
  sum(success_count) AS total_successes,
  sum(failure_count) AS total_failures,
  round((sum(success_count)::numeric / NULLIF(sum(success_count + failure_count), 0))::numeric, 3) AS success_rate
FROM mixin_compatibility_matrix
GROUP BY node_type
ORDER BY node_type;

CREATE VIEW pattern_feedback_analysis AS
SELECT
  pattern_name,
  feedback_type,
  count(*) AS feedback_count,
  round(avg(detected_confidence)::numeric, 3) AS avg_confidence,
  sum(CASE WHEN user_provided THEN 1 ELSE 0 END) AS user_provided_count,
  round(avg(learning_weight)::numeric, 3) AS avg_learning_weight
FROM pattern_feedback_log
GROUP BY pattern_name, feedback_type
ORDER BY pattern_name, feedback_count DESC;

CREATE VIEW performance_metrics_summary AS
SELECT
  phase,
  count(*) AS execution_count,
  round(avg(duration_ms)::numeric, 2) AS avg_duration_ms,
  round(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms)::numeric, 2) AS p95_duration_ms,
  round(percentile_cont(0.99) WITHIN GROUP (ORDER BY duration_ms)::numeric, 2) AS p99_duration_ms,
  sum(CASE WHEN cache_hit THEN 1 ELSE 0 END) AS cache_hits,
  sum(CASE WHEN parallel_execution THEN 1 ELSE 0 END) AS parallel_executions,
  round(avg(worker_count)::numeric, 1) AS avg_workers
FROM generation_performance_metrics
GROUP BY phase
ORDER BY phase;

CREATE VIEW template_cache_efficiency AS
SELECT
  template_type,
  count(*) AS template_count,
  round(avg(cache_hits)::numeric, 1) AS avg_cache_hits,
  round(avg(cache_misses)::numeric, 1) AS avg_cache_misses,
  round((sum(cache_hits)::numeric / NULLIF(sum(cache_hits + cache_misses), 0))::numeric, 3) AS hit_rate,
  round(avg(load_time_ms)::numeric, 2) AS avg_load_time_ms,
  round(sum(size_bytes)::numeric / (1024 * 1024), 2) AS total_size_mb
FROM template_cache_metadata
GROUP BY template_type
ORDER BY template_type;

CREATE VIEW event_processing_health AS
SELECT
  event_type,
  event_source,
  count(*) AS total_events,
  sum(CASE WHEN success THEN 1 ELSE 0 END) AS success_count,
  sum(CASE WHEN NOT success THEN 1 ELSE 0 END) AS failure_count,
  round((sum(CASE WHEN success THEN 1 ELSE 0 END)::numeric / count(*)::numeric)::numeric, 3) AS success_rate,
  round(avg(processing_duration_ms)::numeric, 2) AS avg_duration_ms,
  round(avg(queue_wait_time_ms)::numeric, 2) AS avg_wait_ms,
  round(avg(retry_count)::numeric, 1) AS avg_retries
FROM event_processing_metrics
GROUP BY event_type, event_source
ORDER BY total_events DESC;
