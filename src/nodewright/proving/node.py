"""The judges on one node, in the order in which they make sense."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from nodewright.proving.contract import accept_contract
from nodewright.proving.lint import lint_node
from nodewright.proving.model import Check, Verify
from nodewright.proving.package import verify_package
from nodewright.proving.running import run_checks
from nodewright.proving.sources import accept_sources
from nodewright.proving.staged import StagedNode
from nodewright.proving.verdict import judge


def verify_node(  # noqa: PLR0917 - what a job knows, in the order of its path
    staged_root: Path,
    package: str,
    node_dir: Path,
    kind: str,
    class_name: str,
    level: Verify,
    *,
    linted: Check | None = None,
) -> tuple[Check, ...]:
    """Judge one node of a staged package.

    Nothing of the node is imported or run unless every judge that only reads it has passed. Never
    raises for what is wrong with the node. For ``Verify.FULL`` the whole package is judged too:
    with more than one node, ask ``verify_package`` once instead.

    Args:
        staged_root: the folder that becomes the output folder; ``src`` is inside.
        package: the package's name under ``src``.
        node_dir: the node's folder.
        kind: EFFECT, COMPUTE, REDUCER or ORCHESTRATOR.
        class_name: the node's class in ``node.py``.
        level: how far to go.
        linted: what ``lint_package`` said, where it is asked once for all nodes.

    Returns:
        One check a judge that was asked here.
    """
    node = StagedNode(staged_root.resolve(), package, node_dir.resolve(), kind, class_name)
    checks = [judge("parses", partial(accept_sources, node.folder))]
    if checks[0].passed and linted is None:
        checks.append(lint_node(node.root, node.folder))
    checks.append(judge("contract", partial(accept_contract, node.folder / "contract.yaml", kind)))
    refused = linted is not None and not linted.passed
    if refused or level is Verify.STATIC or not all(check.passed for check in checks):
        return tuple(checks)
    checks += run_checks(node)
    if level is Verify.FULL and all(check.passed for check in checks):
        checks += _package_checks(node)
    return tuple(checks)


def _package_checks(node: StagedNode) -> tuple[Check, ...]:
    found: Mapping[str, tuple[Check, ...]] = verify_package(node.root, node.package, [node.slug])
    return found[node.slug]
