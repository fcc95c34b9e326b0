"""Code of the rules of one entity, and of single values."""

from dataclasses import replace

from nodewright.rendering.expressions import compiled, condition
from nodewright.rendering.layout import Block
from nodewright.rendering.names import resolved, safe, variable
from nodewright.rendering.scopes import ADD, NOT, Code, Record, Scope
from nodewright.spec.expressions import QUERIES
from nodewright.spec.model import Entity, Field, Format, Guard, Input, Rule, Specification, Unique
from nodewright.spec.types import Base, Type
from nodewright.templates.quoting import pystr


def check_value(block: Block, declared: Field | Input, code: Code, scope: Scope) -> None:
    """Refuse a value that breaks a rule, or refers to a record that is not there."""
    name, kind, rules = declared.name, declared.type, declared.rules
    inner = Block()
    present = Code(code.text, code.type.required, code.binds)
    for rule in rules:
        _check_rule(inner, rule, name, present, scope)
    _check_inside(inner, kind.required, present, scope)
    _check_reference(inner, kind.required, present, scope)
    _add_present(block, inner, code)


def _add_present(block: Block, inner: Block, code: Code) -> None:
    if not inner.lines:
        return
    if not code.type.optional:
        block.add(*inner.lines)
        return
    with block.indented(f"if {code.within(ADD)} is not None:"):
        block.add(*inner.lines)


def _check_rule(block: Block, rule: Rule, name: str, code: Code, scope: Scope) -> None:
    error = pystr(rule.error or f"{name}_invalid")
    if rule.format is not None:
        message = pystr(f"{name} is not {_FORMS[rule.format]}")
        block.add(
            f"require(has_format({code.text}, {pystr(rule.format.value)}), {error}, {message})"
        )
    if rule.pattern:
        message = pystr(f"{name} does not look as it should")
        block.add(f"require(matches({code.text}, {pystr(rule.pattern)}), {error}, {message})")
    measured = code
    words = name.replace("_", " ")
    if code.type.base in {Base.TEXT, Base.ENUM, Base.LIST, Base.OBJECT}:
        measured = Code(f"len({code.text})", Type(Base.INTEGER))
        words = f"the length of {words}"
    for bound, sign, says in (
        (rule.minimum, ">", "at least"),
        (rule.maximum, "<", "at most"),
    ):
        if bound is None:
            continue
        limit = compiled(bound, scope)
        sign_ = sign if rule.exclusive else f"{sign}="
        test = f"{measured.within(ADD)} {sign_} {limit.within(ADD)}"
        if limit.type.optional:
            test = f"{limit.within(ADD)} is None or {test}"
        side = ("above" if sign == ">" else "below") if rule.exclusive else says
        block.add(f"require({test}, {error}, {pystr(f'{words} is {side} {bound.text}')})")


_FORMS = {
    Format.EMAIL: "an e-mail address",
    Format.URL: "a URL",
    Format.PHONE: "a telephone number",
    Format.HOSTNAME: "a host name",
    Format.IP: "an IP address",
    Format.COUNTRY: "a country of two capital letters",
    Format.CURRENCY: "a currency of three capital letters",
    Format.SLUG: "a slug",
    Format.DATE: "an ISO 8601 date",
    Format.DATETIME: "an ISO 8601 date and time",
}


def _check_inside(block: Block, kind: Type, code: Code, scope: Scope) -> None:
    """Refuse a value entity that breaks its own rules."""
    entity = _entity(kind, scope.specification)
    if kind.base is Base.LIST and kind.item is not None:
        item = _entity(kind.item, scope.specification)
        if item is not None and not item.stored and is_checked(item, scope.specification):
            name = variable(item.name)
            with block.indented(f"for {name} in {code.text}:"):
                block.add(f"check_{name}({name}, {scope.surroundings})")
    elif entity is not None and not entity.stored and is_checked(entity, scope.specification):
        block.add(f"check_{variable(entity.name)}({code.text}, {scope.surroundings})")


def _check_reference(block: Block, kind: Type, code: Code, scope: Scope) -> None:
    """Refuse a key that has no record."""
    entity = _entity(kind, scope.specification)
    if kind.base is Base.LIST and kind.item is not None:
        item = _entity(kind.item, scope.specification)
        if item is not None and item.stored:
            with block.indented(f"for key in {code.text}:"):
                block.add(f"{scope.store(item.name)}.find(key)")
    elif entity is not None and entity.stored:
        block.add(f"{scope.store(entity.name)}.find({code.text})")


def _entity(kind: Type, specification: Specification) -> Entity | None:
    return specification.entity(kind.entity) if kind.base is Base.ENTITY else None


def is_checked(entity: Entity, specification: Specification) -> bool:
    """Whether records of ``entity`` can be refused for what stands in their fields."""
    if not entity.stored and entity.guards:
        return True
    return any(
        each.rules
        or (
            (inner := _entity(each.type.item or each.type, specification)) is not None
            and (inner.stored or is_checked(inner, specification))
        )
        for each in entity.fields
    )


def fields_lines(entity: Entity, specification: Specification) -> list[str]:
    """The body of ``check_<entity>``: rules of the fields in their order, then references."""
    block = Block(1)
    name = variable(entity.name)
    scope = Scope(
        specification,
        record=Record(name, entity),
        surroundings="surroundings",
    )
    references: list[tuple[Field, Block]] = []
    for each in entity.fields:
        kind = resolved(each.type, specification)
        code = Code(f"{name}.{safe(each.name)}", kind)
        present = Code(code.text, kind.required)
        inner, last = Block(), Block()
        for rule in each.rules:
            _check_rule(inner, rule, each.name, present, scope)
        _check_inside(inner, each.type.required, present, scope)
        _check_reference(last, each.type.required, present, scope)
        _add_written(block, entity, each.name, inner, code)
        if last.lines:
            references.append((each, last))
    for each, last in references:
        code = Code(f"{name}.{safe(each.name)}", resolved(each.type, specification))
        _add_written(block, entity, each.name, last, code)
    if not entity.stored:
        for guard in entity.guards:
            _check_guard(block, guard, replace(scope))
    return block.lines


def _add_written(block: Block, entity: Entity, name: str, inner: Block, code: Code) -> None:
    if not inner.lines:
        return
    tests = [f"{pystr(name)} in written"] if entity.stored else []
    if code.type.optional:
        tests.append(f"{code.text} is not None")
    if not tests:
        block.add(*inner.lines)
        return
    with block.indented(f"if {' and '.join(tests)}:"):
        block.add(*inner.lines)


def whole_lines(entity: Entity, specification: Specification) -> list[str]:
    """The body of ``check_whole_<entity>``: the guards, and what is unique only for the moment."""
    block = Block(1)
    name = variable(entity.name)
    scope = Scope(
        specification, record=Record(name, entity), surroundings="surroundings", caller="caller"
    )
    for guard in entity.guards:
        _check_guard(block, guard, scope)
    if not is_indexed(entity):
        for unique in entity.unique:
            _check_unique(block, unique, scope)
    return block.lines


def is_indexed(entity: Entity) -> bool:
    """Whether a store can keep an index of unique values: none depends on more than the record."""
    return all(
        unique.when is None or unique.when.calls().isdisjoint(_CHANGING) for unique in entity.unique
    )


_CHANGING = {"now", "today", "new_id", *QUERIES}


def _check_unique(block: Block, unique: Unique, scope: Scope) -> None:
    record = scope.record
    if record is None:
        return
    entity, other = record.entity, Record(f"other_{record.variable}", record.entity)
    key = safe(entity.key)
    same = [f"{other.variable}.{key} != {record.variable}.{key}"]
    given = []
    for each in unique.fields:
        own = scope.attribute(record, each)
        same.append(f"{scope.attribute(other, each).text} == {own.text}")
        given += [f"{own.text} is not None"] if own.type.optional else []
    if unique.when is not None:
        given.append(compiled(unique.when, scope).within(NOT))
        same.append(compiled(unique.when, replace(scope, record=other)).within(NOT))
    code = pystr(unique.error or f"{unique.fields[-1]}_taken")
    source = f"for {other.variable} in {scope.store(entity.name)}.all()"
    inner = Block()
    inner.add(f"taken = any({' and '.join(same)} {source})")
    inner.add(f'require(not taken, {code}, "another record has these values already")')
    if not given:
        block.add(*inner.lines)
        return
    with block.indented(f"if {' and '.join(given)}:"):
        block.add(*inner.lines)


def _check_guard(block: Block, guard: Guard, scope: Scope) -> None:
    if guard.require is None:
        message = guard.message or "it was not understood"
        block.add("# Not understood: replace the refusal by the check that the clause asks for.")
        block.add(f'require(False, "not_implemented", {pystr(message)})')
        return
    message = guard.message or f"it needs {guard.require.text}"
    test = condition(guard.require, scope)
    block.add(f"require({test}, {pystr(guard.error)}, {pystr(message)})")
