-- The whole schema as it stands after all migrations; a test proves it. To change it, add a
-- numbered file to migrations/ and make the same change here.

-- The five tables, and what the database keeps true about them by itself.

CREATE SCHEMA IF NOT EXISTS nodewright;

CREATE TABLE mixin_compatibility_matrix (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  mixin_a VARCHAR(100) NOT NULL,
  mixin_b VARCHAR(100) NOT NULL,
  node_type VARCHAR(50) NOT NULL,
  compatibility_score NUMERIC(5,4) CHECK (compatibility_score >= 0.0 AND compatibility_score <= 1.0),
  success_count INTEGER DEFAULT 0,
  failure_count INTEGER DEFAULT 0,
  last_tested_at TIMESTAMPTZ,
  conflict_reason TEXT,
  resolution_pattern TEXT,
  created_at TIMESTAMPTZ DEFAULT NOW(),
  updated_at TIMESTAMPTZ DEFAULT NOW(),
  UNIQUE (mixin_a, mixin_b, node_type),
  CONSTRAINT mixin_compatibility_matrix_node_type_known
    CHECK (node_type IN ('EFFECT', 'COMPUTE', 'REDUCER', 'ORCHESTRATOR'))
);

CREATE TABLE pattern_feedback_log (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id UUID NOT NULL,
  pattern_name VARCHAR(100) NOT NULL,
  detected_confidence NUMERIC(5,4) CHECK (detected_confidence IS NULL OR (detected_confidence >= 0.0 AND detected_confidence <= 1.0)),
  actual_pattern VARCHAR(100),
  feedback_type VARCHAR(50) NOT NULL,
  user_provided BOOLEAN DEFAULT FALSE,
  contract_json JSONB,
  capabilities_matched TEXT[],
  false_positives TEXT[],
  false_negatives TEXT[],
  learning_weight NUMERIC(5,4) DEFAULT 1.0 CHECK (learning_weight >= 0.0 AND learning_weight <= 1.0),
  created_at TIMESTAMPTZ DEFAULT NOW(),
  CONSTRAINT pattern_feedback_log_feedback_type_known
    CHECK (feedback_type IN ('correct', 'incorrect', 'partial', 'adjusted'))
);

CREATE TABLE generation_performance_metrics (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id UUID NOT NULL,
  node_type VARCHAR(50) NOT NULL,
  phase VARCHAR(50) NOT NULL,
  duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
  memory_usage_mb INTEGER,
  cpu_percent NUMERIC(5,2),
  cache_hit BOOLEAN DEFAULT FALSE,
  parallel_execution BOOLEAN DEFAULT FALSE,
  worker_count INTEGER DEFAULT 1 CHECK (worker_count >= 1),
  metadata JSONB,
  created_at TIMESTAMPTZ DEFAULT NOW(),
  -- NUMERIC holds NaN, and one NaN would make every average NaN.
  CONSTRAINT generation_performance_metrics_cpu_percent_number CHECK (cpu_percent <> 'NaN')
);

CREATE TABLE template_cache_metadata (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  template_name VARCHAR(200) NOT NULL UNIQUE,
  template_type VARCHAR(50) NOT NULL,
  cache_key VARCHAR(500) NOT NULL,
  file_path TEXT NOT NULL,
  file_hash VARCHAR(64) NOT NULL,
  size_bytes INTEGER,
  load_time_ms INTEGER,
  last_accessed_at TIMESTAMPTZ,
  access_count INTEGER DEFAULT 0,
  cache_hits INTEGER DEFAULT 0,
  cache_misses INTEGER DEFAULT 0,
  created_at TIMESTAMPTZ DEFAULT NOW(),
  updated_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE event_processing_metrics (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  event_type VARCHAR(100) NOT NULL,
  event_source VARCHAR(100) NOT NULL,
  processing_duration_ms INTEGER NOT NULL CHECK (processing_duration_ms >= 0),
  queue_wait_time_ms INTEGER,
  success BOOLEAN NOT NULL,
  error_type VARCHAR(100),
  error_message TEXT,
  retry_count INTEGER DEFAULT 0,
  batch_size INTEGER DEFAULT 1 CHECK (batch_size >= 1),
  created_at TIMESTAMPTZ DEFAULT NOW()
);

-- One row a committed write. A client that lost its connection during COMMIT asks for its
-- token again, and so never writes twice. Transaction ids cannot serve: a crash reuses them.
CREATE TABLE nodewright.receipts (
  token UUID PRIMARY KEY,
  written_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

-- (a, b) and (b, a) are one record: names are kept in the order of their code points.
CREATE FUNCTION nodewright.order_mixin_pair() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  first_name VARCHAR := NEW.mixin_a;
BEGIN
  NEW.mixin_a := NEW.mixin_b;
  NEW.mixin_b := first_name;
  RETURN NEW;
END $$;

CREATE TRIGGER order_mixin_pair
  BEFORE INSERT OR UPDATE ON mixin_compatibility_matrix
  FOR EACH ROW WHEN (NEW.mixin_a COLLATE "C" > NEW.mixin_b COLLATE "C")
  EXECUTE FUNCTION nodewright.order_mixin_pair();

CREATE FUNCTION nodewright.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;

CREATE TRIGGER touch_updated_at
  BEFORE UPDATE ON mixin_compatibility_matrix
  FOR EACH ROW EXECUTE FUNCTION nodewright.touch_updated_at();

CREATE TRIGGER touch_updated_at
  BEFORE UPDATE ON template_cache_metadata
  FOR EACH ROW EXECUTE FUNCTION nodewright.touch_updated_at();

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

-- Running sums, so that the views read some rows instead of every record.
--
-- Each table has one table of sums in the schema "nodewright". A statement that changes the table
-- appends one row of differences for each group that it touched, in the same transaction; the sum
-- over all rows of a group is exact in every snapshot. Rows are only appended, so writers never
-- wait for each other; now and then a writer folds what is there into one row a group.

CREATE FUNCTION nodewright.keep_sums(
  p_table TEXT,  -- the table to sum up
  p_groups TEXT[],  -- its columns that name a group
  p_sums TEXT[]  -- name, expression, name, expression: summed, with a count of what is not NULL
) RETURNS VOID LANGUAGE plpgsql AS $body$
DECLARE
  v_sums TEXT := format('nodewright.%I', p_table || '_sums');
  v_groups TEXT := (SELECT string_agg(quote_ident(g), ', ') FROM unnest(p_groups) AS g);
  v_columns TEXT;  -- of the table of sums, after the groups
  v_signed TEXT;  -- the same of changed rows, each with its sign
  v_folded TEXT;  -- the same of rows of sums
  v_create TEXT;
  v_fold TEXT;
BEGIN
  SELECT
    'n, ' || string_agg(format('%1$I, %2$I', name, name || '_n'), ', '),
    'sum(sign), ' || string_agg(format(
      'coalesce(sum(sign * (%1$s)), 0), coalesce(sum(sign) FILTER (WHERE (%1$s) IS NOT NULL), 0)',
      expression), ', '),
    'sum(n), ' || string_agg(format('sum(%1$I), sum(%2$I)', name, name || '_n'), ', '),
    'n BIGINT NOT NULL, ' || string_agg(format(
      '%1$I NUMERIC NOT NULL, %2$I BIGINT NOT NULL', name, name || '_n'), ', ')
  INTO v_columns, v_signed, v_folded, v_create
  FROM (
    SELECT p_sums[2 * i - 1] AS name, p_sums[2 * i] AS expression
    FROM generate_series(1, cardinality(p_sums) / 2) AS i
  ) AS named;

  EXECUTE format('CREATE TABLE %s (%s, %s)', v_sums,
    (SELECT string_agg(quote_ident(g) || ' VARCHAR NOT NULL', ', ') FROM unnest(p_groups) AS g),
    v_create);

  -- A repeatable-read transaction could fail at rows that another one has folded.
  v_fold := format($fold$
      IF random() < 1.0 / 256 AND current_setting('transaction_isolation') = 'read committed' THEN
        WITH folded AS (
          DELETE FROM %1$s WHERE ctid IN (SELECT ctid FROM %1$s FOR UPDATE SKIP LOCKED) RETURNING *
        )
        INSERT INTO %1$s (%2$s, %3$s) SELECT %2$s, %4$s FROM folded GROUP BY %2$s;
      END IF;
    $fold$, v_sums, v_groups, v_columns, v_folded);

  EXECUTE format($function$
    CREATE FUNCTION nodewright.%1$I() RETURNS trigger LANGUAGE plpgsql AS $trigger$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO %2$s (%3$s, %4$s)
        SELECT %3$s, %5$s FROM (SELECT 1 AS sign, * FROM added) AS changed GROUP BY %3$s;
      ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO %2$s (%3$s, %4$s)
        SELECT %3$s, %5$s FROM (SELECT -1 AS sign, * FROM removed) AS changed GROUP BY %3$s;
      ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO %2$s (%3$s, %4$s)
        SELECT %3$s, %5$s FROM (
          SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed
        ) AS changed GROUP BY %3$s;
      ELSE
        DELETE FROM %2$s;
      END IF;
      %6$s
      RETURN NULL;
    END $trigger$
  $function$, 'sum_' || p_table, v_sums, v_groups, v_columns, v_signed, v_fold);

  EXECUTE format('CREATE TRIGGER sum_inserted AFTER INSERT ON %1$I
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION nodewright.%2$I()', p_table, 'sum_' || p_table);
  EXECUTE format('CREATE TRIGGER sum_updated AFTER UPDATE ON %1$I
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION nodewright.%2$I()', p_table, 'sum_' || p_table);
  EXECUTE format('CREATE TRIGGER sum_deleted AFTER DELETE ON %1$I
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION nodewright.%2$I()', p_table, 'sum_' || p_table);
  EXECUTE format('CREATE TRIGGER sum_truncated AFTER TRUNCATE ON %1$I
    FOR EACH STATEMENT EXECUTE FUNCTION nodewright.%2$I()', p_table, 'sum_' || p_table);
END $body$;

SELECT nodewright.keep_sums('mixin_compatibility_matrix', ARRAY['node_type'], ARRAY[
  'score', 'compatibility_score',
  'successes', 'success_count',
  'failures', 'failure_count',
  'trials', 'success_count::bigint + failure_count'
]);

SELECT nodewright.keep_sums('pattern_feedback_log', ARRAY['pattern_name', 'feedback_type'], ARRAY[
  'confidence', 'detected_confidence',
  'by_user', 'user_provided::int',
  'weight', 'learning_weight'
]);

SELECT nodewright.keep_sums('generation_performance_metrics', ARRAY['phase'], ARRAY[
  'duration', 'duration_ms::bigint',
  'hits', 'cache_hit::int',
  'parallel', 'parallel_execution::int',
  'workers', 'worker_count::bigint'
]);

SELECT nodewright.keep_sums('template_cache_metadata', ARRAY['template_type'], ARRAY[
  'hits', 'cache_hits',
  'misses', 'cache_misses',
  'uses', 'cache_hits::bigint + cache_misses',
  'load_time', 'load_time_ms',
  'size', 'size_bytes::bigint'
]);

SELECT nodewright.keep_sums('event_processing_metrics', ARRAY['event_type', 'event_source'], ARRAY[
  'successes', 'success::int',
  'duration', 'processing_duration_ms::bigint',
  'wait', 'queue_wait_time_ms::bigint',
  'retries', 'retry_count::bigint'
]);

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

-- What judgements say of patterns beside their kind, counted as they are written, so that an
-- analysis reads some rows instead of every record.

-- The latest judgements of a pattern, without a visit to the table. Of those that were written at
-- once, which have one time, the random ids make a fair choice.
CREATE INDEX pattern_feedback_log_recent
  ON pattern_feedback_log (pattern_name, created_at DESC, id DESC)
  INCLUDE (detected_confidence, feedback_type, learning_weight)
  WHERE detected_confidence IS NOT NULL;

-- measure: 'missed' (the pattern was there, and was not what was detected), or 'false_positive'
-- or 'false_negative' with the name that judgements of the pattern list.
CREATE TABLE nodewright.pattern_tally (
  pattern_name VARCHAR NOT NULL,
  measure VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (pattern_name, measure, name)
);

-- What one judgement adds to the tally. Names are cut to what an index can hold.
CREATE FUNCTION nodewright.pattern_marks(
  p_detected VARCHAR, p_actual VARCHAR, p_false_positives TEXT[], p_false_negatives TEXT[]
) RETURNS TABLE (pattern_name VARCHAR, measure VARCHAR, name VARCHAR) IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
  SELECT p_detected, 'false_positive', left(given, 500)
  FROM unnest(p_false_positives) AS given WHERE given <> ''
  UNION
  SELECT p_detected, 'false_negative', left(given, 500)
  FROM unnest(p_false_negatives) AS given WHERE given <> ''
  UNION
  SELECT given, 'missed', ''
  FROM unnest(p_false_negatives) AS given WHERE given <> '' AND length(given) <= 100
  UNION
  SELECT p_actual, 'missed', '' WHERE p_actual <> p_detected AND p_actual <> '';
END;

-- Rows are changed in the order of their keys, so that writers cannot lock each other out. Who
-- keeps analyses in memory listens, and is told at the commit.
CREATE FUNCTION nodewright.tally_pattern_feedback() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM nodewright.pattern_tally;
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO nodewright.pattern_tally AS known
    SELECT m.*, count(*) FROM added, nodewright.pattern_marks(
      added.pattern_name, actual_pattern, false_positives, false_negatives) AS m
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (pattern_name, measure, name) DO UPDATE SET n = known.n + EXCLUDED.n;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO nodewright.pattern_tally AS known
    SELECT m.*, -count(*) FROM removed, nodewright.pattern_marks(
      removed.pattern_name, actual_pattern, false_positives, false_negatives) AS m
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (pattern_name, measure, name) DO UPDATE SET n = known.n + EXCLUDED.n;
  ELSE
    INSERT INTO nodewright.pattern_tally AS known
    SELECT m.*, sum(sign) FROM (
      SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed
    ) AS changed, nodewright.pattern_marks(
      changed.pattern_name, actual_pattern, false_positives, false_negatives) AS m
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (pattern_name, measure, name) DO UPDATE SET n = known.n + EXCLUDED.n;
  END IF;
  PERFORM pg_notify('nodewright_pattern_feedback', '');
  RETURN NULL;
END $$;

CREATE TRIGGER tally_inserted AFTER INSERT ON pattern_feedback_log
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION nodewright.tally_pattern_feedback();
CREATE TRIGGER tally_updated AFTER UPDATE ON pattern_feedback_log
  REFERENCING NEW TABLE AS added OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION nodewright.tally_pattern_feedback();
CREATE TRIGGER tally_deleted AFTER DELETE ON pattern_feedback_log
  REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION nodewright.tally_pattern_feedback();
CREATE TRIGGER tally_truncated AFTER TRUNCATE ON pattern_feedback_log
  FOR EACH STATEMENT EXECUTE FUNCTION nodewright.tally_pattern_feedback();

-- Speed-ups are read from the total times of runs: those that measured theirs by the first index,
-- others are computed along the second, whose rows nodewright itself does not write.
CREATE INDEX generation_measured_totals ON generation_performance_metrics (created_at)
  WHERE parallel_execution AND phase = 'total'
    AND jsonb_typeof(metadata -> 'speedup') = 'number';
CREATE INDEX generation_unmeasured_totals
  ON generation_performance_metrics (session_id, created_at, duration_ms)
  WHERE parallel_execution AND phase = 'total'
    AND (jsonb_typeof(metadata -> 'speedup') = 'number') IS NOT TRUE;

-- What each run planned and what came of it, for people to look at. JSON rather than JSONB: nothing
-- searches in it, and texts of users may hold characters that JSONB refuses.
CREATE TABLE nodewright.generation_runs (
  session_id UUID PRIMARY KEY,
  ended_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  title TEXT NOT NULL,
  planned INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  summary JSON NOT NULL
);
CREATE INDEX generation_runs_ended ON nodewright.generation_runs (ended_at DESC);
