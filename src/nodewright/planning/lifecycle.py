"""The states and transitions of a reducer.

Those that the text gives to the thing, made sound: names are identifiers, a trigger leads from a
state to one state only, and every state can be reached from the first. Where the text names
none, a life cycle that fits most records.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from nodewright.language.naming import snake
from nodewright.planning.domains import stems as stems_of
from nodewright.planning.model import PlannedTransition
from nodewright.prd.models import SimplePRDAnalysisResult, StateMachine

MOST_STATES = 24


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """States, the initial one first; ``line`` is where the text names them, 0 where it does not."""

    states: tuple[str, ...]
    transitions: tuple[PlannedTransition, ...]
    line: int


_USUAL = Lifecycle(
    states=("new", "active", "completed", "failed"),
    transitions=(
        PlannedTransition("new", "active", "activate"),
        PlannedTransition("active", "completed", "complete"),
        PlannedTransition("active", "failed", "fail"),
        PlannedTransition("failed", "active", "retry"),
    ),
    line=0,
)


def lifecycle_of(analysis: SimplePRDAnalysisResult, stems: frozenset[str]) -> Lifecycle:
    """The life cycle of the thing with ``stems``; the document's only one belongs to all."""
    machines = analysis.parsed_prd.state_machines
    for machine in machines:
        if stems & stems_of(machine.subject):
            return _sound(machine)
    return _sound(machines[0]) if len(machines) == 1 else _USUAL


def _sound(machine: StateMachine) -> Lifecycle:
    states = list(dict.fromkeys(snake(state, "state") for state in machine.states))[:MOST_STATES]
    if len(states) < 2:  # noqa: PLR2004 - a life has a beginning and an end
        return _USUAL
    moves = [
        PlannedTransition(
            snake(move.source, "state"), snake(move.target, "state"), snake(move.trigger, "advance")
        )
        for move in machine.transitions
    ]
    moves = [move for move in moves if move.source in states and move.target in states]
    if not moves:
        moves = [
            PlannedTransition(source, target, f"to_{target}") for source, target in pairwise(states)
        ]
    moves = _deterministic(moves)
    return Lifecycle(tuple(states), tuple(_connected(states, moves)), machine.line)


def _deterministic(moves: Iterable[PlannedTransition]) -> list[PlannedTransition]:
    """One target for each state and trigger; a second one is named by its target."""
    chosen: dict[tuple[str, str], PlannedTransition] = {}
    for move in moves:
        trigger = move.trigger
        known = chosen.get((move.source, trigger), move)
        if known.target != move.target:
            trigger = f"{trigger}_to_{move.target}"
        chosen.setdefault(
            (move.source, trigger), PlannedTransition(move.source, move.target, trigger)
        )
    return list(chosen.values())


def _connected(states: list[str], moves: list[PlannedTransition]) -> list[PlannedTransition]:
    """Add a move to each state that the first cannot reach, from the one listed before it."""
    moves = list(moves)
    for number, state in enumerate(states):
        if number and state not in _reached(states[0], moves):
            moves.append(PlannedTransition(states[number - 1], state, f"to_{state}"))
    return moves


def _reached(start: str, moves: list[PlannedTransition]) -> set[str]:
    reached, frontier = {start}, [start]
    while frontier:
        state = frontier.pop()
        for move in moves:
            if move.source == state and move.target not in reached:
                reached.add(move.target)
                frontier.append(move.target)
    return reached
