-- The two functions. Each is one statement, hence atomic; its body is bound when it is
-- created, hence independent of the caller's search_path.

CREATE FUNCTION update_mixin_compatibility(
  p_mixin_a VARCHAR,
  p_mixin_b VARCHAR,
  p_node_type VARCHAR,
  p_success BOOLEAN,
  p_conflict_reason TEXT DEFAULT NULL,
  p_resolution_pattern TEXT DEFAULT NULL
) RETURNS UUID LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO mixin_compatibility_matrix AS known (
    mixin_a, mixin_b, node_type, compatibility_score, success_count, failure_count,
    last_tested_at, conflict_reason, resolution_pattern
  )
  VALUES (
    p_mixin_a, p_mixin_b, p_node_type, p_success::int,
    COALESCE(p_success::int, 0), COALESCE((NOT p_success)::int, 0),
    now(), p_conflict_reason, p_resolution_pattern
  )
  ON CONFLICT (mixin_a, mixin_b, node_type) DO UPDATE SET
    success_count = COALESCE(known.success_count, 0) + EXCLUDED.success_count,
    failure_count = COALESCE(known.failure_count, 0) + EXCLUDED.failure_count,
    compatibility_score =
      (COALESCE(known.success_count, 0) + EXCLUDED.success_count)::numeric
      / NULLIF(
          COALESCE(known.success_count, 0) + EXCLUDED.success_count
          + COALESCE(known.failure_count, 0) + EXCLUDED.failure_count, 0),
    last_tested_at = EXCLUDED.last_tested_at,
    conflict_reason = COALESCE(EXCLUDED.conflict_reason, known.conflict_reason),
    resolution_pattern = COALESCE(EXCLUDED.resolution_pattern, known.resolution_pattern)
  RETURNING id;
END;

-- What a user says weighs 1.0, what a program concludes 0.5.
CREATE FUNCTION record_pattern_feedback(
  p_session_id UUID,
  p_pattern_name VARCHAR,
  p_detected_confidence NUMERIC,
  p_actual_pattern VARCHAR,
  p_feedback_type VARCHAR,
  p_user_provided BOOLEAN DEFAULT FALSE,
  p_contract_json JSONB DEFAULT NULL
) RETURNS UUID LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO pattern_feedback_log (
    session_id, pattern_name, detected_confidence, actual_pattern, feedback_type,
    user_provided, contract_json, learning_weight
  )
  VALUES (
    p_session_id, p_pattern_name, p_detected_confidence, p_actual_pattern, p_feedback_type,
    p_user_provided, p_contract_json, CASE WHEN p_user_provided THEN 1.0 ELSE 0.5 END
  )
  RETURNING id;
END;
