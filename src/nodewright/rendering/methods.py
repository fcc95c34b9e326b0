"""The body of a handler's method in the making."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nodewright.planning.plan import NodePlan, OperationPlan
from nodewright.rendering.effects import take_effect, warns
from nodewright.rendering.layout import Block
from nodewright.rendering.names import local, variable
from nodewright.rendering.records import check_guard
from nodewright.rendering.scopes import Scope
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Guard, Move, Operation, Specification
from nodewright.templates.quoting import pystr

STORES = "self.surroundings.stores"


@dataclass(slots=True)
class Decision:
    """A guard that was not understood: the method that the user's code goes into."""

    name: str
    guard: Guard


@dataclass(slots=True)
class Method:
    """A method in the making; ``answers`` is the output model, ``decisions`` what is the user's."""

    specification: Specification
    node: NodePlan
    planned: OperationPlan
    answers: str
    block: Block = field(default_factory=lambda: Block(2))
    decisions: list[Decision] = field(default_factory=list)
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = Scope(self.specification)

    @property
    def element(self) -> Operation:
        """What the specification says of it."""
        return self.planned.element

    @property
    def pure(self) -> bool:
        """Whether the method awaits nothing."""
        return self.node.kind == "COMPUTE"

    def decide(self, guard: Guard, block: Block) -> str:  # noqa: ARG002 - rules use the block
        """A call of the method that decides a guard that was not understood."""
        number = len(self.decisions) + 1
        suffix = "" if number == 1 else f"_{number}"
        name = f"decide_{self.planned.name}{suffix}"
        self.decisions.append(Decision(name, guard))
        return f"self.{name}(request)" if self.pure else f"await self.{name}(request)"

    def guard(self, guards: Sequence[Guard], scope: Scope) -> None:
        """Refuse unless all ``guards`` hold."""
        for each in guards:
            check_guard(self.block, each, scope, self.decide)

    def take_effects(self, scope: Scope) -> None:
        """Add the effects of the operation for the record at hand."""
        for each in self.element.effects:
            take_effect(each, self.block, scope)

    def is_variable(self, name: str) -> bool:
        """Whether ``name`` is what records of some entity are called."""
        return any(variable(each.name) == local(name) for each in self.specification.entities)

    def answer(self, **parts: str) -> None:
        """Answer, and keep what later requests need to know of this one."""
        if self.element.idempotency is None:
            self._note()
            self.block.add(f"return {self._answer(parts)}")
        else:
            self.keep(**parts)
            self.block.add("return answer")

    def keep(self, **parts: str) -> None:
        """Assign the answer to ``answer``, and keep what later requests need to know."""
        self._note()
        self.block.add(f"answer = {self._answer(parts)}")
        if self.element.idempotency is not None:
            name = pystr(self.element.name)
            self.block.add(f"{STORES}.answers.keep({name}, idempotency_key, answer)")

    def _note(self) -> None:
        if self.element.rate is not None:
            name = pystr(self.element.name)
            self.block.add(f"{STORES}.calls.note({name}, limited_by, self.surroundings.now())")

    def _answer(self, parts: dict[str, str]) -> str:
        given = {"correlation_id": "request.correlation_id", **parts}
        if warns(self.element.effects) and "warnings" not in parts:
            given["warnings"] = "warnings"
        return f"{self.answers}({', '.join(f'{name}={code}' for name, code in given.items())})"


def speaks_of_caller(specification: Specification, operation: Operation) -> bool:
    """Whether some expression of an operation needs to know who asks."""
    parts: list[object] = [operation]
    if isinstance(operation, Move):
        machine = specification.machine(operation.entity)
        parts += machine.transitions if machine else ()
    return any(each.attributes("caller") for each in expressions_in(tuple(parts)))


def expressions_in(node: object) -> list[Expression]:
    """All expressions inside an element."""
    if isinstance(node, Expression):
        return [node]
    if isinstance(node, tuple):
        return [found for each in node for found in expressions_in(each)]
    slots = getattr(type(node), "__dataclass_fields__", {})
    return [found for name in slots for found in expressions_in(getattr(node, name))]
