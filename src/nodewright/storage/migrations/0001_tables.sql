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
