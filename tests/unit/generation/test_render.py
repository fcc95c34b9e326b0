"""Whatever the words of a plan, the files are right."""

import ast
import tomllib
from pathlib import PurePosixPath

import yaml
from hypothesis import HealthCheck, given, settings
from omnibase_core.models.contracts.model_contract_compute import ModelContractCompute
from omnibase_core.models.contracts.model_contract_effect import ModelContractEffect
from omnibase_core.models.contracts.model_contract_orchestrator import ModelContractOrchestrator
from omnibase_core.models.contracts.model_contract_reducer import ModelContractReducer
from tests.unit.generation.plans import plans

from nodewright.planning.model import Plan
from nodewright.rendering.render import render_node, render_package
from nodewright.templates import TemplatePack

PACK = TemplatePack()
CONTRACTS = {
    "EFFECT": ModelContractEffect,
    "COMPUTE": ModelContractCompute,
    "REDUCER": ModelContractReducer,
    "ORCHESTRATOR": ModelContractOrchestrator,
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans())
def test_hostile_words_give_sound_files(plan: Plan) -> None:
    for node in plan.nodes:
        for file in render_node(plan, node, PACK):
            path = PurePosixPath(file.path)
            assert not path.is_absolute()
            assert ".." not in path.parts
            file.content.encode("utf-8")
            if path.suffix == ".py":
                ast.parse(file.content)
            elif path.name == "contract.yaml":
                CONTRACTS[node.kind].model_validate(yaml.safe_load(file.content))
    for file in render_package(plan, PACK):
        if file.path.endswith(".toml"):
            tomllib.loads(file.content)
        elif file.path.endswith(".py"):
            ast.parse(file.content)
