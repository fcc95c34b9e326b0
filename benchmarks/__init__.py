"""Speed as ratios against named peers; run one with ``python -m benchmarks.<name>``."""
