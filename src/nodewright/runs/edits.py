"""What the user changed of a package: in the output folder, or as it is staged to be delivered."""

import ast
from collections.abc import Collection, Sequence
from pathlib import Path

from nodewright.delivery.decisions import FileDecision, held, same_code
from nodewright.delivery.manifest import Manifest, read_base
from nodewright.planning.plan import Plan
from nodewright.proving.clause_tests import Edits, marks_in
from nodewright.proving.proof import render_files
from nodewright.rendering.names import local

_SOURCES = "src/"
_TESTS = "tests/"


def edits_in(root: Path, manifest: Manifest, plan: Plan) -> Edits:
    """The edits in an output folder; texts that were generated and are lost are rendered anew."""
    generated: dict[str, bytes | None] = {}
    methods: set[tuple[str, str]] = set()
    for path, entry in manifest.files.items():
        current = held(root, path) if path.startswith(_SOURCES) else None
        base = read_base(root, entry) if current is not None else None
        if current is not None and base is None:
            base = _rendered(plan, entry.node, path)
        if current is not None and base is not None and not _same(path, current, base):
            generated[path] = base
            if entry.user_owned and entry.node:
                methods |= {(entry.node, name) for name in changed_functions(base, current)}
    generated |= _added(root, manifest.package, set(manifest.files))
    return Edits(generated, generated_tests(root, manifest), frozenset(methods))


def edits_of(decisions: Sequence[FileDecision], root: Path, package: str) -> Edits:
    """The edits in what is staged in ``root``."""
    generated: dict[str, bytes | None] = {}
    known: set[str] = set()
    methods: set[tuple[str, str]] = set()
    for each in decisions:
        if each.file is None:
            continue
        text = each.file.content.encode()
        if each.path.startswith(_TESTS):
            known.update(test for _, test in marks_in(text, each.path))
        elif each.edited and each.staged is not None and not _same(each.path, each.staged, text):
            generated[each.path] = text
            if each.file.user_owned and each.node:
                methods |= {(each.node, name) for name in changed_functions(text, each.staged)}
    generated |= _added(root, package, {each.path for each in decisions})
    return Edits(generated, frozenset(known), frozenset(methods))


def changed_functions(one: bytes, other: bytes) -> set[str]:
    """Names of functions and methods that two Python texts do not share; empty for the rest."""
    before, after = _functions(one), _functions(other)
    return {name for name in before | after if before.get(name) != after.get(name)} or {""}


def _functions(source: bytes) -> dict[str, str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return {
        node.name: ast.dump(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def clauses_of_methods(plan: Plan, methods: Collection[tuple[str, str]]) -> frozenset[str]:
    """The clauses of the operations that the methods carry out."""
    return frozenset(
        clause
        for node in plan.nodes
        for operation in node.operations
        if (node.slug, local(operation.name)) in methods
        for clause in operation.clauses
    )


def generated_tests(root: Path, manifest: Manifest) -> frozenset[str]:
    """The marked tests that were generated into an output folder."""
    bases = {
        path: read_base(root, entry)
        for path, entry in manifest.files.items()
        if path.startswith(_TESTS)
    }
    return frozenset(
        test for path, base in bases.items() if base is not None for _, test in marks_in(base, path)
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
