"""Metrics, thresholds, alerts, health and their export."""
