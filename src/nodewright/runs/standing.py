"""What stands in an output folder: its specification, its tests, and what became of each clause."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nodewright.delivery.decisions import held
from nodewright.delivery.manifest import load_manifest, read_base
from nodewright.delivery.specification import held_specification, held_text
from nodewright.planning.plan import NodePlan, Plan, plan_specification
from nodewright.proving.trial import clauses_of
from nodewright.spec.model import Specification
from nodewright.spec.verdicts import ClauseVerdict


@dataclass(frozen=True)
class Standing:
    """An output folder as it is now."""

    out: Path

    @cached_property
    def specification(self) -> Specification:
        """What its nodes follow."""
        return held_specification(self.out)

    @cached_property
    def text(self) -> str:
        """The specification as it is written."""
        return held_text(self.out)

    @cached_property
    def package(self) -> str:
        """The package that was delivered."""
        return load_manifest(self.out.resolve()).package

    @cached_property
    def plan(self) -> Plan:
        """The nodes that its specification asks for."""
        return plan_specification(self.specification)

    @cached_property
    def tests(self) -> Mapping[str, tuple[str, ...]]:
        """Path of each file of tests -> the clauses that they show."""
        root = self.out.resolve()
        return {
            path.relative_to(root).as_posix(): tuple(dict.fromkeys(clauses_of(path)))
            for path in sorted((root / "tests").glob("test_*.py"))
            if path.is_file() and not path.is_symlink()
        }

    @cached_property
    def clauses(self) -> tuple[ClauseVerdict, ...]:
        """What became of each clause, in the document's order."""
        return load_manifest(self.out.resolve()).clauses

    def node(self, slug: str) -> NodePlan | None:
        """The node of that slug."""
        return next((node for node in self.plan.nodes if node.slug == slug), None)

    def near(self, verdict: ClauseVerdict) -> str:
        """The slug of the node that answers for a clause, or for others of its requirement."""
        if verdict.node or not verdict.requirement:
            return verdict.node
        mine = (each.node for each in self.clauses if each.requirement == verdict.requirement)
        return next(filter(None, mine), "")

    def generated(self, path: str) -> str:
        """The text that was last generated for a file; as it lies where that is lost."""
        root = self.out.resolve()
        entry = load_manifest(root).files.get(path)
        base = read_base(root, entry) if entry is not None else None
        return base.decode(errors="replace") if base is not None else self.read(path)

    def read(self, path: str) -> str:
        """The text of a file of the package; empty where there is none."""
        return (held(self.out.resolve(), path) or b"").decode(errors="replace")
