"""Code of an operation that makes a record."""

from dataclasses import replace

from nodewright.planning.inputs import entity_of
from nodewright.rendering.methods import Method
from nodewright.rendering.names import variable
from nodewright.rendering.records import check_fields, keep_new, make_record
from nodewright.rendering.scopes import Record
from nodewright.spec.model import Create
from nodewright.spec.requests import created_fields


def add_create(method: Method, element: Create) -> None:
    """Add the body of a creation."""
    entity = entity_of(method.specification, element.entity)
    name = variable(entity.name)
    given = {
        each.name: method.scope.request[each.name]
        for each in created_fields(method.specification, element)
    }
    make_record(method.block, entity, name, given, element.set, method.scope)
    check_fields(method.block, entity, name, method.scope)
    scope = replace(method.scope, record=Record(name, entity), old=Record(name, entity))
    method.guard(element.guards, scope)
    keep_new(method.block, entity, name, method.scope.surroundings)
    method.take_effects(replace(scope, old=None))
    method.answer(item=name)
