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
