"""What the interpreter asks of a specification again and again, found once."""

from collections.abc import Mapping
from functools import lru_cache

from nodewright.spec.model import Input, Move, Operation, Specification
from nodewright.spec.requests import inputs_of, record_types
from nodewright.spec.tree import expressions
from nodewright.spec.types import Type


class Prepared:
    """A specification with its operations by name, their inputs, and the types of keys."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        self.operations: Mapping[str, Operation] = {
            each.name: each for each in specification.operations
        }
        self.types: Mapping[str, Mapping[str, Type]] = record_types(specification)
        self._inputs: dict[str, tuple[Input, ...]] = {}
        self._speaks: dict[str, bool] = {}

    def inputs(self, operation: Operation) -> tuple[Input, ...]:
        """All inputs of an operation."""
        found = self._inputs.get(operation.name)
        if found is None:
            found = self._inputs[operation.name] = inputs_of(self.specification, operation)
        return found

    def speaks_of_caller(self, operation: Operation) -> bool:
        """Whether some expression of an operation needs to know who asks."""
        found = self._speaks.get(operation.name)
        if found is None:
            machine = None
            if isinstance(operation, Move):
                machine = self.specification.machine(operation.entity)
            parts = (operation, *(machine.transitions if machine else ()))
            found = any(each.attributes("caller") for each in expressions(parts))
            self._speaks[operation.name] = found
        return found


class Same:
    """A specification as a key: the very object, because comparing all of it takes long."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification

    def __hash__(self) -> int:
        return id(self.specification)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.specification is self.specification


@lru_cache(maxsize=64)
def _prepared(key: Same) -> Prepared:
    return Prepared(key.specification)


def prepared(specification: Specification) -> Prepared:
    """What is known of ``specification``; found once for each object."""
    return _prepared(Same(specification))
