"""A small correct node of each kind, staged as a package; tests break copies of it.

Over 400 lines because it holds the text of four nodes.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

INIT = '"""A part of the package."""\n'

MODELS = {
    "models/model_{name}_input.py": '''"""What can be asked."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Model{pascal}Input(BaseModel):
    """A request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: Literal["create", "read"]
    value: int = Field(default=1, ge=1, le=10)
''',
    "models/model_{name}_output.py": '''"""What is answered."""

from pydantic import BaseModel, ConfigDict


class Model{pascal}Output(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    success: bool
    value: int = 0
    error_code: str | None = None
''',
}

HANDLER = '''"""What the node does."""

from {module}.models.model_{name}_input import Model{pascal}Input
from {module}.models.model_{name}_output import Model{pascal}Output


class Handler{pascal}:
    """Doubles a value, and finds none."""

    {define} handle(self, request: Model{pascal}Input) -> Model{pascal}Output:
        """Answer one request."""
        if request.operation == "read":
            return Model{pascal}Output(success=False, error_code="not_found")
        return Model{pascal}Output(success=True, value=request.value * 2)
'''

REDUCE = '''"""What the node does."""

from {module}.models.model_{name}_input import Model{pascal}Input


class Handler{pascal}:
    """Adds values up."""

    def reduce(self, state: int, request: Model{pascal}Input) -> int:
        """Fold one request into the state."""
        return state + request.value
'''

IMPORTS = """from {module}.handlers.handler_{name} import Handler{pascal}
from {module}.models.model_{name}_input import Model{pascal}Input
from {module}.models.model_{name}_output import Model{pascal}Output
"""

EFFECT = (
    '''"""The shell of an effect."""

from omnibase_core.enums.enum_effect_types import EnumEffectType, EnumTransactionState
from omnibase_core.models.container.model_onex_container import ModelONEXContainer
from omnibase_core.models.effect.model_effect_input import ModelEffectInput
from omnibase_core.models.effect.model_effect_output import ModelEffectOutput
from omnibase_core.nodes.node_effect import NodeEffect

'''
    + IMPORTS
    + '''

class {cls}(NodeEffect):
    """An effect."""

    def __init__(self, container: ModelONEXContainer) -> None:
        super().__init__(container)
        self.handler = Handler{pascal}()


async def dispatch(node: {cls}, effect_input: ModelEffectInput) -> ModelEffectOutput:
    """Answer one effect."""
    request = Model{pascal}Input.model_validate(effect_input.operation_data)
    answer = await node.handler.handle(request)
    return ModelEffectOutput(
        result=answer.model_dump(mode="json"),
        operation_id=effect_input.operation_id,
        effect_type=effect_input.effect_type,
        transaction_state=EnumTransactionState.COMMITTED,
        processing_time_ms=0.0,
    )


async def run_once(request: Model{pascal}Input) -> Model{pascal}Output:
    """Run one request through a new node."""
    node = {cls}(ModelONEXContainer())
    await node.initialize()
    result = await node.process(
        ModelEffectInput(
            effect_type=EnumEffectType.API_CALL, operation_data=request.model_dump(mode="json")
        )
    )
    return Model{pascal}Output.model_validate(result.result)
'''
)

COMPUTE = (
    '''"""The shell of a computation."""

from omnibase_core.models.compute.model_compute_input import ModelComputeInput
from omnibase_core.models.container.model_onex_container import ModelONEXContainer
from omnibase_core.nodes.node_compute import NodeCompute

'''
    + IMPORTS
    + '''

class {cls}(NodeCompute[Model{pascal}Input, Model{pascal}Output]):
    """A computation."""

    def __init__(self, container: ModelONEXContainer) -> None:
        super().__init__(container)
        self.register_computation("{name}", Handler{pascal}().handle)


async def run_once(request: Model{pascal}Input) -> Model{pascal}Output:
    """Run one request through a new node."""
    node = {cls}(ModelONEXContainer())
    await node.initialize()
    result = await node.process(
        ModelComputeInput(data=request, computation_type="{name}", cache_enabled=False)
    )
    return result.result
'''
)

REDUCER = (
    '''"""The shell of a reducer."""

from pathlib import Path

from omnibase_core.enums.enum_reducer_types import EnumReductionType
from omnibase_core.models.common.model_reducer_metadata import ModelReducerMetadata
from omnibase_core.models.container.model_onex_container import ModelONEXContainer
from omnibase_core.models.contracts.model_contract_reducer import ModelContractReducer
from omnibase_core.models.reducer.model_reducer_input import ModelReducerInput
from omnibase_core.nodes.node_reducer import NodeReducer
from omnibase_core.utils.util_safe_yaml_loader import load_and_validate_yaml_model

'''
    + IMPORTS
    + '''

class {cls}(NodeReducer[int, list[int]]):
    """A reducer."""

    def __init__(self, container: ModelONEXContainer) -> None:
        self.contract = load_and_validate_yaml_model(
            Path(__file__).with_name("contract.yaml"), ModelContractReducer
        )
        super().__init__(container)


async def run_once(request: Model{pascal}Input) -> Model{pascal}Output:
    """Fold one request into an empty state."""
    node = {cls}(ModelONEXContainer())
    await node.initialize()
    await node.process(
        ModelReducerInput(
            data=[request.value],
            reduction_type=EnumReductionType.AGGREGATE,
            metadata=ModelReducerMetadata(trigger=request.operation),
        )
    )
    return Model{pascal}Output(success=True, value=Handler{pascal}().reduce(0, request))
'''
)

ORCHESTRATOR = (
    '''"""The shell of a workflow."""

from uuid import UUID, uuid4

from omnibase_core.models.container.model_onex_container import ModelONEXContainer
from omnibase_core.models.contracts.model_workflow_step import ModelWorkflowStep
from omnibase_core.models.contracts.subcontracts.model_execution_graph import ModelExecutionGraph
from omnibase_core.models.contracts.subcontracts.model_workflow_definition import (
    ModelWorkflowDefinition,
)
from omnibase_core.models.contracts.subcontracts.model_workflow_definition_metadata import (
    ModelWorkflowDefinitionMetadata,
)
from omnibase_core.models.orchestrator.model_orchestrator_input import ModelOrchestratorInput
from omnibase_core.models.primitives.model_semver import ModelSemVer
from omnibase_core.nodes.node_orchestrator import NodeOrchestrator

'''
    + IMPORTS
    + '''
VERSION = ModelSemVer(major=1, minor=0, patch=0)


class {cls}(NodeOrchestrator):
    """A workflow."""

    def __init__(self, container: ModelONEXContainer) -> None:
        super().__init__(container)
        self.workflow_definition = ModelWorkflowDefinition(
            version=VERSION,
            workflow_metadata=ModelWorkflowDefinitionMetadata(
                version=VERSION,
                workflow_name="small",
                workflow_version=VERSION,
                description="One step",
                execution_mode="sequential",
            ),
            execution_graph=ModelExecutionGraph(version=VERSION, nodes=[]),
        )


async def run_once(request: Model{pascal}Input) -> Model{pascal}Output:
    """Run the workflow."""
    node = {cls}(ModelONEXContainer())
    await node.initialize()
    step = ModelWorkflowStep(
        step_id=UUID("11111111-1111-4111-8111-111111111111"), step_name="first", step_type="effect"
    )
    await node.process(ModelOrchestratorInput(workflow_id=uuid4(), steps=[step]))
    return await Handler{pascal}().handle(request)
'''
)

CONTRACT = """name: {slug}
contract_version: {{major: 1, minor: 0, patch: 0}}
node_version: {{major: 1, minor: 0, patch: 0}}
node_type: {kind}_GENERIC
description: A small node
input_model: {module}.models.model_{name}_input.Model{pascal}Input
output_model: {module}.models.model_{name}_output.Model{pascal}Output
"""

ROUTING = """handler_routing:
  version: {{major: 1, minor: 0, patch: 0}}
  default_handler: "node:{cls}"
"""

KIND_CONTRACTS = {
    "EFFECT": """io_operations:
  - operation_type: create
  - operation_type: read
handler_routing:
  version: {{major: 1, minor: 0, patch: 0}}
  routing_strategy: operation_match
  default_handler: "node:{cls}"
  handlers:
    - handler_key: "node:{cls}"
      callable: "{module}.node:dispatch"
      operation: create
      handler:
        name: Handler{pascal}
        module: {module}.handlers.handler_{name}
""",
    "COMPUTE": """performance:
  single_operation_max_ms: 1000
algorithm:
  algorithm_type: weighted_factor_algorithm
  factors:
    value: {{weight: 1.0, calculation_method: linear}}
"""
    + ROUTING,
    "REDUCER": ROUTING
    + """state_machine:
  version: {{major: 1, minor: 0, patch: 0}}
  state_machine_name: life_cycle
  state_machine_version: {{major: 1, minor: 0, patch: 0}}
  description: The life cycle
  initial_state: open
  terminal_states: [closed]
  states:
    - version: {{major: 1, minor: 0, patch: 0}}
      state_name: open
      state_type: operational
      description: Open
    - version: {{major: 1, minor: 0, patch: 0}}
      state_name: closed
      state_type: terminal
      description: Closed
      is_terminal: true
      is_recoverable: false
  transitions:
    - version: {{major: 1, minor: 0, patch: 0}}
      transition_name: created
      from_state: open
      to_state: open
      trigger: create
    - version: {{major: 1, minor: 0, patch: 0}}
      transition_name: read
      from_state: open
      to_state: closed
      trigger: read
""",
    "ORCHESTRATOR": """performance:
  single_operation_max_ms: 30000
"""
    + ROUTING
    + """workflow_coordination:
  workflow_definition:
    version: {{major: 1, minor: 0, patch: 0}}
    workflow_metadata:
      version: {{major: 1, minor: 0, patch: 0}}
      workflow_name: small
      workflow_version: {{major: 1, minor: 0, patch: 0}}
      description: One step
      execution_mode: sequential
    execution_graph:
      version: {{major: 1, minor: 0, patch: 0}}
      nodes:
        - version: {{major: 1, minor: 0, patch: 0}}
          node_id: 11111111-1111-4111-8111-111111111111
          node_type: EFFECT_GENERIC
          node_requirements: {{step_name: first}}
          depends_on: []
          dependencies: []
""",
}

SHELLS = {"EFFECT": EFFECT, "COMPUTE": COMPUTE, "REDUCER": REDUCER, "ORCHESTRATOR": ORCHESTRATOR}

TEST = '''"""The node through omnibase_core."""

import asyncio

from {module}.models.model_{name}_input import Model{pascal}Input
from {module}.node import run_once


def test_create() -> None:
    """A new value is answered."""
    answer = asyncio.run(run_once(Model{pascal}Input(operation="create", value=3)))
    assert answer.success
'''


def node_files(package: str, name: str, kind: str) -> dict[str, str]:
    """Path -> text of all files of a node."""
    pascal = "".join(part.capitalize() for part in name.split("_"))
    slug = f"node_{name}_{kind.lower()}"
    words = {
        "name": name,
        "pascal": pascal,
        "slug": slug,
        "kind": kind,
        "cls": f"Node{pascal}{kind.capitalize()}",
        "module": f"{package}.nodes.{slug}",
        "define": "def" if kind == "COMPUTE" else "async def",
    }
    files = {
        "__init__.py": INIT,
        "models/__init__.py": INIT,
        "handlers/__init__.py": INIT,
        "node.py": SHELLS[kind],
        "handlers/handler_{name}.py": REDUCE if kind == "REDUCER" else HANDLER,
        **MODELS,
    }
    folder = f"src/{package}/nodes/{slug}"
    made = {f"{folder}/{path}".format(**words): text for path, text in files.items()}
    made = {path: text.replace("{pascal}", pascal) for path, text in made.items()}
    for key, value in words.items():
        made = {path: text.replace(f"{{{key}}}", value) for path, text in made.items()}
    made[f"{folder}/contract.yaml"] = (CONTRACT + KIND_CONTRACTS[kind]).format(**words)
    made[f"tests/test_{slug}.py"] = TEST.format(**words)
    return made


class StagedPackage:
    """A package in a folder, with a node a kind unless told otherwise."""

    def __init__(self, root: Path, package: str = "shop") -> None:
        self.root = root
        self.package = package
        base = f"src/{package}"
        self.write({f"{base}/__init__.py": INIT, f"{base}/nodes/__init__.py": INIT})
        self.write({f"{base}/py.typed": "", "pyproject.toml": "[tool.ruff]\nline-length = 100\n"})

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def add(self, name: str, kind: str) -> Path:
        self.write(node_files(self.package, name, kind))
        return self.root / "src" / self.package / "nodes" / f"node_{name}_{kind.lower()}"

    @staticmethod
    def edit(path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., StagedPackage]:
    """Makes staged packages, each in a folder of its own."""
    made: list[StagedPackage] = []

    def make(package: str = "shop") -> StagedPackage:
        made.append(StagedPackage(tmp_path / f"stage{len(made)}", package))
        return made[-1]

    return make
