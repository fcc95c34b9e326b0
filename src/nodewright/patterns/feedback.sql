-- name: analyses
-- What is known of each pattern, or of one, that has at least %(least)s judgements: counts,
-- precision, recall, F1, the commonest names it got wrong, and how its latest judgements with a
-- confidence turned out: [step of the confidence, right, weight, how many] each.
WITH counted AS (
  SELECT
    pattern_name,
    sum(n)::bigint AS samples,
    coalesce(sum(n) FILTER (WHERE feedback_type = 'correct'), 0)::bigint AS correct,
    coalesce(sum(n) FILTER (WHERE feedback_type = 'incorrect'), 0)::bigint AS incorrect,
    coalesce(sum(n) FILTER (WHERE feedback_type = 'partial'), 0)::bigint AS partial,
    (sum(confidence) / nullif(sum(confidence_n), 0))::float8 AS average_confidence
  FROM nodewright.pattern_feedback_log_sums
  WHERE %(pattern)s::varchar IS NULL OR pattern_name = %(pattern)s
  GROUP BY pattern_name
  HAVING sum(n) >= %(least)s
), rated AS (
  SELECT
    counted.*,
    correct::float8 / nullif(samples, 0) AS precision,
    correct::float8 / nullif(correct + coalesce(tally.n, 0), 0) AS recall
  FROM counted LEFT JOIN nodewright.pattern_tally AS tally
    ON tally.pattern_name = counted.pattern_name AND tally.measure = 'missed'
)
SELECT
  pattern_name, samples, correct, incorrect, partial, average_confidence,
  coalesce(precision, 0.0) AS precision,
  recall,
  CASE WHEN precision + recall = 0 THEN 0.0
    ELSE 2 * precision * recall / (precision + recall) END AS f1,
  (
    SELECT coalesce(jsonb_object_agg(name, n), '{}') FROM (
      SELECT name, n FROM nodewright.pattern_tally AS tally
      WHERE tally.pattern_name = rated.pattern_name AND measure = 'false_positive' AND n > 0
      ORDER BY n DESC, name LIMIT %(names)s
    ) AS commonest
  ) AS false_positives,
  (
    SELECT coalesce(jsonb_object_agg(name, n), '{}') FROM (
      SELECT name, n FROM nodewright.pattern_tally AS tally
      WHERE tally.pattern_name = rated.pattern_name AND measure = 'false_negative' AND n > 0
      ORDER BY n DESC, name LIMIT %(names)s
    ) AS commonest
  ) AS false_negatives,
  (
    SELECT coalesce(json_agg(json_build_array(step, hit, weight, n)), '[]') FROM (
      SELECT step, hit, weight, count(*) AS n FROM (
        SELECT
          floor(detected_confidence * 100)::int AS step,
          feedback_type = 'correct' AS hit,
          coalesce(learning_weight, 1.0) AS weight
        FROM pattern_feedback_log AS log
        WHERE log.pattern_name = rated.pattern_name AND detected_confidence IS NOT NULL
        ORDER BY created_at DESC, id DESC
        LIMIT %(window)s
      ) AS latest
      GROUP BY step, hit, weight
      ORDER BY step, hit, weight
    ) AS grouped
  ) AS judged
FROM rated
ORDER BY pattern_name
