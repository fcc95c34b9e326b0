"""The record, in the output folder, of what was generated there.

``.nodewright/manifest.json`` names each delivered file; ``.nodewright/base/<SHA-256>`` keeps the
text that was last generated for it, so that a later run can tell the user's own changes and merge.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from nodewright import __version__
from nodewright.errors import NodewrightError
from nodewright.rendering.model import RenderedFile
from nodewright.spec.verdicts import ClauseState, ClauseVerdict

STATE_FOLDER = ".nodewright"
MANIFEST_NAME = "manifest.json"
BASE_FOLDER = "base"
FORMAT = 1
LARGEST_STATE = 512 * 1024 * 1024
LARGEST_FILE = 64 * 1024 * 1024

_DIGEST = re.compile(r"[0-9a-f]{64}")


class DeliveryError(NodewrightError):
    """The output folder cannot take the files; the message says why and what to do."""


class ConfinementError(DeliveryError):
    """A path leads out of the output folder."""


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One delivered file.

    ``sha256`` is of the file as it was written; ``base`` of the text generated for it, which is
    another one where the user's changes were merged in.
    """

    sha256: str
    base: str
    template: str
    template_version: str
    template_hash: str
    tool_version: str
    node: str = ""
    requirements: tuple[str, ...] = ()
    user_owned: bool = False

    @classmethod
    def of(cls, file: RenderedFile, written: bytes) -> "ManifestEntry":
        """The entry for ``file`` where ``written`` is what the output folder now holds."""
        return cls(
            sha256=digest(written),
            base=digest(file.content.encode()),
            template=file.template,
            template_version=file.template_version,
            template_hash=file.template_hash,
            tool_version=__version__,
            node=file.node,
            requirements=file.requirements,
            user_owned=file.user_owned,
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files that were delivered to an output folder, by path with slashes.

    ``clauses`` are those of the document, as they were when it was last delivered or proven.
    """

    package: str = ""
    files: Mapping[str, ManifestEntry] = field(default_factory=dict)
    clauses: tuple[ClauseVerdict, ...] = ()

    @property
    def nodes(self) -> frozenset[str]:
        """The slugs of all nodes that were delivered."""
        return frozenset(entry.node for entry in self.files.values() if entry.node)

    def with_changes(
        self,
        package: str,
        written: Mapping[str, ManifestEntry],
        removed: Iterable[str],
        clauses: tuple[ClauseVerdict, ...] | None = None,
    ) -> "Manifest":
        """This manifest after a commit; ``clauses`` None: nothing new is known of them."""
        files = {**self.files, **written}
        for path in removed:
            files.pop(path, None)
        return Manifest(package, files, self.clauses if clauses is None else clauses)

    def dump(self) -> bytes:
        """The manifest as JSON, the same bytes for the same content."""
        document = {
            "format": FORMAT,
            "tool": "nodewright",
            "tool_version": __version__,
            "package": self.package,
            "files": {path: asdict(entry) for path, entry in self.files.items()},
            "clauses": [asdict(each) for each in self.clauses],
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def load_manifest(out: Path) -> Manifest:
    """The manifest of ``out``; an empty one where there is none.

    Raises:
        DeliveryError: it cannot be read, or is not what nodewright writes.
        ConfinementError: it names a path outside ``out``.
    """
    path = out / STATE_FOLDER / MANIFEST_NAME
    try:
        return _parsed(orjson.loads(read_regular(path, LARGEST_STATE)))
    except (FileNotFoundError, NotADirectoryError):
        return Manifest()
    except ConfinementError as error:
        raise ConfinementError(f"{path} cannot be used: {error}") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DeliveryError(
            f"{path} cannot be read ({error}); restore it, or remove it and pass --force to "
            "overwrite the files beside it"
        ) from error


def read_base(out: Path, entry: ManifestEntry) -> bytes | None:
    """The text last generated for an entry; None where it is lost or was changed."""
    try:
        text = read_regular(out / STATE_FOLDER / BASE_FOLDER / entry.base, LARGEST_FILE)
    except OSError:
        return None
    return text if digest(text) == entry.base else None


def digest(content: bytes) -> str:
    """SHA-256 of ``content`` in hexadecimal."""
    return sha256(content).hexdigest()


def read_regular(path: Path, most: int) -> bytes:
    """The content of a file that may have been put there by anyone.

    Raises:
        OSError: it is not there, is no regular file (a pipe would never end), or is larger than
            ``most`` bytes.
    """
    # Not blocking: opening a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(f"{path} is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is a pipe or a device and no file; remove it")
        if status.st_size > most:
            raise OSError(f"{path} is larger than {most:,} bytes; move it away")
        return file.read(most)


def is_digest(value: object) -> bool:
    """Whether ``value`` is a SHA-256 in hexadecimal, which is safe as the name of a file."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def confined(root: Path, paths: Iterable[str]) -> None:
    """Check that ``paths`` stay in ``root`` even as they stand there, with its symbolic links.

    Raises:
        ConfinementError: one of them climbs, or a folder on its way is a link out of ``root``.
    """
    for folder, path in {(root / checked_path(path)).parent: path for path in paths}.items():
        if not folder.resolve().is_relative_to(root):
            raise ConfinementError(
                f"{path} would be outside {root}: a folder on the way is a symbolic link; "
                "remove the link or choose another output folder"
            )


def checked_path(path: str) -> str:
    """``path`` if it can only be a file below the output folder.

    Raises:
        ConfinementError: it is absolute, climbs, names nothing, or is nodewright's own.
    """
    pure = PurePosixPath(path)
    wrong = (
        not path
        or "\0" in path
        or "\\" in path
        or pure.is_absolute()
        or ".." in pure.parts
        or str(pure) != path
        or not pure.parts
        or pure.parts[0] == STATE_FOLDER
    )
    if wrong:
        raise ConfinementError(f"{path!r} is no path of a file inside the output folder")
    return path


def _parsed(document: Mapping[str, Any]) -> Manifest:
    if document["format"] != FORMAT:
        raise ValueError(f"its format is {document['format']!r}, this version reads {FORMAT}")
    files = {
        checked_path(path): _parsed_entry(path, values)
        for path, values in document["files"].items()
    }
    clauses = tuple(_parsed_clause(values) for values in document.get("clauses", ()))
    return Manifest(str(document["package"]), files, clauses)


def _parsed_clause(values: Mapping[str, Any]) -> ClauseVerdict:
    verdict = ClauseVerdict(**{**values, "state": ClauseState(values["state"])})
    texts = [getattr(verdict, name) for name in _CLAUSE_TEXTS]
    if not all(isinstance(text, str) for text in texts) or type(verdict.line) is not int:
        raise ValueError(f"what it says of clause {str(verdict.id)[:60]!r} is of another type")
    return verdict


def _parsed_entry(path: str, values: Mapping[str, Any]) -> ManifestEntry:
    entry = ManifestEntry(**{**values, "requirements": tuple(values["requirements"])})
    texts = [getattr(entry, name) for name in _TEXTS] + list(entry.requirements)
    if not all(isinstance(text, str) for text in texts) or not isinstance(entry.user_owned, bool):
        raise ValueError(f"what it says of {path!r} is of another type")
    if not is_digest(entry.base):
        raise ValueError(f"the base of {path!r} is {entry.base!r} and no SHA-256")
    return entry


_CLAUSE_TEXTS = [item.name for item in fields(ClauseVerdict) if item.type is str]
_TEXTS = [item.name for item in fields(ManifestEntry) if item.type is str]
