"""Code that makes and changes records, and refuses those that break a rule."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from nodewright.planning.inputs import entity_of
from nodewright.rendering.expressions import compiled, condition, value_for
from nodewright.rendering.layout import Block
from nodewright.rendering.names import annotation, local, model_class, resolved, safe, variable
from nodewright.rendering.rules import is_checked
from nodewright.rendering.scopes import NOT, Code, Record, Scope, fitted
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Assign, Entity, Field, Guard, Specification, Transition
from nodewright.spec.types import Base, Type
from nodewright.templates.quoting import pystr

Decide = Callable[[Guard, Block], str]


def check_guard(block: Block, guard: Guard, scope: Scope, decide: Decide) -> None:
    """Refuse unless ``guard`` holds; one that was not understood is the user's to decide."""
    if guard.require is None:
        test = decide(guard, block)
        message = guard.message or "it was not understood"
    else:
        test = condition(guard.require, scope)
        message = guard.message or f"it needs {guard.require.text}"
    block.add(f"require({test}, {pystr(guard.error)}, {pystr(message)})")


def make_record(  # noqa: PLR0917 - the parts of one record
    block: Block,
    entity: Entity,
    target: str,
    given: Mapping[str, Code],
    assigns: Sequence[Assign],
    scope: Scope,
) -> None:
    """Assign a new record to ``target``: values given, then defaults, then ``assigns`` in order."""
    specification = scope.specification
    assigned = {each.name: each.value for each in assigns}
    asked = _asked(assigned.values())
    values: dict[str, Code] = {}
    for each in entity.fields:
        kind = resolved(each.type, specification)
        if each.name in assigned:
            values[each.name] = Code("None", kind.maybe)
            continue
        code = _first_value(each, entity, given, scope)
        if each.name in asked or (each.name == entity.key and _makes_ids(assigned.values())):
            name = _local(each.name, target)
            block.add(assignment(name, code.text, kind, specification))
            code = Code(name, code.type)
        values[each.name] = code
    for assign in assigns:
        field = entity.field(assign.name)
        if field is None:
            continue
        inner = replace(scope, record=None, names=dict(values))
        text = value_for(assign.value, field.type, inner, field.places)
        kind = compiled(assign.value, inner).type
        code = Code(text, kind)
        if assign.name in asked:
            name = _local(assign.name, target)
            block.add(assignment(name, text, field.type, specification))
            code = Code(name, kind)
        values[assign.name] = code
    inside = ", ".join(
        f"{safe(name)}={code.text}" for name, code in values.items() if code.text != "None"
    )
    block.add(f"{target} = {model_class(entity.name)}({inside})")


def assignment(name: str, value: str, kind: Type, specification: Specification) -> str:
    """A statement that gives a variable its value; one of some texts would be taken for any."""
    if kind.base is Base.ENUM:
        return f"{name}: {annotation(kind, specification)} = {value}"
    return f"{name} = {value}"


def _asked(values: Iterable[Expression]) -> set[str]:
    """Fields of the record in the making that some value speaks of."""
    names: set[str] = set()
    for value in values:
        names |= value.names() | value.attributes("this")
    return names


def _makes_ids(values: Iterable[Expression]) -> bool:
    return any("new_id" in value.calls() for value in values)


def _local(name: str, target: str) -> str:
    return f"{name}_value" if local(name) == target else local(name)


def _first_value(field: Field, entity: Entity, given: Mapping[str, Code], scope: Scope) -> Code:
    """The value that a field has before anything is assigned."""
    specification = scope.specification
    kind = resolved(field.type, specification)
    machine = specification.machine(entity.name)
    if machine is not None and machine.field == field.name:
        return Code(pystr(machine.initial), kind)
    if field.name in given:
        return fitted(given[field.name], kind, field.places)
    if field.name == entity.key and kind.base is Base.UUID:
        return Code(f"{scope.surroundings}.new_id()", kind)
    if field.default is not None:
        code = compiled(field.default, replace(scope, record=None, names={}, this=None))
        return fitted(code, kind, field.places)
    return Code("None", kind)


def change_record(  # noqa: PLR0917 - the parts of one change
    block: Block, entity: Entity, before: str, target: str, assigns: Sequence[Assign], scope: Scope
) -> None:
    """Assign to ``target`` the record ``before`` with new values, each seeing those before it."""
    source = before
    waiting: list[str] = []
    done: set[str] = set()
    for each in assigns:
        field = entity.field(each.name)
        if field is None:
            continue
        if each.value.names() & done or (each.value.attributes("this") & done):
            block.add(f"{target} = {source}.model_copy(update={{{', '.join(waiting)}}})")
            source, waiting, done = target, [], set()
        inner = replace(scope, record=Record(source, entity))
        value = value_for(each.value, field.type, inner, field.places)
        waiting.append(f"{pystr(safe(each.name))}: {value}")
        done.add(each.name)
    if waiting:
        block.add(f"{target} = {source}.model_copy(update={{{', '.join(waiting)}}})")
    elif source != target:
        block.add(f"{target} = {source}")


# --- rules of an entity -------------------------------------------------------------------------


def check_fields(
    block: Block, entity: Entity, record: str, scope: Scope, written: str = ""
) -> None:
    """Refuse ``record`` where its ``written`` fields break a rule, if there is any to break."""
    if is_checked(entity, scope.specification):
        only = f", {written}" if written else ""
        block.add(f"check_{variable(entity.name)}({record}, {scope.surroundings}{only})")


def keep_new(block: Block, entity: Entity, record: str, surroundings: str) -> None:
    """Put a new record into its store."""
    block.add(f"keep_new_{variable(entity.name)}({record}, {surroundings})")


def keep_changed(
    block: Block, entity: Entity, record: str, surroundings: str, written: str
) -> None:
    """Put a changed record in the place of the old one."""
    only = f", {written}" if written else ""
    block.add(f"keep_changed_{variable(entity.name)}({record}, {surroundings}{only})")


def one_of(code: str, values: Sequence[str]) -> str:
    """A condition: ``code`` is one of some texts."""
    if len(values) == 1:
        return f"{code} == {pystr(values[0])}"
    return f"{code} in {names_tuple(values)}"


def names_tuple(names: Sequence[str]) -> str:
    """Names as a tuple of Python, empty text where there are none."""
    if not names:
        return "()"
    comma = "," if len(names) == 1 else ""
    return f"({', '.join(pystr(name) for name in names)}{comma})"


# --- moves --------------------------------------------------------------------------------------


def transitions_to(specification: Specification, entity: str, target: str) -> list[Transition]:
    """The transitions of an entity's machine that lead to ``target``, the first of a pair."""
    machine = specification.machine(entity)
    found: dict[str, Transition] = {}
    for each in machine.transitions if machine else ():
        if each.target == target:
            found.setdefault(each.source, each)
    return list(found.values())


def move_allowed(
    record: Record, transitions: Sequence[Transition], field: str, scope: Scope
) -> str:
    """A condition: the record may take one of ``transitions`` by its state and their guards."""
    state = f"{record.variable}.{safe(field)}"
    free = [each.source for each in transitions if not each.guards]
    parts = [one_of(state, free)] if free else []
    for each in transitions:
        required = [guard.require for guard in each.guards if guard.require is not None]
        if each.guards and len(required) == len(each.guards):
            source = f"{state} == {pystr(each.source)}"
            parts.append(" and ".join([source, *_holding(required, scope)]))
    return " or ".join(parts) or "False"


def _holding(required: Sequence[Expression], scope: Scope) -> list[str]:
    """Conditions that are false, not refused, where nobody is named as the caller."""
    tests: list[str] = []
    if any(each.attributes("caller") for each in required):
        scope = replace(scope, caller="request.caller")
        tests.append("request.caller is not None and not request.caller.system")
    return [*tests, *(compiled(each, scope).within(NOT) for each in required)]


def bare_names(expression: Expression | None) -> bool:
    """Whether an expression speaks of the record at hand."""
    return expression is not None and bool(expression.names())


def entity_named(scope: Scope, name: str) -> Entity:
    """The entity of that name."""
    return entity_of(scope.specification, name)
