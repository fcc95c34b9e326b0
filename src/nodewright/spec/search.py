"""The search for scenarios that show what a clause says.

A scenario shows a clause where the specification answers, stores, sends or publishes something
else without it. The search is directed: it tries the operations that the clause changes, first the
call that succeeds, then those at the edges of the constants that decide about it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from nodewright.spec.ablation import without
from nodewright.spec.calls import Answer
from nodewright.spec.deciding import constants, draft, edges, looked_at, related, spans
from nodewright.spec.drafting import Given, Known, Recipe, paths_of
from nodewright.spec.interpreter import Published, Sent
from nodewright.spec.model import (
    Aggregate,
    Delete,
    Entity,
    Export,
    Listing,
    Machine,
    Move,
    Notify,
    OnEntity,
    Operation,
    Read,
    Selected,
    Specification,
    Workflow,
)
from nodewright.spec.mutants import mutants
from nodewright.spec.populations import changes
from nodewright.spec.prepared import Same
from nodewright.spec.scenario import (
    Answered,
    Call,
    Outcome,
    Scenario,
    Seen,
    Step,
    dangles,
    run,
)
from nodewright.spec.variants import in_turns, variants

MOST_REPAIRS = 150
MOST_TRIED = 400
MOST_TRIED_FOR_A_PART = 250
MOST_MUTANTS = 80
MOST_SCENARIOS = 14


@dataclass(frozen=True, slots=True)
class Show:
    """A scenario that shows a clause or a part of it, and what comes of it.

    ``mutant`` is the specification without it, of which something else comes.
    """

    scenario: Scenario
    outcome: Outcome
    mutant: Specification


class Search:
    """Scenarios of one specification, and what came of them."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        self.known: Known = Known(specification)
        self._variants: dict[str, Iterator[Scenario]] = {}
        self._tried: dict[str, list[tuple[Scenario, Outcome]]] = {}
        for operation in specification.operations:
            self._repair(operation)

    # --- calls that succeed ---------------------------------------------------------------------

    def _repair(self, operation: Operation) -> None:
        """Find a recipe for a call that succeeds and does something."""
        fallback: Recipe | None = None
        for count, recipe in enumerate(self._recipes(operation)):
            if count > MOST_REPAIRS:
                break
            answer = self._answer(draft(self.known, operation, recipe=recipe))
            if answer is not None and answer.ok:
                if telling(operation, answer):
                    self.known.recipes[operation.name] = recipe
                    return
                fallback = fallback or recipe
        self.known.recipes[operation.name] = fallback or Recipe()

    def _answer(self, scenario: Scenario) -> Answer | None:
        return run(self.specification, scenario).steps[-1].answer

    def _recipes(self, operation: Operation) -> Iterator[Recipe]:
        plain = Recipe()
        yield plain
        paths: list[tuple[str, ...]] = []
        if isinstance(operation, OnEntity):
            paths = [path for path in paths_of(self.known, operation.entity).values() if path]
        entities = sorted(looked_at(self.known, operation))
        others = [Recipe(others=(name,)) for name in entities]
        waits = [Recipe(wait=span + extra) for span in spans(self.known, operation)
                 for extra in (span * 0, span)]  # fmt: skip
        values = [
            Recipe(given=((each.name, value),))
            for each in self.known.prepared.inputs(operation)
            for value in edges(self.known, operation, each)
        ]
        moves = [Recipe(moves=path) for path in paths]
        records = [Recipe(record=tuple(each.items())) for each in self._records(operation)]
        elsewhere = [
            Recipe(elsewhere=(name, path))
            for name in entities
            for path in paths_of(self.known, name).values()
            if path
        ]
        yield from (*others, *moves, *waits, *elsewhere, *values, *records)
        for one in (*moves, *others):
            for other in (*waits, *values[:20]):
                yield replace(other, moves=one.moves, others=one.others)
        for number, one in enumerate(values[:20]):
            for other in values[number + 1 : 20]:
                if one.given[0][0] != other.given[0][0]:
                    yield Recipe(given=one.given + other.given)

    def _records(self, operation: Operation) -> list[Given]:
        """Records that differ from the plain one in a field, for an operation to work on."""
        if not isinstance(operation, Selected | Listing | Aggregate | Export):
            return []
        decisive = constants(self.known, operation)
        return [each for each in changes(self.known, operation.entity, decisive) if each]

    # --- scenarios of a clause ------------------------------------------------------------------

    def scenarios(self, operation: Operation) -> Iterator[tuple[Scenario, Outcome]]:
        """Variants of an operation with what comes of them, each run once."""
        name = operation.name
        if name not in self._variants:
            self._variants[name] = variants(self.known, operation)
            self._tried[name] = []
        place = 0
        while True:
            if place == len(self._tried[name]):
                scenario = next(self._variants[name], None)
                if scenario is None:
                    return
                outcome = run(self.specification, scenario)
                if dangles(scenario, outcome):
                    continue
                self._tried[name].append((scenario, outcome))
            yield self._tried[name][place]
            place += 1

    def find(self, clause: str) -> Show | None:
        """What shows ``clause`` first, as short as it can be made.

        Where nothing shows it alone, it is taken out with what other clauses say together with it.
        """
        for shared in (False, True):
            ablated = without(self.specification, clause, shared=shared)
            if ablated is self.specification:
                continue
            shown = self._show(ablated, clause, MOST_TRIED)
            if shown is not None:
                return self._told(shown, ablated)
            empty = self._told(Scenario(), ablated)
            if empty.outcome.facts != run(ablated, empty.scenario).facts:
                return empty
        return None

    def find_all(self, clause: str) -> tuple[Show, ...]:
        """What shows ``clause``, then what shows each of its parts."""
        first = self.find(clause)
        if first is None:
            return ()
        shows = [first]
        if not first.scenario.steps:
            return tuple(shows)
        for mutant in islice(mutants(self.specification, clause), MOST_MUTANTS):
            if len(shows) >= MOST_SCENARIOS:
                break
            if any(differs(each.outcome, run(mutant, each.scenario)) for each in shows):
                continue
            shown = self._show(mutant, clause, MOST_TRIED_FOR_A_PART)
            if shown is not None:
                shows.append(self._told(shown, mutant))
        return tuple(shows)

    def _told(self, scenario: Scenario, mutant: Specification) -> Show:
        return Show(scenario, run(self.specification, scenario), mutant)

    def _show(self, mutant: Specification, clause: str, most: int) -> Scenario | None:
        """The first scenario that tells ``mutant`` apart, as short as it can be made."""
        touched = self._touched(mutant, clause)
        tried = islice(in_turns(map(self.scenarios, touched), (12, 3)), most)
        for scenario, outcome in tried:
            if differs(outcome, run(mutant, scenario)):
                return self._shortened(scenario, outcome, mutant)
        return None

    def _touched(self, ablated: Specification, clause: str) -> list[Operation]:
        """Operations that the clause changes: first those that are gone, then others of it."""
        known = Known(ablated)
        found: list[tuple[tuple[bool, bool, int], int, Operation]] = []
        for operation in self.specification.operations:
            other = ablated.operation(operation.name)
            if other is None or _decisive(self.known, operation) != _decisive(known, other):
                rank = (other is not None or clause not in operation.clauses,
                        clause not in operation.clauses, _reach(operation))  # fmt: skip
                found.append((rank, len(found), operation))
        return [operation for _, _, operation in sorted(found, key=lambda each: each[:2])]

    def _shortened(self, scenario: Scenario, outcome: Outcome, ablated: Specification) -> Scenario:
        """``scenario`` without steps that its last answer and the difference do not need."""
        answer = outcome.steps[-1].answer
        place = 0
        while place < len(scenario.steps) - 1:
            shorter = without_step(scenario, place)
            if shorter is not None:
                now = run(self.specification, shorter)
                same = _alike(now.steps[-1].answer, answer) and not dangles(shorter, now)
                if same and differs(now, run(ablated, shorter)):
                    scenario = shorter
                    continue
            place += 1
        return scenario


def telling(operation: Operation, answer: Answer) -> bool:
    """Whether an answer shows something: records, rows, a count above zero."""
    if isinstance(operation, Listing):
        return bool(answer.items)
    if isinstance(operation, Aggregate):
        measures = {measure.name for measure in operation.measures}
        return any(row.get(name) not in {0, None} for row in answer.rows or () for name in measures)
    if isinstance(operation, Selected) and operation.where is not None:
        return bool(answer.count or answer.items)
    return True


def _decisive(known: Known, operation: Operation) -> list[Any]:
    """What decides what an operation does: no rules where it only reads, no moves but its own."""
    found: list[Any] = []
    for part in related(known, operation):
        if isinstance(part, Machine) and not isinstance(operation, Workflow):
            if isinstance(operation, Move):
                found.append([each for each in part.transitions if each.target == operation.to])
            found.append((part.field, part.initial))
        elif isinstance(part, Entity) and isinstance(operation, _READING):
            found.append([(each.name, each.type) for each in part.fields])
        else:
            found.append(part)
    return found


_READING = (Read, Listing, Aggregate, Export, Delete, Notify)


def _reach(operation: Operation) -> int:
    """How much an operation needs before it can be asked for."""
    return {"Create": 0, "Compute": 0, "Workflow": 3}.get(type(operation).__name__, 1)


def differs(one: Outcome, other: Outcome) -> bool:
    """Whether something happened otherwise; a value that is missing is as one that is not there."""
    if one.steps == other.steps and one.stored == other.stored:
        return False
    seen = (_seen(one.steps), _seen(one.stored))
    return bool(seen != (_seen(other.steps), _seen(other.stored)))


def _seen(value: Any) -> Any:
    """``value`` without what is missing, in all records inside."""
    if isinstance(value, Mapping):
        return {name: _seen(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_seen(each) for each in value]
    if isinstance(value, Seen | Answer | Sent | Published):
        return [_seen(getattr(value, each.name)) for each in fields(value) if each.compare]
    return value


def _alike(one: Answer | None, other: Answer | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.status, one.error_code, one.count, len(one.items or ()), len(one.rows or ())) == (
        other.status, other.error_code, other.count, len(other.items or ()), len(other.rows or ()),
    )  # fmt: skip


def without_step(scenario: Scenario, place: int) -> Scenario | None:
    """``scenario`` without one step; None where a later step asks for what it answered."""
    steps: list[Step] = []
    for number, step in enumerate(scenario.steps):
        if number == place:
            continue
        try:
            steps.append(_renumbered(step, place) if number > place else step)
        except LookupError:
            return None
    return Scenario(tuple(steps))


def _renumbered(step: Step, place: int) -> Step:
    if isinstance(step, Call):
        return replace(step, request=_moved(step.request, place))
    if hasattr(step, "payload"):
        return replace(step, payload=_moved(step.payload, place))
    return step


def _moved(value: Any, place: int) -> Any:
    if isinstance(value, Answered):
        if value.step == place:
            raise LookupError(place)
        return replace(value, step=value.step - (value.step > place))
    if isinstance(value, dict):
        return {name: _moved(each, place) for name, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, place) for each in value]
    return value


@lru_cache(maxsize=4)
def _search(key: Same) -> Search:
    return Search(key.specification)


def find_scenario(specification: Specification, clause_id: str) -> Scenario | None:
    """The shortest readable scenario that fails without a clause.

    None where no scenario shows it; without steps where only what can be looked up differs.
    """
    show = search_of(specification).find(clause_id)
    return show.scenario if show is not None else None


def find_scenarios(specification: Specification, clause_id: str) -> tuple[Scenario, ...]:
    """``find_scenario``, then a scenario for each part of the clause that it does not show.

    A part is an element or attribute that is left out, an edge, an operator: see ``mutants``.
    """
    return tuple(show.scenario for show in search_of(specification).find_all(clause_id))


def search_of(specification: Specification) -> Search:
    """The search for scenarios of a specification, with what it has tried so far."""
    return _search(Same(specification))


def known_of(specification: Specification) -> Known:
    """The samples and recipes that were found for a specification."""
    return _search(Same(specification)).known
