"""What was submitted to the referee: kept with who, when, the verdict and the difference."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson

from nodewright.delivery.decisions import held
from nodewright.delivery.manifest import LARGEST_FILE, STATE_FOLDER, confined, read_regular

FOLDER = "submissions"
LONGEST_DIFF = 200_000


@dataclass(frozen=True, slots=True)
class Submission:
    """One thing that was submitted.

    ``kind`` is ``specification`` or ``code``; ``clauses`` are those that it is to close; ``diff``
    is what it changes, as a unified difference. ``reason`` says why it was refused.
    """

    by: str
    kind: str
    clauses: tuple[str, ...]
    accepted: bool
    reason: str = ""
    diff: str = ""
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    id: str = field(default_factory=lambda: uuid4().hex[:12])


def keep(out: Path, submission: Submission) -> Path:
    """Write a submission down in the output folder, whole or not at all."""
    root = out.resolve()
    name = f"{submission.at.replace(':', '').replace('+0000', 'Z')}-{submission.id}.json"
    confined(root, [f"{FOLDER}-check"])
    folder = root / STATE_FOLDER / FOLDER
    if (root / STATE_FOLDER).is_symlink() or folder.is_symlink():
        raise OSError(f"{folder} is a symbolic link; remove it")
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{name}"
    draft.write_bytes(orjson.dumps(asdict(submission), option=orjson.OPT_INDENT_2))
    draft.replace(folder / name)
    return folder / name


def submissions(out: Path) -> Iterator[Submission]:
    """What was submitted to an output folder, the latest first; what cannot be read is left out."""
    folder = out.resolve() / STATE_FOLDER / FOLDER
    for path in sorted(folder.glob("[0-9]*.json"), reverse=True):
        try:
            values = orjson.loads(read_regular(path, LARGEST_FILE))
            yield Submission(**{**values, "clauses": tuple(values["clauses"])})
        except (OSError, ValueError, TypeError, KeyError):
            continue


def difference(out: Path, edits: Mapping[str, bytes]) -> str:
    """What ``edits`` change in the output folder, as a unified difference."""
    found = []
    for path, content in sorted(edits.items()):
        before = held(out.resolve(), path) or b""
        found.append(differing(path, before, content))
    text = "\n".join(found)
    return text if len(text) <= LONGEST_DIFF else f"{text[:LONGEST_DIFF]}\n..."


def differing(path: str, before: bytes, after: bytes) -> str:
    """A unified difference of two texts of one file."""
    return "\n".join(
        difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}", lineterm="")
    )


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="replace").splitlines()
