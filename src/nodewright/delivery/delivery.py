"""Delivery of proven nodes into the output folder: stage, commit, undo."""

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import orjson

from nodewright.delivery.decisions import Action, FileDecision, decide, held
from nodewright.delivery.folder_check import as_delivery_errors
from nodewright.delivery.folder_lock import lock_folder, unlock_folder
from nodewright.delivery.journal import Journal
from nodewright.delivery.manifest import (
    STATE_FOLDER,
    DeliveryError,
    ManifestEntry,
    checked_path,
    digest,
    load_manifest,
)
from nodewright.proving.model import NodeReport
from nodewright.rendering.model import RenderedFile
from nodewright.spec.verdicts import ClauseVerdict

FAILED_FOLDER = "failed"
REPORT_NAME = "report.json"
_STAGING = "staging-"


class EditedError(DeliveryError):
    """Undoing would lose what was edited since the run; ``paths`` are the files."""

    def __init__(self, message: str, paths: Sequence[str]) -> None:
        super().__init__(message)
        self.paths: tuple[str, ...] = tuple(paths)


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What a commit did: slugs of nodes, and the decisions that were carried out.

    ``blocked`` are nodes that passed and were not delivered, with the files that stand in the way.
    """

    delivered: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    blocked: dict[str, tuple[FileDecision, ...]] = field(default_factory=dict)
    decisions: tuple[FileDecision, ...] = ()

    @property
    def conflicts(self) -> tuple[FileDecision, ...]:
        """What the user has to look at: conflicts, and edited files that the plan dropped."""
        return tuple(
            decision
            for decision in self.decisions
            if decision.action is Action.CONFLICT
            or (decision.action is Action.KEEP and decision.file is None)
        )


class Delivery:
    """One run's writing to the output folder ``out``.

    ``plan`` only reads. Everything else happens inside ``with delivery:``, which finishes what a
    killed run left, and refuses a second run on the same folder.

    Args:
        out: the output folder; made when something is written.
        package: the package that is generated.
        force: overwrite files that nodewright did not write, and edits except in handlers.
        additive: leave alone what earlier runs delivered and this one does not generate.
        run_id: deliveries with the same one are undone together; each is its own by default.
        patience: seconds to wait for another run on the same folder before it is an error.

    ``edits`` are texts that are delivered as the user's own: where a file is generated too they
    count as what lies in its place.
    """

    def __init__(
        self,
        out: Path,
        package: str,
        force: bool = False,
        *,
        additive: bool = False,
        run_id: str | None = None,
        patience: float = 0.0,
    ) -> None:
        self.out = out
        self.root: Path = Path(os.path.realpath(out))
        self.package = package
        self.force = force
        self.additive = additive
        self.run_id: str = run_id or uuid4().hex
        self.patience = patience
        self.edits: Mapping[str, bytes] = {}
        self.staging: Path | None = None
        self._decisions: list[FileDecision] = []
        self._began = False
        self._own_files_delivered = False
        self._lock: int | None = None
        self._existed = (False, False)

    def plan(self, files: Iterable[RenderedFile]) -> list[FileDecision]:
        """What would happen to each file; see ``decide`` for the rules and errors."""
        return decide(files, self.out, force=self.force, additive=self.additive, edits=self.edits)

    def __enter__(self) -> Self:
        state = self.root / STATE_FOLDER
        self._existed = (self.root.exists(), state.exists())
        with as_delivery_errors(self.out):
            self._lock = lock_folder(self.root, self.patience)
            _recover(self.root)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self.staging is not None:
            shutil.rmtree(self.staging, ignore_errors=True)
            self.staging = None
        unlock_folder(self.root, self._lock, keep=any(self._existed) or self._began)
        self._lock = None

    def accept(
        self, files: Iterable[RenderedFile], *, additive: bool | None = None
    ) -> list[FileDecision]:
        """Decide about files, for what ``commit`` will do.

        Args:
            files: what was generated.
            additive: leave alone what is not among ``files``; as the delivery by default.
        """
        additive = self.additive if additive is None else additive
        self._decisions = decide(
            files, self.out, force=self.force, additive=additive, edits=self.edits
        )
        self._own_files_delivered = False
        return self._decisions

    def amend(self, files: Iterable[RenderedFile]) -> None:
        """Decide anew about files of those that were accepted, whose text is known only now."""
        new = {each.path: each for each in decide(files, self.out, force=self.force, additive=True)}
        self._decisions = [new.pop(each.path, each) for each in self._decisions]

    def deliverable(self, reports: Iterable[NodeReport]) -> tuple[str, ...]:
        """The nodes that ``commit`` would deliver: they passed, and nothing stands in their way."""
        blocked = {decision.node for decision in self._decisions if decision.blocks}
        return tuple(each.slug for each in reports if each.passed and each.slug not in blocked)

    def stage(self, files: Iterable[RenderedFile]) -> Path:
        """Write what would be delivered to a staging folder, for the judges.

        What was accepted is staged; where nothing was, ``files`` are accepted first.

        Files of the user's own beside the generated ones are staged too, for handlers import
        them. Merged files are staged as merged, conflicting ones as they lie.

        Returns:
            The staging folder, removed when the ``with`` block ends.

        Raises:
            DeliveryError: as ``plan``, or the folder cannot be written.
        """
        if not self._decisions:
            self.accept(files)
        with as_delivery_errors(self.out):
            if self.staging is not None:
                shutil.rmtree(self.staging, ignore_errors=True)
            self.staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self.root / STATE_FOLDER))
            for decision in self._decisions:
                if decision.staged is not None:
                    _write(self.staging, decision.path, decision.staged)
            planned = {decision.path for decision in self._decisions}
            for path in self._user_sources():
                content = held(self.root, path) if path not in planned else None
                if content is not None:
                    _write(self.staging, path, content)
        return self.staging

    @property
    def decisions(self) -> tuple[FileDecision, ...]:
        """What was decided for each file that was staged."""
        return tuple(self._decisions)

    @property
    def unchanged(self) -> frozenset[str]:
        """Nodes whose every staged file is already in the output folder as generated."""
        nodes = {decision.node for decision in self._decisions}
        return frozenset(nodes - {d.node for d in self._decisions if d.action is not Action.KEEP})

    def commit(
        self,
        reports: Iterable[NodeReport],
        clauses: tuple[ClauseVerdict, ...] | None = None,
    ) -> DeliveryResult:
        """Deliver the nodes that passed, each wholly or not at all, and set the others aside.

        The manifest keeps what became of ``clauses``.

        May be called several times in a run, with some of the reports each; the package's own
        files and removals go with the first that delivers anything. ``undo`` takes back all of
        them. A node without a report is left alone.

        Raises:
            DeliveryError: the output folder cannot be written (read-only, full); it is as it was
                before this commit.
        """
        reports = list(reports)
        by_node = self._by_node()
        passed = [report.slug for report in reports if report.passed]
        blocked = {
            slug: blockers
            for slug in passed
            if (blockers := tuple(decision for decision in by_node[slug] if decision.blocks))
        }
        delivered = tuple(slug for slug in passed if slug not in blocked)
        failed = [report for report in reports if not report.passed]
        decisions = [decision for slug in delivered for decision in by_node[slug]]
        if delivered and not self._own_files_delivered:
            planned = {d.node for d in self._decisions if d.file is not None}
            gone = [slug for slug in by_node if slug not in planned]
            own = [decision for slug in ("", *gone) for decision in by_node[slug]]
            decisions = own + decisions
        with as_delivery_errors(self.out):
            if delivered:
                self._write([each for each in decisions if not each.blocks], clauses)
                self._own_files_delivered = True
            for report in failed:
                self._set_aside(report)
        return DeliveryResult(
            delivered, tuple(report.slug for report in failed), blocked, tuple(decisions)
        )

    def _write(
        self, decisions: Sequence[FileDecision], clauses: tuple[ClauseVerdict, ...] | None
    ) -> None:
        journal = Journal(self.root)
        if not self._began:
            out_existed, state_existed = self._existed
            journal.begin(self.run_id, out_existed=out_existed, state_existed=state_existed)
            self._began = True
            self._forget_bases()
        entries, bases = {}, {}
        for decision in decisions:
            file = decision.file
            if file is None or decision.action is Action.CONFLICT:
                continue
            written = decision.content if decision.content is not None else decision.staged
            entries[decision.path] = ManifestEntry.of(file, written or b"")
            generated = file.content.encode()
            bases[digest(generated)] = generated
        removals = [d.path for d in decisions if d.action is Action.REMOVE]
        writes = {d.path: d.content for d in decisions if d.content is not None}
        manifest = load_manifest(self.root).with_changes(self.package, entries, removals, clauses)
        folders = sorted({folder for path in writes if (folder := self._node_folder(path))})
        journal.commit(writes, removals, folders, bases, manifest.dump())

    def _set_aside(self, report: NodeReport) -> None:
        """Keep a failed node where the user can look at it."""
        folder = self.root / STATE_FOLDER / FAILED_FOLDER / report.slug
        if folder.is_symlink():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        for decision in self._by_node()[report.slug]:
            if decision.staged is not None:
                _write(folder, decision.path, decision.staged)
        checks = [
            {"name": c.name, "passed": c.passed, "detail": c.detail, "seconds": round(c.seconds, 6)}
            for c in report.checks
        ]
        content = {"node": report.slug, "kind": report.kind, "checks": checks}
        _write(folder, REPORT_NAME, orjson.dumps(content, option=orjson.OPT_INDENT_2))

    def _by_node(self) -> dict[str, list[FileDecision]]:
        by_node: dict[str, list[FileDecision]] = defaultdict(list)
        for decision in self._decisions:
            by_node[decision.node].append(decision)
        return by_node

    def _node_folder(self, path: str) -> str:
        parts = Path(path).parts
        inside = parts[:1] == ("src",) and parts[2:3] == ("nodes",)
        return "/".join(parts[:4]) if inside and len(parts) > 4 else ""  # noqa: PLR2004

    def _user_sources(self) -> Iterator[str]:
        for top in (f"src/{self.package}", "tests"):
            for path in (self.root / checked_path(top)).rglob("*.py"):
                if path.is_file() and not path.is_symlink():
                    yield path.relative_to(self.root).as_posix()

    def _forget_bases(self) -> None:
        """Drop texts that neither the manifest nor an undoing can refer to any more."""
        folder = self.root / STATE_FOLDER / "base"
        used = {entry.base for entry in load_manifest(self.root).files.values()}
        for path in folder.glob("*") if folder.is_dir() else ():
            if path.name not in used:
                path.unlink()


def recover(out: Path) -> None:
    """Finish what a killed run began in ``out``; does nothing where there is nothing.

    Raises:
        BusyError: a run is at work there.
        DeliveryError: the folder cannot be written.
    """
    root = Path(os.path.realpath(out))
    if not (root / STATE_FOLDER).is_dir():
        return
    with as_delivery_errors(out):
        lock = lock_folder(root)
        try:
            _recover(root)
        finally:
            unlock_folder(root, lock, keep=True)


def undo(out: Path, force: bool = False) -> list[str]:
    """Take the last run on ``out`` back, to the byte.

    Args:
        out: the output folder.
        force: take files back even where they were edited since.

    Returns:
        The files that were restored or removed.

    Raises:
        EditedError: files were edited since the run.
        BusyError: a run is at work there.
        DeliveryError: there is no run to undo, or the folder cannot be written.
    """
    root = Path(os.path.realpath(out))
    if not (root / STATE_FOLDER).is_dir():
        raise DeliveryError(f"{out} has no run to undo: nodewright has not written there")
    with as_delivery_errors(out):
        lock = lock_folder(root)
        try:
            _recover(root)
            journal = Journal(root)
            edited = journal.edited_since()
            if edited and not force:
                raise EditedError(
                    f"edited since the last run: {', '.join(edited)}; save your changes, then "
                    "undo with --force",
                    edited,
                )
            return journal.undo()
        finally:
            unlock_folder(root, lock, keep=True)


def _recover(root: Path) -> None:
    for staging in (root / STATE_FOLDER).glob(f"{_STAGING}*"):
        shutil.rmtree(staging, ignore_errors=True)
    Journal(root).recover()


def _write(folder: Path, path: str, content: bytes) -> None:
    target = folder / checked_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
