"""Code of an import: each row becomes a record, or changes the one with its key."""

from dataclasses import replace

from nodewright.planning.inputs import entity_of
from nodewright.rendering.effects import take_effect
from nodewright.rendering.expressions import value_for
from nodewright.rendering.methods import Method
from nodewright.rendering.names import model_class, resolved, safe, variable
from nodewright.rendering.records import (
    bare_names,
    check_fields,
    keep_changed,
    keep_new,
    make_record,
)
from nodewright.rendering.scopes import Code, Record
from nodewright.spec.model import Entity, Field, Import
from nodewright.spec.types import Base
from nodewright.templates.quoting import pystr


def imported_class(entity: str) -> str:
    """The model of a row of a file."""
    return f"{model_class(entity)}Imported"


def imported_fields(entity: Entity, state: str) -> list[Field]:
    """The fields that a row may have."""
    return [each for each in entity.fields if each.name != state]


def add_import(method: Method, element: Import) -> None:
    """Add the body of an import."""
    entity = entity_of(method.specification, element.entity)
    machine = method.specification.machine(entity.name)
    fields = imported_fields(entity, machine.field if machine else "")
    block, name = method.block, variable(entity.name)
    old = f"old_{name}"
    if not any(bare_names(each.require) for each in element.guards):
        method.guard(element.guards, method.scope)
    block.add("created = 0")
    if element.effects:
        block.add(
            f"touched: list[tuple[{model_class(entity.name)}, {model_class(entity.name)}]] = []"
        )
    read = f"read_{element.format.value}(request.content, {imported_class(entity.name)})"
    key = f"row.{safe(entity.key)}"
    store = method.scope.store(entity.name)
    rows = f"for number, row in enumerate({read}, start=1):"
    with block.indented(rows), block.indented("with row_of(number):"):
        if not element.upsert:
            _new(method, element, entity, fields)
        else:
            block.add(f"{old} = None if {key} is None else {store}.get({key})")
            with block.indented(f"if {old} is None:"):
                _new(method, element, entity, fields)
            with block.indented("else:"):
                _changed(method, element, entity, fields)
    if element.effects:
        scope = replace(method.scope, record=Record(name, entity), old=Record(old, entity))
        with block.loop((name, old), "touched"):
            for each in element.effects:
                take_effect(each, block, scope)
    method.answer(count="created")


def _new(method: Method, element: Import, entity: Entity, fields: list[Field]) -> None:
    name = variable(entity.name)
    given = {each.name: _given(method, entity, each) for each in fields}
    make_record(method.block, entity, name, given, (), method.scope)
    check_fields(method.block, entity, name, method.scope)
    scope = replace(method.scope, record=Record(name, entity), old=Record(name, entity))
    if any(bare_names(each.require) for each in element.guards):
        method.guard(element.guards, scope)
    keep_new(method.block, entity, name, method.scope.surroundings)
    method.block.add("created += 1")
    if element.effects:
        method.block.add(f"touched.append(({name}, {name}))")


def _given(method: Method, entity: Entity, field: Field) -> Code:
    kind = resolved(field.type, method.specification)
    text = f"row.{safe(field.name)}"
    if field.name == entity.key and kind.base is Base.UUID:
        return Code(f"{text} or {method.scope.surroundings}.new_id()", kind, 1)
    if field.default is not None:
        default = value_for(field.default, field.type, method.scope)
        return Code(f"({default} if {text} is None else {text})", kind)
    if kind.optional:
        return Code(text, kind)
    return Code(f"present({text}, {pystr(field.name)})", kind)


def _changed(method: Method, element: Import, entity: Entity, fields: list[Field]) -> None:
    block, name = method.block, variable(entity.name)
    old = f"old_{name}"
    pairs = ", ".join(f"{safe(each.name)}=row.{safe(each.name)}" for each in fields)
    block.add(f"given = given_values({pairs})")
    block.add(f"{name} = {old}.model_copy(update=given)")
    scope = replace(method.scope, record=Record(name, entity), old=Record(name, entity))
    if any(bare_names(each.require) for each in element.guards):
        method.guard(element.guards, scope)
    keep_changed(block, entity, name, method.scope.surroundings, "tuple(given)")
    if element.effects:
        block.add(f"touched.append(({name}, {old}))")
