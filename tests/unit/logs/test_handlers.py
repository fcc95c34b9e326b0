"""What handlers of `logging` receive of the entries of structured loggers."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from nodewright.logs import JSONFormatter, StructuredLogger, get_logger, log_context
from nodewright.logs.stdlib import BridgeHandler


class Receiving(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.received: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.received.append(record)


@pytest.fixture
def attach() -> Iterator[Any]:
    """Puts handlers on loggers of `logging`, until the test is over."""
    attached: list[tuple[logging.Logger, logging.Handler]] = []

    def put(name: str, handler: logging.Handler) -> Any:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        attached.append((logger, handler))
        return handler

    yield put
    for logger, handler in attached:
        logger.removeHandler(handler)
        logger.propagate = True


def test_a_handler_on_the_loggers_name_receives_its_entries(kept: Any, attach: Any) -> None:
    handler = attach("shop.orders", Receiving())
    with log_context(correlation_id="c-1"):
        StructuredLogger("shop.orders", component="shop").info("order.placed", metadata={"n": 1})
    (record,) = handler.received
    assert (record.name, record.levelno, record.getMessage()) == ("shop.orders", 20, "order.placed")
    assert (record.metadata, record.correlation_id, record.component) == ({"n": 1}, "c-1", "shop")
    assert record.filename == "test_handlers.py"
    assert kept.entry["message"] == "order.placed"


def test_handlers_of_parents_receive_too_as_far_as_records_propagate(
    kept: Any, attach: Any
) -> None:
    above, below = attach("tree", Receiving()), attach("tree.leaf", Receiving())
    log = get_logger("tree.leaf.inner")
    log.info("one")
    logging.getLogger("tree.leaf").propagate = False
    log.info("two")
    get_logger("treehouse").info("other")
    assert [record.getMessage() for record in above.received] == ["one"]
    assert [record.getMessage() for record in below.received] == ["one", "two"]
    assert len(kept.lines) == 3


def test_a_handler_attached_after_entries_were_written_receives_the_next(
    kept: Any, attach: Any
) -> None:
    log = get_logger("late.one")
    log.info("before")
    handler = attach("late", Receiving())
    log.info("after")
    assert [record.getMessage() for record in handler.received] == ["after"]
    assert len(kept.lines) == 2


def test_levels_and_exceptions_arrive(kept: Any, attach: Any) -> None:
    handler = attach("levels", Receiving())
    handler.setLevel(logging.ERROR)
    log = get_logger("levels")
    log.warning("left out")
    log.error("failed", exc_info=ValueError("v"))
    (record,) = handler.received
    assert record.exc_info[0] is ValueError
    assert len(kept.lines) == 2


def test_our_formatter_prints_the_entry_itself(kept: Any, attach: Any) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONFormatter())
    attach("printed", handler)
    get_logger("printed", component="c").info("said", metadata={"password": "hunter2", "n": 1})
    assert stream.getvalue().encode() == kept.lines[0]
    assert json.loads(stream.getvalue())["metadata"] == {"password": "[redacted]", "n": 1}


def test_a_handler_that_logs_to_its_own_logger_does_not_receive_that(
    kept: Any, attach: Any
) -> None:
    class Echoing(Receiving):
        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            get_logger("echo").info("echoed")

    handler = attach("echo", Echoing())
    get_logger("echo").info("said")
    assert [record.getMessage() for record in handler.received] == ["said"]
    assert [entry["message"] for entry in kept.entries] == ["said", "echoed"]


def test_a_handler_that_fails_hurts_nobody(kept: Any, attach: Any) -> None:
    class Failing(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise OSError(record)

    attach("failing", Failing())
    get_logger("failing").info("said")
    assert kept.entry["message"] == "said"


def test_our_own_bridge_does_not_write_an_entry_twice(kept: Any, attach: Any) -> None:
    attach("bridged.by.hand", BridgeHandler())
    get_logger("bridged.by.hand").info("once")
    assert len(kept.lines) == 1
