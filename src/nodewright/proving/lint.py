"""Judge of style: ruff, one process for as many nodes as there are."""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson
from ruff import find_ruff_bin  # type: ignore[import-untyped]  # ships no types

from nodewright.planning.model import Check
from nodewright.proving.verdict import PACKAGE, Rejected, brief, judge, node_of


def lint_package(
    staged_root: Path, slugs: Iterable[str], *, sort_imports: bool = False
) -> dict[str, Check]:
    """Run ``ruff check`` once over a staging folder.

    Args:
        staged_root: the staging folder; its ``pyproject.toml`` may configure ruff.
        slugs: folders of the nodes.
        sort_imports: sort imports in place instead of finding fault with their order.

    Returns:
        Slug -> check, and under the empty slug the package's own files.
    """
    found: dict[str, list[str]] = {slug: [] for slug in (PACKAGE, *slugs)}
    options = ["--fix", "--fixable", "I"] if sort_imports else []
    verdict = judge("ruff", lambda: _collect(staged_root, staged_root, found, options))
    if not verdict.passed:
        return dict.fromkeys(found, verdict)
    seconds = verdict.seconds / len(found)
    return {
        slug: Check("ruff", passed=not reasons, detail=brief("\n".join(reasons)), seconds=seconds)
        for slug, reasons in found.items()
    }


def lint_node(staged_root: Path, folder: Path) -> Check:
    """Run ``ruff check`` over one node's folder."""

    def verdict() -> None:
        found: dict[str, list[str]] = {PACKAGE: [], folder.name: []}
        _collect(staged_root, folder, found)
        reasons = [reason for reasons in found.values() for reason in reasons]
        if reasons:
            raise Rejected("\n".join(reasons))

    return judge("ruff", verdict)


def _collect(
    root: Path, target: Path, found: dict[str, list[str]], options: Sequence[str] = ()
) -> None:
    command = [find_ruff_bin(), "check", "--no-cache", "--quiet", "--output-format", "json"]
    command += ["--no-respect-gitignore", *options, "--", str(target)]
    done = subprocess.run(  # noqa: S603 - no shell, and only our own paths
        command, cwd=root, capture_output=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise Rejected(f"ruff failed: {done.stderr.decode(errors='replace')}")
    for finding in orjson.loads(done.stdout or b"[]"):
        path = Path(finding["filename"])
        where = path.relative_to(root) if path.is_relative_to(root) else path
        code = finding["code"] or "syntax"
        line = finding["location"]["row"]
        reason = f"{where}:{line}: {code} {finding['message']}"
        found[node_of(where, found)].append(reason)
