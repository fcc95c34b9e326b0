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
