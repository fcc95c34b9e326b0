-- name: recent_runs
-- The latest runs with their phases; node_type ALL is the run as a whole.
SELECT session_id::text AS session_id,
  max(created_at) AS ended_at,
  max(duration_ms) FILTER (WHERE phase = 'total')::float8 AS total_ms,
  max(worker_count)::int AS workers,
  jsonb_agg(DISTINCT jsonb_build_object(
    'node', metadata ->> 'node', 'kind', node_type, 'passed', metadata ->> 'passed',
    'phase', phase, 'ms', duration_ms
  )) AS parts
FROM generation_performance_metrics
WHERE session_id IN (
  SELECT session_id FROM (
    SELECT session_id, max(created_at) AS at FROM (
      SELECT session_id, created_at FROM generation_performance_metrics
      ORDER BY created_at DESC LIMIT 2000
    ) AS latest GROUP BY session_id ORDER BY at DESC LIMIT %(limit)s
  ) AS chosen
)
GROUP BY session_id
ORDER BY ended_at DESC

-- name: matrix
-- Pairs of mixins with their scores, filtered, least compatible first.
SELECT mixin_a, mixin_b, node_type, compatibility_score::float8 AS score,
  coalesce(success_count, 0)::int AS successes, coalesce(failure_count, 0)::int AS failures,
  conflict_reason
FROM mixin_compatibility_matrix
WHERE (%(node_type)s::varchar IS NULL OR node_type = %(node_type)s)
  AND (%(mixin)s::varchar IS NULL OR strpos(lower(mixin_a), lower(%(mixin)s)) > 0
    OR strpos(lower(mixin_b), lower(%(mixin)s)) > 0)
  AND coalesce(compatibility_score, 0) <= %(most)s
ORDER BY compatibility_score NULLS FIRST, mixin_a, mixin_b, node_type
LIMIT %(limit)s

-- name: pattern_precision
-- Precision of each pattern since a time.
SELECT pattern_name,
  count(*) FILTER (WHERE feedback_type = 'correct')::bigint AS correct,
  count(*) FILTER (WHERE feedback_type = 'incorrect')::bigint AS incorrect,
  count(*)::bigint AS judged
FROM pattern_feedback_log
WHERE created_at >= %(since)s
GROUP BY pattern_name
ORDER BY judged DESC, pattern_name
LIMIT 50

-- name: threshold_curve
-- Precision and share of detections kept, were only those of some confidence or more accepted.
WITH judged AS (
  SELECT least(floor(detected_confidence * 20)::int, 20) AS step,
    count(*) FILTER (WHERE feedback_type = 'correct') AS correct,
    count(*) AS n
  FROM pattern_feedback_log
  WHERE created_at >= %(since)s AND detected_confidence IS NOT NULL
    AND feedback_type IN ('correct', 'incorrect')
  GROUP BY 1
)
SELECT (s.step / 20.0)::float8 AS threshold,
  (sum(j.correct) / nullif(sum(j.n), 0))::float8 AS precision,
  (sum(j.n) / nullif((SELECT sum(n) FROM judged), 0))::float8 AS kept
FROM generate_series(0, 19) AS s (step)
LEFT JOIN judged AS j ON j.step >= s.step
GROUP BY s.step
ORDER BY s.step

-- name: throughput
-- Events and their failures a minute, over the last hour.
SELECT to_char(minute, 'HH24:MI') AS minute,
  count(e.id)::bigint AS events,
  count(e.id) FILTER (WHERE NOT e.success)::bigint AS failures
FROM generate_series(
  date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), '1 minute'
) AS minute
LEFT JOIN event_processing_metrics AS e
  ON e.created_at >= minute AND e.created_at < minute + interval '1 minute'
GROUP BY minute
ORDER BY minute
