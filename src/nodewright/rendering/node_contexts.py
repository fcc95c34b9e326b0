"""What the templates of a node are told."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from nodewright.planning.inputs import asked_inputs, entity_of
from nodewright.planning.plan import NodePlan, OperationPlan, Plan
from nodewright.rendering.aggregates import row_types
from nodewright.rendering.effects import warns
from nodewright.rendering.imports import imports_for
from nodewright.rendering.layout import wrapped
from nodewright.rendering.methods import Method
from nodewright.rendering.models import FROZEN, config_for, input_lines, typed_fields
from nodewright.rendering.names import local, model_class, variable
from nodewright.rendering.operations import operation_lines
from nodewright.rendering.package_contexts import (
    FileContext,
    own_names,
    request_class,
    topic,
)
from nodewright.rendering.questions import results_class, row_class
from nodewright.rendering.scopes import Code, Record, Scope
from nodewright.rendering.workflows import step_class, step_reads
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Element,
    Export,
    Import,
    Listing,
    Move,
    Notify,
    Operation,
    Read,
    Selected,
    Specification,
    Workflow,
)
from nodewright.spec.types import Type
from nodewright.templates.quoting import pystr

Context = Mapping[str, Any]


def node_files(plan: Plan, specification: Specification, node: NodePlan) -> Iterator[FileContext]:
    """All files of a node but the ``__init__.py`` of its folders."""
    names = _Names(specification, node)
    folder = f"src/{plan.package}/nodes/{node.slug}"
    yield FileContext(
        "node/contract.yaml.j2",
        f"{folder}/contract.yaml",
        _contract(plan, specification, node, names),
    )
    yield FileContext(
        f"node/node_{node.kind.lower()}.py.j2", f"{folder}/node.py", _shell(node, names)
    )
    yield from _models(specification, node, names, f"{folder}/models")
    yield FileContext(
        "node/handler.py.j2",
        f"{folder}/handlers/handler_{node.stem}.py",
        _handler(specification, node, names),
        user_owned=True,
    )


class _Names:
    """Classes and modules of one node, and where each name comes from."""

    def __init__(self, specification: Specification, node: NodePlan) -> None:
        self.package = specification.package
        self.module = f"{self.package}.nodes.{node.slug}"
        self.models = f"{self.module}.models"
        self.input = f"Model{node.pascal}Input"
        self.output = f"Model{node.pascal}Output"
        self.handler = f"Handler{node.pascal}"
        self.input_module = f"{self.models}.model_{node.stem}_input"
        self.output_module = f"{self.models}.model_{node.stem}_output"
        self.handler_module = f"{self.module}.handlers.handler_{node.stem}"
        self.known = own_names(specification) | {
            self.input: self.input_module,
            self.output: self.output_module,
            self.handler: self.handler_module,
        }
        for operation in node.operations:
            self._add(specification, operation.element)

    def _add(self, specification: Specification, element: Operation) -> None:
        name = element.name
        self.known[request_class(name)] = f"{self.models}.model_{name}_request"
        self.known[row_class(name)] = f"{self.models}.model_{name}_row"
        self.known[results_class(name)] = f"{self.models}.model_{name}_results"
        if isinstance(element, Workflow):
            for step in element.steps:
                module = f"{self.models}.model_{name}_{step.name}_answer"
                self.known[step_class(name, step.name)] = module

    def imports(self, code: str, *, inside: str = "") -> str:
        """The imports of ``code`` that stands in the module ``inside``."""
        known = {name: module for name, module in self.known.items() if module != inside}
        return imports_for(code, known | _OMNIBASE, self.package)

    @property
    def classes(self) -> dict[str, str]:
        """What templates call the classes of the node."""
        return {"input": self.input, "output": self.output, "handler": self.handler}


# --- handler ------------------------------------------------------------------------------------


def _handler(specification: Specification, node: NodePlan, names: _Names) -> Context:
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
    specification: Specification, node: NodePlan, planned: OperationPlan, names: _Names
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


# --- models -------------------------------------------------------------------------------------


def _models(
    specification: Specification, node: NodePlan, names: _Names, folder: str
) -> Iterator[FileContext]:
    for planned in node.operations:
        yield _request(specification, planned, names, folder)
        for model, text, fields in _parts(specification, planned.element):
            yield _part(specification, model, text, fields, names, folder)
    yield _input(node, names, folder)
    yield _output(specification, node, names, folder)


def _request(
    specification: Specification, planned: OperationPlan, names: _Names, folder: str
) -> FileContext:
    inputs = asked_inputs(specification, planned.element)
    model = request_class(planned.name)
    operation = pystr(planned.name)
    lines = [
        *wrapped(f"operation: Literal[{operation}] = {operation}"),
        *input_lines(inputs, specification),
    ]
    return _model(
        names,
        f"{folder}/model_{planned.name}_request.py",
        model,
        f"Asks to {planned.name.replace('_', ' ').strip()}.",
        f"A request: {planned.description[:1].lower()}{planned.description[1:]}",
        {"lines": lines, "config": config_for(each.name for each in inputs)},
        base="ModelRequest",
    )


def _parts(
    specification: Specification, element: Operation
) -> Iterator[tuple[str, str, list[tuple[str, Type]]]]:
    """Models of what an operation answers beside records: name, what it is, fields."""
    words = element.name.replace("_", " ").strip()
    match element:
        case Aggregate():
            entity = entity_of(specification, element.entity)
            record = Record(variable(entity.name), entity)
            request = {
                each.name: Code(f"request.{each.name}", each.type)
                for each in asked_inputs(specification, element)
            }
            scope = Scope(specification, record=record, request=request)
            types = row_types(element, scope)
            yield row_class(element.name), f"A row of what {words} answers.", types
        case Listing() if element.fields:
            entity = entity_of(specification, element.entity)
            types = [
                (each.name, each.type) for each in entity.fields if each.name in element.fields
            ]
            yield row_class(element.name), f"A record as {words} answers it.", types
        case Compute() if element.results:
            types = [(each.name, each.type) for each in element.results]
            yield results_class(element.name), f"What {words} computes.", types
        case Workflow():
            for step, reads in step_reads(specification, element).items():
                if reads:
                    text = f"What {words} reads of the step {step.replace('_', ' ')}."
                    yield step_class(element.name, step), text, reads
        case _:
            return


def _part(  # noqa: PLR0917 - what a model consists of
    specification: Specification,
    model: str,
    text: str,
    fields: list[tuple[str, Type]],
    names: _Names,
    folder: str,
) -> FileContext:
    stem = names.known[model].rpartition(".")[2]
    parts = typed_fields(fields, specification)
    if model.endswith("Answer"):
        parts["config"] = parts["config"].replace('"forbid"', '"ignore"')
    return _model(names, f"{folder}/{stem}.py", model, text, text, parts)


def _model(  # noqa: PLR0917 - what a model consists of
    names: _Names,
    path: str,
    model: str,
    about: str,
    text: str,
    parts: Context,
    base: str = "BaseModel",
) -> FileContext:
    body = "\n".join(f"    {line}" for line in parts["lines"])
    code = f"class X({base}):\n    model_config = ConfigDict({parts['config']})\n{body}"
    context = {
        "about": about,
        "text": text,
        "model": model,
        "base": base,
        "imports": names.imports(code),
        **parts,
    }
    return FileContext("node/model.py.j2", path, context)


def _input(node: NodePlan, names: _Names, folder: str) -> FileContext:
    models = [request_class(each.name) for each in node.operations]
    code = ["RootModel, ConfigDict, UUID", *models]
    if len(models) > 1:
        code.append("Annotated, Field")
    return FileContext(
        "node/model_input.py.j2",
        f"{folder}/model_{node.stem}_input.py",
        {
            "cls": node.class_name,
            "models": models,
            "model": names.input,
            "alias": f"{node.pascal}Request",
            "imports": names.imports("\n".join(code)),
        },
    )


def _output(
    specification: Specification, node: NodePlan, names: _Names, folder: str
) -> FileContext:
    lines: list[str] = []
    fields: dict[str, list[str]] = {}
    for planned in node.operations:
        for name, model in _answers(specification, planned.element):
            known = fields.setdefault(name, [])
            if model not in known:
                known.append(model)
    for name, models in fields.items():
        lines += wrapped(f"{name}: {_answer_annotation(name, models)}")
    text = f"What {node.class_name} answers; a refusal has the status failed and an error code."
    return _model(
        names,
        f"{folder}/model_{node.stem}_output.py",
        names.output,
        f"What {node.class_name} answers.",
        text,
        {"lines": lines, "config": FROZEN},
        base="ModelAnswer",
    )


def _answer_annotation(name: str, models: list[str]) -> str:
    union = " | ".join(models)
    match name:
        case "items" | "rows":
            return f"tuple[{union}, ...] | None = None"
        case "completed":
            return "tuple[Text, ...] | None = None"
        case "warnings":
            return "tuple[Text, ...] = ()"
        case "failed_step":
            return 'Text = ""'
        case _:
            return f"{union} | None = None"


def _answers(specification: Specification, element: Operation) -> Iterator[tuple[str, str]]:
    """Fields of the answer beside its status, each with its type."""
    match element:
        case Notify() | Import():
            yield "count", "Integer"
        case Read(where=where) if where is not None:
            yield "items", model_class(element.entity)
        case Selected(where=where) if where is not None:
            yield "count", "Integer"
        case Listing():
            row = row_class(element.name) if element.fields else model_class(element.entity)
            yield "items", row
        case Aggregate():
            yield "rows", row_class(element.name)
        case Compute():
            if element.results:
                yield "results", results_class(element.name)
        case Export():
            yield "content", "Text"
        case Workflow():
            yield from (("completed", ""), ("failed_step", ""), ("warnings", ""))
        case Operation() if hasattr(element, "entity"):
            yield "item", model_class(element.entity)
    if warns(element.effects):
        yield "warnings", ""


# --- shell --------------------------------------------------------------------------------------

_OMNIBASE = {
    "EnumEffectType": "omnibase_core.enums.enum_effect_types",
    "EnumTransactionState": "omnibase_core.enums.enum_effect_types",
    "EnumReductionType": "omnibase_core.enums.enum_reducer_types",
    "ModelComputeInput": "omnibase_core.models.compute.model_compute_input",
    "ModelONEXContainer": "omnibase_core.models.container.model_onex_container",
    "ModelContractReducer": "omnibase_core.models.contracts.model_contract_reducer",
    "ModelWorkflowStep": "omnibase_core.models.contracts.model_workflow_step",
    "ModelWorkflowDefinition": "omnibase_core.models.contracts.subcontracts."
    "model_workflow_definition",
    "ModelEffectInput": "omnibase_core.models.effect.model_effect_input",
    "ModelEffectOutput": "omnibase_core.models.effect.model_effect_output",
    "ModelOrchestratorInput": "omnibase_core.models.orchestrator.model_orchestrator_input",
    "ModelProjectionIntent": "omnibase_core.models.projectors.model_projection_intent",
    "ModelReducerInput": "omnibase_core.models.reducer.model_reducer_input",
    "ModelReducerOutput": "omnibase_core.models.reducer.model_reducer_output",
    "NodeCompute": "omnibase_core.nodes.node_compute",
    "NodeEffect": "omnibase_core.nodes.node_effect",
    "NodeOrchestrator": "omnibase_core.nodes.node_orchestrator",
    "NodeReducer": "omnibase_core.nodes.node_reducer",
    "Path": "pathlib",
}
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


def _shell(node: NodePlan, names: _Names) -> Context:
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


# --- contract -----------------------------------------------------------------------------------


def _contract(plan: Plan, specification: Specification, node: NodePlan, names: _Names) -> Context:
    name = node.slug.removeprefix("node_")
    package = plan.package
    context: dict[str, Any] = {
        "slug": node.slug,
        "name": node.name,
        "kind": node.kind,
        "cls": node.class_name,
        "description": node.description,
        "module": names.module,
        "input_module": names.input_module,
        "output_module": names.output_module,
        "handler_module": names.handler_module,
        "operations": node.operations,
        "requirements": list(dict.fromkeys(trace.requirement for trace in node.traces)),
        "topics": {
            "command": topic(package, name, "cmd"),
            "completed": topic(package, f"{name}_completed"),
            "failed": topic(package, f"{name}_failed"),
            "dead": topic(package, name, "dlq"),
        },
        **names.classes,
    }
    if node.kind == "COMPUTE":
        context["factors"] = _factors(specification, node)
    if node.kind == "REDUCER":
        context["machine"] = _machine(specification, node)
    if node.kind == "ORCHESTRATOR":
        context["steps"] = list(_steps(plan, node))
    return context


def _factors(specification: Specification, node: NodePlan) -> list[Context]:
    """The inputs of the computations; the contract asks that their weights add up to one."""
    inputs = dict.fromkeys(
        each.name for op in node.operations for each in asked_inputs(specification, op.element)
    )
    names = list(inputs) or [op.name for op in node.operations]
    share = round(1 / len(names), 4)
    first = round(1 - share * (len(names) - 1), 4)
    return [{"name": name, "weight": share if place else first} for place, name in enumerate(names)]


def _machine(specification: Specification, node: NodePlan) -> Context:
    """The states of the entity's records; a node that only folds has one state."""
    machine = specification.machine(node.entity)
    moves = [op.element for op in node.operations if isinstance(op.element, Move)]
    folds = [op.name for op in node.operations if not isinstance(op.element, Move)]
    if machine is None:
        states, initial, transitions = ["folding"], "folding", []
        terminal: list[str] = []
    else:
        states = list(
            dict.fromkeys(
                name for each in machine.transitions for name in (each.source, each.target)
            )
        )
        initial = machine.initial
        states = [initial, *(name for name in states if name != initial)]
        transitions = [
            (op.name, each.source, each.target)
            for op in moves
            for each in machine.transitions
            if each.target == op.to
        ]
        sources = {each.source for each in machine.transitions}
        terminal = [name for name in states if name not in sources]
    transitions += [
        (name, state, state) for name in folds for state in states if state not in terminal
    ]
    return {
        "name": f"{node.name}_life_cycle" if machine else f"{node.name}_figures",
        "text": f"The states of {node.entity}" if machine else f"Figures about {node.entity}",
        "initial": initial,
        "terminal": terminal,
        "states": [
            {
                "name": name,
                "words": name.replace("_", " ").capitalize(),
                "terminal": name in terminal,
            }
            for name in states
        ],
        "moves": [
            {
                "name": f"{trigger}_from_{source}",
                "source": source,
                "target": target,
                "trigger": trigger,
            }
            for trigger, source, target in transitions
        ],
    }


def _steps(plan: Plan, node: NodePlan) -> Iterator[Context]:
    nodes = {op.name: other for other in plan.nodes for op in other.operations}
    for planned in node.operations:
        if not isinstance(planned.element, Workflow):
            continue
        before: list[str] = []
        for step in planned.element.steps:
            other = nodes[step.operation]
            identity = str(uuid5(NAMESPACE_URL, f"{node.slug}/{planned.name}/{step.name}"))
            yield {
                "id": identity,
                "workflow": planned.name,
                "name": step.name,
                "kind": other.kind,
                "node": other.slug,
                "operation": step.operation,
                "after": before,
            }
            before = [identity]
