-- name: update_mixin_compatibility
-- Count one outcome of a pair of mixins on a node kind, once; gives the record's id.
WITH receipt AS (INSERT INTO nodewright.receipts (token) VALUES (%(receipt)s))
SELECT update_mixin_compatibility(
  %(mixin_a)s::varchar, %(mixin_b)s::varchar, %(node_type)s::varchar, %(success)s::boolean,
  %(conflict_reason)s::text, %(resolution_pattern)s::text
) AS id

-- name: update_mixin_compatibility_recorded
-- The id of the record whose outcome was counted already.
SELECT id FROM mixin_compatibility_matrix
WHERE mixin_a = least(%(mixin_a)s COLLATE "C", %(mixin_b)s COLLATE "C")
  AND mixin_b = greatest(%(mixin_a)s COLLATE "C", %(mixin_b)s COLLATE "C")
  AND node_type = %(node_type)s

-- name: retract_mixin_compatibility
-- Take back one outcome of a pair of mixins on a node kind, if there is one of its sort. The reason
-- of a conflict goes with the last failure.
UPDATE mixin_compatibility_matrix SET
  success_count = success_count - taken.successes,
  failure_count = failure_count - taken.failures,
  compatibility_score = (success_count - taken.successes)::numeric
    / nullif(success_count + failure_count - 1, 0),
  conflict_reason = CASE WHEN failure_count > taken.failures THEN conflict_reason END,
  updated_at = now()
FROM (SELECT %(success)s::boolean::int AS successes, (NOT %(success)s::boolean)::int AS failures)
  AS taken
WHERE mixin_a = least(%(mixin_a)s COLLATE "C", %(mixin_b)s COLLATE "C")
  AND mixin_b = greatest(%(mixin_a)s COLLATE "C", %(mixin_b)s COLLATE "C")
  AND node_type = %(node_type)s
  AND success_count >= taken.successes AND failure_count >= taken.failures

-- name: get_mixin_compatibility
-- The record of a pair of mixins, in either order, on a node kind.
SELECT * FROM mixin_compatibility_matrix
WHERE mixin_a = least(%(mixin_a)s COLLATE "C", %(mixin_b)s COLLATE "C")
  AND mixin_b = greatest(%(mixin_a)s COLLATE "C", %(mixin_b)s COLLATE "C")
  AND node_type = %(node_type)s

-- name: list_mixin_compatibility
-- All records, or those of one node kind, in order of pair and kind.
SELECT * FROM mixin_compatibility_matrix
WHERE %(node_type)s::varchar IS NULL OR node_type = %(node_type)s
ORDER BY mixin_a COLLATE "C", mixin_b COLLATE "C", node_type

-- name: mixin_compatibility_summary
-- The view, all node kinds or one.
SELECT * FROM mixin_compatibility_summary
WHERE %(node_type)s::varchar IS NULL OR node_type = %(node_type)s

-- name: record_pattern_feedback
-- Store a judgement; its id is its receipt. Without a weight, a user's counts 1.0, another's 0.5.
INSERT INTO pattern_feedback_log (
  id, session_id, pattern_name, detected_confidence, actual_pattern, feedback_type, user_provided,
  contract_json, capabilities_matched, false_positives, false_negatives, learning_weight
)
VALUES (
  %(receipt)s, %(session_id)s, %(pattern_name)s, %(detected_confidence)s, %(actual_pattern)s,
  %(feedback_type)s, %(user_provided)s, %(contract_json)s::jsonb, %(capabilities_matched)s,
  %(false_positives)s, %(false_negatives)s,
  coalesce(%(learning_weight)s, CASE WHEN %(user_provided)s THEN 1.0 ELSE 0.5 END)
)
RETURNING id

-- name: record_pattern_feedback_recorded
-- The id of the judgement that was stored already.
SELECT %(receipt)s::uuid AS id

-- name: delete_pattern_feedback
-- Take a judgement back; triggers take it out of sums and tallies.
DELETE FROM pattern_feedback_log WHERE id = %(id)s

-- name: get_pattern_feedback
-- The latest judgements, of all patterns or one, newest first.
SELECT * FROM pattern_feedback_log
WHERE %(pattern_name)s::varchar IS NULL OR pattern_name = %(pattern_name)s
ORDER BY created_at DESC
LIMIT %(limit)s

-- name: pattern_feedback_analysis
-- The view, all patterns or one.
SELECT * FROM pattern_feedback_analysis
WHERE %(pattern_name)s::varchar IS NULL OR pattern_name = %(pattern_name)s

-- name: performance_metrics_summary
-- The view, all phases or one.
SELECT * FROM performance_metrics_summary
WHERE %(phase)s::varchar IS NULL OR phase = %(phase)s

-- name: get_performance_metrics
-- The latest measurements, of all sessions or one, newest first.
SELECT * FROM generation_performance_metrics
WHERE %(session_id)s::uuid IS NULL OR session_id = %(session_id)s
ORDER BY created_at DESC
LIMIT %(limit)s

-- name: template_cache_efficiency
-- The view, all template types or one.
SELECT * FROM template_cache_efficiency
WHERE %(template_type)s::varchar IS NULL OR template_type = %(template_type)s

-- name: get_template_cache_metadata
-- The record of one template.
SELECT * FROM template_cache_metadata WHERE template_name = %(template_name)s

-- name: event_processing_health
-- The view, all event types or one.
SELECT * FROM event_processing_health
WHERE %(event_type)s::varchar IS NULL OR event_type = %(event_type)s

-- name: upsert_template_cache_metadata
-- Store loaded templates, one JSON object each in an array; counts of known ones are kept.
INSERT INTO template_cache_metadata AS known (
  template_name, template_type, cache_key, file_path, file_hash, size_bytes, load_time_ms,
  last_accessed_at, access_count, cache_hits, cache_misses
)
SELECT
  template_name, template_type, cache_key, file_path, file_hash, size_bytes, load_time_ms,
  last_accessed_at, coalesce(access_count, 0), coalesce(cache_hits, 0), coalesce(cache_misses, 0)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (
  template_name varchar(200), template_type varchar(50), cache_key varchar(500), file_path text,
  file_hash varchar(64), size_bytes integer, load_time_ms integer, last_accessed_at timestamptz,
  access_count integer, cache_hits integer, cache_misses integer
)
ORDER BY template_name
ON CONFLICT (template_name) DO UPDATE SET
  template_type = EXCLUDED.template_type,
  cache_key = EXCLUDED.cache_key,
  file_path = EXCLUDED.file_path,
  file_hash = EXCLUDED.file_hash,
  size_bytes = EXCLUDED.size_bytes,
  load_time_ms = coalesce(EXCLUDED.load_time_ms, known.load_time_ms),
  last_accessed_at = greatest(EXCLUDED.last_accessed_at, known.last_accessed_at),
  access_count = known.access_count + EXCLUDED.access_count,
  cache_hits = known.cache_hits + EXCLUDED.cache_hits,
  cache_misses = known.cache_misses + EXCLUDED.cache_misses

-- name: update_cache_metrics
-- Add what happened to templates, one JSON object each in an array, locked in order of name.
WITH given AS (
  SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (
    template_name varchar(200), cache_hits integer, cache_misses integer, access_count integer,
    load_time_ms integer, last_accessed_at timestamptz
  )
), locked AS (
  SELECT known.id, given.*
  FROM template_cache_metadata AS known JOIN given USING (template_name)
  ORDER BY known.template_name
  FOR UPDATE OF known
)
UPDATE template_cache_metadata AS known SET
  cache_hits = coalesce(known.cache_hits, 0) + locked.cache_hits,
  cache_misses = coalesce(known.cache_misses, 0) + locked.cache_misses,
  access_count = coalesce(known.access_count, 0) + locked.access_count,
  load_time_ms = coalesce(locked.load_time_ms, known.load_time_ms),
  last_accessed_at = greatest(locked.last_accessed_at, known.last_accessed_at)
FROM locked WHERE known.id = locked.id

-- name: prune_performance
-- Delete some of the measurements made before an instant; none is left when it deletes none.
DELETE FROM generation_performance_metrics WHERE id IN (
  SELECT id FROM generation_performance_metrics WHERE created_at < %(before)s LIMIT %(chunk)s
)

-- name: prune_events
-- Delete some of the event measurements made before an instant.
DELETE FROM event_processing_metrics WHERE id IN (
  SELECT id FROM event_processing_metrics WHERE created_at < %(before)s LIMIT %(chunk)s
)

-- name: prune_templates
-- Delete some of the templates that were neither used nor loaded since an instant.
DELETE FROM template_cache_metadata WHERE id IN (
  SELECT id FROM template_cache_metadata
  WHERE greatest(last_accessed_at, updated_at) < %(before)s
  LIMIT %(chunk)s
)

-- name: prune_runs
-- Delete some of the plans and reports of runs that ended before an instant.
DELETE FROM nodewright.generation_runs WHERE session_id IN (
  SELECT session_id FROM nodewright.generation_runs WHERE ended_at < %(before)s LIMIT %(chunk)s
)
