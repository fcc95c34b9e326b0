"""Code of a workflow: its steps in the text's order."""

from collections.abc import Iterator
from dataclasses import replace

from nodewright.language.naming import pascal
from nodewright.planning.inputs import asked_inputs, entity_of
from nodewright.rendering.effects import retry_code, take_effect, warns
from nodewright.rendering.expressions import compiled, condition
from nodewright.rendering.methods import Method, expressions_in
from nodewright.rendering.names import local, resolved, safe
from nodewright.rendering.records import names_tuple
from nodewright.rendering.scopes import Code, Scope
from nodewright.spec.model import (
    Compute,
    Create,
    OnFailure,
    Selected,
    Specification,
    Step,
    Workflow,
)
from nodewright.spec.types import INTEGER, TEXT, Type
from nodewright.templates.quoting import pystr


def step_class(workflow: str, step: str) -> str:
    """The model of what a workflow reads of a step's answer."""
    return f"Model{pascal(workflow)}{pascal(step)}Answer"


def step_reads(
    specification: Specification, workflow: Workflow
) -> dict[str, list[tuple[str, Type]]]:
    """Step -> names and types that the workflow reads of its answer."""
    asked = expressions_in((workflow.steps, workflow.effects))
    found: dict[str, list[tuple[str, Type]]] = {}
    for step in workflow.steps:
        names = sorted({name for each in asked for name in each.attributes(step.name)})
        known = dict(_answered(specification, step))
        found[step.name] = [(name, _maybe(known.get(name, TEXT.maybe), step)) for name in names]
    return found


def _maybe(kind: Type, step: Step) -> Type:
    """The type, which may be missing where the step may not run."""
    skipped = step.when is not None or step.on_failure is OnFailure.KEEP
    return kind.maybe if skipped else kind


def _answered(specification: Specification, step: Step) -> Iterator[tuple[str, Type]]:
    operation = specification.operation(step.operation)
    yield from (("status", TEXT), ("error_code", TEXT), ("count", INTEGER.maybe))
    yield ("content", TEXT.maybe)
    if isinstance(operation, Compute):
        yield from ((each.name, resolved(each.type, specification)) for each in operation.results)
    if isinstance(operation, Create) or (
        isinstance(operation, Selected) and operation.where is None
    ):
        entity = entity_of(specification, operation.entity)
        yield from ((each.name, resolved(each.type, specification)) for each in entity.fields)
    if isinstance(operation, Selected) and operation.where is not None:
        yield "count", INTEGER


def add_steps(method: Method, element: Workflow) -> None:
    """Add the body of a workflow."""
    block, specification = method.block, method.specification
    method.guard(element.guards, method.scope)
    block.add("run = WorkflowRun(self.surroundings, request.caller)")
    reads = step_reads(specification, element)
    scope = method.scope
    block.add("try:")
    with block.deeper():
        for step in element.steps:
            _add_step(method, element, step, scope, reads[step.name])
            scope = _after(scope, step, reads[step.name])
        _finish(method, element, scope)
    block.add("except StepFailed as failure:")
    with block.deeper():
        block.add(
            f"return {method.answers}(correlation_id=request.correlation_id, "
            'status="failed", error_code=failure.code, error_message=failure.message, '
            "completed=tuple(run.completed), failed_step=failure.step, "
            "warnings=tuple(run.warnings))"
        )


def _add_step(
    method: Method, element: Workflow, step: Step, scope: Scope, reads: list[tuple[str, Type]]
) -> None:
    given = ", ".join(
        f"{pystr(each.name)}: {compiled(each.value, scope).text}" for each in step.given
    )
    arguments = [pystr(step.name), pystr(step.operation), f"lambda: {{{given}}}"]
    if step.when is not None:
        arguments.append(f"when=lambda: {condition(step.when, scope)}")
    if step.retry is not None and step.retry.times:
        arguments.append(f"retry={retry_code(step.retry)}")
    undo = method.specification.operation(step.undo) if step.undo else None
    if undo is not None:
        names = names_tuple([each.name for each in asked_inputs(method.specification, undo)])
        arguments.append(f"undo=Undo({pystr(undo.name)}, {names})")
    if step.on_failure is OnFailure.KEEP:
        arguments.append("keep=True")
    call = f"await run.step({', '.join(arguments)})"
    if reads:
        model = step_class(element.name, step.name)
        method.block.add(f"{local(step.name)} = {model}.model_validate({call})")
    else:
        method.block.add(call)


def _after(scope: Scope, step: Step, reads: list[tuple[str, Type]]) -> Scope:
    codes = {name: Code(f"{local(step.name)}.{safe(name)}", kind) for name, kind in reads}
    return replace(scope, steps={**scope.steps, step.name: codes})


def _finish(method: Method, element: Workflow, scope: Scope) -> None:
    """Effects and what later requests need to know, all or nothing; then the answer."""
    block = method.block
    warnings = "(*run.warnings, *warnings)" if warns(element.effects) else "tuple(run.warnings)"
    parts = {"completed": "tuple(run.completed)", "warnings": warnings}
    if not element.effects and element.rate is None and element.idempotency is None:
        method.answer(**parts)
        return
    with block.indented("async with run.ending():"):
        for each in element.effects:
            take_effect(each, block, scope)
        method.keep(**parts)
    block.add("return answer")
