-- name: performance
-- Measurements of six phases, durations spread over four orders of magnitude.
INSERT INTO generation_performance_metrics (session_id, node_type, phase, duration_ms,
  memory_usage_mb, cpu_percent, cache_hit, parallel_execution, worker_count, metadata, created_at)
SELECT gen_random_uuid(), (ARRAY['EFFECT', 'COMPUTE', 'REDUCER', 'ORCHESTRATOR'])[1 + i %% 4],
  (ARRAY['prd_analysis', 'template_load', 'code_gen', 'validation', 'persistence', 'total'])[1 + i %% 6],
  exp(random() * 8)::int, 100 + i %% 50, (i %% 9000) / 100.0, i %% 3 = 0, i %% 2 = 0, 1 + i %% 8,
  jsonb_build_object('template', i %% 50), now() - i * interval '1 ms'
FROM generate_series(1, %(rows)s) AS i

-- name: events
-- Twenty event types, five sources, two percent failures.
INSERT INTO event_processing_metrics (event_type, event_source, processing_duration_ms,
  queue_wait_time_ms, success, error_type, retry_count, batch_size, created_at)
SELECT 'event.type.' || i %% 20, 'source-' || i %% 5, exp(random() * 6)::int, i %% 40, i %% 50 <> 0,
  CASE WHEN i %% 50 = 0 THEN 'Timeout' END, i %% 3, 1 + i %% 100, now() - i * interval '1 ms'
FROM generate_series(1, %(rows)s) AS i

-- name: feedback
-- Fifty patterns, every tenth judgement from a user.
INSERT INTO pattern_feedback_log (session_id, pattern_name, detected_confidence, actual_pattern,
  feedback_type, user_provided, contract_json, capabilities_matched, learning_weight, created_at)
SELECT gen_random_uuid(), 'pattern_' || i %% 50, random(), 'pattern_' || (i + 1) %% 50,
  (ARRAY['correct', 'correct', 'correct', 'incorrect', 'partial', 'adjusted'])[1 + i %% 6],
  i %% 10 = 0, jsonb_build_object('kind', i %% 4), ARRAY['a', 'b'],
  CASE WHEN i %% 10 = 0 THEN 1 ELSE 0.5 END, now() - i * interval '1 ms'
FROM generate_series(1, %(rows)s) AS i

-- name: templates
-- Templates of five types.
INSERT INTO template_cache_metadata (template_name, template_type, cache_key, file_path, file_hash,
  size_bytes, load_time_ms, last_accessed_at, access_count, cache_hits, cache_misses)
SELECT 'template_' || i, (ARRAY['node', 'contract', 'subcontract', 'mixin', 'test'])[1 + i %% 5],
  'key_' || i, '/templates/' || i, md5(i::text) || md5((i + 1)::text), 1000 + i %% 50000, i %% 20,
  now(), i %% 1000, i %% 900, i %% 100
FROM generate_series(1, %(rows)s) AS i

-- name: mixins
-- Pairs of mixins on the four node kinds.
INSERT INTO mixin_compatibility_matrix (mixin_a, mixin_b, node_type, compatibility_score,
  success_count, failure_count, last_tested_at)
SELECT 'MixinA' || i / 4 %% 500, 'MixinB' || i / 2000,
  (ARRAY['EFFECT', 'COMPUTE', 'REDUCER', 'ORCHESTRATOR'])[1 + i %% 4], (i %% 11) / 10.0, i %% 11,
  10 - i %% 11, now()
FROM generate_series(0, %(rows)s - 1) AS i
