"""One call of an operation in progress: what it sees, and what it will leave behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from nodewright.spec.evaluation import Refused, Scope, World, holds
from nodewright.spec.model import Entity, Guard, Operation, Retry, Specification
from nodewright.spec.types import Type
from nodewright.spec.values import Record, Value


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for an operation."""

    id: str
    role: str = ""

    @property
    def names(self) -> dict[str, str]:
        """What expressions know of it."""
        return {"id": self.id, "role": self.role}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an operation answers; what its construct does not answer is None or empty."""

    status: str = "ok"
    error_code: str = ""
    error_message: str = field(default="", compare=False)
    item: Record | None = None
    items: tuple[Record, ...] | None = None
    count: int | None = None
    rows: tuple[Record, ...] | None = None
    results: Record | None = None
    content: str | None = None
    completed: tuple[str, ...] | None = None
    failed_step: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status == "ok"

    def named(self) -> dict[str, Value]:
        """What a later step of a workflow may ask for by name."""
        return {
            "status": self.status,
            "error_code": self.error_code,
            "count": self.count,
            "content": self.content,
            **(self.results or {}),
            **(self.item or {}),
        }


def refusal(refused: Refused) -> Answer:
    """The answer that a refused operation gives."""
    return Answer(status="failed", error_code=refused.code, error_message=refused.message)


class Outside(Protocol):
    """Where messages to ports go."""

    def send(self, port: str, message: dict[str, Value], retry: Retry | None) -> bool:
        """Whether the port took the message, after all tries."""
        ...


@dataclass(slots=True)
class Call:
    """``records`` of the world are this call's own copy until it succeeds.

    ``system``: it was started by a schedule or an event, by nobody.
    """

    specification: Specification
    operation: Operation
    world: World
    request: dict[str, Value]
    caller: Caller | None
    outside: Outside
    types: Mapping[str, Mapping[str, Type]]
    system: bool = False
    published: list[tuple[str, dict[str, Value]]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    steps: dict[str, Record] = field(default_factory=dict)

    def scope(
        self,
        names: Mapping[str, Value] | None = None,
        *,
        old: Record | None = None,
        this: Record | None = None,
    ) -> Scope:
        """What names mean for a record at hand."""
        return Scope(
            world=self.world,
            names={} if names is None else names,
            request=self.request,
            caller=self.caller.names if self.caller else None,
            old=old,
            this=this,
            steps=self.steps,
        )

    def entity(self, name: str) -> Entity:
        """The entity of that name."""
        found = self.specification.entity(name)
        if found is None:
            raise Refused("not_computable", f"there is no entity {name}")
        return found

    def check(self, guards: tuple[Guard, ...], scope: Callable[[], Scope]) -> None:
        """Refuse unless all ``guards`` hold."""
        for guard in guards:
            if guard.require is None:
                raise Refused("not_implemented", guard.message or "it was not understood")
            if not holds(guard.require, scope()):
                raise Refused(guard.error, guard.message or f"it needs {guard.require}")
