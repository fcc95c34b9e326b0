-- name: recent_runs
-- The latest runs with their phases; node_type ALL is the run as a whole. Title and counts are there
-- where the run's report was kept.
SELECT times.*, runs.title, runs.planned, runs.delivered
FROM (
  SELECT session_id,
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
) AS times
LEFT JOIN nodewright.generation_runs AS runs USING (session_id)
ORDER BY times.ended_at DESC

-- name: run
-- The plan and the report of one run.
SELECT session_id, ended_at, title, planned, delivered, summary
FROM nodewright.generation_runs
WHERE session_id = %(session_id)s

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

-- name: threshold_curve
-- Precision and share of detections kept, were only those of some confidence or more accepted: of
-- all patterns together (pattern_name is NULL) and of those with the most judgements.
WITH judged AS (
  SELECT pattern_name, least(floor(detected_confidence * 20)::int, 19) AS step,
    count(*) FILTER (WHERE feedback_type = 'correct') AS correct,
    count(*) AS n
  FROM pattern_feedback_log
  WHERE created_at >= %(since)s AND detected_confidence IS NOT NULL
  GROUP BY 1, 2
), chosen AS (
  SELECT pattern_name, sum(n) AS total FROM judged
  GROUP BY GROUPING SETS ((pattern_name), ())
  HAVING sum(n) > 0
  ORDER BY grouping(pattern_name) DESC, total DESC, pattern_name
  LIMIT %(patterns)s
)
SELECT c.pattern_name, (s.step / 20.0)::float8 AS threshold,
  (sum(j.correct) / nullif(sum(j.n), 0))::float8 AS precision,
  coalesce(sum(j.n) / c.total, 0)::float8 AS kept
FROM chosen AS c
CROSS JOIN generate_series(0, 19) AS s (step)
LEFT JOIN judged AS j
  ON j.step >= s.step AND (c.pattern_name IS NULL OR j.pattern_name = c.pattern_name)
GROUP BY c.pattern_name, c.total, s.step
ORDER BY c.pattern_name NULLS FIRST, s.step

-- name: throughput
-- Events and their failures a minute, over the last hour. A row is a call, which may be a batch.
SELECT to_char(minute, 'HH24:MI') AS minute,
  coalesce(sum(e.batch_size), 0)::bigint AS events,
  coalesce(sum(e.batch_size) FILTER (WHERE NOT e.success), 0)::bigint AS failures
FROM generate_series(
  date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), '1 minute'
) AS minute
LEFT JOIN event_processing_metrics AS e
  ON e.created_at >= minute AND e.created_at < minute + interval '1 minute'
GROUP BY minute
ORDER BY minute
