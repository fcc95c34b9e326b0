-- The thirty indexes, beside those of the primary keys and unique constraints.

CREATE INDEX idx_mixin_compat_score ON mixin_compatibility_matrix (compatibility_score DESC);
CREATE INDEX idx_mixin_compat_node_type ON mixin_compatibility_matrix (node_type);
CREATE INDEX idx_mixin_compat_mixins ON mixin_compatibility_matrix (mixin_a, mixin_b);
CREATE INDEX idx_mixin_compat_updated ON mixin_compatibility_matrix (updated_at DESC);

CREATE INDEX idx_pattern_feedback_session ON pattern_feedback_log (session_id);
CREATE INDEX idx_pattern_feedback_pattern ON pattern_feedback_log (pattern_name);
CREATE INDEX idx_pattern_feedback_type ON pattern_feedback_log (feedback_type);
CREATE INDEX idx_pattern_feedback_created ON pattern_feedback_log (created_at DESC);
CREATE INDEX idx_pattern_feedback_user ON pattern_feedback_log (user_provided)
  WHERE user_provided = TRUE;
CREATE INDEX idx_pattern_feedback_contract ON pattern_feedback_log USING GIN (contract_json);

CREATE INDEX idx_gen_perf_session ON generation_performance_metrics (session_id);
CREATE INDEX idx_gen_perf_phase ON generation_performance_metrics (phase);
CREATE INDEX idx_gen_perf_duration ON generation_performance_metrics (duration_ms DESC);
CREATE INDEX idx_gen_perf_node_type ON generation_performance_metrics (node_type);
CREATE INDEX idx_gen_perf_cache ON generation_performance_metrics (cache_hit)
  WHERE cache_hit = TRUE;
CREATE INDEX idx_gen_perf_parallel ON generation_performance_metrics (parallel_execution)
  WHERE parallel_execution = TRUE;
CREATE INDEX idx_gen_perf_created ON generation_performance_metrics (created_at DESC);
CREATE INDEX idx_gen_perf_metadata ON generation_performance_metrics USING GIN (metadata);

CREATE INDEX idx_template_cache_name ON template_cache_metadata (template_name);
CREATE INDEX idx_template_cache_type ON template_cache_metadata (template_type);
CREATE INDEX idx_template_cache_accessed ON template_cache_metadata (last_accessed_at DESC);
CREATE INDEX idx_template_cache_hits ON template_cache_metadata (cache_hits DESC);
CREATE INDEX idx_template_cache_hash ON template_cache_metadata (file_hash);

CREATE INDEX idx_event_proc_type ON event_processing_metrics (event_type);
CREATE INDEX idx_event_proc_source ON event_processing_metrics (event_source);
CREATE INDEX idx_event_proc_success ON event_processing_metrics (success);
CREATE INDEX idx_event_proc_created ON event_processing_metrics (created_at DESC);
CREATE INDEX idx_event_proc_duration ON event_processing_metrics (processing_duration_ms DESC);
CREATE INDEX idx_event_proc_errors ON event_processing_metrics (error_type)
  WHERE error_type IS NOT NULL;

-- The thirtieth: percentiles of a phase are read from its upper end instead of sorting it.
CREATE INDEX idx_gen_perf_phase_duration ON generation_performance_metrics (phase, duration_ms);
