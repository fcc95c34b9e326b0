"""Structured JSON logging."""
