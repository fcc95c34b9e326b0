"""The work of a job: render nodes, stage them with what they need, and let the judges speak.

Pure functions of their arguments that any worker process can run: nothing is written but a
temporary folder that is gone when they return.
"""

import resource
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ruff import find_ruff_bin  # type: ignore[import-untyped]  # ships no types

from nodewright.planning.plan import NodePlan, Plan
from nodewright.proving import lint_package, verify_node
from nodewright.proving.ablation import ablate
from nodewright.proving.meaning import judge_meaning, read_clauses
from nodewright.proving.model import (
    BROKEN_STEPS,
    Check,
    ClauseProof,
    Judged,
    NodeReport,
    Verify,
)
from nodewright.proving.scenarios import Evidence, evidence_of, otherwise
from nodewright.proving.scratch import TemporaryFolder
from nodewright.rendering.acceptance import Acceptance
from nodewright.rendering.files import (
    render_frame,
    render_node,
    render_package,
    render_readme,
    render_tests,
)
from nodewright.rendering.model import RenderedFile
from nodewright.spec.verdicts import ClauseVerdict
from nodewright.templates import TemplatePack

# Nodes are imported under their package's name, which a process has once. Executors may run
# calls on several threads of one.
_ONE_AT_A_TIME = threading.Lock()


def prove_nodes(
    plan: Plan, slugs: tuple[str, ...], verify: Verify, templates: Path | None = None
) -> tuple[NodeReport, ...]:
    """Render nodes of ``plan`` and judge each by itself, up to ``Verify.RUN``.

    ``Verify.FULL`` adds the ablation of each proven clause. Its other judges look at the package as
    a whole; ask ``nodewright.proving.verify_package`` when all nodes are there.

    Args:
        plan: the run's plan; an orchestrator's steps are staged from it.
        slugs: which of its nodes to prove. Those of one call share a folder and the linter's run.
        verify: how far to go.
        templates: a folder that overlays the built-in pack.

    Returns:
        One report a slug, with the node's files as they would be delivered.
    """
    pack = load_pack(templates)
    nodes = [node for node in plan.nodes if node.slug in slugs]
    level = Verify.STATIC if verify is Verify.STATIC else Verify.RUN
    with _ONE_AT_A_TIME, TemporaryFolder() as folder:
        root = Path(folder).resolve()
        clock = _Clock()
        evidence = evidence_of(plan)
        rendered = {
            node.slug: (*render_node(plan, node, pack), *_tests(plan, node, evidence, pack))
            for node in nodes
        }
        stage(root, (file for files in rendered.values() for file in files))
        stage(root, _surroundings(plan, nodes, pack))
        render = clock.lap(len(nodes))
        # One run of the linter finds fault and sorts the imports; what it says holds formatted.
        verdicts = lint_package(root, rendered, sort_imports=True)
        lint = clock.lap(len(nodes))
        _format(root)
        layout = clock.lap(len(nodes))
        reports = []
        for node, (checks, proofs) in _judged(root, plan, nodes, level, verdicts, evidence):
            files = tuple(read_back(root, rendered[node.slug]))
            shown = _ablated(plan, proofs, files, pack) if verify is Verify.FULL else proofs
            judged = clock.lap()
            reports.append(
                NodeReport(
                    node.slug,
                    node.kind,
                    checks,
                    files,
                    shown,
                    render_seconds=render.wall + layout.wall,
                    verify_seconds=lint.wall + judged.wall,
                    cpu_seconds=render.cpu + layout.cpu + lint.cpu + judged.cpu,
                    template_uses=tuple(pack.cache.take_uses()),
                )
            )
    return tuple(reports)


def render_files(
    plan: Plan, slugs: Iterable[str] = (), templates: Path | None = None
) -> tuple[RenderedFile, ...]:
    """The formatted, unproven files of the package: its own, and those of nodes with ``slugs``."""
    wanted = set(slugs)
    pack = load_pack(templates)
    files = [*render_package(plan, pack)]
    for node in plan.nodes:
        if node.slug in wanted:
            files += render_node(plan, node, pack)
    with TemporaryFolder() as folder:
        root = Path(folder).resolve()
        stage(root, files)
        tidy(root)
        return tuple(read_back(root, files))


def readme_file(
    plan: Plan, verdicts: Sequence[ClauseVerdict], templates: Path | None = None
) -> RenderedFile:
    """The package's README, with what became of each clause."""
    return render_readme(plan, load_pack(templates), verdicts)


def judge_staged(
    root: Path, plan: Plan, slugs: tuple[str, ...], verify: Verify
) -> dict[str, Judged]:
    """Judge nodes that lie in a staging folder, where the user's edits were merged in.

    Returns:
        Slug -> checks and proofs of clauses, as ``prove_nodes`` makes them but for ablation.
    """
    level = Verify.STATIC if verify is Verify.STATIC else Verify.RUN
    verdicts = lint_package(root, slugs)
    with _ONE_AT_A_TIME:
        nodes = [node for node in plan.nodes if node.slug in slugs]
        evidence = evidence_of(plan)
        judged = _judged(root, plan, nodes, level, verdicts, evidence)
        return {node.slug: verdict for node, verdict in judged}


def _tests(
    plan: Plan, node: NodePlan, evidence: Evidence, pack: TemplatePack
) -> tuple[RenderedFile, ...]:
    """The acceptance tests of the clauses that ``node`` answers for."""
    notes = {note.id: note for note in plan.specification.clauses}
    shows = [
        Acceptance(notes[clause], show.scenario, show.outcome, otherwise(show))
        for clause in read_clauses(plan, node.slug)
        for show in evidence.shown(plan, clause).shows
    ]
    return render_tests(node, shows, pack) if shows else ()


def _ablated(
    plan: Plan, proofs: tuple[ClauseProof, ...], files: Iterable[RenderedFile], pack: TemplatePack
) -> tuple[ClauseProof, ...]:
    """``proofs`` after real ablation, with the acceptance tests among ``files``."""
    tests = next((file for file in files if file.path.startswith("tests/")), None)
    if tests is None:
        return proofs
    evidence = evidence_of(plan)
    shown = [evidence.shown(plan, proof.clause) for proof in proofs if proof.proven]
    bare = {each.clause: each.shows[0].mutant for each in shown} | {"": plan.specification}
    return ablate(proofs, tests, bare, pack)


def load_templates(templates: Path | None = None) -> int:
    """Read and compile every template of the pack; returns how many there are.

    Raises:
        TemplateError: one of them is wrong; the message names its file and line.
    """
    return len(TemplatePack(templates).warm())


def stage(root: Path, files: Iterable[RenderedFile]) -> None:
    """Write ``files`` under ``root``."""
    made: set[Path] = set()
    for file in files:
        path = root / file.path
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        path.write_bytes(file.content.encode())


def tidy(root: Path) -> None:
    """Sort imports and format every Python file under ``root``, as ruff does.

    Lines are as long as the names of the text make them, so the templates cannot know where
    they break. Files that do not parse stay as they are; the judges say so.
    """
    _ruff("check", "--select", "I", "--fix-only", folder=root)
    _format(root)


def _format(root: Path) -> None:
    _ruff("format", folder=root)


def _ruff(*command: str, folder: Path) -> None:
    subprocess.run(  # noqa: S603 - no shell, and only our own paths
        [find_ruff_bin(), *command, "--no-cache", "--quiet", "--no-respect-gitignore", str(folder)],
        cwd=folder,
        capture_output=True,
        check=False,
    )


def read_back(root: Path, files: Iterable[RenderedFile]) -> Iterator[RenderedFile]:
    """``files`` with the content that now lies under ``root``."""
    for file in files:
        if file.path.endswith(".py"):
            yield replace(file, content=(root / file.path).read_bytes().decode())
        else:
            yield file


def _judged(  # noqa: PLR0917 - what a job knows, in the order of its steps
    root: Path,
    plan: Plan,
    nodes: Sequence[NodePlan],
    level: Verify,
    linted: Mapping[str, Check],
    evidence: Evidence,
) -> Iterator[tuple[NodePlan, Judged]]:
    """Each of ``nodes`` with what its judges say, a workflow after the nodes that it runs.

    A workflow whose nodes were refused is only read: to run it would be to run them.
    """
    refused: set[str] = set()
    for node in sorted(nodes, key=lambda node: bool(node.runs)):
        broken = set(node.runs) & refused
        place = root / "src" / plan.package / "nodes" / node.slug
        judges = verify_node(
            root,
            plan.package,
            place,
            node.kind,
            node.class_name,
            Verify.STATIC if broken else level,
            linted=linted[node.slug],
        )
        checks = (linted[node.slug], *judges, *failed_steps(broken))
        proofs: tuple[ClauseProof, ...] = ()
        if level is not Verify.STATIC and all(check.passed for check in checks):
            meant, proofs = judge_meaning(plan, node, evidence, root)
            checks = (*checks, meant)
        if not all(check.passed for check in checks):
            refused.add(node.slug)
        yield node, Judged(checks, proofs)


def failed_steps(broken: Iterable[str]) -> tuple[Check, ...]:
    """What is said of a workflow that runs ``broken`` nodes; nothing where it runs none."""
    names = ", ".join(sorted(broken))
    return (
        (Check(BROKEN_STEPS, passed=False, detail=f"runs {names}, which failed"),) if names else ()
    )


def _surroundings(plan: Plan, nodes: list[NodePlan], pack: TemplatePack) -> Iterator[RenderedFile]:
    """What the package needs to be imported, and the other nodes of ``plan``."""
    yield from render_frame(plan, pack)
    here = {node.slug for node in nodes}
    for node in plan.nodes:
        if node.slug not in here:
            yield from render_node(plan, node, pack)


class _Lap(NamedTuple):
    """Seconds a node: by the clock, and of the processor in this process and its children."""

    wall: float
    cpu: float


class _Clock:
    """Measures the steps of a job one after the other."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), self._processor()

    def lap(self, shared_by: int = 1) -> _Lap:
        """Time since the last lap, divided among ``shared_by`` nodes."""
        wall, cpu = time.perf_counter(), self._processor()
        lap = _Lap((wall - self._wall) / max(shared_by, 1), (cpu - self._cpu) / max(shared_by, 1))
        self._wall, self._cpu = wall, cpu
        return lap

    @staticmethod
    def _processor() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime


@lru_cache(maxsize=4)
def load_pack(templates: Path | None = None) -> TemplatePack:
    """The pack of templates, loaded once a process."""
    return TemplatePack(templates)
