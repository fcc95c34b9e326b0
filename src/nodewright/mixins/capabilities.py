"""Capabilities by their meaning: ``cache``, ``caching`` and ``memoization`` are one."""

import re
from functools import lru_cache

# Word or phrase that people write -> the identifier of omnibase_core's capability map. Both sides
# are compared by their stems, so plurals and -ing forms need no line of their own.
_SYNONYMS: dict[str, str] = {
    "memoization": "caching",
    "memoize": "caching",
    "ttl": "caching",
    "redis cache": "caching",
    "telemetry": "metrics",
    "prometheus": "metrics",
    "instrumentation": "metrics",
    "monitoring": "metrics",
    "performance monitoring": "metrics",
    "health": "health_monitoring",
    "health check": "health_monitoring",
    "healthcheck": "health_monitoring",
    "liveness": "liveness_probe",
    "readiness": "readiness_probe",
    "retries": "retry",
    "backoff": "retry",
    "breaker": "circuit_breaker",
    "fault tolerance": "circuit_breaker",
    "resilience": "circuit_breaker",
    "events": "event_publishing",
    "event bus": "event_publishing",
    "event driven": "event_publishing",
    "eventing": "event_publishing",
    "messaging": "event_publishing",
    "publish": "event_publishing",
    "publish subscribe": "event_publishing",
    "pubsub": "event_publishing",
    "kafka": "event_publishing",
    "notification": "event_publishing",
    "subscribe": "event_subscription",
    "consume events": "event_subscription",
    "logs": "logging",
    "structured logging": "logging",
    "audit logging": "logging",
    "tracing": "trace_capture",
    "trace": "trace_capture",
    "distributed tracing": "trace_capture",
    "serialize": "serialization",
    "json": "serialization",
    "deserialize": "deserialization",
    "yaml": "yaml_output",
    "canonical": "canonical_output",
    "validate": "validation",
    "input validation": "validation",
    "hash": "hash_computation",
    "hashing": "hash_computation",
    "checksum": "hash_computation",
    "digest": "hash_computation",
    "integrity": "integrity_verification",
    "redaction": "field_redaction",
    "masking": "field_redaction",
    "sensitive data": "field_redaction",
    "pii": "field_redaction",
    "fsm": "state_machine",
    "finite state machine": "state_machine",
    "state": "state_management",
    "workflow": "workflow_orchestration",
    "orchestration": "workflow_orchestration",
    "dag": "dag_execution",
    "lazy": "lazy_evaluation",
    "lifecycle": "lifecycle_management",
    "shutdown": "graceful_shutdown",
    "registry": "service_registry",
    "service discovery": "service_discovery",
    "introspect": "introspection",
    "cli": "cli_parsing",
    "command line": "cli_parsing",
    "arguments": "argument_handling",
    "tools": "tool_execution",
    "mcp": "mcp_integration",
    "routing": "handler_dispatch",
    "route": "handler_dispatch",
    "dispatch": "handler_dispatch",
    "errors": "error_handling",
    "exception handling": "error_handling",
    "fail early": "fail_fast",
}

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SUFFIXES = ("ings", "ing", "ions", "ion", "ers", "er", "ies", "es", "s", "e", "y")
_SHORTEST_STEM = 3


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            word = word[: -len(suffix)]
            break
    # logging -> logg -> log
    doubled = len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "aeiouls"
    return word[:-1] if doubled else word


def words(text: str) -> tuple[str, ...]:
    """The lower-case words of ``text``, which may be camel, snake or plain."""
    return tuple(word.lower() for word in _WORDS.findall(text.replace("_", " ")))


def _stems(text: str) -> tuple[str, ...]:
    return tuple(_stem(word) for word in words(text))


@lru_cache(maxsize=1)
def _by_stems() -> dict[tuple[str, ...], tuple[str, ...]]:
    return {_stems(said): _stems(meant) for said, meant in _SYNONYMS.items()}


@lru_cache(maxsize=4096)
def meaning(capability: str) -> tuple[str, ...]:
    """What ``capability`` means, as a key that is equal for synonyms.

    A leading ``Mixin`` does not matter, so that a mixin's name is a capability too.
    """
    stems = _stems(capability.strip().removeprefix("Mixin"))
    return _by_stems().get(stems, stems)
