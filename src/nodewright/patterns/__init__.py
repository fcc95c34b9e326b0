"""Recurring shapes in requirements: library, matcher, feedback, thresholds."""
