"""Entries to a real file, against structlog, loguru and python-json-logger."""
