"""The scenarios that show clauses."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from nodewright.planning.plan import NodePlan, Plan
from nodewright.spec.ablation import without
from nodewright.spec.checks import check
from nodewright.spec.model import Operation, Specification
from nodewright.spec.randomness import random_scenarios
from nodewright.spec.requests import inputs_of
from nodewright.spec.scenario import Call, Outcome, Scenario, Step, run
from nodewright.spec.search import Search, Show, differs, search_of, telling

# Random sequences that each node is compared on.
RANDOM = 4
# Scenarios of an operation among which one is looked for in which it answers something.
MOST_TRIED = 200
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
    """A clause with what shows it.

    ``shows`` are empty where nothing can; then ``reason`` says why.
    """

    clause: str
    shows: tuple[Show, ...] = ()
    reason: str = ""


class Evidence:
    """What can be asked of the packages of one specification, found once and kept."""

    def __init__(self, specification: Specification) -> None:
        # Of a wrong specification everything would fall with any clause, which shows nothing.
        self.specification: Specification = check(specification)
        self.search: Search = search_of(specification)
        self._shown: dict[str, Shown] = {}

    def shown(self, plan: Plan, clause: str) -> Shown:
        """What shows a clause that the specification reads."""
        if clause not in self._shown:
            self._shown[clause] = self._found(plan, clause)
        return self._shown[clause]

    def _found(self, plan: Plan, clause: str) -> Shown:
        """All that shows a clause; each operation that it asks for has to answer something.

        A list that is always empty, or a workflow that always fails, shows nothing.
        """
        found = [show for show in self.search.find_all(clause) if show.scenario.steps]
        if not found:
            return Shown(clause, reason=_reason(plan, clause))
        for operation in self.specification.operations:
            if clause not in operation.clauses or any(_tells(show, operation) for show in found):
                continue
            show = self._telling(operation, clause)
            if show is None:
                reason = f"nothing was found that {operation.name} could answer something of"
                return Shown(clause, reason=reason)
            found.append(show)
        return Shown(clause, tuple(found))

    def _telling(self, operation: Operation, clause: str) -> Show | None:
        """A scenario in which an operation answers something that it would not without a clause."""
        mutant = without(self.specification, clause)
        for scenario, outcome in islice(self.search.scenarios(operation), MOST_TRIED):
            show = Show(scenario, outcome, mutant)
            if _tells(show, operation) and differs(outcome, run(mutant, scenario)):
                return show
        return None

    def tried(self, node: NodePlan, count: int) -> Iterator[tuple[Scenario, Outcome]]:
        """Sequences that end with each operation of a node, then random ones, and what comes."""
        names = [op.name for op in node.operations]
        for name in names:
            operation = self.specification.operation(name)
            if operation is not None:
                yield from islice(self.search.scenarios(operation), count)
        seed = zlib.crc32(node.slug.encode())
        for scenario in random_scenarios(self.specification, seed, RANDOM, names):
            yield scenario, run(self.specification, scenario)


def _tells(show: Show, operation: Operation) -> bool:
    """Whether an operation answers something in a scenario: records, rows, a count above zero."""
    return any(
        name == operation.name and answer.ok and telling(operation, answer)
        for seen in show.outcome.steps
        for name, answer in seen.answers
    )


def evidence_of(plan: Plan) -> Evidence:
    """The evidence of a plan's specification; a process keeps those that it used last."""
    return _evidence(_Same(_working(plan.specification)))


def otherwise(show: Show) -> Outcome:
    """What comes of a scenario without what it shows.

    A request has no inputs then that only came with that: nobody would be surprised that they are
    refused.
    """
    outcome = run(show.mutant, show.scenario)
    if any(seen.answer and seen.answer.error_code == "invalid_request" for seen in outcome.steps):
        spared = Scenario(tuple(_spared(show.mutant, step) for step in show.scenario.steps))
        other = run(show.mutant, spared)
        if differs(show.outcome, other):
            return other
    return outcome


def _spared(specification: Specification, step: Step) -> Step:
    operation = specification.operation(step.operation) if isinstance(step, Call) else None
    if not isinstance(step, Call) or operation is None:
        return step
    names = {each.name for each in inputs_of(specification, operation)}
    return replace(step, request={n: v for n, v in step.request.items() if n in names})


def _working(specification: Specification) -> Specification:
    """The specification without what a package only lists."""
    return replace(
        specification,
        stores=(),
        ports=tuple(replace(port, system="") for port in specification.ports),
        operations=tuple(
            replace(operation, route=None, command="") for operation in specification.operations
        ),
    )


class _Same:
    """A specification that is equal to others with the same text, which is told at once."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        self._text = repr(specification)

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._text == self._text


@lru_cache(maxsize=4)
def _evidence(same: _Same) -> Evidence:
    return Evidence(same.specification)


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
