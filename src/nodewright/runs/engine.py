"""The one engine of all runs: proves the nodes of a plan and delivers them into one folder.

Nodes are delivered as they are proven, whole or not at all, so that a killed run has something to
show. What will lie on disk is what is judged: where the user's edits were merged in, or kept, the
node is judged again as it will lie there.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from nodewright.delivery.decisions import FileDecision
from nodewright.delivery.delivery import Delivery, DeliveryResult
from nodewright.delivery.manifest import load_manifest
from nodewright.errors import NodewrightError
from nodewright.planning.plan import NodePlan, Plan
from nodewright.proving import verify_package
from nodewright.proving.ablation import as_ablated
from nodewright.proving.clause_tests import own_tests, shown_by_tests
from nodewright.proving.model import (
    Check,
    ClauseProof,
    Judged,
    NodeReport,
    Verify,
)
from nodewright.proving.proof import readme_file, render_files
from nodewright.rendering.model import RenderedFile
from nodewright.runs.clauses import (
    Authors,
    ClauseVerdict,
    clause_verdicts,
    excused,
    open_notes,
)
from nodewright.runs.edits import (
    changed_functions,
    clauses_of_methods,
    edits_of,
    generated_tests,
)
from nodewright.runs.pooling import (
    Proof,
    judge_as_staged,
    outcomes_in,
    prove,
    without_broken_steps,
)
from nodewright.runs.workers import ProcessWorkers, Workers

# A commit rewrites the manifest, so it waits for some nodes, or for some time.
_LEAST_NODES = 8
_LONGEST_WAIT = 0.5
# Seconds that a commit waits for one of another call into the same folder.
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one node of the plan; ``reason`` says why it was not delivered."""

    node: NodePlan
    report: NodeReport
    delivered: bool
    reason: str = ""


@dataclass(slots=True)
class Engine:
    """Proves nodes of ``plan`` on ``count`` of the ``workers`` and delivers them into ``folder``.

    Args:
        plan: what is generated.
        folder: the output folder.
        workers: run the jobs.
        count: how many calls to make at a time.
        proof: how to prove.
        delivery: writes to ``folder`` and stays its owner's; each commit makes its own, and leaves
            alone what earlier runs delivered, where there is none.
        extra: files of the package that are not rendered from the plan.
        authors: who closes clauses.
        mypy_cache: where mypy keeps what it learned, for ``Verify.FULL``.
        gate: asked with the files before the one commit that it allows; what it raises stops the
            run, and nothing is written. It needs ``delivery``.
        isolated: run what the user's edits are in, and the user's tests; ``workers`` by default.

    ``decisions`` has what was decided first about each file, ``conflicts`` what the user has to
    look at, ``verdicts`` what became of each clause, ``seconds`` the wall time of its commits.
    """

    plan: Plan
    folder: Path
    workers: Workers
    count: int
    proof: Proof
    delivery: Delivery | None = None
    extra: tuple[RenderedFile, ...] = ()
    authors: Authors = field(default_factory=Authors)
    mypy_cache: Path | None = None
    gate: Callable[[Sequence[RenderedFile]], object] | None = None
    isolated: Workers | None = None
    run_id: str = field(default_factory=lambda: uuid4().hex)
    decisions: dict[str, FileDecision] = field(default_factory=dict)
    conflicts: tuple[FileDecision, ...] = ()
    verdicts: tuple[ClauseVerdict, ...] = ()
    reports: dict[str, NodeReport] = field(default_factory=dict)
    shown_by_user: dict[str, ClauseProof] = field(default_factory=dict)
    seconds: float = 0.0
    _own_tests: bool = False
    _delivered: set[str] = field(default_factory=set)
    _foreign: set[str] = field(default_factory=set)
    _committed_at: float = field(default_factory=time.monotonic)

    async def run(
        self,
        on_report: Callable[[NodeReport], object],
        known: Mapping[str, NodeReport] | None = None,
    ) -> AsyncGenerator[Outcome]:
        """The outcome of each node, once it is delivered or has failed.

        Args:
            on_report: called with each report as it comes; the verdict may still change where the
                user's edits are merged in.
            known: reports of nodes that need no proving any more.

        Raises:
            DeliveryError: a folder that ``delivery`` holds cannot be written.
        """
        self.reports = dict(known or {})
        if self.delivery is not None and self.proof.verify is not Verify.STATIC:
            generated = generated_tests(self.folder, load_manifest(self.folder.resolve()))
            self._own_tests = bool(own_tests(self.folder, open_notes(self.plan), generated))
            self._own_tests |= any(path.startswith("tests/") for path in self.delivery.edits)
        nodes = {node.slug: node for node in self.plan.nodes}
        pending = [nodes[slug] for slug in self.reports]
        wanted = [node for node in self.plan.nodes if node.slug not in self.reports]
        proving = prove(self.plan, wanted, self.workers, self.count, self.proof)
        async with aclosing(proving) as reports:
            async for report in reports:
                on_report(report)
                self.reports[report.slug] = report
                pending.append(nodes[report.slug])
                ready = [node for node in pending if self._complete(node)]
                if self._due(len(ready)):
                    pending = [node for node in pending if node not in ready]
                    for outcome in await self._commit(ready):
                        yield outcome
        if pending or self.delivery is not None:
            for outcome in await self._commit(pending, last=True):
                yield outcome

    def _complete(self, node: NodePlan) -> bool:
        """Whether a node can be delivered: a workflow waits for the nodes that it runs."""
        return all(slug in self.reports for slug in node.runs)

    def _due(self, ready: int) -> bool:
        # The judges of the full level look at the package as a whole, as the user's tests do.
        last = len(self.reports) == len(self.plan.nodes)
        whole = self.gate is not None or self.proof.verify is Verify.FULL or self._own_tests
        if last or not ready or whole:
            return False
        waited = time.monotonic() - self._committed_at
        return ready >= max(_LEAST_NODES, len(self._delivered) // 2) or waited > _LONGEST_WAIT

    async def _commit(self, nodes: Sequence[NodePlan], *, last: bool = False) -> list[Outcome]:
        """Deliver what passed of ``nodes``; ``last`` also removes what the plan dropped."""
        part = replace(self.plan, nodes=tuple(n for n in self.plan.nodes if n.slug in self.reports))
        self.reports = without_broken_steps(part, self.reports)
        loop = asyncio.get_running_loop()
        try:
            result = await asyncio.to_thread(self._deliver, nodes, last, loop)
        except NodewrightError as error:
            if self.delivery is not None:
                raise
            result, failure = DeliveryResult(), str(error)
        else:
            failure = "not delivered"
        self._delivered |= set(result.delivered)
        self._committed_at = time.monotonic()
        return [self._outcome(node, result, failure) for node in nodes]

    def _outcome(self, node: NodePlan, result: DeliveryResult, failure: str) -> Outcome:
        report = self.reports[node.slug]
        if node.slug in result.delivered:
            return Outcome(node, report, delivered=True)
        reason = report.reason or failure
        if node.slug in result.blocked:
            blockers = result.blocked[node.slug]
            reason = "; ".join(f"{decision.path} {decision.reason}" for decision in blockers)
        return Outcome(node, report, delivered=False, reason=reason)

    def _deliver(
        self, nodes: Sequence[NodePlan], last: bool, loop: asyncio.AbstractEventLoop
    ) -> DeliveryResult:
        with self._writing() as delivery:
            complete = last and self.delivery is not None
            concerned = self.plan.nodes if complete else nodes
            files = self._files(concerned)
            decisions = delivery.accept(files, additive=not complete)
            self._judge_as_it_lies(delivery, files, decisions, loop)
            for decision in decisions:
                self.decisions.setdefault(decision.path, decision)
            if self.gate is not None:
                self.gate(files)
            started = time.perf_counter()
            try:
                reports = [self.reports[node.slug] for node in concerned]
                self.verdicts = self._verdicts(delivery.deliverable(reports), decisions)
                result = delivery.commit(reports, self._told(delivery, concerned))
            finally:
                self.seconds += time.perf_counter() - started
            self.conflicts = result.conflicts
            return result

    def _verdicts(
        self, delivered: Iterable[str], decisions: Iterable[FileDecision]
    ) -> tuple[ClauseVerdict, ...]:
        """What became of each clause, once ``delivered`` are there too."""
        there = {*self._delivered, *delivered}
        methods = {
            (each.node, name)
            for each in decisions
            if each.edited and each.file and each.file.user_owned and each.staged is not None
            for name in changed_functions(each.file.content.encode(), each.staged)
        }
        written = self.authors.written | clauses_of_methods(self.plan, methods)
        authors = replace(self.authors, written=written)
        return clause_verdicts(
            self.plan, self.reports, there, shown_by_user=self.shown_by_user, authors=authors
        )

    def _told(
        self, delivery: Delivery, concerned: Sequence[NodePlan]
    ) -> tuple[ClauseVerdict, ...] | None:
        """What the manifest is to keep, which the README says too; a call that adds keeps none."""
        if self.delivery is None:
            return None
        plan = self._there(concerned)
        delivery.amend([readme_file(plan, self.verdicts, self.proof.templates)])
        return self.verdicts

    @contextmanager
    def _writing(self) -> Iterator[Delivery]:
        if self.delivery is not None:
            yield self.delivery
            return
        with Delivery(
            self.folder, self.plan.package, additive=True, run_id=self.run_id, patience=_PATIENCE
        ) as delivery:
            yield delivery

    def _files(self, nodes: Sequence[NodePlan]) -> list[RenderedFile]:
        """The files of ``nodes``, and the package's own for the nodes that it will have.

        A node without files of its own (its worker was stopped) is rendered here, so that what an
        earlier run delivered is not taken for something that the plan dropped.
        """
        templates = self.proof.templates
        own = render_files(self._there(nodes), templates=templates)
        if self.delivery is None:
            own = self._missing(own)
        files = [*own, *self.extra]
        files += [file for node in nodes for file in self.reports[node.slug].files]
        bare = [node.slug for node in nodes if not self.reports[node.slug].files]
        return files + [file for file in render_files(self.plan, bare, templates) if file.node]

    def _there(self, nodes: Sequence[NodePlan]) -> Plan:
        """The plan of the nodes that are delivered, and of those of ``nodes`` that passed."""
        passed = {slug for slug, report in self.reports.items() if report.passed}
        here = {node.slug for node in nodes} & passed | self._delivered
        shown = tuple(node for node in self.plan.nodes if node.slug in here)
        return replace(self.plan, nodes=shown or self.plan.nodes)

    def _missing(self, own: Iterable[RenderedFile]) -> tuple[RenderedFile, ...]:
        """The package's own files speak of all its nodes; a call that adds some leaves them."""
        if not self._delivered:
            self._foreign = {file.path for file in own if (self.folder / file.path).exists()}
        return tuple(file for file in own if file.path not in self._foreign)

    def _judge_as_it_lies(
        self,
        delivery: Delivery,
        files: Sequence[RenderedFile],
        decisions: Sequence[FileDecision],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Judge again what the user's edits are in, and the package where it is asked for."""
        conflicts = _conflicts(decisions)
        for slug, check in conflicts.items():
            if slug in self.reports:
                report = self.reports[slug]
                self.reports[slug] = replace(report, checks=(*report.checks, check))
        passed = {slug for slug, report in self.reports.items() if report.passed}
        edited = {decision.node for decision in decisions if decision.edited} & passed
        full = self.proof.verify is Verify.FULL
        if not edited and not full and not self._own_tests:
            return
        root = delivery.stage(files)
        for slug in sorted(edited):
            checks, clauses = self._judge_staged(root, slug, loop)
            report = self.reports[slug]
            self.reports[slug] = replace(
                report, checks=checks, clauses=as_ablated(clauses, report.clauses)
            )
        if self._own_tests:
            self._show_by_tests(root, decisions)
        if full:
            passed = {slug for slug, report in self.reports.items() if report.passed}
            package = self.plan.package
            found = verify_package(root, package, sorted(passed), cache=self.mypy_cache)
            for slug in passed:
                report = self.reports[slug]
                checks = (*report.checks, *found.get(slug, ()))
                self.reports[slug] = replace(report, checks=checks)
        self.reports = without_broken_steps(
            replace(self.plan, nodes=tuple(n for n in self.plan.nodes if n.slug in self.reports)),
            self.reports,
        )

    def _show_by_tests(self, root: Path, decisions: Sequence[FileDecision]) -> None:
        """See what the user's own tests of open clauses show of the package as it is staged."""
        edits = edits_of(decisions, root, self.plan.package)
        self.shown_by_user = shown_by_tests(
            root,
            open_notes(self.plan),
            edits,
            self.proof.timeout_seconds,
            outcomes_in(self.isolated) if self.isolated is not None else None,
        )
        self.reports = excused(self.plan, self.reports, self.shown_by_user, edits.nodes)

    def _judge_staged(self, root: Path, slug: str, loop: asyncio.AbstractEventLoop) -> Judged:
        """The judgement of one node as it is staged.

        Only workers of this machine see the staging folder.
        """
        here = self.isolated or (self.workers if self.workers.shares_files else ProcessWorkers(1))
        try:
            judging = judge_as_staged(self.plan, root, slug, here, self.proof)
            return asyncio.run_coroutine_threadsafe(judging, loop).result()
        finally:
            if here not in {self.workers, self.isolated}:
                here.close()


def _conflicts(decisions: Sequence[FileDecision]) -> dict[str, Check]:
    """Slug -> the check that a node fails by with conflicts that nobody has resolved."""
    found: dict[str, list[str]] = {}
    for decision in decisions:
        if decision.node and decision.unresolved:
            found.setdefault(decision.node, []).append(f"{decision.path}: {decision.reason}")
    return {
        slug: Check("merge", passed=False, detail="; ".join(reasons))
        for slug, reasons in found.items()
    }
