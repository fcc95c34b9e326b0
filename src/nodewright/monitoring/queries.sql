-- name: recorded_rows
-- How many rows each table of records has, from the running sums.
SELECT
  (SELECT coalesce(sum(n), 0) FROM nodewright.generation_performance_metrics_sums)::bigint
    AS generation,
  (SELECT coalesce(sum(n), 0) FROM nodewright.event_processing_metrics_sums)::bigint AS events,
  (SELECT coalesce(sum(n), 0) FROM nodewright.pattern_feedback_log_sums)::bigint AS feedback

-- name: older_generation
-- The planner's guess of how many measurements of generation lie before a time.
EXPLAIN (FORMAT JSON) SELECT FROM generation_performance_metrics WHERE created_at < %(since)s

-- name: older_events
-- The planner's guess of how many events lie before a time.
EXPLAIN (FORMAT JSON) SELECT FROM event_processing_metrics WHERE created_at < %(since)s

-- name: older_feedback
-- The planner's guess of how many judgements lie before a time.
EXPLAIN (FORMAT JSON) SELECT FROM pattern_feedback_log WHERE created_at < %(since)s

-- name: generation_by_phase
-- Executions of each phase since a time. Where less lies before it than since ("outside"), what is
-- older is taken away from all: durations are counted along their index, the rest is in the running
-- sums. A percentile is the least duration that so many did not exceed; counting equal durations
-- first makes it a parallel scan instead of a sort.
WITH part AS (
  SELECT phase, duration_ms, count(*) AS n,
    count(*) FILTER (WHERE cache_hit) AS hits,
    count(*) FILTER (WHERE parallel_execution) AS parallel,
    sum(worker_count) AS workers
  FROM generation_performance_metrics
  WHERE NOT %(outside)s AND created_at >= %(since)s
  GROUP BY phase, duration_ms
  UNION ALL
  SELECT phase, duration_ms, count(*), 0, 0, 0
  FROM generation_performance_metrics
  WHERE %(outside)s
  GROUP BY phase, duration_ms
  UNION ALL
  SELECT phase, NULL, 0, sum(hits)::bigint, sum(parallel)::bigint, sum(workers)::bigint
  FROM nodewright.generation_performance_metrics_sums
  WHERE %(outside)s
  GROUP BY phase
  UNION ALL
  SELECT phase, duration_ms, -count(*),
    -count(*) FILTER (WHERE cache_hit),
    -count(*) FILTER (WHERE parallel_execution),
    -sum(worker_count)
  FROM generation_performance_metrics
  WHERE %(outside)s AND (created_at < %(since)s OR created_at IS NULL)
  GROUP BY phase, duration_ms
), counted AS (
  SELECT phase, duration_ms, sum(n) AS n,
    sum(hits) AS hits, sum(parallel) AS parallel, sum(workers) AS workers
  FROM part GROUP BY phase, duration_ms
), ranked AS (
  SELECT *,
    sum(n) OVER (PARTITION BY phase ORDER BY duration_ms) AS seen,
    sum(n) OVER (PARTITION BY phase) AS total
  FROM counted
)
SELECT phase,
  sum(n)::bigint AS execution_count,
  (sum(n * duration_ms) / sum(n))::float8 AS avg_duration_ms,
  (min(duration_ms) FILTER (WHERE n > 0 AND seen >= 0.50 * total))::float8 AS p50_duration_ms,
  (min(duration_ms) FILTER (WHERE n > 0 AND seen >= 0.95 * total))::float8 AS p95_duration_ms,
  (min(duration_ms) FILTER (WHERE n > 0 AND seen >= 0.99 * total))::float8 AS p99_duration_ms,
  sum(hits)::bigint AS cache_hits,
  sum(parallel)::bigint AS parallel_executions,
  (coalesce(sum(workers), 0) / sum(n))::float8 AS avg_workers
FROM ranked
GROUP BY phase
HAVING sum(n) > 0
ORDER BY phase

-- name: parallel_speedup
-- Of sessions that ran in parallel since a time: the speed-up that the run measured; where it did
-- not, the work done (sum of the total times) over the time from the first start to the last end.
WITH measured AS (
  SELECT session_id, max((metadata ->> 'speedup')::float8) AS speedup
  FROM generation_performance_metrics
  WHERE created_at >= %(since)s AND parallel_execution AND phase = 'total'
    AND jsonb_typeof(metadata -> 'speedup') = 'number'
  GROUP BY session_id
), unmeasured AS (
  SELECT session_id, sum(duration_ms)::float8 / nullif(extract(epoch FROM
    max(created_at) - min(created_at - duration_ms * interval '1 millisecond'))::float8 * 1000, 0)
    AS speedup
  FROM generation_performance_metrics
  WHERE created_at >= %(since)s AND parallel_execution AND phase = 'total'
    AND (jsonb_typeof(metadata -> 'speedup') = 'number') IS NOT TRUE
  GROUP BY session_id
  HAVING count(*) > 1
)
SELECT count(speedup)::bigint AS sessions,
  coalesce(avg(speedup), 0)::float8 AS avg_speedup,
  coalesce(max(speedup), 0)::float8 AS max_speedup
FROM (
  SELECT speedup FROM measured
  UNION ALL
  SELECT speedup FROM unmeasured WHERE session_id NOT IN (SELECT session_id FROM measured)
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
-- Judgements since a time, by pattern and kind of judgement. Where less lies before it than since
-- ("outside"), what is older is taken away from the running sums.
WITH part AS (
  SELECT pattern_name, feedback_type, count(*) AS n,
    count(detected_confidence) AS confident, sum(detected_confidence) AS confidence,
    count(*) FILTER (WHERE user_provided) AS by_user,
    count(learning_weight) AS weighed, sum(learning_weight) AS weight
  FROM pattern_feedback_log
  WHERE NOT %(outside)s AND created_at >= %(since)s
  GROUP BY pattern_name, feedback_type
  UNION ALL
  SELECT pattern_name, feedback_type, n, confidence_n, confidence, by_user, weight_n, weight
  FROM nodewright.pattern_feedback_log_sums
  WHERE %(outside)s
  UNION ALL
  SELECT pattern_name, feedback_type, -count(*),
    -count(detected_confidence), -sum(detected_confidence),
    -count(*) FILTER (WHERE user_provided),
    -count(learning_weight), -sum(learning_weight)
  FROM pattern_feedback_log
  WHERE %(outside)s AND (created_at < %(since)s OR created_at IS NULL)
  GROUP BY pattern_name, feedback_type
)
SELECT pattern_name, feedback_type,
  sum(n)::bigint AS feedback_count,
  sum(confident)::bigint AS confidence_count,
  (sum(confidence) / nullif(sum(confident), 0))::float8 AS avg_confidence,
  sum(by_user)::bigint AS user_provided_count,
  (sum(weight) / nullif(sum(weighed), 0))::float8 AS avg_learning_weight
FROM part
GROUP BY pattern_name, feedback_type
HAVING sum(n) > 0
ORDER BY pattern_name, feedback_count DESC, feedback_type

-- name: events_by_type
-- Events processed since a time, by type and source, and over all of them where both are NULL.
-- Where less lies before it than since ("outside"), what is older is taken away from all:
-- durations are counted along their index, the rest is in the running sums. "timed" counts for the
-- percentiles, "n" for the groups.
WITH part AS (
  SELECT event_type, event_source, processing_duration_ms AS ms, count(*) AS timed, count(*) AS n,
    count(*) FILTER (WHERE success) AS successes, sum(processing_duration_ms) AS duration,
    sum(queue_wait_time_ms) AS waits, count(queue_wait_time_ms) AS waited,
    sum(retry_count) AS retries
  FROM event_processing_metrics
  WHERE NOT %(outside)s AND created_at >= %(since)s
  GROUP BY event_type, event_source, processing_duration_ms
  UNION ALL
  SELECT NULL, NULL, processing_duration_ms, count(*), 0, 0, 0, 0, 0, 0
  FROM event_processing_metrics
  WHERE %(outside)s
  GROUP BY processing_duration_ms
  UNION ALL
  SELECT event_type, event_source, NULL, 0, sum(n)::bigint, sum(successes)::bigint,
    sum(duration)::bigint, sum(wait)::bigint, sum(wait_n)::bigint, sum(retries)::bigint
  FROM nodewright.event_processing_metrics_sums
  WHERE %(outside)s
  GROUP BY event_type, event_source
  UNION ALL
  SELECT event_type, event_source, processing_duration_ms, -count(*), -count(*),
    -count(*) FILTER (WHERE success), -sum(processing_duration_ms),
    -sum(queue_wait_time_ms), -count(queue_wait_time_ms), -sum(retry_count)
  FROM event_processing_metrics
  WHERE %(outside)s AND (created_at < %(since)s OR created_at IS NULL)
  GROUP BY event_type, event_source, processing_duration_ms
), by_duration AS (
  SELECT ms, sum(sum(timed)) OVER (ORDER BY ms) AS seen, sum(sum(timed)) OVER () AS total
  FROM part WHERE ms IS NOT NULL GROUP BY ms HAVING sum(timed) > 0
)
SELECT event_type, event_source,
  coalesce(sum(n), 0)::bigint AS total_events,
  coalesce(sum(successes), 0)::bigint AS success_count,
  coalesce(sum(n - successes), 0)::bigint AS failure_count,
  (sum(successes) / nullif(sum(n), 0))::float8 AS success_rate,
  (sum(duration) / nullif(sum(n), 0))::float8 AS avg_duration_ms,
  (sum(waits) / nullif(sum(waited), 0))::float8 AS avg_wait_ms,
  (coalesce(sum(retries), 0)::numeric / nullif(sum(n), 0))::float8 AS avg_retries,
  CASE WHEN grouping(event_type) = 1 THEN
    (SELECT min(ms) FROM by_duration WHERE seen >= 0.50 * total)::float8 END AS p50_ms,
  CASE WHEN grouping(event_type) = 1 THEN
    (SELECT min(ms) FROM by_duration WHERE seen >= 0.95 * total)::float8 END AS p95_ms,
  CASE WHEN grouping(event_type) = 1 THEN
    (SELECT min(ms) FROM by_duration WHERE seen >= 0.99 * total)::float8 END AS p99_ms
FROM part
WHERE event_type IS NOT NULL
GROUP BY GROUPING SETS ((event_type, event_source), ())
HAVING grouping(event_type) = 1 OR sum(n) > 0
ORDER BY event_type NULLS LAST, event_source

-- name: runs_since
-- Runs that ended since a time, oldest first.
SELECT session_id, ended_at, planned, delivered, summary
FROM nodewright.generation_runs
WHERE ended_at >= %(since)s
ORDER BY ended_at
LIMIT 1000

-- name: chosen_mixins
-- How well given pairs of mixins did together, of those that are recorded.
SELECT avg(compatibility_score)::float8 AS compatibility
FROM mixin_compatibility_matrix AS known
JOIN unnest(%(a)s::text[], %(b)s::text[], %(kinds)s::text[]) AS chosen (a, b, kind)
  ON mixin_a = least(a COLLATE "C", b COLLATE "C")
  AND mixin_b = greatest(a COLLATE "C", b COLLATE "C")
  AND node_type = kind

-- name: event_totals
-- All events that were processed, by result, from the running sums.
SELECT coalesce(sum(successes), 0)::bigint AS success,
  coalesce(sum(n - successes), 0)::bigint AS failure
FROM nodewright.event_processing_metrics_sums

-- name: nodes_delivered
-- Nodes of runs that ended since a time, and those of them that were proven and delivered.
SELECT coalesce(sum(planned), 0)::bigint AS planned, coalesce(sum(delivered), 0)::bigint AS delivered
FROM nodewright.generation_runs
WHERE ended_at >= %(since)s
