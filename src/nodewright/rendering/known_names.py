"""Names of generated classes and functions, and the modules that they come from."""

from nodewright.language.naming import pascal
from nodewright.planning.plan import NodePlan
from nodewright.rendering.effects import event_class, message_class
from nodewright.rendering.importing import imported_class
from nodewright.rendering.imports import imports_for
from nodewright.rendering.names import model_class, variable
from nodewright.rendering.questions import results_class, row_class
from nodewright.rendering.workflows import step_class
from nodewright.spec.model import Entity, Operation, Specification, Workflow

# Helpers that bodies use -> module of the package.
HELPERS = {
    "refusals": (
        "Refused", "require", "require_role", "found", "named", "present", "computed", "refusal"
    ),
    "formulas": (
        "rounded", "seconds_of", "span", "start_of_week", "text_of", "average", "latest", "share",
        "given_values", "sort_key", "in_order",
    ),
    "formats": ("has_format", "matches"),
    "values": ("Text", "Integer", "Number", "Moment"),
    "surroundings": ("Surroundings", "shared_surroundings"),
    "model_caller": ("ModelCaller",),
    "model_operation_request": ("ModelOperationRequest",),
    "model_operation_answer": ("ModelOperationAnswer",),
    "contracts": ("read_contract", "read_values"),
    "ports.port": ("Retry", "MemoryPort"),
    "stores.store": ("Store",),
    "stores.store_in_memory": ("MemoryStore",),
    "stores.unique": ("Unique",),
    "stores.ledgers": ("Calls", "Answers", "RateLimit"),
    "stores.journal": ("Journal",),
    "workflow": ("WorkflowRun", "StepFailed", "Undo"),
    "rows_of_files": (
        "row_of", "write_csv", "write_json", "write_jsonl", "read_csv", "read_json", "read_jsonl"
    ),
}  # fmt: skip


def own_names(specification: Specification) -> dict[str, str]:
    """Names of the package's own modules -> dotted module."""
    package = specification.package
    found = {name: f"{package}.{module}" for module, names in HELPERS.items() for name in names}
    for entity in specification.entities:
        stem = variable(entity.name)
        found[model_class(entity.name)] = f"{package}.entities.model_{stem_of(entity)}"
        rules = f"{package}.entities.rules_{stem_of(entity)}"
        for prefix in ("check_", "check_whole_", "keep_new_", "keep_changed_"):
            found[prefix + stem] = rules
        found[imported_class(entity.name)] = f"{package}.entities.model_{stem_of(entity)}_imported"
    for port in specification.ports:
        module = f"{package}.ports.{port.capability}"
        found[port_class(port.capability)] = found[fake_class(port.capability)] = module
        message = f"{package}.ports.model_{port.capability}_port_message"
        found[message_class(port.capability)] = message
    for event in specification.events:
        found[event_class(event.name)] = f"{package}.events"
    return found


def port_class(capability: str) -> str:
    """The Protocol of a capability."""
    return f"{pascal(capability)}Port"


def fake_class(capability: str) -> str:
    """The fake of a capability."""
    return f"Memory{pascal(capability)}"


def stem_of(entity: Entity) -> str:
    """How the modules of an entity are called."""
    return variable(entity.name).rstrip("_")


def request_class(operation: str) -> str:
    """The model of an operation's request."""
    return f"Model{pascal(operation)}Request"


def topic(package: str, name: str, kind: str = "evt") -> str:
    """A topic by ONEX's convention: ``onex.evt.ticketing.ticket-paid.v1``."""
    kebab = [part.replace("_", "-").strip("-").lower() for part in (package, name)]
    return f"onex.{kind}.{kebab[0]}.{kebab[1]}.v1"


OMNIBASE = {
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


class NodeNames:
    """Classes and modules of one node, and where each name comes from."""

    def __init__(self, specification: Specification, node: NodePlan) -> None:
        self.package: str = specification.package
        self.module: str = f"{self.package}.nodes.{node.slug}"
        self.models: str = f"{self.module}.models"
        self.input: str = f"Model{node.pascal}Input"
        self.output: str = f"Model{node.pascal}Output"
        self.handler: str = f"Handler{node.pascal}"
        self.input_module: str = f"{self.models}.model_{node.stem}_input"
        self.output_module: str = f"{self.models}.model_{node.stem}_output"
        self.handler_module: str = f"{self.module}.handlers.handler_{node.stem}"
        self.known: dict[str, str] = own_names(specification) | {
            self.input: self.input_module,
            self.output: self.output_module,
            self.handler: self.handler_module,
        }
        for operation in node.operations:
            self._add(operation.element)

    def _add(self, element: Operation) -> None:
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
        return imports_for(code, known | OMNIBASE, self.package)

    @property
    def classes(self) -> dict[str, str]:
        """What templates call the classes of the node."""
        return {"input": self.input, "output": self.output, "handler": self.handler}
