"""The scenarios that show clauses."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from nodewright.planning.homes import homes_of
from nodewright.planning.plan import Plan
from nodewright.spec.ablation import without
from nodewright.spec.model import Operation, Specification, State
from nodewright.spec.scenario import Outcome, Scenario, run
from nodewright.spec.search import Search

UNSHOWN = "no test can show it: nothing that can be seen changes without it"
# What a package only lists, without doing it: the reason that such a clause stays open.
LISTED = {
    "store": "the records are kept in memory; there is no adapter for {0} yet",
    "system": "the port is a fake that records messages; there is no adapter for {2} yet",
    "route": "the route is listed in routes.py; no HTTP server is generated yet",
    "status": "the route is listed in routes.py; no HTTP server is generated yet",
    "command": "the command is listed in commands.py; no command line is generated yet",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A clause with the scenarios that show it, and what comes of them.

    ``scenarios`` are empty where nothing can show it; then ``reason`` says why.
    """

    clause: str
    scenarios: tuple[tuple[Scenario, Outcome], ...] = ()
    reason: str = ""


def shown_clauses(plan: Plan, slugs: Collection[str] | None = None) -> dict[str, Shown]:
    """Clause -> what shows it, for every clause that the specification reads.

    Found once a specification; a worker asks for many nodes of the same.

    Args:
        plan: what is generated.
        slugs: only clauses that these nodes answer for.
    """
    same = _Same(_working(plan.specification))
    homes = homes_of(plan) if slugs is not None else {}
    found = {}
    for note in plan.specification.clauses:
        if note.state is State.READ and (slugs is None or homes.get(note.id) in slugs):
            shows = _scenarios(same, note.id)
            reason = "" if shows else _reason(plan, note.id)
            found[note.id] = Shown(note.id, shows, reason)
    return found


def ablated(plan: Plan, clause: str, scenario: Scenario) -> Outcome:
    """What comes of a scenario without a clause."""
    return run(without(_working(plan.specification), clause), scenario)


def _working(specification: Specification) -> Specification:
    """The specification without what a package only lists."""
    return replace(
        specification,
        stores=(),
        ports=tuple(replace(port, system="") for port in specification.ports),
        operations=tuple(map(working, specification.operations)),
    )


def working(operation: Operation) -> Operation:
    """An operation without what a package only lists."""
    return replace(operation, route=None, command="")


class _Same:
    """A specification that is only equal to itself, which is told at once."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        self._key = hash(repr(specification))

    def __hash__(self) -> int:
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.specification == self.specification


def tried_scenarios(
    specification: Specification, operation: Operation, count: int
) -> Iterator[tuple[Scenario, Outcome]]:
    """Sequences of operations that end with ``operation``, and what comes of each."""
    yield from islice(_search(_Same(_working(specification))).scenarios(working(operation)), count)


@lru_cache(maxsize=4)
def _search(same: _Same) -> Search:
    return Search(same.specification)


@lru_cache(maxsize=4096)
def _scenarios(same: _Same, clause: str) -> tuple[tuple[Scenario, Outcome], ...]:
    specification = same.specification
    return tuple(
        (scenario, run(specification, scenario))
        for scenario in _search(same).find_all(clause)
        if scenario.steps
    )


def _reason(plan: Plan, clause: str) -> str:
    """Why nothing shows a clause: it only concerns what a package lists, or nothing at all."""
    specification = plan.specification
    for store in specification.stores:
        if clause in store.clauses:
            return LISTED["store"].format(store.system)
    for port in specification.ports:
        if clause in port.clauses and port.system:
            return LISTED["system"].format("", "", port.system)
    for operation in specification.operations:
        if operation.route is not None and clause in operation.route.clauses:
            return LISTED["route"]
    return UNSHOWN
