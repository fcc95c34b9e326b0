from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from nodewright.planning.domains import stems
from nodewright.planning.lifecycle import Lifecycle, _sound, lifecycle_of
from nodewright.prd.models import StateMachine, Transition


@dataclass
class Parsed:
    state_machines: tuple[StateMachine, ...]


@dataclass
class Analysis:
    parsed_prd: Parsed


def reached(cycle: Lifecycle) -> set[str]:
    seen, frontier = {cycle.states[0]}, [cycle.states[0]]
    while frontier:
        state = frontier.pop()
        for move in cycle.transitions:
            if move.source == state and move.target not in seen:
                seen.add(move.target)
                frontier.append(move.target)
    return seen


WORDS = st.sampled_from(["open", "Closed", "in progress", "offen", "状态", "", "open!", "done"])
MACHINES = st.builds(
    StateMachine,
    subject=WORDS,
    states=st.lists(WORDS, max_size=6).map(tuple),
    transitions=st.lists(
        st.builds(Transition, source=WORDS, target=WORDS, trigger=WORDS, line=st.just(1)),
        max_size=8,
    ).map(tuple),
    line=st.just(3),
)


@given(MACHINES)
def test_every_life_cycle_is_sound(machine: StateMachine) -> None:
    cycle = _sound(machine)
    assert len(cycle.states) == len(set(cycle.states)) >= 2
    assert reached(cycle) == set(cycle.states)
    keys = [(move.source, move.trigger) for move in cycle.transitions]
    assert len(keys) == len(set(keys))


def test_the_machine_of_the_thing_is_chosen() -> None:
    order = StateMachine("Order", ("open", "paid"), (), 5)
    ticket = StateMachine("Ticket", ("new", "used"), (), 9)
    analysis = Analysis(Parsed((order, ticket)))
    assert lifecycle_of(analysis, stems("tickets")).states == ("new", "used")  # type: ignore[arg-type]
    assert lifecycle_of(analysis, stems("invoice")).line == 0  # type: ignore[arg-type]
