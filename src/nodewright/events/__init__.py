"""Events: models, batching, circuit breaker, spool, Kafka."""

from nodewright.events.asyncapi import asyncapi_document
from nodewright.events.batching import BatchProcessor
from nodewright.events.breaker import CircuitBreaker, CircuitState
from nodewright.events.codegen import (
    CodegenAnalysisRequest,
    CodegenAnalysisResponse,
    CodegenGenerationRequest,
    CodegenGenerationResponse,
    CodegenStatusEvent,
    CodegenValidationRequest,
    CodegenValidationResponse,
)
from nodewright.events.config import BatchConfig, CircuitBreakerConfig, OptimizerConfig
from nodewright.events.dead_letters import DeadLetter, DeadLetters
from nodewright.events.errors import (
    BrokerError,
    CircuitOpenError,
    ClosedError,
    EventEncodingError,
    EventError,
    EventRefusedError,
    PayloadError,
    PublishTimeoutError,
    Refusal,
    SpoolBrokerError,
    SpoolError,
    SpoolFullError,
    SpoolOwnedError,
)
from nodewright.events.metrics import MetricSink
from nodewright.events.model import BaseEvent
from nodewright.events.optimizer import EventOptimizer, OptimizerStatistics
from nodewright.events.spool import Spool, SpoolStatistics

__all__ = [
    "BaseEvent",
    "BatchConfig",
    "BatchProcessor",
    "BrokerError",
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "CircuitOpenError",
    "CircuitState",
    "ClosedError",
    "CodegenAnalysisRequest",
    "CodegenAnalysisResponse",
    "CodegenGenerationRequest",
    "CodegenGenerationResponse",
    "CodegenStatusEvent",
    "CodegenValidationRequest",
    "CodegenValidationResponse",
    "DeadLetter",
    "DeadLetters",
    "EventEncodingError",
    "EventError",
    "EventOptimizer",
    "EventRefusedError",
    "MetricSink",
    "OptimizerConfig",
    "OptimizerStatistics",
    "PayloadError",
    "PublishTimeoutError",
    "Refusal",
    "Spool",
    "SpoolBrokerError",
    "SpoolError",
    "SpoolFullError",
    "SpoolOwnedError",
    "SpoolStatistics",
    "asyncapi_document",
]
