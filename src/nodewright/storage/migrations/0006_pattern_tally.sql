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

-- What was recorded before.
INSERT INTO nodewright.pattern_tally
SELECT m.*, count(*) FROM pattern_feedback_log AS log, nodewright.pattern_marks(
  log.pattern_name, actual_pattern, false_positives, false_negatives) AS m
GROUP BY 1, 2, 3;
