"""The dashboard and /metrics."""
