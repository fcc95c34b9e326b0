"""The method of a handler that carries out one operation.

Every method keeps the order of the language: roles, rate limit, idempotency, inputs, guards, the
work itself, effects, the answer.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nodewright.planning.inputs import (
    asked_inputs,
)
from nodewright.rendering.computing import add_compute
from nodewright.rendering.creating import add_create
from nodewright.rendering.effects import warns
from nodewright.rendering.expressions import compiled, value_for
from nodewright.rendering.importing import add_import
from nodewright.rendering.methods import STORES, Method, speaks_of_caller
from nodewright.rendering.names import asked, local, resolved
from nodewright.rendering.questions import add_aggregate, add_export, add_listing
from nodewright.rendering.records import (
    assignment,
    names_tuple,
)
from nodewright.rendering.rules import check_value
from nodewright.rendering.scopes import Code
from nodewright.rendering.selected import add_delete, add_move, add_notify, add_read, add_update
from nodewright.rendering.workflows import add_steps
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Create,
    Delete,
    Export,
    Import,
    Listing,
    Move,
    Notify,
    Operation,
    Read,
    Update,
    Workflow,
)
from nodewright.templates.quoting import pystr


def operation_lines(method: Method) -> list[str]:
    """The body of ``method``."""
    admit(method)
    add = BODIES.get(type(method.element), add_plain)
    add(method, method.element)
    return method.block.finished()


# --- before the work ----------------------------------------------------------------------------


def admit(method: Method) -> None:
    """Roles, rate limit, idempotency, inputs."""
    element, block = method.element, method.block
    if element.roles is not None:
        block.add(f"require_role(request.caller, {names_tuple(element.roles.roles)})")
    if speaks_of_caller(method.specification, element):
        block.add_where_used("caller", "caller = named(request.caller)", "named(request.caller)")
    _read_inputs(method)
    if element.rate is not None:
        by = compiled(element.rate.by, method.scope).text if element.rate.by else "None"
        seconds = element.rate.per.total_seconds()
        block.add(f"limited_by = {by}")
        limit = (
            f"RateLimit({pystr(element.name)}, {element.rate.calls}, "
            f"dt.timedelta(seconds={seconds:g}))"
        )
        block.add(f"{STORES}.calls.limit({limit}, limited_by, self.surroundings.now())")
    if element.idempotency is not None:
        key = compiled(element.idempotency.key, method.scope).text
        block.add(f"idempotency_key = {key}")
        block.add(
            f"earlier = {STORES}.answers.find({pystr(element.name)}, idempotency_key, "
            f"{method.answers})"
        )
        with block.indented("if earlier is not None:"):
            block.add(
                'return earlier.model_copy(update={"correlation_id": request.correlation_id})'
            )
    for each in element.inputs:
        check_value(block, each, method.scope.request[each.name], method.scope)
    if warns(element.effects):
        block.add("warnings: tuple[str, ...] = ()")


def _read_inputs(method: Method) -> None:
    """Name the inputs; one with a default gets a variable of its own."""
    codes: dict[str, Code] = {}
    for each in asked_inputs(method.specification, method.element):
        kind = resolved(each.type, method.specification)
        code = Code(f"request.{asked(each.name)}", kind if each.default is None else kind.maybe)
        if each.default is not None:
            default = value_for(each.default, each.type, method.scope)
            name = f"{each.name}_given" if method.is_variable(each.name) else local(each.name)
            value = f"{default} if {code.text} is None else {code.text}"
            statement = assignment(name, value, kind, method.specification)
            method.block.add_where_used(name, statement)
            code = Code(name, kind)
        codes[each.name] = code
    method.scope = replace(method.scope, request=codes, caller="caller")


# --- the work -----------------------------------------------------------------------------------


def add_plain(method: Method, element: Operation) -> None:
    """Add the body of an operation that does nothing but its effects."""
    method.guard(element.guards, method.scope)
    method.take_effects(method.scope)
    method.answer()


# Construct -> what adds its body.
BODIES: dict[type[Operation], Callable[[Method, Any], None]] = {
    Create: add_create,
    Read: add_read,
    Update: add_update,
    Move: add_move,
    Delete: add_delete,
    Notify: add_notify,
    Listing: add_listing,
    Export: add_export,
    Aggregate: add_aggregate,
    Compute: add_compute,
    Import: add_import,
    Workflow: add_steps,
}
