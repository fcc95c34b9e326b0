"""Where a package may go: a name that can be imported, and a folder that is its own."""

from collections.abc import Iterable
from pathlib import Path

from nodewright.delivery.decisions import Action, FileDecision
from nodewright.delivery.manifest import load_manifest
from nodewright.errors import NodewrightError
from nodewright.language.naming import is_taken, snake
from nodewright.planning.plan import Plan


class ReplaceError(NodewrightError):
    """A run would take the place of another package, and was not asked to."""


class PackageNameError(NodewrightError):
    """The package name cannot be imported, or is that of something else."""


def check_package(package: str) -> None:
    """Check that ``package`` can be imported and is the name of nothing else.

    Raises:
        PackageNameError: it cannot, or it is.
    """
    if snake(package) != package:
        raise PackageNameError(
            f"{package!r} is not a valid package name: use lower-case letters, digits and "
            f"underscores, such as {snake(package, 'service')!r}"
        )
    if is_taken(package):
        raise PackageNameError(
            f"{package!r} is the name of a module that Python or the package's dependencies have: "
            f"choose another one, such as {package}_service"
        )


def place_taken(plan: Plan, out: Path) -> str:
    """The package, or the nodes, whose place ``plan`` would take; empty where it goes on."""
    manifest = load_manifest(out.resolve())
    if not manifest.nodes:
        return ""
    if manifest.package != plan.package:
        return f"the package {manifest.package}"
    if not manifest.nodes & {node.slug for node in plan.nodes}:
        return f"all nodes of {manifest.package}"
    return ""


def replacing(what: str, decisions: Iterable[FileDecision]) -> str:
    """What taking the place of ``what`` would do, and how to ask for it."""
    dropped = [each for each in decisions if each.file is None]
    kept = [each.path for each in dropped if each.action is Action.KEEP]
    removed = len(dropped) - len(kept)
    yours = f"; what you edited stays where it is: {', '.join(kept[:5])}" if kept else ""
    more = f" and {len(kept) - 5} more" if len(kept) > 5 else ""  # noqa: PLR2004 - a line's worth
    return (
        f"this takes the place of {what}: {removed} generated files would be removed{yours}{more}; "
        "choose another output folder, or pass --replace"
    )
