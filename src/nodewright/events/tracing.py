"""The trace that a call belongs to, where OpenTelemetry is in use."""

import sys


def current_traceparent() -> str:
    """The active span as W3C ``traceparent``; empty where there is none."""
    if "opentelemetry.trace" not in sys.modules:
        return ""
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
