"""What stands in an output folder: its specification, its tests, and what became of each clause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nodewright.delivery.decisions import held
from nodewright.delivery.manifest import load_manifest
from nodewright.delivery.specification import held_specification, held_text
from nodewright.planning.homes import homes_of
from nodewright.planning.plan import NodePlan, Plan, plan_specification
from nodewright.proving.trial import clauses_of, operations_of
from nodewright.runs.clauses import ClauseState, ClauseVerdict
from nodewright.spec.model import ClauseNote, Specification, State

GENERATED = "tests/test_node_"


def decided(specification: Specification, texts: Iterable[str]) -> tuple[str, ...]:
    """Operations that the user's code decides about.

    They are those that the user's tests ask for, to show clauses that the specification leaves
    open.
    """
    unread = frozenset(each.id for each in specification.clauses if each.state is State.OPEN)
    found = {name for text in texts for name in operations_of(text, unread)}
    return tuple(sorted(name for name in found if specification.operation(name) is not None))


def own_tests(out: Path) -> dict[str, str]:
    """The files of tests in an output folder that were not generated: path -> text."""
    standing = Standing(out)
    return {
        path: standing.read(path) for path in standing.tests if not path.startswith(GENERATED)
    }


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
    def shown(self) -> Mapping[str, str]:
        """Clause -> a file with a test that shows it, the user's own first."""
        found: dict[str, str] = {}
        for path in sorted(self.tests, key=lambda path: path.startswith(GENERATED)):
            for clause in self.tests[path]:
                found.setdefault(clause, path)
        return found

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """Clause -> the node that answers for it; for an open one, that of its requirement."""
        homes = dict(homes_of(self.plan))
        nearby: dict[str, str] = {}
        for note in self.specification.clauses:
            if note.id in homes and note.requirement:
                nearby.setdefault(note.requirement, homes[note.id])
        for note in self.specification.clauses:
            if note.id not in homes and note.requirement in nearby:
                homes[note.id] = nearby[note.requirement]
        return homes

    @cached_property
    def clauses(self) -> tuple[ClauseVerdict, ...]:
        """What became of each clause, in the document's order."""
        return tuple(map(self._verdict, self.specification.clauses))

    def _verdict(self, note: ClauseNote) -> ClauseVerdict:
        state, reason = ClauseState.OPEN, note.reason
        test = self.shown.get(note.id, "")
        own = bool(test) and not test.startswith(GENERATED)
        if note.state is State.CONTEXT:
            state = ClauseState.CONTEXT
        elif own or (test and note.state is State.READ):
            state, reason = ClauseState.PROVEN, ""
        elif note.state is State.READ:
            reason = "elements say it, and no test of the package shows it"
        home = self.homes.get(note.id, "")
        return ClauseVerdict(note.id, note.requirement, note.line, note.text, state, reason, home)

    def node(self, slug: str) -> NodePlan | None:
        """The node of that slug."""
        return next((node for node in self.plan.nodes if node.slug == slug), None)

    def handler(self, node: NodePlan) -> str:
        """The path of the file that holds a node's behaviour."""
        folder = f"src/{self.plan.package}/nodes/{node.slug}/handlers"
        return f"{folder}/handler_{node.slug.removeprefix('node_')}.py"

    def read(self, path: str) -> str:
        """The text of a file of the package; empty where there is none."""
        return (held(self.out.resolve(), path) or b"").decode(errors="replace")
