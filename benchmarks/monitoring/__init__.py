"""How fast metrics are recorded, exported and collected: python -m benchmarks.monitoring."""
