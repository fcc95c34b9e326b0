"""Code of computations."""

from dataclasses import replace

from nodewright.planning.inputs import entity_of
from nodewright.rendering.expressions import compiled, value_for
from nodewright.rendering.methods import Method
from nodewright.rendering.names import local, model_class, resolved, safe, variable
from nodewright.rendering.questions import results_class
from nodewright.rendering.records import check_fields
from nodewright.rendering.scopes import Code, Record, Scope
from nodewright.spec.model import Compute


def add_compute(method: Method, element: Compute) -> None:
    """Add the body of a computation."""
    names = dict(method.scope.request)
    scope = replace(method.scope, names=names)
    if element.entity:
        scope = _described(element, method)
        names = dict(scope.names)
    method.guard(element.guards, scope)
    if element.entity:
        entity = entity_of(method.specification, element.entity)
        if entity.guards:
            name = variable(entity.name)
            method.block.add(f"check_whole_{name}({name}, {method.scope.surroundings})")
    results: list[str] = []
    for each in element.results:
        kind = resolved(each.type, method.specification)
        value = value_for(each.value, each.type, replace(scope, names=names), each.places)
        name = f"{each.name}_result" if method.is_variable(each.name) else local(each.name)
        method.block.add(f"{name} = {value}")
        found = compiled(each.value, replace(scope, names=names)).type
        if found.optional and not kind.optional:
            method.block.add(f"{name} = computed({name})")
        names = {**names, each.name: Code(name, kind)}
        results.append(f"{safe(each.name)}={name}")
    method.take_effects(replace(scope, names=names))
    if element.results:
        method.answer(results=f"{results_class(element.name)}({', '.join(results)})")
    else:
        method.answer()


def _described(element: Compute, method: Method) -> Scope:
    """Assign the record that the inputs describe, and check its fields."""
    entity = entity_of(method.specification, element.entity)
    name = variable(entity.name)
    values = []
    for each in entity.fields:
        given = method.scope.request.get(each.name)
        if given is not None:
            values.append(f"{safe(each.name)}={given.text}")
        elif not each.type.optional:
            # The record is only looked at, so that any key will do.
            values.append(f"{safe(each.name)}=UUID(int=0)")
    made = f"{model_class(entity.name)}({', '.join(values)})"
    method.block.add_where_used(name, f"{name} = {made}", made)
    check_fields(method.block, entity, name, method.scope)
    names = {
        each: code for each, code in method.scope.request.items() if entity.field(each) is None
    }
    return replace(method.scope, record=Record(name, entity), names=names)
