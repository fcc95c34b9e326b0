"""The set-ups that are compared: each writes the same entry as JSON to a file of its own."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from nodewright.logs import (
    get_logger,
    set_global_correlation_id,
    set_global_session_id,
    stdlib,
)
from nodewright.logs.files import FileOutput
from nodewright.logs.pipeline import PIPELINE

MESSAGE = "Research task completed"
METADATA = {
    "task_id": "123",
    "duration_ms": 1234,
    "results_count": 42,
    "phase": "research",
    "ok": True,
}
IDS = {
    "correlation_id": "550e8400-e29b-41d4-a716-446655440000",
    "session_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
}
NAME, COMPONENT = "agent_researcher", "agent-researcher"


# Writes so many entries; the loop is inside, so that no call but the logger's is timed.
Loop = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class SetUp:
    """One logger, ready to write."""

    info: Loop
    debug: Loop | None = None
    error: Callable[[int, BaseException], None] | None = None


def own(folder: Path) -> SetUp:
    PIPELINE.send_to(FileOutput(folder / "own.jsonl"))
    set_global_correlation_id(IDS["correlation_id"])
    set_global_session_id(IDS["session_id"])
    logger = get_logger(NAME, component=COMPONENT)
    logger.info(MESSAGE)

    def info(times: int) -> None:
        for _ in range(times):
            logger.info(MESSAGE, metadata=METADATA)

    def debug(times: int) -> None:
        for _ in range(times):
            logger.debug(MESSAGE, metadata=METADATA)

    def error(times: int, raised: BaseException) -> None:
        for _ in range(times):
            logger.error(MESSAGE, metadata=METADATA, exc_info=raised)

    return SetUp(info, debug, error)


def own_bridge(_folder: Path) -> SetUp:
    logger = _library_logger("bridge", stdlib.BridgeHandler())
    extra = {"component": COMPONENT, "metadata": METADATA}

    def info(times: int) -> None:
        for _ in range(times):
            logger.info(MESSAGE, extra=extra)

    return SetUp(info)


def structlog_fastest(folder: Path) -> SetUp:
    """What structlog's page on performance advises: orjson, bytes, cached, filtering."""
    import structlog

    def build(file: BinaryIO, *renderers: Any) -> Any:
        return structlog.wrap_logger(
            structlog.BytesLogger(file),
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            cache_logger_on_first_use=True,
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                *renderers,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=orjson.dumps),
            ],
        ).bind(logger_name=NAME, component=COMPONENT)

    structlog.contextvars.bind_contextvars(**IDS)
    logger = build((folder / "structlog.jsonl").open("wb"), structlog.processors.format_exc_info)
    errors = build(
        (folder / "structlog-errors.jsonl").open("wb"), structlog.processors.dict_tracebacks
    )

    def info(times: int) -> None:
        for _ in range(times):
            logger.info(MESSAGE, metadata=METADATA)

    def debug(times: int) -> None:
        for _ in range(times):
            logger.debug(MESSAGE, metadata=METADATA)

    def error(times: int, raised: BaseException) -> None:
        for _ in range(times):
            errors.error(MESSAGE, metadata=METADATA, exc_info=raised)

    return SetUp(info, debug, error)


def loguru_serialize(folder: Path) -> SetUp:
    from loguru import logger

    logger.remove()
    logger.add(folder / "loguru.jsonl", serialize=True, level="INFO")
    bound = logger.bind(**IDS, component=COMPONENT, metadata=METADATA)

    def info(times: int) -> None:
        for _ in range(times):
            bound.info(MESSAGE)

    def debug(times: int) -> None:
        for _ in range(times):
            bound.debug(MESSAGE)

    def error(times: int, raised: BaseException) -> None:
        for _ in range(times):
            bound.opt(exception=raised).error(MESSAGE)

    return SetUp(info, debug, error)


def python_json_logger(folder: Path) -> SetUp:
    from pythonjsonlogger.orjson import OrjsonFormatter

    handler = logging.FileHandler(folder / "python-json-logger.jsonl")
    handler.setFormatter(OrjsonFormatter("{asctime}{levelname}{name}{message}", style="{"))
    logger = _library_logger("pjl", handler)
    nested = {**IDS, "component": COMPONENT, "metadata": METADATA}

    def info(times: int) -> None:
        for _ in range(times):
            logger.info(MESSAGE, extra=nested)

    return SetUp(info)


def _library_logger(name: str, handler: logging.Handler) -> logging.Logger:
    logger = logging.getLogger(f"benchmark.{name}")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    return logger


def present(folder: Path) -> Iterator[tuple[str, SetUp]]:
    """Every set-up whose package is installed, by name."""
    for name, build in (
        ("nodewright", own),
        ("nodewright, stdlib bridge", own_bridge),
        ("structlog, fastest", structlog_fastest),
        ("loguru, serialize", loguru_serialize),
        ("python-json-logger, orjson", python_json_logger),
    ):
        with contextlib.suppress(ImportError):
            yield name, build(folder)
