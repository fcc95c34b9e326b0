-- Speed-ups are read from the total times of runs: those that measured theirs by the first index,
-- others are computed along the second, whose rows nodewright itself does not write.
CREATE INDEX generation_measured_totals ON generation_performance_metrics (created_at)
  WHERE parallel_execution AND phase = 'total'
    AND jsonb_typeof(metadata -> 'speedup') = 'number';
CREATE INDEX generation_unmeasured_totals
  ON generation_performance_metrics (session_id, created_at, duration_ms)
  WHERE parallel_execution AND phase = 'total'
    AND (jsonb_typeof(metadata -> 'speedup') = 'number') IS NOT TRUE;
