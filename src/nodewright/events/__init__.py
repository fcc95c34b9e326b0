"""Events: models, batching, circuit breaker, spool, Kafka."""
