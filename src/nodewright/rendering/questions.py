"""Code of operations that answer records, rows or a file and change nothing."""

from collections.abc import Sequence
from dataclasses import replace

from nodewright.language.naming import pascal
from nodewright.planning.inputs import entity_of
from nodewright.rendering.aggregates import add_rows
from nodewright.rendering.expressions import compiled, condition
from nodewright.rendering.methods import Method
from nodewright.rendering.names import safe, variable
from nodewright.rendering.scopes import Record, Scope
from nodewright.spec.model import Aggregate, Entity, Export, Listing, Order
from nodewright.spec.requests import LISTED, MOST_LISTED
from nodewright.templates.quoting import pystr


def _choose(
    method: Method, element: Listing | Export | Aggregate, order: Sequence[Order]
) -> tuple[Entity, Scope]:
    """Assign the chosen records to ``records``, in their order."""
    entity = entity_of(method.specification, element.entity)
    name = variable(entity.name)
    scope = replace(method.scope, record=Record(name, entity))
    store = method.scope.store(entity.name)
    test = condition(element.where, scope) if element.where else "True"
    if test == "True":
        method.block.add(f"records = {store}.all()")
    else:
        method.block.add(f"records = [{name} for {name} in {store}.all() if {test}]")
    for each in reversed(order):
        by = compiled(each.by, scope).text
        down = ", descending=True" if each.descending else ""
        method.block.add(f"records = in_order(records, lambda {name}: {by}{down})")
    return entity, scope


def add_listing(method: Method, element: Listing) -> None:
    """Add the body of a listing."""
    if element.paged:
        method.block.add(
            f"limit = {LISTED} if request.limit is None else request.limit",
            "offset = 0 if request.offset is None else request.offset",
            f'require(1 <= limit <= {MOST_LISTED}, "limit_invalid", "limit is 1 to {MOST_LISTED}")',
            'require(offset >= 0, "offset_invalid", "offset is 0 or more")',
        )
    method.guard(element.guards, method.scope)
    entity, _ = _choose(method, element, element.order)
    if element.limit is not None:
        method.block.add(f"records = records[:{element.limit}]")
    if element.paged:
        method.block.add("records = records[offset : offset + limit]")
    method.take_effects(method.scope)
    if not element.fields:
        method.answer(items="tuple(records)")
        return
    name = variable(entity.name)
    values = ", ".join(f"{safe(each)}={name}.{safe(each)}" for each in element.fields)
    method.answer(items=f"tuple({row_class(element.name)}({values}) for {name} in records)")


def row_class(operation: str) -> str:
    """The model of a row that an operation answers."""
    return f"Model{pascal(operation)}Row"


def results_class(operation: str) -> str:
    """The model of what an operation computes."""
    return f"Model{pascal(operation)}Results"


def add_export(method: Method, element: Export) -> None:
    """Add the body of an export."""
    method.guard(element.guards, method.scope)
    entity, _ = _choose(method, element, element.order)
    names = element.fields or tuple(each.name for each in entity.fields)
    columns = ", ".join(f"({pystr(each)}, {pystr(safe(each))})" for each in names)
    comma = "," if len(names) == 1 else ""
    method.block.add(f"columns = ({columns}{comma})")
    method.block.add(f"content = write_{element.format.value}(columns, records)")
    method.take_effects(method.scope)
    method.answer(content="content")


def add_aggregate(method: Method, element: Aggregate) -> None:
    """Add the body of an aggregate."""
    method.guard(element.guards, method.scope)
    _, scope = _choose(method, element, ())
    add_rows(method.block, element, scope, row_class(element.name))
    method.take_effects(method.scope)
    method.answer(rows="tuple(rows)")
