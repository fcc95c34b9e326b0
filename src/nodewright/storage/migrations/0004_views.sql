-- The five views: the documented columns and values, read from the running sums.

-- percentile_cont(p_fraction) of the p_count durations of a phase, from the upper end of the
-- index on (phase, duration_ms): what lies below is never visited.
CREATE FUNCTION nodewright.duration_percentile(
  p_phase VARCHAR, p_count BIGINT, p_fraction DOUBLE PRECISION
) RETURNS NUMERIC STABLE LANGUAGE sql
BEGIN ATOMIC
  WITH place AS (
    SELECT p_fraction * (p_count - 1) AS exact, ceil(p_fraction * (p_count - 1)) AS upper
  ), neighbours AS (
    SELECT array_agg(duration_ms::double precision) AS durations FROM (
      SELECT duration_ms FROM generation_performance_metrics
      WHERE phase = p_phase
      ORDER BY duration_ms DESC
      LIMIT 2 OFFSET (SELECT p_count - 1 - upper::bigint FROM place)
    ) AS two
  )
  SELECT (
    coalesce(durations[2], durations[1])
    + (exact - floor(exact)) * (durations[1] - coalesce(durations[2], durations[1]))
  )::numeric
  FROM place, neighbours;
END;

CREATE VIEW mixin_compatibility_summary AS
SELECT
  node_type,
  sum(n)::bigint AS total_combinations,
  round(sum(score) / NULLIF(sum(score_n), 0), 3) AS avg_compatibility,
  CASE WHEN sum(successes_n) > 0 THEN sum(successes)::bigint END AS total_successes,
  CASE WHEN sum(failures_n) > 0 THEN sum(failures)::bigint END AS total_failures,
  CASE WHEN sum(successes_n) > 0 THEN round(sum(successes) / NULLIF(sum(trials), 0), 3) END AS success_rate
FROM nodewright.mixin_compatibility_matrix_sums
GROUP BY node_type
HAVING sum(n) > 0
ORDER BY node_type;

CREATE VIEW pattern_feedback_analysis AS
SELECT
  pattern_name,
  feedback_type,
  sum(n)::bigint AS feedback_count,
  round(sum(confidence) / NULLIF(sum(confidence_n), 0), 3) AS avg_confidence,
  sum(by_user)::bigint AS user_provided_count,
  round(sum(weight) / NULLIF(sum(weight_n), 0), 3) AS avg_learning_weight
FROM nodewright.pattern_feedback_log_sums
GROUP BY pattern_name, feedback_type
HAVING sum(n) > 0
ORDER BY pattern_name, feedback_count DESC;

CREATE VIEW performance_metrics_summary AS
SELECT
  phase,
  executions AS execution_count,
  round(total / executions, 2) AS avg_duration_ms,
  round(nodewright.duration_percentile(phase, executions, 0.95), 2) AS p95_duration_ms,
  round(nodewright.duration_percentile(phase, executions, 0.99), 2) AS p99_duration_ms,
  cache_hits,
  parallel_executions,
  avg_workers
FROM (
  SELECT
    phase,
    sum(n)::bigint AS executions,
    sum(duration) AS total,
    sum(hits)::bigint AS cache_hits,
    sum(parallel)::bigint AS parallel_executions,
    round(sum(workers) / NULLIF(sum(workers_n), 0), 1) AS avg_workers
  FROM nodewright.generation_performance_metrics_sums
  GROUP BY phase
  HAVING sum(n) > 0
) AS phases
ORDER BY phase;

CREATE VIEW template_cache_efficiency AS
SELECT
  template_type,
  sum(n)::bigint AS template_count,
  round(sum(hits) / NULLIF(sum(hits_n), 0), 1) AS avg_cache_hits,
  round(sum(misses) / NULLIF(sum(misses_n), 0), 1) AS avg_cache_misses,
  CASE WHEN sum(hits_n) > 0 THEN round(sum(hits) / NULLIF(sum(uses), 0), 3) END AS hit_rate,
  round(sum(load_time) / NULLIF(sum(load_time_n), 0), 2) AS avg_load_time_ms,
  CASE WHEN sum(size_n) > 0 THEN round(sum(size) / (1024 * 1024), 2) END AS total_size_mb
FROM nodewright.template_cache_metadata_sums
GROUP BY template_type
HAVING sum(n) > 0
ORDER BY template_type;

CREATE VIEW event_processing_health AS
SELECT
  event_type,
  event_source,
  sum(n)::bigint AS total_events,
  sum(successes)::bigint AS success_count,
  (sum(n) - sum(successes))::bigint AS failure_count,
  round(sum(successes) / sum(n), 3) AS success_rate,
  round(sum(duration) / sum(n), 2) AS avg_duration_ms,
  round(sum(wait) / NULLIF(sum(wait_n), 0), 2) AS avg_wait_ms,
  round(sum(retries) / NULLIF(sum(retries_n), 0), 1) AS avg_retries
FROM nodewright.event_processing_metrics_sums
GROUP BY event_type, event_source
HAVING sum(n) > 0
ORDER BY total_events DESC;
