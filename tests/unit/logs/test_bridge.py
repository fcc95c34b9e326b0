"""The standard library, caplog, exceptions, redaction, sampling and the settings."""

import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodewright.logs import (
    JSONFormatter,
    LogLevel,
    LogRecord,
    Redaction,
    Sampling,
    StructuredLogger,
    configure_logging,
    get_logger,
    levels,
    log_context,
    set_level,
    stdlib,
)
from nodewright.logs.pipeline import PIPELINE
from nodewright.logs.redaction import Redactor
from nodewright.logs.sampling import Sampler


@pytest.fixture
def bridged(kept: Any) -> Iterator[Any]:
    levels.replace_levels({"": "INFO"})
    root = list(logging.root.handlers)
    stdlib.install()
    yield kept
    stdlib.uninstall()
    logging.root.handlers[:] = root
    logging.root.setLevel(logging.WARNING)


def test_records_of_all_libraries_come_in_the_same_form(bridged: Any) -> None:
    with log_context(correlation_id="c", component="k"):
        logging.getLogger("lib").warning("n is %d", 3, extra={"n": 3, "session_id": "s"})
    assert list(bridged.entry.items())[1:] == [
        ("level", "WARNING"),
        ("logger_name", "lib"),
        ("message", "n is 3"),
        ("correlation_id", "c"),
        ("session_id", "s"),
        ("component", "k"),
        ("metadata", {"n": 3}),
    ]


def test_records_come_with_secrets_taken_out_and_ids_of_their_own(bridged: Any) -> None:
    library = logging.getLogger("lib")
    for _ in range(2):  # the second time, message and keys are known
        library.info("m", extra={"password": "hunter2", "nested": {"token": "hunter2"}})
        library.info("login password=hunter2")
        library.info("m", extra={"metadata": {"n": 1}, "component": "k", "correlation_id": 5})
        library.error("m", exc_info=ValueError("v"), stack_info=True)
    assert b"hunter2" not in b"".join(bridged.lines)
    for entries in (bridged.entries[:4], bridged.entries[4:]):
        keyed, said, owned, failed = entries
        assert keyed["metadata"] == {"password": "[redacted]", "nested": {"token": "[redacted]"}}
        assert said["message"] == "login password=[redacted]"
        assert (owned["component"], owned["correlation_id"]) == ("k", "5")
        assert owned["metadata"] == {"metadata": {"n": 1}}
        assert failed["exception"]["message"] == "v"
        assert failed["metadata"]["stack"].startswith("Stack")


def test_warnings_come_too(bridged: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        stdlib.install()
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert bridged.entry["logger_name"] == "py.warnings"
    assert "DeprecationWarning: old" in bridged.entry["message"]


def test_level_rules_hold_for_the_standard_library_too(bridged: Any) -> None:
    library = logging.getLogger("some.library")
    library.debug("unseen")
    set_level("some", LogLevel.DEBUG)
    library.debug("seen")
    assert bridged.entry["message"] == "seen"
    levels.reset_level("some")


def test_formatter_for_other_handlers() -> None:
    error = KeyError("k")
    record = logging.LogRecord("a", 40, "f", 1, "m", None, (KeyError, error, None))
    entry = LogRecord.from_json(JSONFormatter().format(record))
    assert (entry.level, entry.message) == ("ERROR", "m")
    assert entry.exception is not None
    assert entry.exception["type"] == "KeyError"


def test_caplog_sees_entries(kept: Any, caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError("v")
    StructuredLogger("a.b").error("failed", metadata={"n": 1}, exc_info=error)
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("a.b", "ERROR", "failed")
    assert record.metadata == {"n": 1}  # type: ignore[attr-defined]
    assert (record.filename, record.funcName) == ("test_bridge.py", "test_caplog_sees_entries")
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert len(kept.lines) == 1


def test_printing_handlers_do_not_print_entries_again(kept: Any, capsys: Any) -> None:
    handler = logging.StreamHandler(sys.stderr)
    logging.root.addHandler(handler)
    try:
        get_logger("a").info("once")
    finally:
        logging.root.removeHandler(handler)
    assert len(kept.lines) == 1
    assert capsys.readouterr().err == ""


def fail(depth: int) -> None:
    password = "hunter2"  # noqa: S105, F841 - shown as a local value, which must not leak
    if depth:
        fail(depth - 1)
    raise ValueError("token=abc123")


def test_exceptions_are_structured(kept: Any) -> None:
    try:
        try:
            fail(2)
        except ValueError as error:
            error.add_note("a note")
            raise ExceptionGroup("all", [KeyError("k"), OSError(2, "gone")]) from error
    except ExceptionGroup as group:
        get_logger("a").error("failed", exc_info=group)
    shown = kept.entry["exception"]
    assert (shown["type"], shown["message"]) == ("ExceptionGroup", "all (2 sub-exceptions)")
    assert [one["type"] for one in shown["exceptions"]] == ["KeyError", "FileNotFoundError"]
    cause = shown["cause"]
    assert (cause["message"], cause["notes"]) == ("token=[redacted]", ["a note"])
    assert [frame["function"] for frame in cause["frames"]][1:] == ["fail"] * 3
    assert cause["frames"][-1]["source"] == 'raise ValueError("token=[redacted]")'
    assert "locals" not in cause["frames"][-1]


def test_locals_only_on_request_and_redacted(kept: Any) -> None:
    PIPELINE.with_locals = True
    try:
        fail(0)
    except ValueError:
        get_logger("a").exception("failed")
    frame = kept.entry["exception"]["frames"][-1]
    assert frame["locals"] == {"depth": "0", "password": "[redacted]"}
    assert frame["frame"]["function"] == "fail"


def test_chains_that_loop_and_stacks_without_end_are_cut(kept: Any) -> None:
    first, second = ValueError("1"), ValueError("2")
    first.__cause__, second.__cause__ = second, first
    get_logger("a").error("loop", exc_info=first)
    try:
        fail(500)
    except ValueError as error:
        get_logger("a").error("deep", exc_info=error)
    loop, deep = kept.entries
    assert "cut" in loop["exception"]["cause"]["cause"]
    assert len(deep["exception"]["frames"]) == 51


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "DB_PASSWORD",
        "apiKey",
        "api-key",
        "X-Api-Key",
        "access_token",
        "clientSecret",
        "Authorization",
        "Set-Cookie",
        "private_key",
        "aws_secret_access_key",
        "passwd",
        "jwt",
    ],
)
def test_secret_keys_are_redacted_at_any_depth(kept: Any, key: str) -> None:
    get_logger("a").info("m", metadata={"list": [{"x": {key: "hunter2"}}], key: "hunter2"})
    assert b"hunter2" not in kept.lines[0]
    assert kept.entry["metadata"]["list"] == [{"x": {key: "[redacted]"}}]


@pytest.mark.parametrize(
    "key",
    [
        "max_tokens",
        "token_count",
        "secret_name",
        "keyboard",
        "primary_key",
        "author",
        "monkey",
        "passed",
        "session_id",
        "tokenizer",
        "key",
    ],
)
def test_harmless_keys_are_kept(kept: Any, key: str) -> None:
    get_logger("a").info("m", metadata={key: "value", "n": {key: 1}})
    assert kept.entry["metadata"] == {key: "value", "n": {key: 1}}


# Not written in one piece, so that nobody takes it for a real one.
GITHUB = "ghp_" + "aB3dE6gH9" * 4


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgresql://me:hunter2@db/x", "postgresql://me:[redacted]@db/x"),
        ("redis://:hunter2@db", "redis://:[redacted]@db"),
        ("https://a/b?token=hunter2&n=1", "https://a/b?token=[redacted]&n=1"),
        ("password=hunter2, n=1", "password=[redacted], n=1"),
        ("Password: hunter2", "Password: [redacted]"),
        ('{"api_key": "hunter2"}', '{"api_key": [redacted]}'),
        ("Bearer hunter2hunter2", "Bearer [redacted]"),
        ("x eyJhbGciOi.eyJzdWIiOi.hunter2 y", "x [redacted] y"),
        ("AKIAABCDEFGHIJKLMNOP", "[redacted]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----", "[redacted]"),
        (f"cloning with {GITHUB}", "cloning with [redacted]"),
        (GITHUB, "[redacted]"),
        ("github_pat_" + "11AbcDEF0_" * 5, "[redacted]"),
        ("xoxb-" + "123456789012-AbCdEfGhIjKl", "[redacted]"),
        ("sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "[redacted]"),
        ("x sk-proj-" + "aB3_" * 6 + " y", "x [redacted] y"),
        ("sk-learn-with-a-very-long-name", "sk-learn-with-a-very-long-name"),
        ("Task-force-with-a-long-Name-1", "Task-force-with-a-long-Name-1"),
        ("see https://host/path?page=2 and a@b.c", "see https://host/path?page=2 and a@b.c"),
        ("the monkey: passed", "the monkey: passed"),
    ],
)
def test_secret_patterns(kept: Any, text: str, clean: str) -> None:
    logger = get_logger("a")
    logger.info(text)
    logger.info("m", metadata={"text": text})
    logger.info("m", metadata={"text": text})  # now the key is known, and takes the fast way
    logger.info("m", metadata={"texts": [text]})
    logger.error("m", exc_info=ValueError(text))
    messages = kept.entries
    assert messages[0]["message"] == clean
    assert [one["metadata"]["text"] for one in messages[1:3]] == [clean, clean]
    assert messages[3]["metadata"]["texts"] == [clean]
    assert messages[4]["exception"]["message"] == clean


def test_own_rules_of_redaction(kept: Any) -> None:
    PIPELINE.clean_by(Redaction(keys=("iban",), patterns=(r"\b\d{3}-\d{2}\b",), allow=("token",)))
    get_logger("a").info("is 123-45", metadata={"IBAN": "DE1", "token": "t", "n": 1})
    assert kept.entry["message"] == "is [redacted]"
    assert kept.entry["metadata"] == {"IBAN": "[redacted]", "token": "t", "n": 1}
    PIPELINE.clean_by(Redaction(enabled=False))
    get_logger("a").info("password=x", metadata={"password": "x"})
    assert kept.entries[1]["metadata"] == {"password": "x"}


def test_patterns_do_not_hang_on_long_texts() -> None:
    redactor = Redactor()
    for text in (
        "token" * 2000,
        "a://" * 2500,
        "password_" * 1000,
        "eyJ" + "a." * 5000,
        "=" * 9000,
    ):
        redactor.text(text + " =@:")


def test_a_wrong_pattern_is_named() -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        Redactor(Redaction(patterns=("(",)))


def test_rate_limit_says_how_many_it_left_out(kept: Any) -> None:
    now = [0.0]
    PIPELINE.sample_by(Sampler(Sampling(limit=2, interval=10), clock=lambda: now[0]))
    logger = get_logger("a")
    for _ in range(5):
        logger.info("flood")
        logger.error("error")
    logger.info("other")
    now[0] = 11
    logger.info("flood", metadata={"n": 1})
    messages = [entry["message"] for entry in kept.entries]
    assert (messages.count("flood"), messages.count("error"), messages.count("other")) == (3, 5, 1)
    assert kept.entries[-1]["metadata"] == {"suppressed": 3, "n": 1}


@pytest.mark.parametrize(("share", "kept_of_100"), [(0, 0), (0.01, 1), (0.3, 30), (1, 100)])
def test_sampling_keeps_its_share(share: float, kept_of_100: int) -> None:
    sampler = Sampler(Sampling(shares={"shop": share}))
    admitted = [sampler.admit("shop.web", 20, "m") is not None for _ in range(100)]
    assert sum(admitted) == kept_of_100
    assert admitted[0] is (share > 0)


def test_sampler_forgets_rather_than_grows() -> None:
    sampler = Sampler(Sampling(limit=1))
    for number in range(25_000):
        sampler.admit("a", 20, str(number))
    assert len(sampler._counts) <= 10_000


def test_configure_logging_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.jsonl"
    code = (
        "import logging; from nodewright.logs import *; configure_logging();"
        "get_logger('x.y').debug('d'); get_logger('z').info('i');"
        "logging.getLogger('x').debug('s'); logging.getLogger('z').warning('w')"
    )
    environment = {
        "NODEWRIGHT_LOG_FILE": str(path),
        "NODEWRIGHT_LOG_LEVEL": "WARNING",
        "NODEWRIGHT_LOG_LEVEL_RULES": '{"x": "DEBUG"}',
    }
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)
    found = [json.loads(line)["message"] for line in path.read_text().splitlines()]
    assert found == ["d", "s", "w"]


def test_a_wrong_style_is_named() -> None:
    with pytest.raises(ValueError, match="the log style is 'xml'"):
        configure_logging(style="xml")  # type: ignore[arg-type]


def test_log_record_round_trip(kept: Any) -> None:
    get_logger("a", component="c").info("m", metadata={"n": 1})
    record = LogRecord.from_json(kept.lines[0])
    assert record.to_json().encode() + b"\n" == kept.lines[0]
    assert LogRecord("t", "INFO", "a", "m").to_dict() == {
        "timestamp": "t",
        "level": "INFO",
        "logger_name": "a",
        "message": "m",
    }
    with pytest.raises(ValueError, match="needs the text 'timestamp'"):
        LogRecord.from_json("{}")


def test_trace_ids_of_opentelemetry(kept: Any) -> None:
    trace = pytest.importorskip("opentelemetry.trace")
    context = trace.SpanContext(1, 2, is_remote=False)
    with trace.use_span(trace.NonRecordingSpan(context)):
        get_logger("a").info("in")
    get_logger("a").info("out")
    inside, outside = kept.entries
    assert (inside["trace_id"], inside["span_id"]) == (f"{1:032x}", f"{2:016x}")
    assert "trace_id" not in outside


def test_outputs_can_be_exchanged(kept: Any, tmp_path: Path) -> None:
    configure_logging(file=tmp_path / "a.jsonl", level="INFO", capture_stdlib=False)
    get_logger("a").info("to the file")
    PIPELINE.send_to(kept).close()
    assert "to the file" in (tmp_path / "a.jsonl").read_text()
