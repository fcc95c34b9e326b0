"""The acceptance tests in a preview: they are written when their node is proven, not before."""

from collections.abc import Iterable, Iterator

from nodewright.delivery.decisions import Action, FileDecision
from nodewright.delivery.manifest import Manifest
from nodewright.planning.homes import homes_of
from nodewright.planning.plan import Plan
from nodewright.rendering.model import RenderedFile
from nodewright.spec.model import State

_REASON = "its tests are derived from the specification when the node is proven"


def foreseen(
    plan: Plan, manifest: Manifest, decisions: Iterable[FileDecision]
) -> tuple[FileDecision, ...]:
    """``decisions`` with what will happen to the acceptance tests of the nodes.

    A node whose own files stay keeps its tests; others get them anew.
    """
    paths = {node.slug: f"tests/test_{node.slug}.py" for node in plan.nodes}
    kept = [each for each in decisions if each.file or each.path not in paths.values()]
    changed = {each.node for each in kept if each.action is not Action.KEEP}
    tests = _tests(plan, manifest, paths, changed)
    return tuple(sorted([*kept, *tests], key=lambda each: each.path))


def _tests(
    plan: Plan, manifest: Manifest, paths: dict[str, str], changed: set[str]
) -> Iterator[FileDecision]:
    read = {note.id for note in plan.specification.clauses if note.state is State.READ}
    showing = {slug for clause, slug in homes_of(plan).items() if clause in read}
    for slug, path in paths.items():
        known = path in manifest.files
        settled = slug in manifest.nodes and slug not in changed
        if not known and (settled or slug not in showing):
            continue
        action = Action.CREATE if not known else Action.KEEP
        if known and slug in changed:
            action = Action.OVERWRITE
        file = RenderedFile(path, "", "tests/test_clauses.py.j2", "", "", slug)
        yield FileDecision(path, action, _REASON, slug, file)
