"""One engine for all runs: workers, progress, recording, announcing."""
