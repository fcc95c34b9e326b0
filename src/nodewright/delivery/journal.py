"""Changes of an output folder that are finished or undone, whenever the process was killed.

A batch of changes is prepared in ``.nodewright/journal/<number>``: the new files, copies of the old
ones, the next manifest and a record. Until the record is there nothing has happened; from then on
the batch is finished, by this run or by the next. What is left is renames, and each is done or not
done, so doing them again does no harm.

What stands in the journal may have come with a folder from anywhere: a record is checked before
anything is done by it, and nothing is done outside the output folder.

Guaranteed against the death of the process. The record is synchronised to the disk; the files
themselves are left to the file system.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from nodewright.delivery.manifest import (
    BASE_FOLDER,
    LARGEST_FILE,
    LARGEST_STATE,
    MANIFEST_NAME,
    STATE_FOLDER,
    ConfinementError,
    DeliveryError,
    confined,
    digest,
    is_digest,
    read_regular,
)
from nodewright.disk import sync_folder

JOURNAL = "journal"
_RUN = "run.json"
_RECORD = "record.json"
_DONE = "done"
_UNDOING = "undoing"
_INCOMING = "incoming"
_BEFORE = "before"
_MANIFEST_BEFORE = "manifest-before.json"
_UNFINISHED = ".preparing"


@dataclass(frozen=True, slots=True)
class Change:
    """One file: ``before`` is the number of its backup, ``after`` the digest of what it becomes."""

    path: str
    before: int | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What is changed at once.

    ``folders`` are new and moved into place whole; ``created`` are all folders that did not exist;
    ``bases`` are the texts that the manifest's folder did not have.
    """

    changes: tuple[Change, ...]
    folders: tuple[str, ...]
    created: tuple[str, ...]
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    run: str
    out_existed: bool
    state_existed: bool


class Journal:
    """The changes of the last run on the output folder ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state: Path = root / STATE_FOLDER
        self.folder: Path = self.state / JOURNAL
        self._discarded = self.state / f"{JOURNAL}.discarded"

    def begin(self, run_id: str, *, out_existed: bool, state_existed: bool) -> None:
        """Forget the run before, and start the record of a new one; go on with the same one."""
        if self._run().run == run_id:
            return
        self._discard()
        self.folder.mkdir(parents=True)
        run = _Run(run_id, out_existed, state_existed)
        (self.folder / _RUN).write_bytes(orjson.dumps(asdict(run)))

    def commit(
        self,
        writes: Mapping[str, bytes],
        removals: Iterable[str],
        folders: Iterable[str],
        bases: Mapping[str, bytes],
        manifest: bytes,
    ) -> None:
        """Do one batch of changes, all or none.

        Args:
            writes: path -> new content.
            removals: paths to remove.
            folders: folders of ``writes``, to move into place whole where they do not exist.
            bases: digest -> text that the manifest will refer to.
            manifest: the next manifest.

        Raises:
            OSError: the changes could not be made; the output folder is as it was.
        """
        number = len(self._batches()) + 1
        place = self.folder / f"{number:06}"
        draft = self.folder / f"{number:06}{_UNFINISHED}"
        try:
            batch = self._prepare(draft, writes, removals, folders, bases, manifest)
            draft.rename(place)
            sync_folder(self.folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        try:
            self._finish(place, batch)
        except OSError:
            self._revert(place, batch)
            shutil.rmtree(place)
            raise

    def recover(self) -> None:
        """Finish what a killed run began; DeliveryError where it is not nodewright's to do."""
        self._refuse_links()
        if (self.folder / _UNDOING).exists():
            self._undo()
            return
        shutil.rmtree(self._discarded, ignore_errors=True)
        for draft in self.folder.glob(f"*{_UNFINISHED}"):
            shutil.rmtree(draft)
        for place in self._batches():
            if not (place / _DONE).exists():
                self._finish(place, self._batch(place))

    def edited_since(self) -> list[str]:
        """Files of the last run that are no longer as it left them."""
        after = {
            change.path: change.after
            for place in self._batches()
            for change in self._batch(place).changes
        }
        return sorted(path for path, state in after.items() if self._digest(path) != state)

    def undo(self) -> list[str]:
        """Take the last run back; returns the files that were restored or removed.

        Raises:
            DeliveryError: there is no run to take back.
        """
        batches = self._batches()
        paths = [change.path for place in batches for change in self._batch(place).changes]
        if not batches:
            raise DeliveryError(f"{self.root} has no run to undo")
        _write_synchronised(self.folder / _UNDOING, b"")
        self._undo()
        return sorted(set(paths))

    def _undo(self) -> None:
        for place in reversed(self._batches()):
            self._revert(place, self._batch(place))
        run = self._run()
        self._discard()
        if not run.state_existed:
            shutil.rmtree(self.state)
        if not run.out_existed:
            with suppress(OSError):
                self.root.rmdir()

    def _run(self) -> _Run:
        """The last run; where a kill left no whole record of it, one that made no folder."""
        with suppress(FileNotFoundError, ValidationError):
            return _parsed(self.folder / _RUN, _Run)
        return _Run("", out_existed=True, state_existed=True)

    def _discard(self) -> None:
        """Remove the journal; a kill half-way must not leave half a record."""
        shutil.rmtree(self._discarded, ignore_errors=True)
        with suppress(FileNotFoundError):
            self.folder.rename(self._discarded)
            shutil.rmtree(self._discarded)

    def _batch(self, place: Path) -> Batch:
        """What a batch changes, every path of it inside the output folder."""
        batch = _read(place / _RECORD, Batch)
        paths = [change.path for change in batch.changes]
        # A folder is entered, so it must not be a link itself.
        confined(self.root, [*paths, *(f"{path}/_" for path in (*batch.folders, *batch.created))])
        if not all(map(is_digest, batch.bases)):
            raise ConfinementError(f"{place / _RECORD} names bases that are no SHA-256")
        return batch

    def _refuse_links(self) -> None:
        """Check that no folder of nodewright's own is a link, which writing would follow."""
        own = [*self.state.glob("*"), *(self.state / "failed").glob("*")]
        for folder, folders, _ in os.walk(self.folder):
            own += [Path(folder, name) for name in folders]
            # What is backed up may well be a link; nothing is ever written through it.
            folders[:] = [name for name in folders if name != _BEFORE]
        link = next((path for path in own if path.is_symlink()), None)
        if link is not None:
            raise ConfinementError(
                f"{link} is a symbolic link, and nodewright makes none there; remove it"
            )

    def _batches(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if path.name.isdecimal())

    def _prepare(  # noqa: PLR0917 - the arguments of commit
        self,
        draft: Path,
        writes: Mapping[str, bytes],
        removals: Iterable[str],
        folders: Iterable[str],
        bases: Mapping[str, bytes],
        manifest: bytes,
    ) -> Batch:
        removals = list(removals)
        confined(self.root, [*writes, *removals])
        (draft / _BEFORE).mkdir(parents=True)
        after = {path: digest(content) for path, content in writes.items()}
        changes = []
        for number, path in enumerate([*writes, *removals]):
            kept = self._back_up(path, draft / _BEFORE / str(number))
            changes.append(Change(path, number if kept else None, after.get(path)))
        for path, content in writes.items():
            incoming = draft / _INCOMING / path
            incoming.parent.mkdir(parents=True, exist_ok=True)
            incoming.write_bytes(content)
            with suppress(FileNotFoundError):
                incoming.chmod((self.root / path).stat().st_mode & 0o777)
        kept_bases = self.state / BASE_FOLDER
        kept_bases.mkdir(exist_ok=True)
        added = [name for name in bases if not (kept_bases / name).exists()]
        for name in added:
            temporary = draft / name
            temporary.write_bytes(bases[name])
            temporary.replace(kept_bases / name)
        with suppress(FileNotFoundError):
            shutil.copyfile(self.state / MANIFEST_NAME, draft / _MANIFEST_BEFORE)
        (draft / MANIFEST_NAME).write_bytes(manifest)
        batch = Batch(
            changes=tuple(changes),
            folders=tuple(path for path in folders if not (self.root / path).exists()),
            created=tuple(self._missing_folders(writes)),
            bases=tuple(added),
        )
        _write_synchronised(draft / _RECORD, orjson.dumps(asdict(batch)))
        return batch

    def _finish(self, place: Path, batch: Batch) -> None:
        whole = tuple(f"{folder}/" for folder in batch.folders)
        for change in batch.changes:
            if change.after is None:
                # Another file may stand there by now, where the run was killed long ago.
                if change.before is not None and self._is_backup(place, change):
                    (self.root / change.path).unlink()
            elif not change.path.startswith(whole):
                self._move_in(place, change)
        for folder in batch.folders:
            incoming, target = place / _INCOMING / folder, self.root / folder
            if incoming.is_dir() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                incoming.rename(target)
        # A folder that came into being meanwhile is filled file by file.
        for change in batch.changes:
            if change.path.startswith(whole):
                self._move_in(place, change)
        self._drop_empty(change.path for change in batch.changes if change.after is None)
        with suppress(FileNotFoundError):
            (place / MANIFEST_NAME).replace(self.state / MANIFEST_NAME)
        (place / _DONE).touch()
        shutil.rmtree(place / _INCOMING, ignore_errors=True)

    def _move_in(self, place: Path, change: Change) -> None:
        incoming, target = place / _INCOMING / change.path, self.root / change.path
        if not incoming.exists():
            return
        # Where a killed run is finished later, the user may have written here meanwhile.
        as_before = (
            not os.path.lexists(target) if change.before is None else self._is_backup(place, change)
        )
        if as_before:
            target.parent.mkdir(parents=True, exist_ok=True)
            incoming.replace(target)

    def _revert(self, place: Path, batch: Batch) -> None:
        for change in reversed(batch.changes):
            target = self.root / change.path
            if change.before is not None:
                backup = place / _BEFORE / str(change.before)
                if os.path.lexists(backup):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    backup.replace(target)
            elif change.after is not None:
                target.unlink(missing_ok=True)
        for folder in sorted(batch.created, key=len, reverse=True):
            shutil.rmtree(self.root / folder / "__pycache__", ignore_errors=True)
            with suppress(OSError):
                (self.root / folder).rmdir()
        if (place / _MANIFEST_BEFORE).exists():
            shutil.copyfile(place / _MANIFEST_BEFORE, place / MANIFEST_NAME)
            (place / MANIFEST_NAME).replace(self.state / MANIFEST_NAME)
        else:
            (self.state / MANIFEST_NAME).unlink(missing_ok=True)
        for name in batch.bases:
            (self.state / BASE_FOLDER / name).unlink(missing_ok=True)
        with suppress(OSError):
            (self.state / BASE_FOLDER).rmdir()

    def _back_up(self, path: str, backup: Path) -> bool:
        # A copy, for a link would change with the file when that is edited in place.
        try:
            shutil.copy2(self.root / path, backup, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def _is_backup(self, place: Path, change: Change) -> bool:
        backup, target = place / _BEFORE / str(change.before), self.root / change.path
        try:
            return read_regular(backup, LARGEST_FILE) == read_regular(target, LARGEST_FILE)
        except OSError:
            return backup.is_symlink() and target.is_symlink()

    def _missing_folders(self, paths: Iterable[str]) -> Iterator[str]:
        seen: set[Path] = set()
        for path in paths:
            folder = Path(path).parent
            while folder != Path() and folder not in seen:
                seen.add(folder)
                if not (self.root / folder).exists():
                    yield folder.as_posix()
                folder = folder.parent

    def _drop_empty(self, removed: Iterable[str]) -> None:
        for path in removed:
            folder = (self.root / path).parent
            while folder != self.root:
                shutil.rmtree(folder / "__pycache__", ignore_errors=True)
                try:
                    folder.rmdir()
                except OSError:
                    break
                folder = folder.parent

    def _digest(self, path: str) -> str | None:
        try:
            return digest(read_regular(self.root / path, LARGEST_FILE))
        except OSError:
            return None


def _read[T](path: Path, kind: type[T]) -> T:
    """A record of the journal; DeliveryError if it is not what nodewright writes."""
    try:
        return _parsed(path, kind)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        raise DeliveryError(
            f"{path} is not what nodewright writes ({wrong['msg']}); look what came with this "
            f"folder, and remove {path.parent} if nothing has to be undone"
        ) from error


def _parsed[T](path: Path, kind: type[T]) -> T:
    reader: TypeAdapter[T] = _reader(kind)  # type: ignore[arg-type]  # classes are hashable
    return reader.validate_json(read_regular(path, LARGEST_STATE), strict=True)


@cache
def _reader(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _write_synchronised(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
