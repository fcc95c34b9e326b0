"""What is to happen to each file of the output folder: decided once, shown and then done."""

import ast
import io
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import NamedTuple, cast

from nodewright.delivery.manifest import (
    LARGEST_FILE,
    ConfinementError,
    DeliveryError,
    Manifest,
    ManifestEntry,
    checked_path,
    confined,
    digest,
    load_manifest,
    read_base,
    read_regular,
)
from nodewright.delivery.merge import Merged, has_conflicts, merge
from nodewright.rendering.model import RenderedFile


class Action(StrEnum):
    """What happens to a file."""

    CREATE = "create"
    OVERWRITE = "overwrite"
    KEEP = "keep"
    MERGE = "merge"
    CONFLICT = "conflict"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class FileDecision:
    """One file of the output folder.

    ``content`` is what will be written, None where nothing is. ``staged`` is what is verified for
    it. ``blocks`` says that its node cannot be delivered at all. ``file`` is None for what the
    plan no longer has.
    """

    path: str
    action: Action
    reason: str
    node: str
    file: RenderedFile | None = None
    content: bytes | None = None
    staged: bytes | None = None
    blocks: bool = False

    @property
    def edited(self) -> bool:
        """Whether what is verified is not what was generated: the user's edits are in it."""
        return (
            self.file is not None
            and self.staged is not None
            and self.staged != self.file.content.encode()
        )

    @property
    def unresolved(self) -> bool:
        """Whether the user's edits and the generated ones cannot both be had in a shell."""
        return (
            self.action is Action.CONFLICT
            and not self.blocks
            and self.file is not None
            and not self.file.user_owned
        )

    @property
    def writes(self) -> bool:
        """Whether the output folder changes."""
        return self.content is not None or self.action is Action.REMOVE


def decide(
    files: Iterable[RenderedFile],
    out: Path,
    *,
    force: bool = False,
    additive: bool = False,
    edits: Mapping[str, bytes] | None = None,
) -> list[FileDecision]:
    """Compare what was generated with what ``out`` holds; reads only.

    Args:
        files: all files of the package, each path once.
        out: the output folder, which need not exist.
        force: overwrite files that nodewright did not write, and edits that cannot be merged,
            except in files that are the user's own.
        additive: leave alone what earlier runs delivered and is not among ``files``.
        edits: texts that count as the user's own in place of what ``out`` holds at their paths.

    Returns:
        One decision a file, by path; files that an earlier run delivered and that are not among
        ``files`` are removed, or kept where the user edited them.

    Raises:
        ConfinementError: a path leads out of ``out``, directly or by a symbolic link.
        DeliveryError: the manifest cannot be read.
    """
    root = out.resolve()
    manifest = load_manifest(root)
    new: dict[str, RenderedFile] = {}
    for file in files:
        if checked_path(file.path) in new:
            raise ConfinementError(f"{file.path} was generated twice")
        new[file.path] = file
    edits = edits or {}
    decisions = [_submitted(path, root, edits[path]) for path in edits if path not in new] + [
        _decide(file, root, manifest, edits.get(file.path), force=force) for file in new.values()
    ]
    dropped = [] if additive else [path for path in manifest.files if path not in new]
    decisions += [_dropped(path, root, manifest.files[path]) for path in dropped]
    return sorted(decisions, key=lambda decision: decision.path)


def held(root: Path, path: str) -> bytes | None:
    """What ``root`` holds at ``path``; None where there is no file.

    Raises:
        ConfinementError: a symbolic link on the way leads out of ``root``.
        IsADirectoryError: there is a folder.
        DeliveryError: there is a pipe, a device, or a file that is too large to be a source.
    """
    confined(root, [path])
    try:
        return read_regular(root / path, LARGEST_FILE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise
    except OSError as error:
        raise DeliveryError(f"{path} of {root} cannot be read: {error}") from error


class _Verdict(NamedTuple):
    """What a rule says; ``staged`` is the generated text unless it says otherwise."""

    action: Action
    reason: str
    content: bytes | None = None
    staged: bytes | None = None
    blocks: bool = False


def _submitted(path: str, root: Path, edit: bytes) -> FileDecision:
    """A file of the user's own that is delivered with the run."""
    there = held(root, checked_path(path))
    if there == edit:
        return FileDecision(path, Action.KEEP, "unchanged", "", staged=edit)
    action = Action.CREATE if there is None else Action.OVERWRITE
    return FileDecision(path, action, "submitted", "", content=edit, staged=edit)


def _decide(
    file: RenderedFile, root: Path, manifest: Manifest, edit: bytes | None, *, force: bool
) -> FileDecision:
    generated = file.content.encode()
    entry = manifest.files.get(file.path)
    verdict = _obstacle(file.path, root, generated, force=force)
    if verdict is None:
        there = held(root, file.path)
        current = there if edit is None else edit
        lines = _Lines.of(current)
        verdict = _unedited(lines.plain(current), generated, entry, force=force)
        if edit is not None and entry is None and edit != generated:
            verdict = _Verdict(Action.MERGE, "submitted", edit, edit)
        if verdict is None and entry is not None:
            verdict = _edited(file, root, entry, lines.plain(current) or b"", force=force)
        verdict = lines.restored(cast("_Verdict", verdict), generated)
        if edit is not None and edit != there and verdict.action is Action.KEEP:
            verdict = verdict._replace(
                action=Action.OVERWRITE, reason="submitted", content=edit, staged=edit
            )
    action, reason, content, staged, blocks = verdict
    staged = generated if staged is None else staged
    return FileDecision(file.path, action, reason, file.node, file, content, staged, blocks)


class _Lines(Enum):
    """How the lines of a file end; files are compared and merged with plain line feeds."""

    LF = b"\n"
    CRLF = b"\r\n"

    @classmethod
    def of(cls, content: bytes | None) -> "_Lines":
        """CRLF where every line of ``content`` ends so."""
        ends = content.count(b"\r\n") if content else 0
        return cls.CRLF if content and ends and ends == content.count(b"\n") else cls.LF

    def plain(self, content: bytes | None) -> bytes | None:
        """``content`` with line feeds only."""
        if content is None or self is _Lines.LF:
            return content
        return content.replace(b"\r\n", b"\n")

    def restored(self, verdict: "_Verdict", generated: bytes) -> "_Verdict":
        """``verdict`` with the line ends that the file has."""
        if self is _Lines.LF:
            return verdict
        staged = generated if verdict.staged is None else verdict.staged
        content = verdict.content
        return verdict._replace(
            content=None if content is None else content.replace(b"\n", b"\r\n"),
            staged=staged.replace(b"\n", b"\r\n"),
        )


def _obstacle(path: str, root: Path, generated: bytes, *, force: bool) -> _Verdict | None:
    """What stands where the file should be and is no file."""
    target = root / path
    if target.is_symlink():
        held(root, path)
        if force:
            return _Verdict(Action.OVERWRITE, "a symbolic link, replaced by --force", generated)
        return _Verdict(Action.CONFLICT, "is a symbolic link", blocks=True)
    if target.is_dir():
        return _Verdict(Action.CONFLICT, "a folder is in its place", blocks=True)
    folder = target.parent
    while folder != root and not folder.exists():
        folder = folder.parent
    if folder.exists() and not folder.is_dir():
        return _Verdict(Action.CONFLICT, f"{folder} is a file and has to be a folder", blocks=True)
    return None


def _unedited(
    current: bytes | None, generated: bytes, entry: ManifestEntry | None, *, force: bool
) -> _Verdict | None:
    """The rules for files that the user did not edit, or that nodewright did not write."""
    if current is None:
        return _Verdict(Action.CREATE, "new" if entry is None else "was deleted", generated)
    if current == generated:
        return _Verdict(Action.KEEP, "unchanged")
    if entry is None:
        if force:
            return _Verdict(Action.OVERWRITE, "not generated, replaced by --force", generated)
        reason = "was not generated by nodewright: move it away, or pass --force"
        return _Verdict(Action.CONFLICT, reason, blocks=True)
    if digest(current) == entry.base:
        return _Verdict(Action.OVERWRITE, "not edited since it was generated", generated)
    return None


def _edited(
    file: RenderedFile, root: Path, entry: ManifestEntry, current: bytes, *, force: bool
) -> _Verdict:
    """The rules for files that the user edited."""
    generated = file.content.encode()
    if entry.base == digest(generated):
        return _Verdict(Action.KEEP, "edited; generated as before", staged=current)
    if force and not file.user_owned:
        return _Verdict(Action.OVERWRITE, "edited, replaced by --force", generated)
    base = read_base(root, entry)
    unmergeable = (
        (base is None, "edited, and the text last generated is lost"),
        (b"\0" in current, "edited into a binary file"),
        (has_conflicts(current), "conflicts of an earlier run are not resolved"),
    )
    for applies, reason in unmergeable:
        if applies:
            return _Verdict(Action.CONFLICT, f"{reason}: kept as it is", staged=current)
    if file.path.endswith(".py") and same_code(current, base or b""):
        return _Verdict(Action.OVERWRITE, "only laid out anew since it was generated", generated)
    merged = merge(current, base or b"", generated)
    return _of_merge(current, merged, user_owned=file.user_owned)


def _of_merge(current: bytes, merged: Merged, *, user_owned: bool) -> _Verdict:
    if merged.content == current:
        return _Verdict(Action.KEEP, "has the generated changes already", staged=current)
    if not merged.conflicts:
        reason = "your changes and the generated ones"
        return _Verdict(Action.MERGE, reason, merged.content, merged.content)
    conflicts = f"{merged.conflicts} conflict{'s' if merged.conflicts > 1 else ''}"
    whose = "the file is yours" if user_owned else "yours and the generated text differ"
    return _Verdict(Action.CONFLICT, f"{conflicts}; {whose}: kept as it is", staged=current)


def same_code(one: bytes, other: bytes) -> bool:
    """Whether two Python texts differ in nothing but their layout; comments count."""
    try:
        return _code(one) == _code(other)
    except (SyntaxError, ValueError, RecursionError, tokenize.TokenError):
        return False


def _code(text: bytes) -> tuple[str, list[str]]:
    comments = [
        token.string
        for token in tokenize.tokenize(io.BytesIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    return ast.dump(ast.parse(text)), comments


def _dropped(path: str, root: Path, entry: ManifestEntry) -> FileDecision:
    try:
        current = held(root, path)
    except IsADirectoryError:
        current = None
    if current is None:
        reason = "no longer in the plan, and deleted already"
        return FileDecision(path, Action.REMOVE, reason, entry.node)
    if digest(current) == entry.base and not (root / path).is_symlink():
        return FileDecision(path, Action.REMOVE, "no longer in the plan", entry.node)
    reason = "no longer in the plan, kept because you edited it"
    return FileDecision(path, Action.KEEP, reason, entry.node)
