"""The method of a handler that carries out one operation.

Every method keeps the order of the language: roles, rate limit, idempotency, inputs, guards, the
work itself, effects, the answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch

from nodewright.language.naming import pascal
from nodewright.planning.inputs import (
    asked_inputs,
    entity_of,
    key_field,
)
from nodewright.rendering.aggregates import add_rows
from nodewright.rendering.effects import take_effect, warns
from nodewright.rendering.expressions import compiled, condition, value_for
from nodewright.rendering.importing import add_import
from nodewright.rendering.methods import STORES, Method, speaks_of_caller
from nodewright.rendering.names import asked, local, model_class, resolved, safe, variable
from nodewright.rendering.records import (
    bare_names,
    change_record,
    check_fields,
    keep_changed,
    keep_new,
    make_record,
    move_allowed,
    names_tuple,
    transitions_to,
)
from nodewright.rendering.rules import check_value
from nodewright.rendering.scopes import Code, Record, Scope
from nodewright.rendering.workflows import add_steps
from nodewright.spec.model import (
    Aggregate,
    Compute,
    Create,
    Delete,
    Entity,
    Export,
    Import,
    Listing,
    Move,
    Notify,
    Operation,
    Order,
    Read,
    Selected,
    Transition,
    Update,
    Workflow,
)
from nodewright.spec.requests import LISTED, MOST_LISTED, created_fields
from nodewright.spec.types import Base
from nodewright.templates.quoting import pystr


def operation_lines(method: Method) -> list[str]:
    """The body of ``method``."""
    admit(method)
    perform(method.element, method)
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
            name = f"{each.name}_given" if _is_variable(method, each.name) else local(each.name)
            method.block.add_where_used(
                name, f"{name} = {default} if {code.text} is None else {code.text}"
            )
            code = Code(name, kind)
        codes[each.name] = code
    method.scope = replace(method.scope, request=codes, caller="caller")


def _is_variable(method: Method, name: str) -> bool:
    return any(variable(each.name) == local(name) for each in method.specification.entities)


# --- the work -----------------------------------------------------------------------------------


@singledispatch
def perform(element: Operation, method: Method) -> None:
    """Add the work of an operation, its effects and its answer."""
    method.guard(element.guards, method.scope)
    _effects(method, method.scope)
    method.answer()


def _effects(method: Method, scope: Scope) -> None:
    for each in method.element.effects:
        take_effect(each, method.block, scope)


@perform.register
def _(element: Create, method: Method) -> None:
    entity = entity_of(method.specification, element.entity)
    name = variable(entity.name)
    given = {
        each.name: method.scope.request[each.name]
        for each in created_fields(method.specification, element)
    }
    make_record(method.block, entity, name, given, element.set, method.scope)
    _check(method, entity, name)
    scope = replace(method.scope, record=Record(name, entity), old=Record(name, entity))
    method.guard(element.guards, scope)
    keep_new(method.block, entity, name, method.scope.surroundings)
    _effects(method, replace(scope, old=None))
    method.answer(item=name)


def _check(method: Method, entity: Entity, record: str, written: str = "") -> None:
    check_fields(method.block, entity, record, method.scope, written)


# --- records that exist -------------------------------------------------------------------------


def _select(method: Method, element: Selected, name: str) -> tuple[Entity, Scope]:
    """Assign the record with the key to ``name``, or the chosen ones to ``records``."""
    entity = entity_of(method.specification, element.entity)
    scope = replace(method.scope, record=Record(name, entity))
    store = method.scope.store(entity.name)
    if element.where is None:
        key = method.scope.request[key_field(entity).name].text
        message = pystr(f"there is no {variable(entity.name).replace('_', ' ')} with this key")
        method.block.add(f"{name} = found({store}.get({key}), {message})")
    else:
        test = condition(element.where, scope)
        narrowed = "" if test == "True" else f" if {test}"
        method.block.add(f"records = [{name} for {name} in {store}.all(){narrowed}]")
    return entity, scope


def _guard_selected(method: Method, element: Selected, scope: Scope) -> None:
    """Guards of an operation: once, or for each record where they speak of it."""
    scope = replace(scope, old=scope.record)
    if element.where is None:
        method.guard(element.guards, scope)
        return
    for each in element.guards:
        if bare_names(each.require) and scope.record is not None:
            with method.block.loop((scope.record.variable,), "records"):
                method.guard((each,), scope)
        else:
            method.guard((each,), method.scope)


@perform.register
def _(element: Read, method: Method) -> None:
    entity = entity_of(method.specification, element.entity)
    name = variable(entity.name)
    _, scope = _select(method, element, name)
    _guard_selected(method, element, scope)
    if element.where is None:
        _effects(method, scope)
        method.answer(item=name)
        return
    _each_effect(method, scope)
    method.answer(items="tuple(records)")


def _each_effect(method: Method, scope: Scope) -> None:
    if method.element.effects and scope.record is not None:
        with method.block.loop((scope.record.variable,), "records"):
            _effects(method, scope)


@perform.register
def _(element: Delete, method: Method) -> None:
    name = variable(element.entity)
    entity, scope = _select(method, element, name)
    _guard_selected(method, element, scope)
    scope = replace(scope, old=scope.record)
    remove = f"{method.scope.store(entity.name)}.remove({name}.{safe(entity.key)})"
    if element.where is None:
        method.block.add(remove)
        _effects(method, scope)
        method.answer(item=name)
        return
    with method.block.indented(f"for {name} in records:"):
        method.block.add(remove)
    _each_effect(method, scope)
    method.answer(count="len(records)")


@perform.register
def _(element: Notify, method: Method) -> None:
    name = variable(element.entity)
    _, scope = _select(method, element, name)
    _guard_selected(method, element, scope)
    scope = replace(scope, old=scope.record)
    if element.where is None:
        _effects(method, scope)
        method.answer(count="1")
        return
    _each_effect(method, scope)
    method.answer(count="len(records)")


@perform.register
def _(element: Update, method: Method) -> None:
    name = variable(element.entity)
    old = f"old_{name}"
    entity, scope = _select(method, element, old)
    fields = [each for each in element.fields if entity.field(each) and each != entity.key]
    if fields:
        pairs = ", ".join(f"{safe(each)}={method.scope.request[each].text}" for each in fields)
        method.block.add(f"given = given_values({pairs})")
        if element.where is None:
            _check(method, entity, f"{old}.model_copy(update=given)", "given")
    _guard_selected(method, element, scope)
    written = ", ".join([*(["*given"] if fields else []), *(pystr(e.name) for e in element.set)])
    written = f"({written},)" if written else "()"

    def change() -> None:
        source = old
        if fields:
            method.block.add(f"{name} = {old}.model_copy(update=given)")
            source = name
            _round_given(method, entity, name, fields)
        inner = replace(scope, old=Record(old, entity))
        change_record(method.block, entity, source, name, element.set, inner)
        keep_changed(method.block, entity, name, method.scope.surroundings, written)

    _change_selected(method, element, Record(old, entity), Record(name, entity), change)


def _round_given(method: Method, entity: Entity, name: str, fields: Sequence[str]) -> None:
    for each in fields:
        declared = entity.field(each)
        if declared is None or declared.places is None or declared.type.base is not Base.NUMBER:
            continue
        value = f"rounded({name}.{safe(each)}, {declared.places})"
        update = f"{name} = {name}.model_copy(update={{{pystr(safe(each))}: {value}}})"
        if declared.type.optional:
            with method.block.indented(f"if {name}.{safe(each)} is not None:"):
                method.block.add(update)
        else:
            method.block.add(update)


def _change_selected(
    method: Method, element: Selected, old: Record, new: Record, change: object
) -> None:
    """Change the one record or each of ``records``, then the effects, then the answer."""
    assert callable(change)
    scope = replace(method.scope, record=new, old=old)
    if element.where is None:
        change()
        _effects(method, scope)
        method.answer(item=new.variable)
        return
    if element.effects:
        method.block.add("touched = []")
    with method.block.indented(f"for {old.variable} in records:"):
        change()
        if element.effects:
            method.block.add(f"touched.append(({new.variable}, {old.variable}))")
    if element.effects:
        with method.block.loop((new.variable, old.variable), "touched"):
            _effects(method, scope)
    method.answer(count="len(records)")


@perform.register
def _(element: Move, method: Method) -> None:
    name = variable(element.entity)
    old = f"old_{name}"
    entity, scope = _select(method, element, old)
    record = Record(old, entity)
    machine = method.specification.machine(element.entity)
    if machine is None:
        raise LookupError(f"{element.entity} has no states; check the specification")
    transitions = transitions_to(method.specification, element.entity, element.to)
    inner = replace(scope, old=record)
    if element.where is not None:
        allowed = move_allowed(record, transitions, machine.field, inner)
        method.block.add(f"records = [{old} for {old} in records if {allowed}]")
    _guard_selected(method, element, scope)
    if element.where is None:
        _transition(method, record, transitions, machine.field, element.to, inner)

    def change() -> None:
        state = f"{pystr(safe(machine.field))}: {pystr(element.to)}"
        method.block.add(f"{name} = {old}.model_copy(update={{{state}}})")
        change_record(method.block, entity, name, name, element.set, inner)
        written = names_tuple([each.name for each in element.set])
        keep_changed(method.block, entity, name, method.scope.surroundings, written)

    _change_selected(method, element, record, Record(name, entity), change)


def _transition(  # noqa: PLR0917 - what a transition consists of
    method: Method,
    record: Record,
    transitions: Sequence[Transition],
    field_name: str,
    target: str,
    scope: Scope,
) -> None:
    state = f"{record.variable}.{safe(field_name)}"
    sources = names_tuple([each.source for each in transitions])
    message = pystr(f"only {' or '.join(each.source for each in transitions)} becomes {target}")
    method.block.add(f'require({state} in {sources}, "transition_not_allowed", {message})')
    for each in transitions:
        if not each.guards:
            continue
        if len(transitions) == 1:
            method.guard(each.guards, scope)
        else:
            with method.block.indented(f"if {state} == {pystr(each.source)}:"):
                method.guard(each.guards, scope)


# --- questions ----------------------------------------------------------------------------------


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


@perform.register
def _(element: Listing, method: Method) -> None:
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
    _effects(method, method.scope)
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


@perform.register
def _(element: Export, method: Method) -> None:
    method.guard(element.guards, method.scope)
    entity, _ = _choose(method, element, element.order)
    names = element.fields or tuple(each.name for each in entity.fields)
    columns = ", ".join(f"({pystr(each)}, {pystr(safe(each))})" for each in names)
    comma = "," if len(names) == 1 else ""
    method.block.add(f"columns = ({columns}{comma})")
    method.block.add(f"content = write_{element.format.value}(columns, records)")
    _effects(method, method.scope)
    method.answer(content="content")


@perform.register
def _(element: Aggregate, method: Method) -> None:
    method.guard(element.guards, method.scope)
    _, scope = _choose(method, element, ())
    add_rows(method.block, element, scope, row_class(element.name))
    _effects(method, method.scope)
    method.answer(rows="tuple(rows)")


@perform.register
def _(element: Compute, method: Method) -> None:
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
        name = f"{each.name}_result" if _is_variable(method, each.name) else local(each.name)
        method.block.add(f"{name} = {value}")
        found = compiled(each.value, replace(scope, names=names)).type
        if found.optional and not kind.optional:
            method.block.add(f"{name} = computed({name})")
        names = {**names, each.name: Code(name, kind)}
        results.append(f"{safe(each.name)}={name}")
    _effects(method, replace(scope, names=names))
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
    method.block.add(f"{name} = {model_class(entity.name)}({', '.join(values)})")
    _check(method, entity, name)
    names = {
        each: code for each, code in method.scope.request.items() if entity.field(each) is None
    }
    return replace(method.scope, record=Record(name, entity), names=names)


@perform.register
def _(element: Import, method: Method) -> None:
    add_import(method, element)


@perform.register
def _(element: Workflow, method: Method) -> None:
    add_steps(method, element)
