-- name: record_run
-- Keep a run's plan and report; a session that ran again has the latest.
INSERT INTO nodewright.generation_runs (session_id, title, planned, delivered, summary)
VALUES (%(session_id)s, %(title)s, %(planned)s, %(delivered)s, %(summary)s)
ON CONFLICT (session_id) DO UPDATE SET
  ended_at = now(), title = EXCLUDED.title, planned = EXCLUDED.planned,
  delivered = EXCLUDED.delivered, summary = EXCLUDED.summary
