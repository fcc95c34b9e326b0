"""Scenarios in the making: requests that succeed, and the records that they need before."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from nodewright.spec.calls import Caller
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Create,
    Entity,
    Export,
    Import,
    Input,
    Listing,
    Move,
    OnEntity,
    Operation,
    Rule,
    Selected,
    Specification,
    Workflow,
)
from nodewright.spec.prepared import Prepared, prepared
from nodewright.spec.requests import needed, state_field
from nodewright.spec.samples import Sampling
from nodewright.spec.scenario import START, Advance, Answered, Call, Scenario, Step
from nodewright.spec.tables import write_rows
from nodewright.spec.tree import expressions
from nodewright.spec.types import Base, Type
from nodewright.spec.values import Value

MISSING = object()
"""In place of a value: the request leaves the input out."""

Given = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a call is made to succeed.

    Other values than the samples, values and moves of the record before it, time that passes, who
    asks, entities that need a record besides, and the moves of such a record.
    """

    given: tuple[tuple[str, Value], ...] = ()
    moves: tuple[str, ...] = ()
    wait: timedelta = timedelta()
    caller: Caller | None = None
    others: tuple[str, ...] = ()
    record: tuple[tuple[str, Value], ...] = ()
    elsewhere: tuple[str, tuple[str, ...]] | None = None


class Known:
    """What drafts ask of a specification, and the recipes found so far."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        self.prepared: Prepared = prepared(specification)
        self.sampling: Sampling = Sampling(START)
        self.recipes: dict[str, Recipe] = {}
        self._hints: dict[str, dict[str, Hint]] = {}
        self._creators: dict[str, Operation | None] = {}

    def creator(self, entity: str) -> Operation | None:
        """The operation that makes records of ``entity``: the plainest one."""
        if entity not in self._creators:
            found = [
                each
                for each in self.specification.operations
                if isinstance(each, Create | Import) and each.entity == entity
            ]
            found.sort(key=_effort)
            self._creators[entity] = found[0] if found else None
        return self._creators[entity]

    def rules(self, operation: Operation, each: Input) -> tuple[Rule, ...]:
        """Rules that bound an input: its own, else those of the field that it fills."""
        if each.rules or not isinstance(operation, OnEntity | Compute) or not operation.entity:
            return each.rules
        entity = self.specification.entity(operation.entity)
        found = entity.field(each.name) if entity else None
        return found.rules if found else ()

    def hints(self, operation: Operation) -> dict[str, "Hint"]:
        """What the operation's expressions say of its inputs."""
        if operation.name not in self._hints:
            self._hints[operation.name] = hints_of(self.specification, operation)
        return self._hints[operation.name]

    def caller(self, operation: Operation) -> Caller | None:
        """Somebody who may ask for the operation, and for all its steps."""
        if isinstance(operation, Workflow):
            called = (self.specification.operation(step.operation) for step in operation.steps)
            for each in called:
                found = self.caller(each) if each and not isinstance(each, Workflow) else None
                if found is not None and operation.roles is None:
                    return found
        if operation.roles is None and not self.prepared.speaks_of_caller(operation):
            return None
        role = operation.roles.roles[0] if operation.roles else "user"
        hint = self.hints(operation).get("caller.id")
        return Caller(self.hinted(hint, 1) if hint else "anna", role)

    def hinted(self, hint: "Hint", number: int) -> str:
        """The sample of the field that a hint names."""
        entity = self.specification.entity(hint.entity)
        found = entity.field(hint.field) if entity else None
        if found is None or not found.type.textual:
            return "anna"
        return str(self.sampling.value(found.name, found.type, found.rules, number))


def _effort(operation: Operation) -> tuple[bool, int, int, int]:
    return (
        isinstance(operation, Import),
        len(operation.effects),
        len(operation.guards) + (operation.roles is not None),
        len(operation.inputs),
    )


@dataclass(frozen=True, slots=True)
class Hint:
    """An input is compared with a field of ``entity``, or is its key where ``field`` is empty."""

    entity: str
    field: str = ""


def hints_of(specification: Specification, operation: Operation) -> dict[str, Hint]:
    """``request.x`` (as ``x``) or ``caller.id`` -> what it has to fit to."""
    found: dict[str, Hint] = {}
    at_hand = operation.entity if isinstance(operation, OnEntity) else ""
    for expression in expressions(operation):
        _hints(expression.tree, at_hand, found)
    if isinstance(operation, Workflow):
        for step in operation.steps:
            for assign in step.given:
                name = _scoped(assign.value.tree)
                called = specification.operation(step.operation)
                if name and isinstance(called, Create):
                    found.setdefault(name, Hint(called.entity, assign.name))
                elif name and isinstance(called, Selected):
                    entity = specification.entity(called.entity)
                    is_key = entity is not None and entity.key == assign.name
                    found.setdefault(name, Hint(called.entity, "" if is_key else assign.name))
    return found


def _hints(node: ast.AST, entity: str, found: dict[str, Hint]) -> None:
    match node:
        case ast.Call(func=ast.Name(id="find"), args=[ast.Name(id=other), key]):
            name = _scoped(key)
            if name:
                found.setdefault(name, Hint(other))
        case ast.Call(func=ast.Name(id=query), args=[ast.Name(id=other), *rest]) if query in {
            "exists", "count", "sum", "average", "lowest", "highest", "latest",
        }:  # fmt: skip
            for each in rest:
                _hints(each, other, found)
            return
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            for one, other_side in ((left, right), (right, left)):
                name = _scoped(one)
                if name and isinstance(other_side, ast.Name) and entity:
                    found.setdefault(name, Hint(entity, other_side.id))
    for child in ast.iter_child_nodes(node):
        _hints(child, entity, found)


def _scoped(node: ast.AST) -> str:
    """``x`` of ``request.x``, ``caller.id`` of itself, empty for all else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id == "request":
            return node.attr
        if node.value.id == "caller":
            return f"caller.{node.attr}"
    return ""


@dataclass(slots=True)
class Draft:
    """Steps so far; ``made`` maps (entity, number) -> the step that made that record."""

    known: Known
    steps: list[Step] = field(default_factory=list)
    made: dict[tuple[str, int], int] = field(default_factory=dict)
    depth: int = 0

    @property
    def scenario(self) -> Scenario:
        """The steps."""
        return Scenario(tuple(self.steps))

    def record(self, entity: str, number: int = 1, given: Given | None = None) -> int | None:
        """The step that makes record ``number`` of ``entity``; None where nothing makes one."""
        if (entity, number) in self.made:
            return self.made[entity, number]
        creator = self.known.creator(entity)
        if creator is None or self.depth > 6:  # noqa: PLR2004 - records that need each other
            return None
        self.depth += 1
        distinct = self._distinct(entity, number) | dict(given or {})
        as_file = isinstance(creator, Import)
        self.call(creator, number=number if as_file else 1, given={} if as_file else distinct)
        self.depth -= 1
        self.made[entity, number] = len(self.steps) - 1
        return self.made[entity, number]

    def _distinct(self, name: str, number: int) -> dict[str, Value]:
        """Values that tell a further record apart from the first."""
        entity = self.known.specification.entity(name)
        if entity is None or number == 1:
            return {}
        names = {each for unique in entity.unique for each in unique.fields} | {entity.key}
        return {
            each.name: self._field(entity, each.name, number)
            for each in entity.fields
            if each.name in names and each.type.base is not Base.ENTITY
        }

    def _field(self, entity: Entity, name: str, number: int) -> Value:
        found = entity.field(name)
        if found is None:
            return None
        return self.known.sampling.value(name, found.type, found.rules, number)

    def call(
        self,
        operation: Operation,
        *,
        number: int = 1,
        given: Given | None = None,
        caller: Caller | None = None,
        recipe: Recipe | None = None,
    ) -> None:
        """A call that succeeds, as far as is known, after what it needs."""
        recipe = recipe or self.known.recipes.get(operation.name, Recipe())
        for other in recipe.others:
            self.record(other)
        if recipe.elsewhere is not None:
            self._move(recipe.elsewhere[0], recipe.elsewhere[1], 1)
        target = self._prepare(operation, number, dict(recipe.record))
        if target is not None and isinstance(operation, OnEntity):
            self._move(operation.entity, recipe.moves, number)
        if recipe.wait:
            self.steps.append(Advance(recipe.wait))
        values = self.request(operation, number, {**dict(recipe.given), **(given or {})})
        asking = caller or recipe.caller or self.known.caller(operation)
        self.steps.append(Call(operation.name, values, asking))

    def _prepare(self, operation: Operation, number: int, given: Given) -> int | None:
        """The record that an operation works on, made where it is not there."""
        if isinstance(operation, Selected | Listing | Aggregate | Export):
            return self.record(operation.entity, number, given)
        return None

    def _move(self, entity: str, moves: tuple[str, ...], number: int) -> None:
        """Bring a record to another state."""
        if moves and self.record(entity, number) is None:
            return
        for name in moves:
            moving = self.known.specification.operation(name)
            if moving is not None:
                self.call(moving, number=number, recipe=Recipe())

    def request(self, operation: Operation, number: int, given: Given) -> dict[str, Value]:
        """Values for all inputs that a request has to give, and for those in ``given``."""
        values: dict[str, Value] = {}
        formula = isinstance(operation, Compute) and bool(operation.results)
        for place, each in enumerate(self.known.prepared.inputs(operation)):
            if each.name in given:
                if given[each.name] is not MISSING:
                    values[each.name] = given[each.name]
            elif needed(each) and formula and each.type.numeric:
                rules = self.known.rules(operation, each)
                values[each.name] = self.known.sampling.told_apart(
                    each.name, each.type, rules, place
                )
            elif needed(each):
                values[each.name] = self.value(operation, each, number)
        return values

    def value(self, operation: Operation, each: Input, number: int) -> Value:
        """A good value for one input."""
        if isinstance(operation, Selected):
            entity = self.known.specification.entity(operation.entity)
            if entity is not None and operation.where is None and each.name == entity.key:
                return self.key(entity.name, number, each.type)
        if isinstance(operation, Import) and each.name == "content":
            return self.content(operation, number)
        hint = self.known.hints(operation).get(each.name)
        if hint is not None and each.type.base is not Base.ENTITY:
            hinted = self._hinted(hint, each.type)
            if hinted is not None:
                return hinted
        return self.typed(each.name, each.type, self.known.rules(operation, each), number)

    def _hinted(self, hint: Hint, kind: Type) -> Value:
        entity = self.known.specification.entity(hint.entity)
        if entity is None:
            return None
        if not hint.field or hint.field == entity.key:
            return self.key(entity.name, 1, kind)
        found = entity.field(hint.field)
        if found is None or found.name == state_field(self.known.specification, entity.name):
            return None
        if found.type.base is kind.base:
            return self.typed(found.name, found.type, found.rules, 1)
        return None

    def typed(self, name: str, kind: Type, rules: tuple[Rule, ...], number: int) -> Value:
        """A sample of any type; references point to records that are made for it."""
        if kind.base is Base.LIST and kind.item is not None and kind.item.base is Base.ENTITY:
            return [self.typed(name, kind.item, (), number)]
        if kind.base is not Base.ENTITY:
            return self.known.sampling.value(name, kind, rules, number)
        entity = self.known.specification.entity(kind.entity)
        if entity is None or entity.stored:
            return self.key(kind.entity, 1, kind)
        return {
            each.name: self.typed(each.name, each.type, each.rules, number)
            for each in entity.fields
            if not each.type.optional
        }

    def key(self, name: str, number: int, kind: Type) -> Value:
        """The key of record ``number`` of an entity."""
        entity = self.known.specification.entity(name)
        step = self.record(name, number)
        creator = self.known.creator(name)
        key = entity.field(entity.key) if entity else None
        if step is not None and entity is not None and isinstance(creator, Create):
            return Answered(step, entity.key)
        if key is not None and entity is not None:
            return self._field(entity, key.name, number)
        return self.known.sampling.plain(name, kind, number)

    def content(self, operation: Import, number: int) -> str:
        """A file with one good row."""
        entity = self.known.specification.entity(operation.entity)
        if entity is None:
            return ""
        state = state_field(self.known.specification, entity.name)
        row: dict[str, Any] = {
            each.name: self.typed(each.name, each.type, each.rules, number)
            for each in entity.fields
            if each.name != state and not each.type.optional
        }
        if any(isinstance(value, Answered) for value in row.values()):
            row = {name: None if isinstance(v, Answered) else v for name, v in row.items()}
        return write_rows(operation.format, tuple(row), [row])


def paths_of(known: Known, entity: str) -> dict[str, tuple[str, ...]]:
    """State -> names of keyed moves that lead a new record there, the shortest way."""
    machine = known.specification.machine(entity)
    if machine is None:
        return {}
    moves: dict[str, str] = {}
    for each in known.specification.operations:
        if isinstance(each, Move) and each.entity == entity and each.where is None:
            moves.setdefault(each.to, each.name)
    found: dict[str, tuple[str, ...]] = {machine.initial: ()}
    waiting = [machine.initial]
    while waiting:
        state = waiting.pop(0)
        for transition in machine.transitions:
            move = moves.get(transition.target)
            if transition.source == state and move and transition.target not in found:
                found[transition.target] = (*found[state], move)
                waiting.append(transition.target)
    return found


def unknown_key(kind: Type) -> Value:
    """A key that no record has."""
    match kind.base:
        case Base.UUID | Base.ENTITY:
            return UUID(int=999)
        case Base.INTEGER:
            return 999
        case _:
            return "unknown"
