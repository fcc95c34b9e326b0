"""The files of a node."""

from collections.abc import Iterator
from typing import Any

from nodewright.planning.plan import NodePlan, OperationPlan, Plan
from nodewright.rendering.contract_context import contract_context
from nodewright.rendering.file_context import Context, FileContext
from nodewright.rendering.known_names import NodeNames, request_class
from nodewright.rendering.layout import wrapped
from nodewright.rendering.methods import Method
from nodewright.rendering.model_files import model_files
from nodewright.rendering.names import (
    local,
)
from nodewright.rendering.operations import operation_lines
from nodewright.spec.model import (
    Element,
    Specification,
)


def node_files(plan: Plan, specification: Specification, node: NodePlan) -> Iterator[FileContext]:
    """All files of a node but the ``__init__.py`` of its folders."""
    names = NodeNames(specification, node)
    folder = f"src/{plan.package}/nodes/{node.slug}"
    yield FileContext(
        "node/contract.yaml.j2",
        f"{folder}/contract.yaml",
        contract_context(plan, specification, node, names),
    )
    yield FileContext(
        f"node/node_{node.kind.lower()}.py.j2", f"{folder}/node.py", _shell(node, names)
    )
    yield from model_files(specification, node, names, f"{folder}/models")
    yield FileContext(
        "node/handler.py.j2",
        f"{folder}/handlers/handler_{node.stem}.py",
        _handler(specification, node, names),
        user_owned=True,
    )


# --- handler ------------------------------------------------------------------------------------


def _handler(specification: Specification, node: NodePlan, names: NodeNames) -> Context:
    methods = [_method(specification, node, each, names) for each in node.operations]
    code = [f"{names.input}, {names.output}, Surroundings, shared_surroundings, refusal, Refused"]
    for method in methods:
        code += [str(method["request"]), "async def body():", "    if True:", *method["lines"]]
    return {
        "cls": node.class_name,
        "kind": node.kind,
        "description": node.description,
        "methods": methods,
        "imports": names.imports("\n".join(code)),
        **names.classes,
    }


def _method(
    specification: Specification, node: NodePlan, planned: OperationPlan, names: NodeNames
) -> dict[str, Any]:
    method = Method(specification, node, planned, names.output)
    lines = operation_lines(method)
    notes = {note.id: note for note in specification.clauses}
    clauses = [f"{name}: {notes[name].text}" for name in planned.clauses if name in notes]
    clauses += [f"Assumed: {text}" for text in dict.fromkeys(_assumed(planned.element))]
    return {
        "name": local(planned.name),
        "request": request_class(planned.name),
        "text": planned.description,
        "clauses": clauses,
        "signature": wrapped(
            f"    {'' if method.pure else 'async '}def {local(planned.name)}"
            f"(self, request: {request_class(planned.name)}) -> {names.output}:"
        ),
        "lines": lines,
        "decisions": [
            {
                "name": each.name,
                "message": each.guard.message or "it was not understood",
                "text": " ".join(
                    [notes[name].text for name in each.guard.clauses if name in notes]
                    or [each.guard.message or each.guard.error]
                ),
            }
            for each in method.decisions
        ],
    }


def _assumed(element: object) -> Iterator[str]:
    if isinstance(element, Element) and element.assumed:
        yield element.assumed
    if isinstance(element, tuple):
        for each in element:
            yield from _assumed(each)
    elif isinstance(element, Element):
        for name in type(element).__dataclass_fields__:
            value = getattr(element, name)
            if isinstance(value, Element | tuple):
                yield from _assumed(value)


# --- shell ------------------------------------------------------------------------------------

_SHELL = {
    "EFFECT": "time, uuid4, EnumEffectType, EnumTransactionState, ModelONEXContainer, "
    "ModelEffectInput, ModelEffectOutput, NodeEffect",
    "COMPUTE": "ModelComputeInput, ModelONEXContainer, NodeCompute",
    "REDUCER": "time, EnumReductionType, ModelONEXContainer, ModelContractReducer, Path, "
    "ModelProjectionIntent, ModelReducerInput, ModelReducerOutput, NodeReducer, read_contract",
    "ORCHESTRATOR": "uuid4, Path, ModelONEXContainer, "
    "ModelWorkflowStep, ModelWorkflowDefinition, ModelOrchestratorInput, NodeOrchestrator, "
    "read_values",
}


def _shell(node: NodePlan, names: NodeNames) -> Context:
    base = {
        "EFFECT": "NodeEffect",
        "COMPUTE": f"NodeCompute[{names.input}, {names.output}]",
        "REDUCER": f"NodeReducer[{names.input}, {names.output}]",
        "ORCHESTRATOR": "NodeOrchestrator",
    }[node.kind]
    mixins = {path.rpartition(".")[2]: path.rpartition(".")[0] for path in node.mixins}
    names.known.update(mixins)
    code = [_SHELL[node.kind], names.input, names.output, names.handler, *mixins]
    return {
        "cls": node.class_name,
        "bases": ", ".join([base, *mixins]),
        "description": node.description,
        "name": node.name,
        "imports": names.imports("\n".join(code)),
        **names.classes,
    }
