"""Imports what running a node needs, once for all worker processes."""

import yaml
from omnibase_core.models.container import model_onex_container  # noqa: F401
from omnibase_core.models.contracts import (  # noqa: F401
    model_contract_compute,
    model_contract_effect,
    model_contract_orchestrator,
    model_contract_reducer,
)
from omnibase_core.nodes import (  # noqa: F401
    node_compute,
    node_effect,
    node_orchestrator,
    node_reducer,
)
from omnibase_core.normalization import validate_contract_file  # noqa: F401

# Each node reads its contract several times; libyaml's parser gives the same and is ten times as
# fast as the one in Python, which took most of a worker's time.
if hasattr(yaml, "CSafeLoader"):
    yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[misc, assignment]
