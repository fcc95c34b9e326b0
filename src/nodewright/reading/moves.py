"""The pass for moves: what brings a record from state to state, where no clause names a verb."""

from dataclasses import replace

from nodewright.language.lexicon import stems
from nodewright.language.naming import unique
from nodewright.language.verb_forms import verb_in
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.operations import named
from nodewright.spec.model import Machine, Move, Transition


def read_moves(draft: Draft, _demands: list[Demand]) -> None:
    """One ``Move`` for each state that a transition leads to: "reserved → paid" gives ``pay``."""
    for described in list(draft.machines.values()):
        machine = _with_own_steps(draft, described)
        draft.machines[machine.entity] = machine
        for target in dict.fromkeys(step.target for step in machine.transitions):
            _add_move(draft, machine, target)


def _with_own_steps(draft: Draft, machine: Machine) -> Machine:
    """The machine with each step's clauses only those that name both of its states."""
    texts = {clause.id: set(clause.stems) for clause in draft.document.clauses}

    def own(step: Transition) -> tuple[str, ...]:
        both = {*stems(step.source), *stems(step.target)}
        named = tuple(each for each in step.clauses if both <= texts.get(each, set()))
        return named[:1] or step.clauses

    steps = tuple(replace(step, clauses=own(step)) for step in machine.transitions)
    return replace(machine, transitions=steps)


def _add_move(draft: Draft, machine: Machine, target: str) -> None:
    clauses = tuple(
        dict.fromkeys(
            clause
            for step in machine.transitions
            if step.target == target
            for clause in step.clauses
        )
    )
    for operation in draft.operations.values():
        if isinstance(operation, Move) and (operation.entity, operation.to) == (
            machine.entity,
            target,
        ):
            merged = tuple(dict.fromkeys((*operation.clauses, *clauses)))
            draft.change(replace(operation, clauses=merged))
            return
    verb = verb_in(target.lower().split("_", maxsplit=1)[0].split(" ", maxsplit=1)[0])
    name = named(verb or "move", machine.entity if verb else f"{machine.entity} to {target}")
    name = unique(name, draft.operations)
    draft.operations[name] = Move(name=name, entity=machine.entity, to=target, clauses=clauses)
