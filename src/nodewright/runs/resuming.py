"""What a run need not prove again: nodes that lie in the output folder as they would be made."""

from pathlib import Path

from nodewright.delivery.decisions import Action
from nodewright.delivery.delivery import Delivery
from nodewright.delivery.manifest import Manifest, load_manifest, read_base
from nodewright.planning.homes import homes_of
from nodewright.planning.plan import Plan
from nodewright.proving.model import ALREADY_THERE, Check, ClauseProof, NodeReport
from nodewright.proving.proof import render_files
from nodewright.rendering.model import RenderedFile
from nodewright.runs.foreseeing import foreseen
from nodewright.runs.run import Options
from nodewright.spec.model import State


def already_there(plan: Plan, options: Options, delivery: Delivery) -> dict[str, NodeReport]:
    """Reports of the nodes of ``plan`` that ``options.output`` has, with what was shown of them.

    The tests of clauses are derived when a node is proven; those of an earlier run stand for it
    where it judged the same clauses.
    """
    out = options.output.resolve()
    manifest = load_manifest(out)
    files = render_files(plan, (node.slug for node in plan.nodes), options.templates)
    decisions = foreseen(plan, manifest, delivery.plan(files))
    different = {decision.node for decision in decisions if decision.action is not Action.KEEP}
    different |= _judged_otherwise(plan, manifest)
    return {
        node.slug: NodeReport(
            node.slug,
            node.kind,
            (Check(ALREADY_THERE, passed=True),),
            (
                *(file for file in files if file.node == node.slug),
                *_tests(out, manifest, node.slug),
            ),
            _proofs(manifest, node.slug),
        )
        for node in plan.nodes
        if node.slug in manifest.nodes and node.slug not in different
    }


def _judged_otherwise(plan: Plan, manifest: Manifest) -> set[str]:
    """Nodes with a clause that the earlier run did not judge, or that had another text then."""
    judged = {(each.id, each.text) for each in manifest.clauses if each.node in manifest.nodes}
    homes = homes_of(plan)
    return {
        homes[note.id]
        for note in plan.specification.clauses
        if note.state is State.READ and note.id in homes and (note.id, note.text) not in judged
    }


def _tests(out: Path, manifest: Manifest, slug: str) -> list[RenderedFile]:
    """The tests of a node's clauses, as they were generated."""
    path = f"tests/test_{slug}.py"
    entry = manifest.files.get(path)
    text = read_base(out, entry) if entry is not None else None
    if entry is None or text is None:
        return []
    return [
        RenderedFile(
            path=path,
            content=text.decode(),
            template=entry.template,
            template_version=entry.template_version,
            template_hash=entry.template_hash,
            node=slug,
            requirements=entry.requirements,
            user_owned=entry.user_owned,
        )
    ]


def _proofs(manifest: Manifest, slug: str) -> tuple[ClauseProof, ...]:
    own = f"tests/test_{slug}.py::"
    return tuple(
        ClauseProof(each.id, each.proven, each.reason, each.test)
        for each in manifest.clauses
        if each.node == slug and (not each.proven or each.test.startswith(own))
    )
