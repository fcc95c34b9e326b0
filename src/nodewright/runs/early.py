"""Delivery of new nodes while others are still proven, so that a killed run has something to show.

Only nodes that are not in the output folder yet go early; what is there is decided about once, when
everything is known.
"""

from collections.abc import Mapping
from dataclasses import replace

from nodewright.delivery.decisions import Action, FileDecision
from nodewright.delivery.delivery import Delivery
from nodewright.delivery.manifest import load_manifest
from nodewright.planning.model import NodeReport, Plan, Verify
from nodewright.proving.proof import render_files
from nodewright.runs.pooling import Proof

# A commit rewrites the manifest and the package's own files, so ever more nodes share one.
_LEAST_NODES = 8


class EarlyDelivery:
    """Delivers nodes of ``plan`` as they are proven; ``there`` are nodes that already are.

    ``decisions`` has what was decided first about each file that was delivered.
    """

    def __init__(
        self, plan: Plan, delivery: Delivery, proof: Proof, there: Mapping[str, NodeReport]
    ) -> None:
        self.decisions: dict[str, FileDecision] = {}
        self.proof = proof
        self._plan = plan
        self._delivery = delivery
        self._reports = dict(there)
        self._delivered = set(there)
        self._nodes = {node.slug: node for node in plan.nodes}
        known = {entry.node for entry in load_manifest(delivery.root).files.values()} - {""}
        # The judges of the full level look at the package as a whole.
        self._possible = proof.verify is not Verify.FULL and known <= self._delivered

    def add(self, report: NodeReport) -> bool:
        """Take note of a proven node; whether it is time to ``deliver``."""
        self._reports[report.slug] = report
        most = len(self._nodes) - 1
        enough = max(_LEAST_NODES, len(self._delivered) // 2)
        waiting = len(self._reports) - len(self._delivered)
        return self._possible and waiting >= enough and len(self._reports) < most

    def deliver(self) -> None:
        """Deliver what is ready: a workflow waits for the nodes that it runs.

        Raises:
            DeliveryError: the output folder cannot be written; it is as it was before.
        """
        passed = {slug for slug, report in self._reports.items() if report.passed}
        ready = [
            self._reports[slug]
            for slug in passed - self._delivered
            if all(step.node in passed for step in self._nodes[slug].steps)
        ]
        shown = self._delivered | {report.slug for report in ready}
        part = replace(
            self._plan, nodes=tuple(node for node in self._plan.nodes if node.slug in shown)
        )
        files = [*render_files(part, templates=self.proof.templates)]
        files += [file for report in ready for file in report.files]
        decisions = self._delivery.accept_early(files)
        new = {report.slug for report in ready}
        new -= {d.node for d in decisions if d.node and d.action is not Action.CREATE}
        own = [decision for decision in decisions if not decision.node]
        self._possible = not any(decision.edited or decision.blocks for decision in own)
        if not self._possible or not new:
            return
        self._delivery.commit_early(report for report in ready if report.slug in new)
        self._delivered |= new
        for decision in decisions:
            if decision.node in new or not decision.node:
                self.decisions.setdefault(decision.path, decision)
