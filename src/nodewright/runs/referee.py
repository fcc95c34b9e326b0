"""The referee: what somebody submitted is proven and delivered whole, or refused with the reason.

Nothing is written unless all is proven. Submitted code runs in isolated workers only.
"""

import asyncio
import shutil
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodewright.delivery.decisions import Action
from nodewright.delivery.delivery import Delivery
from nodewright.delivery.specification import NAME, spec_file
from nodewright.errors import NodewrightError
from nodewright.planning.homes import homes_of
from nodewright.planning.plan import NodePlan
from nodewright.proving.model import NodeReport
from nodewright.proving.package import types_of
from nodewright.proving.scratch import TemporaryFolder
from nodewright.proving.stubs import stub
from nodewright.proving.submitted import SubmittedTest, accept_code, accept_test, codes_in
from nodewright.proving.trial import Tried, run_tests, run_variants
from nodewright.proving.verdict import Rejected
from nodewright.rendering.model import RenderedFile
from nodewright.runs.clauses import Authors, handler_of
from nodewright.runs.engine import Engine
from nodewright.runs.pooling import Proof
from nodewright.runs.proposals import changed_clauses, new_sentences
from nodewright.runs.resuming import already_there
from nodewright.runs.run import OnProgress, Options, Prepared, Progress
from nodewright.runs.standing import Standing
from nodewright.runs.workers import CrashedError, OverdueError, Workers
from nodewright.spec.model import Specification

MOST_STUBS = 4


class RefusedError(NodewrightError):
    """The referee does not accept a submission; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Court:
    """What judging takes.

    ``workers`` prove what was generated, ``isolated`` run what was submitted. A node, or a run of
    tests, may take ``timeout_seconds``.
    """

    workers: Workers
    isolated: Workers
    jobs: int = 2
    templates: Path | None = None
    timeout_seconds: float = 30.0
    mypy_cache: Path | None = None
    on_progress: OnProgress = lambda _: None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed: texts by path, the clauses that it closes, and those that it may change."""

    edits: Mapping[str, bytes]
    clauses: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted: what it says in English, the tests that passed, the files it wrote."""

    sentences: tuple[str, ...] = ()
    tests: int = 0
    files: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


class Referee:
    """Judges one submission to the folder of ``standing``, which ``delivery`` holds."""

    def __init__(
        self,
        standing: Standing,
        prepared: Prepared,
        delivery: Delivery,
        court: Court,
        author: str,
    ) -> None:
        self.author = author
        self._passed = 0
        self.standing = standing
        self.prepared = prepared
        self.delivery = delivery
        self.court = court
        self.seconds: dict[str, float] = {}

    def specification(self, proposed: Proposed) -> Accepted:
        """Judge elements of the specification, and deliver the nodes that follow them.

        Raises:
            RefusedError: they change what they do not name, say nothing, or are not proven.
        """
        before, after = self.standing.specification, self.prepared.plan.specification
        self._refuse_silent_changes(before, after, proposed)
        sentences = new_sentences(before, after)
        if not sentences and not changed_clauses(before, after):
            raise RefusedError("it says nothing that the specification does not say already")
        homes = homes_of(self.prepared.plan)
        for clause in proposed.clauses:
            if clause not in homes:
                raise RefusedError(
                    f"no element that a node carries out names {clause}: write from: [{clause}] "
                    "at the elements that say it"
                )
        wanted = {homes[clause] for clause in proposed.clauses}
        engine = self._engine()

        def gate(files: Sequence[RenderedFile]) -> None:
            self._refuse_failed(engine)
            self._refuse_unshown(engine, proposed.clauses)
            exempt = {*proposed.clauses, *proposed.also}
            self._earlier_tests(self.delivery.stage(files), exempt)

        engine.gate = gate
        return self._deliver(engine, proposed, sentences, wanted)

    def code(self, node: NodePlan, proposed: Proposed, test: str) -> Accepted:
        """Judge a handler with its test, and deliver both.

        Args:
            node: whose handler it is.
            proposed: the handler and the test by path.
            test: the path of the test.

        Raises:
            RefusedError: the code or its test is refused.
        """
        handler = handler_of(self.standing.plan, node)
        code, text = proposed.edits[handler].decode(), proposed.edits[test].decode()
        generated = self.standing.generated(handler)
        try:
            accept_code(code, generated, self.standing.package, node.kind)
            tests = accept_test(text, self.standing.package, proposed.clauses)
        except Rejected as error:
            raise RefusedError(str(error)) from None
        engine = self._engine()

        def gate(files: Sequence[RenderedFile]) -> None:
            for clause in proposed.clauses:
                shown = engine.shown_by_user.get(clause)
                if shown is not None and not shown.proven:
                    raise RefusedError(f"{clause} is not shown: {shown.reason}")
            self._refuse_failed(engine)
            root = self.delivery.stage(files)
            with TemporaryFolder() as scratch, ThreadPoolExecutor(1) as beside:
                types = beside.submit(self._types, root, handler)
                variants = [generated, stub(code)]
                variants += [stub(code, each) for each in codes_in(text)[:MOST_STUBS]]
                roots = [
                    _variant(root, Path(scratch) / str(number), handler, variant)
                    for number, variant in enumerate(variants)
                ]
                self._trials(root, test, tests, roots)
                if said := types.result():
                    raise RefusedError(f"types: {said}")

        engine.gate = gate
        return self._deliver(engine, proposed, (), {node.slug})

    # --- the run --------------------------------------------------------------------------------

    def _engine(self) -> Engine:
        court = self.court
        return Engine(
            self.prepared.plan,
            self.standing.out,
            court.workers,
            court.jobs,
            Proof(templates=court.templates, timeout_seconds=court.timeout_seconds),
            self.delivery,
            extra=(spec_file(self.prepared.specified.generated),),
            isolated=court.isolated,
            authors=Authors(
                written=self.prepared.specified.written,
                author=self.author,
                before={each.id: each.by for each in self.standing.clauses if each.by},
            ),
            mypy_cache=court.mypy_cache,
        )

    def _deliver(
        self,
        engine: Engine,
        proposed: Proposed,
        sentences: tuple[str, ...],
        wanted: set[str],
    ) -> Accepted:
        started = time.perf_counter()
        plan = self.prepared.plan
        known = already_there(
            plan, Options(self.standing.out, templates=self.court.templates), self.delivery
        )
        if NAME in proposed.edits:
            known = {slug: report for slug, report in known.items() if slug not in wanted}
        self.delivery.edits = proposed.edits
        total = len(plan.nodes)

        def on_report(report: NodeReport) -> None:
            self.court.on_progress(Progress(f"{report.slug} judged", len(engine.reports), total))

        async def run() -> None:
            outcomes = engine.run(on_report, known)
            async with aclosing(outcomes):
                async for _ in outcomes:
                    pass

        self.court.on_progress(Progress(f"proving {total - len(known)} nodes", len(known), total))
        asyncio.run(run())
        written = tuple(path for path, each in engine.decisions.items() if each.writes)
        self.seconds["total"] = time.perf_counter() - started
        return Accepted(sentences, self._passed, written, self.seconds)

    # --- reasons to refuse ----------------------------------------------------------------------

    def _refuse_silent_changes(
        self, before: Specification, after: Specification, proposed: Proposed
    ) -> None:
        allowed = {*proposed.clauses, *proposed.also}
        for clause, sentence in changed_clauses(before, after).items():
            if clause not in allowed:
                raise RefusedError(
                    f"it changes what {clause} says, without naming it. It said: {sentence} Leave "
                    f"that element as it is, or name {clause} in `also` if you mean it"
                )

    def _refuse_failed(self, engine: Engine) -> None:
        for slug, report in engine.reports.items():
            if not report.passed:
                raise RefusedError(f"{slug} fails: {report.reason}")
        for decision in engine.decisions.values():
            if decision.action is Action.CONFLICT:
                raise RefusedError(f"{decision.path}: {decision.reason}")

    def _refuse_unshown(self, engine: Engine, clauses: Iterable[str]) -> None:
        reports = engine.reports.values()
        proofs = {each.clause: each for report in reports for each in report.clauses}
        for clause in clauses:
            proof = proofs.get(clause)
            if proof is None:
                raise RefusedError(f"nothing was proven of {clause}: no node carries it out")
            if not proof.proven:
                raise RefusedError(f"{clause} is not proven: {proof.reason}")

    def _earlier_tests(self, root: Path, exempt: set[str]) -> None:
        """Every test that showed a clause before still passes."""
        place = root / "tests" / "earlier"
        place.mkdir()
        paths = []
        for path in self.standing.tests:
            copy = place / f"{Path(path).stem}_earlier.py"
            copy.write_text(self.standing.read(path), encoding="utf-8")
            paths.append(copy.relative_to(root).as_posix())
        if not paths:
            return
        (tried,) = self._run([(run_tests, (root, paths))])
        broken = [
            each
            for each in tried
            if not each.passed and not (each.clauses and exempt.issuperset(each.clauses))
        ]
        if broken:
            raise RefusedError(_broken(broken[0]))
        self._passed = len(tried)

    def _trials(
        self, root: Path, test: str, tests: Sequence[SubmittedTest], roots: Sequence[Path]
    ) -> None:
        """The new test passes with the code, and fails without it and on each stub."""
        there = sorted({*self.standing.tests, test})
        (tried, variants) = self._run([(run_tests, (root, there)), (run_variants, (test, *roots))])
        broken = [each for each in tried if not each.passed]
        if broken:
            raise RefusedError(_broken(broken[0]))
        self._passed = len(tried)
        without, *stubs = variants
        for each in tests:
            if _passes(without, each.name):
                raise RefusedError(
                    f"{each.name} passes without the code: it shows nothing that was not there"
                )
        for results in stubs:
            for each in tests:
                if _passes(results, each.name):
                    raise RefusedError(
                        f"{each.name} passes on a stub that answers a constant: assert what "
                        "differs with the request, with a case that is accepted and one that is "
                        "refused"
                    )

    def _types(self, root: Path, path: str) -> str:
        started = time.perf_counter()
        try:
            return types_of(root, path, cache=self.court.mypy_cache)
        except Rejected as error:
            return str(error)
        finally:
            self.seconds["types"] = time.perf_counter() - started

    def _run(self, calls: Sequence[tuple[Any, tuple[Any, ...]]]) -> list[Any]:
        """Run functions in isolated workers, beside each other."""
        started = time.perf_counter()

        def calling(function: Any, arguments: tuple[Any, ...]) -> Coroutine[Any, Any, Any]:
            limit = self.court.timeout_seconds
            return self.court.isolated.call(function, *arguments, timeout_seconds=limit)

        async def together() -> list[Any]:
            return await asyncio.gather(*(calling(*each) for each in calls))

        try:
            return asyncio.run(together())
        except OverdueError as error:
            raise RefusedError(f"its tests do not end: {error}") from None
        except CrashedError as error:
            raise RefusedError(f"running it ends the process: {error}") from None
        finally:
            self.seconds["tests"] = time.perf_counter() - started


def _variant(root: Path, folder: Path, handler: str, text: str) -> Path:
    """A copy of a staged package with another handler."""
    for top in ("src", "tests"):
        shutil.copytree(root / top, folder / top)
    shutil.copy(root / "pyproject.toml", folder)
    (folder / handler).write_text(text, encoding="utf-8")
    return folder


def _passes(tried: Iterable[Tried], name: str) -> bool:
    return any(each.passed and each.name.rpartition("::")[2] == name for each in tried)


def _broken(tried: Tried) -> str:
    shows = f", which shows {', '.join(tried.clauses)}" if tried.clauses else ""
    return f"{tried.name}{shows}, fails: {tried.reason}"


def own_test(node: NodePlan, clauses: Sequence[str]) -> str:
    """The path of a submitted test: one file a node and set of clauses."""
    words = "_".join("".join(c if c.isalnum() else "_" for c in each.lower()) for each in clauses)
    return f"tests/test_shown_{node.slug.removeprefix('node_')}_{words}"[:120] + ".py"
