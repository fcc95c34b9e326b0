"""Checks of workflows: their steps, what is handed on, and that none waits for itself."""

from collections.abc import Iterator
from dataclasses import replace

from nodewright.spec.checking import Checking, Problems
from nodewright.spec.model import OnFailure, Step, Workflow
from nodewright.spec.naming import step_problem, twice, unknown
from nodewright.spec.problems import Problem
from nodewright.spec.requests import answers_of, inputs_of, needed
from nodewright.spec.tree import Path
from nodewright.spec.types import Type
from nodewright.spec.typing_ import Names, Place, assignable

MOST_STEPS = 100


def answers_before(checking: Checking, workflow: Workflow, number: int) -> dict[str, Names]:
    """What the first ``number`` steps answer; it may be missing where a step may not run."""
    known: dict[str, Names] = {}
    for step in workflow.steps[:number]:
        operation = checking.specification.operation(step.operation)
        names = answers_of(checking.specification, operation) if operation else {}
        if step.when is not None or step.on_failure is OnFailure.KEEP:
            names = {name: kind.maybe for name, kind in names.items()}
        known[step.name] = names
    return known


def check_steps(workflow: Workflow, checking: Checking, path: Path, place: Place) -> Problems:
    """Steps run operations that exist, with the inputs that they need."""
    if not 1 <= len(workflow.steps) <= MOST_STEPS:
        yield Problem(
            path, f"a workflow has 1 to {MOST_STEPS} steps, this one {len(workflow.steps)}"
        )
    if _waits_for_itself(checking, workflow):
        yield Problem(path, f"{workflow.name} is a step of itself; leave that step out")
    for number, name in twice(each.name for each in workflow.steps):
        yield Problem((*path, "steps", number), f"there are two steps {name!r}; rename one")
    for number, step in enumerate(workflow.steps):
        here = (*path, "steps", number)
        if objection := step_problem(step.name):
            yield Problem(here, objection)
        known = answers_before(checking, workflow, number)
        yield from _step(checking, here, step, replace(place, steps=known))


def _step(checking: Checking, path: Path, step: Step, place: Place) -> Problems:
    yield from checking.condition((*path, "when"), step.when, place)
    yield from checking.retry((*path, "retry"), step.retry)
    operation = checking.specification.operation(step.operation)
    if operation is None:
        names = [each.name for each in checking.specification.operations]
        yield Problem(path, unknown("operation", step.operation, names))
        return
    inputs = inputs_of(checking.specification, operation)
    yield from checking.assigns(
        (*path, "given"),
        step.given,
        {each.name: each.type.maybe if each.default is not None else each.type for each in inputs},
        place.knowing(step.when),
        what="input",
        needed=[each.name for each in inputs if needed(each)],
    )
    if step.undo:
        yield from _undo(checking, path, step, answers_of(checking.specification, operation))


def _undo(checking: Checking, path: Path, step: Step, answers: dict[str, Type]) -> Problems:
    operation = checking.specification.operation(step.undo)
    if operation is None:
        names = [each.name for each in checking.specification.operations]
        yield Problem(path, "undo: " + unknown("operation", step.undo, names))
        return
    given = {each.name for each in step.given}
    for each in inputs_of(checking.specification, operation):
        kind = answers.get(each.name)
        if kind is None and each.name not in given and needed(each):
            yield Problem(
                path, f"undo {operation.name} needs {each.name!r}, which the step does not answer"
            )
        if kind is not None and not assignable(kind, each.type.maybe, checking.entities):
            yield Problem(
                path, f"undo: input {each.name!r} is {each.type}, the step answers {kind}"
            )


def _waits_for_itself(checking: Checking, workflow: Workflow) -> bool:
    seen: set[str] = set()
    waiting = list(_called(workflow))
    while waiting:
        name = waiting.pop()
        if name == workflow.name:
            return True
        operation = checking.specification.operation(name)
        if name not in seen and isinstance(operation, Workflow):
            seen.add(name)
            waiting += _called(operation)
    return False


def _called(workflow: Workflow) -> Iterator[str]:
    for step in workflow.steps:
        yield step.operation
        if step.undo:
            yield step.undo
