-- name: generation_by_phase
-- Executions of each phase since a time. A percentile is the least duration that so many did not
-- exceed; counting equal durations first makes it a parallel scan instead of a sort.
WITH counted AS (
  SELECT phase, duration_ms, count(*) AS n,
    count(*) FILTER (WHERE cache_hit) AS hits,
    count(*) FILTER (WHERE parallel_execution) AS parallel,
    sum(worker_count) AS workers
  FROM generation_performance_metrics
  WHERE created_at >= %(since)s
  GROUP BY phase, duration_ms
), ranked AS (
  SELECT *,
    sum(n) OVER (PARTITION BY phase ORDER BY duration_ms) AS seen,
    sum(n) OVER (PARTITION BY phase) AS total
  FROM counted
)
SELECT phase,
  sum(n)::bigint AS execution_count,
  (sum(n * duration_ms) / sum(n))::float8 AS avg_duration_ms,
  (min(duration_ms) FILTER (WHERE seen >= 0.50 * total))::float8 AS p50_duration_ms,
  (min(duration_ms) FILTER (WHERE seen >= 0.95 * total))::float8 AS p95_duration_ms,
  (min(duration_ms) FILTER (WHERE seen >= 0.99 * total))::float8 AS p99_duration_ms,
  sum(hits)::bigint AS cache_hits,
  sum(parallel)::bigint AS parallel_executions,
  (sum(workers) / sum(n))::float8 AS avg_workers
FROM ranked
GROUP BY phase
ORDER BY phase

-- name: parallel_speedup
-- Of sessions that ran in parallel since a time: the speed-up that the run measured; where it did
-- not, the work done (sum of the total times) over the time from the first start to the last end.
SELECT count(speedup)::bigint AS sessions,
  coalesce(avg(speedup), 0)::float8 AS avg_speedup,
  coalesce(max(speedup), 0)::float8 AS max_speedup
FROM (
  SELECT coalesce(
    max(CASE WHEN jsonb_typeof(metadata -> 'speedup') = 'number'
      THEN (metadata ->> 'speedup')::float8 END),
    CASE WHEN count(*) > 1 THEN sum(duration_ms)::float8 / nullif(extract(epoch FROM
      max(created_at) - min(created_at - duration_ms * interval '1 millisecond'))::float8 * 1000, 0)
    END
  ) AS speedup
  FROM generation_performance_metrics
  WHERE created_at >= %(since)s AND parallel_execution AND phase = 'total'
  GROUP BY session_id
) AS of_session

-- name: template_cache_by_type
-- Templates accessed since a time, with their hits and misses so far, by type.
SELECT template_type,
  count(*)::bigint AS template_count,
  coalesce(sum(cache_hits), 0)::bigint AS cache_hits,
  coalesce(sum(cache_misses), 0)::bigint AS cache_misses,
  (sum(cache_hits)::float8 / nullif(sum(cache_hits) + sum(cache_misses), 0))::float8 AS hit_rate,
  avg(load_time_ms)::float8 AS avg_load_time_ms,
  (coalesce(sum(size_bytes), 0) / 1048576.0)::float8 AS total_size_mb
FROM template_cache_metadata
WHERE last_accessed_at >= %(since)s
GROUP BY template_type
ORDER BY template_type

-- name: mixins_by_node_type
-- Pairs of mixins tested since a time, with their outcomes so far, by node kind.
SELECT node_type,
  count(*)::bigint AS total_combinations,
  avg(compatibility_score)::float8 AS avg_compatibility,
  coalesce(sum(success_count), 0)::bigint AS total_successes,
  coalesce(sum(failure_count), 0)::bigint AS total_failures,
  (sum(success_count)::float8 / nullif(sum(success_count + failure_count), 0))::float8
    AS success_rate
FROM mixin_compatibility_matrix
WHERE coalesce(last_tested_at, updated_at) >= %(since)s
GROUP BY node_type
ORDER BY node_type

-- name: feedback_by_pattern
-- Judgements since a time, by pattern and kind of judgement.
SELECT pattern_name, feedback_type,
  count(*)::bigint AS feedback_count,
  count(detected_confidence)::bigint AS confidence_count,
  avg(detected_confidence)::float8 AS avg_confidence,
  count(*) FILTER (WHERE user_provided)::bigint AS user_provided_count,
  avg(learning_weight)::float8 AS avg_learning_weight
FROM pattern_feedback_log
WHERE created_at >= %(since)s
GROUP BY pattern_name, feedback_type
ORDER BY pattern_name, feedback_count DESC

-- name: events_by_type
-- Events processed since a time, by type and source, and over all of them where both are NULL.
WITH counted AS (
  SELECT event_type, event_source, processing_duration_ms AS ms, count(*) AS n,
    count(*) FILTER (WHERE success) AS successes,
    sum(queue_wait_time_ms) AS waits, count(queue_wait_time_ms) AS waited,
    sum(retry_count) AS retries
  FROM event_processing_metrics
  WHERE created_at >= %(since)s
  GROUP BY event_type, event_source, processing_duration_ms
), by_duration AS (
  SELECT ms, sum(sum(n)) OVER (ORDER BY ms) AS seen, sum(sum(n)) OVER () AS total
  FROM counted GROUP BY ms
)
SELECT event_type, event_source,
  coalesce(sum(n), 0)::bigint AS total_events,
  coalesce(sum(successes), 0)::bigint AS success_count,
  coalesce(sum(n - successes), 0)::bigint AS failure_count,
  (sum(successes) / nullif(sum(n), 0))::float8 AS success_rate,
  (sum(n * ms) / nullif(sum(n), 0))::float8 AS avg_duration_ms,
  (sum(waits) / nullif(sum(waited), 0))::float8 AS avg_wait_ms,
  (sum(retries)::numeric / nullif(sum(n), 0))::float8 AS avg_retries,
  CASE WHEN grouping(event_type) = 1 THEN
    (SELECT min(ms) FROM by_duration WHERE seen >= 0.50 * total)::float8 END AS p50_ms,
  CASE WHEN grouping(event_type) = 1 THEN
    (SELECT min(ms) FROM by_duration WHERE seen >= 0.95 * total)::float8 END AS p95_ms,
  CASE WHEN grouping(event_type) = 1 THEN
    (SELECT min(ms) FROM by_duration WHERE seen >= 0.99 * total)::float8 END AS p99_ms
FROM counted
GROUP BY GROUPING SETS ((event_type, event_source), ())
ORDER BY event_type NULLS LAST, event_source
