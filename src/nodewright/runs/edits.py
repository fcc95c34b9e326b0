"""What the user changed of a package: in the output folder, or as it is staged to be delivered."""

from collections.abc import Sequence
from pathlib import Path

from nodewright.delivery.decisions import FileDecision, held, same_code
from nodewright.delivery.manifest import Manifest, read_base
from nodewright.planning.plan import Plan
from nodewright.proving.clause_tests import Edits, tests_in
from nodewright.proving.proof import render_files

_SOURCES = "src/"
_TESTS = "tests/"


def edits_in(root: Path, manifest: Manifest, plan: Plan) -> Edits:
    """The edits in an output folder; texts that were generated and are lost are rendered anew."""
    generated: dict[str, bytes | None] = {}
    nodes: set[str] = set()
    for path, entry in manifest.files.items():
        current = held(root, path) if path.startswith(_SOURCES) else None
        base = read_base(root, entry) if current is not None else None
        if current is not None and base is None:
            base = _rendered(plan, entry.node, path)
        if current is not None and base is not None and not _same(path, current, base):
            generated[path] = base
            if entry.user_owned and entry.node:
                nodes.add(entry.node)
    generated |= _added(root, manifest.package, set(manifest.files))
    return Edits(generated, generated_tests(root, manifest), frozenset(nodes))


def edits_of(decisions: Sequence[FileDecision], root: Path, package: str) -> Edits:
    """The edits in what is staged in ``root``."""
    generated: dict[str, bytes | None] = {}
    known: set[str] = set()
    nodes: set[str] = set()
    for each in decisions:
        if each.file is None:
            continue
        text = each.file.content.encode()
        if each.path.startswith(_TESTS):
            known.update(test for _, test in tests_in(text, each.path))
        elif each.edited and each.staged is not None and not _same(each.path, each.staged, text):
            generated[each.path] = text
            if each.file.user_owned and each.node:
                nodes.add(each.node)
    generated |= _added(root, package, {each.path for each in decisions})
    return Edits(generated, frozenset(known), frozenset(nodes))


def generated_tests(root: Path, manifest: Manifest) -> frozenset[str]:
    """The marked tests that were generated into an output folder."""
    bases = {
        path: read_base(root, entry)
        for path, entry in manifest.files.items()
        if path.startswith(_TESTS)
    }
    return frozenset(
        test for path, base in bases.items() if base is not None for _, test in tests_in(base, path)
    )


def _added(root: Path, package: str, known: set[str]) -> dict[str, None]:
    """Files of the user's own beside the generated ones."""
    paths = (path for path in (root / _SOURCES / package).rglob("*.py") if path.is_file())
    names = (path.relative_to(root).as_posix() for path in paths)
    return dict.fromkeys(name for name in names if name not in known)


def _same(path: str, current: bytes, base: bytes) -> bool:
    current = current.replace(b"\r\n", b"\n")
    return current == base or (path.endswith(".py") and same_code(current, base))


def _rendered(plan: Plan, slug: str, path: str) -> bytes | None:
    files = render_files(plan, [slug] if slug in {node.slug for node in plan.nodes} else [])
    return next((file.content.encode() for file in files if file.path == path), None)
