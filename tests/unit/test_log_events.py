"""Each log event of the project is a dotted name; what varies stands in its fields."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nodewright

ROOT = Path(nodewright.__file__).parent
METHODS = {"debug", "info", "warning", "error", "critical", "exception"}
LOGGERS = {"_log", "log", "logger", "_logger"}
EVENT = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")


def entries(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls of a logger's methods."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called, on = node.func.attr, node.func.value
        name = on.attr if isinstance(on, ast.Attribute) else getattr(on, "id", "")
        if called in METHODS and name in LOGGERS:
            yield node


def is_named(call: ast.Call) -> bool:
    """Whether the message is a dotted name."""
    message = call.args[0] if call.args else None
    return (
        isinstance(message, ast.Constant)
        and isinstance(message.value, str)
        and EVENT.fullmatch(message.value) is not None
    )


def unnamed() -> dict[str, int]:
    found: Counter[str] = Counter()
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name == "logs/logger.py" or "templates/builtin" in name:
            continue  # the logger itself, and code that is generated
        for call in entries(ast.parse(path.read_text(encoding="utf-8"))):
            found[name] += not is_named(call)
    return {name: count for name, count in found.items() if count}


def test_every_log_event_is_a_dotted_name_with_fields() -> None:
    assert unnamed() == {}


def test_the_check_tells_names_from_texts() -> None:
    calls = {
        '_log.info("cache.loaded", metadata={"n": 1})': True,
        'self._log.error("run.failed", exc_info=error)': True,
        '_log.info(f"loaded {n}")': False,
        '_log.info("loaded")': False,
        '_log.info("The cache. Loaded")': False,
        "_log.warning(str(error))": False,
    }
    for text, expected in calls.items():
        (call,) = entries(ast.parse(text))
        assert is_named(call) is expected, text
