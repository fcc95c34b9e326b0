"""Where a trial happens: compose a node class with mixins, construct, initialise and process it.

This runs in a worker process only, because it runs the code of the mixins; it is the one module of
the room, with ``inspection``, that imports omnibase_core.
"""

import logging
import sys
import types
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple
from uuid import UUID

from nodewright.mixins.facts import Outcome

_TOOL_ID = 4  # of sys.monitoring; 0 to 3 and 5 are spoken for by debuggers and profilers
_PROCESS_ID = UUID(int=1)


class Attempt(NamedTuple):
    """What one composition did; ``reason`` is empty when it is usable."""

    outcome: Outcome
    reason: str = ""


USABLE = Attempt(Outcome.USABLE)


class _Given(NamedTuple):
    """What a kind of node needs in order to process something."""

    base: type
    output: type
    input: Any
    attributes: dict[str, Any]


async def handle_effect(node: Any, request: Any) -> Any:  # noqa: ARG001 - the framework's signature
    """The callable that trial effect nodes route to."""
    from omnibase_core.enums.enum_effect_types import EnumTransactionState
    from omnibase_core.models.effect.model_effect_output import ModelEffectOutput

    return ModelEffectOutput(
        result={"tried": True},
        operation_id=request.operation_id,
        effect_type=request.effect_type,
        transaction_state=EnumTransactionState.COMMITTED,
        processing_time_ms=0.0,
    )


def _effect() -> _Given:
    from omnibase_core.enums.enum_effect_types import EnumEffectType
    from omnibase_core.models.effect.model_effect_input import ModelEffectInput
    from omnibase_core.models.effect.model_effect_output import ModelEffectOutput
    from omnibase_core.nodes.node_effect import NodeEffect

    request = ModelEffectInput(
        effect_type=EnumEffectType.API_CALL, operation_data={"operation": "try"}
    )
    return _Given(NodeEffect, ModelEffectOutput, request, {})


def _compute() -> _Given:
    from omnibase_core.models.compute.model_compute_input import ModelComputeInput
    from omnibase_core.models.compute.model_compute_output import (
        ModelComputeOutput,
    )
    from omnibase_core.nodes.node_compute import NodeCompute

    request = ModelComputeInput(data={"value": 1}, computation_type="trial", cache_enabled=False)
    return _Given(NodeCompute, ModelComputeOutput, request, {})


def _reducer() -> _Given:
    from omnibase_core.enums.enum_reducer_types import EnumReductionType
    from omnibase_core.models.common.model_reducer_metadata import (
        ModelReducerMetadata,
    )
    from omnibase_core.models.contracts.subcontracts.model_fsm_subcontract import (
        ModelFSMSubcontract,
    )
    from omnibase_core.models.reducer.model_reducer_input import ModelReducerInput
    from omnibase_core.models.reducer.model_reducer_output import (
        ModelReducerOutput,
    )
    from omnibase_core.nodes.node_reducer import NodeReducer

    version = {"major": 1, "minor": 0, "patch": 0}
    machine = ModelFSMSubcontract.model_validate(
        {
            "version": version,
            "state_machine_name": "trial",
            "state_machine_version": version,
            "description": "Two states, for a trial",
            "initial_state": "open",
            "terminal_states": ["done"],
            "states": [
                {"version": version, "state_name": name, "state_type": kind, "description": name}
                for name, kind in (("open", "operational"), ("done", "terminal"))
            ],
            "transitions": [
                {
                    "version": version,
                    "transition_name": "finish",
                    "from_state": "open",
                    "to_state": "done",
                    "trigger": "finish",
                }
            ],
        }
    )
    request = ModelReducerInput(
        data=[1],
        reduction_type=EnumReductionType.AGGREGATE,
        metadata=ModelReducerMetadata(trigger="finish"),
    )
    contract = types.SimpleNamespace(state_machine=machine)
    return _Given(NodeReducer, ModelReducerOutput, request, {"contract": contract})


def _orchestrator() -> _Given:
    from omnibase_core.models.contracts.model_workflow_step import ModelWorkflowStep
    from omnibase_core.models.contracts.subcontracts.model_workflow_definition import (
        ModelWorkflowDefinition,
    )
    from omnibase_core.models.orchestrator.model_orchestrator_input import (
        ModelOrchestratorInput,
    )
    from omnibase_core.models.orchestrator.model_orchestrator_output import (
        ModelOrchestratorOutput,
    )
    from omnibase_core.nodes.node_orchestrator import NodeOrchestrator

    version = {"major": 1, "minor": 0, "patch": 0}
    definition = ModelWorkflowDefinition.model_validate(
        {
            "version": version,
            "workflow_metadata": {
                "version": version,
                "workflow_name": "trial",
                "workflow_version": version,
                "description": "One step, for a trial",
            },
            "execution_graph": {"version": version, "nodes": []},
            "coordination_rules": {"version": version},
        }
    )
    step = ModelWorkflowStep(step_name="trial", step_type="compute")
    request = ModelOrchestratorInput(workflow_id=_PROCESS_ID, steps=[step])
    return _Given(
        NodeOrchestrator, ModelOrchestratorOutput, request, {"workflow_definition": definition}
    )


_GIVEN = {
    "EFFECT": _effect,
    "COMPUTE": _compute,
    "REDUCER": _reducer,
    "ORCHESTRATOR": _orchestrator,
}
_CONTRACTS = {
    "EFFECT": {
        "handler_routing": {
            "default_handler": "trial",
            "handlers": [{"handler_key": "trial", "callable": f"{__name__}:handle_effect"}],
        }
    }
}


class _Contracts:
    """The contract service of trial nodes: a node of a kind gets that kind's contract."""

    def get_node_contract(self, node_class: str) -> dict[str, Any]:
        return _CONTRACTS.get(node_class.removeprefix("Trial"), {"name": "trial"})


def _container() -> Any:
    from omnibase_core.models.container.model_onex_container import (
        ModelONEXContainer,
    )

    class TrialContainer(ModelONEXContainer):
        """A real container that also serves contracts, so that no file is searched for.

        What the real one answers is remembered: it starts a thread and an event loop to look up.
        """

        def get_service(self, protocol_type: Any, service_name: str | None = None) -> Any:
            if protocol_type == "contract_service":
                return _Contracts()
            asked = (protocol_type, service_name)
            if asked not in answers:
                try:
                    answers[asked] = super().get_service(protocol_type, service_name)
                except Exception as error:  # noqa: BLE001 - the answer is that error
                    answers[asked] = error
            answer = answers[asked]
            if isinstance(answer, Exception):
                raise answer.with_traceback(None)
            return answer

        def get_service_optional(self, protocol_type: Any, service_name: str | None = None) -> Any:
            try:
                return self.get_service(protocol_type, service_name)
            except Exception:  # noqa: BLE001 - absent is a valid answer here
                return None

    answers: dict[Any, Any] = {}
    return TrialContainer()


class Stage:
    """Composes and runs trial nodes of all kinds with one container.

    Which ``__init__`` ran is seen with ``sys.monitoring``, which costs nothing outside of them.
    """

    def __init__(self) -> None:
        logging.disable(logging.CRITICAL)
        self._container = _container()
        self._given = {kind: make() for kind, make in _GIVEN.items()}
        self._reached: set[types.CodeType] = set()
        self._watched: set[types.CodeType] = set()
        self._monitoring = sys.monitoring
        if self._monitoring.get_tool(_TOOL_ID) is None:
            self._monitoring.use_tool_id(_TOOL_ID, "nodewright trials")
        self._monitoring.register_callback(
            _TOOL_ID, self._monitoring.events.PY_START, self._on_start
        )

    def base(self, kind: str) -> type:
        """The node class of ``kind``."""
        return self._given[kind].base

    def _on_start(self, code: types.CodeType, _offset: int) -> None:
        self._reached.add(code)

    def _inits(self, node_class: type) -> Iterator[tuple[type, types.CodeType]]:
        for parent in node_class.__mro__:
            init = vars(parent).get("__init__")
            # Protocol classes share one that does nothing but end the chain.
            if isinstance(init, types.FunctionType) and init.__module__ != "typing":
                yield parent, init.__code__

    def _watch(self, node_class: type) -> None:
        for _, code in self._inits(node_class):
            if code not in self._watched:
                self._watched.add(code)
                self._monitoring.set_local_events(_TOOL_ID, code, self._monitoring.events.PY_START)

    async def attempt(self, kind: str, mixins: Sequence[type]) -> Attempt:
        """Try a node of ``kind`` with ``mixins`` after its base, in this order."""
        node_class = self._compose(kind, (self._given[kind].base, *mixins))
        if isinstance(node_class, Attempt):
            return node_class
        node = self._construct(node_class)
        if isinstance(node, Attempt):
            return node
        try:
            await node.initialize()
        except Exception as error:  # noqa: BLE001 - whatever a mixin raises is the outcome
            return Attempt(Outcome.INITIALISE_FAILED, _said(error))
        if node.state.get("status") != "ready":
            return Attempt(Outcome.INITIALISE_FAILED, f"the node's state is {node.state}")
        return await self._process(kind, node)

    def _compose(self, kind: str, bases: tuple[type, ...]) -> type | Attempt:
        attributes = self._given[kind].attributes if kind == "REDUCER" else {}

        def __init__(self: Any, container: Any) -> None:  # noqa: N807 - it is one
            for name, value in attributes.items():
                setattr(self, name, value)
            super(type(self), self).__init__(container)  # type: ignore[call-arg]  # known at run time

        try:
            node_class = types.new_class(
                f"Trial{kind}", bases, {}, lambda body: body.update(__init__=__init__)
            )
        except TypeError as error:
            return Attempt(_uncomposed(error), _said(error))
        except Exception as error:  # noqa: BLE001 - __init_subclass__ may raise anything
            return Attempt(Outcome.COMPOSITION_FAILED, _said(error))
        abstract = sorted(getattr(node_class, "__abstractmethods__", ()))
        if abstract:
            return Attempt(
                Outcome.ABSTRACT_METHOD, f"abstract methods are left: {', '.join(abstract)}"
            )
        return node_class

    def _construct(self, node_class: type) -> Any:
        self._watch(node_class)
        self._reached.clear()
        try:
            node = node_class(self._container)
        except TypeError as error:
            signature = "__init__()" in str(error)
            return Attempt(
                Outcome.CONSTRUCTOR_SIGNATURE if signature else Outcome.CONSTRUCTOR_TYPE_ERROR,
                _said(error),
            )
        except AttributeError as error:
            collision = "no setter" in str(error) or "read-only" in str(error)
            return Attempt(
                Outcome.ATTRIBUTE_COLLISION if collision else Outcome.CONSTRUCTOR_FAILED,
                _said(error),
            )
        except Exception as error:  # noqa: BLE001 - whatever a mixin raises is the outcome
            return Attempt(Outcome.CONSTRUCTOR_FAILED, _said(error))
        held = getattr(node, "__dict__", {})
        if held.get("container") is not self._container or "node_id" not in held:
            return Attempt(
                Outcome.NODE_NOT_INITIALISED, "the node base was constructed without its state"
            )
        skipped = [
            parent.__name__ for parent, code in self._inits(node_class) if code not in self._reached
        ]
        if skipped:
            return Attempt(
                Outcome.MIXIN_INIT_SKIPPED, f"__init__ never ran of: {', '.join(skipped)}"
            )
        return node

    async def _process(self, kind: str, node: Any) -> Attempt:
        given = self._given[kind]
        if type(node).process is not given.base.process:  # type: ignore[attr-defined]
            owner = next(parent for parent in type(node).__mro__ if "process" in vars(parent))
            return Attempt(
                Outcome.PROCESS_SHADOWED, f"{owner.__name__}.process takes the node's place"
            )
        try:
            if kind == "COMPUTE":
                node.register_computation("trial", lambda data: data)
            if kind == "ORCHESTRATOR":
                node.workflow_definition = given.attributes["workflow_definition"]
            result = await node.process(given.input)
        except Exception as error:  # noqa: BLE001 - whatever a mixin raises is the outcome
            return Attempt(Outcome.PROCESS_FAILED, _said(error))
        if not isinstance(result, given.output):
            return Attempt(
                Outcome.PROCESS_FAILED,
                f"process gave {type(result).__name__}, not {given.output.__name__}",
            )
        return USABLE


def mixin_class(module: str, name: str) -> type | Attempt:
    """The class ``name`` of ``module``, or the attempt that says why there is none."""
    try:
        found = getattr(import_module(module), name)
    except Exception as error:  # noqa: BLE001 - importing runs the module's code
        return Attempt(Outcome.IMPORT_FAILED, _said(error))
    if not isinstance(found, type):
        return Attempt(Outcome.IMPORT_FAILED, f"{module}.{name} is not a class")
    return found


def _uncomposed(error: TypeError) -> Outcome:
    text = str(error)
    if "MRO" in text or "method resolution" in text or "duplicate base class" in text:
        return Outcome.MRO_CONFLICT
    return Outcome.METACLASS_CONFLICT if "metaclass" in text else Outcome.COMPOSITION_FAILED


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500]
