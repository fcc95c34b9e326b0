"""Entries for people: one coloured line, then the metadata, then an exception's frames."""

from collections.abc import Callable
from typing import Any

from nodewright.logs.encode import dumps, loads

_COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


def rendering(write: Callable[[bytes], None], *, colours: bool) -> Callable[[bytes], None]:
    """A ``write`` that renders each entry before it hands it on; never raises.

    Args:
        write: takes the rendered text.
        colours: whether to colour; the variable NO_COLOR of the environment forbids it.
    """
    import os

    coloured = colours and not os.environ.get("NO_COLOR")

    def write_rendered(line: bytes) -> None:
        try:
            text = render(loads(line), colours=coloured).encode("utf-8", "backslashreplace")
        except Exception:  # noqa: BLE001 - a line that is no entry is shown as it is
            text = line
        write(text)

    return write_rendered


def render(entry: dict[str, Any], *, colours: bool = False) -> str:
    """``entry`` as text that ends in a newline, without control characters of its values."""

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colours and code else text

    level = _shown(entry.get("level", ""))
    clock = _shown(entry.get("timestamp", ""))[11:23].removesuffix("+").ljust(12)
    parts = [
        paint(clock, "2"),
        paint(f"{level:<8}", _COLOURS.get(level, "")),
        paint(_shown(entry.get("logger_name", "")), "36"),
        _shown(entry.get("message", "")),
    ]
    metadata = entry.get("metadata")
    if isinstance(metadata, dict):
        parts += [paint(_shown(key), "2") + "=" + _shown(value) for key, value in metadata.items()]
    elif metadata is not None:
        parts.append(_shown(metadata))
    parts += [
        paint(f"{key}={_shown(entry[key])}", "2")
        for key in ("component", "correlation_id", "session_id", "trace_id")
        if entry.get(key)
    ]
    text = " ".join(parts) + "\n"
    exception = entry.get("exception")
    return text + _exception(exception, "  ") if isinstance(exception, dict) else text


def _exception(exception: dict[str, Any], indent: str) -> str:
    lines = []
    for frame in exception.get("frames", ()):
        place = frame.get("frame", frame)
        if "cut" in place:
            lines.append(_shown(place["cut"]))
            continue
        lines.append(
            f"{_shown(place.get('file'))}:{_shown(place.get('line'))} "
            f"in {_shown(place.get('function'))}: {_shown(place.get('source', ''))}"
        )
        lines += [f"    {_shown(k)} = {_shown(v)}" for k, v in frame.get("locals", {}).items()]
    lines.append(f"{_shown(exception.get('type'))}: {_shown(exception.get('message', ''))}")
    lines += [f"note: {_shown(note)}" for note in exception.get("notes", ())]
    text = "".join(f"{indent}{line}\n" for line in lines)
    for key in ("cause", "context"):
        if isinstance(exception.get(key), dict):
            text += f"{indent}{key}:\n" + _exception(exception[key], indent + "  ")
    for number, member in enumerate(exception.get("exceptions", ()), 1):
        text += f"{indent}exception {number}:\n" + _exception(member, indent + "  ")
    return text


def _shown(value: object) -> str:
    """``value`` as text in which nothing moves the cursor or looks like a line of its own."""
    text = value if isinstance(value, str) else dumps(value).decode()
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
