"""The pass for guards: what must hold for an operation, and what forbids it."""

import ast
import re
from dataclasses import replace

from nodewright.language.lexicon import stems
from nodewright.language.naming import snake
from nodewright.language.verb_forms import verb_in
from nodewright.reading.accounting import account_condition
from nodewright.reading.adjectives import Test, state_of
from nodewright.reading.changes import refusal_code
from nodewright.reading.conditions import condition_of
from nodewright.reading.demands import Condition, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import name_stems
from nodewright.reading.things import thing_done, thing_of
from nodewright.reading.triggers import operation_by
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Create,
    Delete,
    Field,
    Guard,
    Move,
    OnEntity,
    Read,
    Update,
)
from nodewright.spec.types import BOOLEAN, entity_type

_CODE = re.compile(
    r"\b(?:error|code|error code)\s+(?:code\s+)?[`'\"]?(?P<code>[a-zA-Z]+(?:_[a-zA-Z]+)+)[`'\"]?"
)
_WITHOUT = re.compile(
    r"^(?:no|never (?:a|an|any)?)\s+(?P<what>[\w ]{2,40}?)\s+(?:\w+\s+)?without\s+"
    r"(?:an?|the|any)?\s*(?P<other>[\w ]{2,40})$",
    re.IGNORECASE,
)
_GUARDED = Create | Update | Delete | Move | Read


def read_guards(draft: Draft, demands: list[Demand]) -> None:
    """Guards of operations.

    "Only pending orders can be cancelled", "an order can be cancelled only if it is pending" and
    "a paid order cannot be cancelled" become a ``Guard`` of the operation that cancels orders.
    """
    for demand in demands:
        if demand.negated:
            _forbid(draft, demand)
        elif demand.only:
            _allow_only(draft, demand)
        else:
            _guard_own(draft, demand)
    for clause in draft.document.clauses:
        if not clause.context and clause.id not in draft.context:
            _read_without(draft, clause.id, " ".join(clause.text.split()).rstrip(" ."))


def _forbid(draft: Draft, demand: Demand) -> None:
    """As in "a paid order cannot be cancelled", "must not delete while it has enrolments"."""
    thing = thing_of(draft, demand.object)
    if _forbid_actor(draft, demand):
        return
    host = operation_by(draft, demand.verb, demand.object) if thing else None
    if thing is None or not isinstance(host, _GUARDED):
        return
    tests = [Test(thing.where)] if thing.where else []
    barrier = False
    for condition in demand.conditions:
        test = condition_of(draft, thing.entity, condition.text)
        if test is None:
            return
        barrier = barrier or condition.kind == "barrier"
        tests.append(test.denied if condition.kind == "barrier" else test)
    if not tests or (barrier and len(tests) > 1):
        return
    text = " and ".join(f"({test.text})" for test in tests) if len(tests) > 1 else tests[0].text
    _add(draft, demand, host, Test(text, tests[0].assumed).denied)


def _forbid_actor(draft: Draft, demand: Demand) -> bool:
    """As in "Frozen members cannot book sessions": the record refers to one who may not."""
    actor = thing_of(draft, demand.actor) if demand.actor else None
    made = thing_done(draft, demand.verb) or thing_of(draft, demand.object)
    if actor is None or not actor.where or made is None or demand.conditions:
        return False
    link = next((f for f in made.entity.fields if f.type.entity == actor.entity.name), None)
    host = operation_by(draft, demand.verb, made.entity.name, made.entity.name)
    if link is None or link.type.optional or not isinstance(host, _GUARDED):
        return False
    where = f"{actor.entity.key} == this.{link.name} and ({actor.where})"
    test = Test(f"exists({actor.entity.name}, {where})").denied
    guard = Guard(
        require=Expression(test.text),
        error=f"{link.name}_{snake(actor.words.split()[-1])}",
        clauses=(demand.clause.id,),
    )
    draft.change(replace(host, guards=(*host.guards, guard)))
    draft.take(demand.clause)
    draft.understand(demand.clause, demand.text, demand.actor, "cannot must not may")
    return True


def _allow_only(draft: Draft, demand: Demand) -> None:
    thing = thing_of(draft, demand.object)
    host = operation_by(draft, demand.verb, demand.object) if thing else None
    if thing is None or not thing.where or not isinstance(host, _GUARDED):
        return
    require = Expression(thing.where)
    if any(guard.require == require for guard in host.guards):
        draft.understand(demand.clause, "only", thing.words)
        return
    _add(draft, demand, host, Test(thing.where))


def _guard_linked(draft: Draft, demand: Demand, host: OnEntity) -> None:
    """What is said of a thing that the record refers to: "store a parcel in a free locker"."""
    own = draft.entities[host.entity]
    for mark, phrase in demand.complements:
        thing = thing_of(draft, phrase)
        if thing is None or not thing.where or thing.entity.name == own.name:
            continue
        link = next((f for f in own.fields if f.type.entity == thing.entity.name), None)
        if link is None or link.type.optional or " this." in thing.where:
            continue
        where = f"{thing.entity.key} == this.{link.name} and ({thing.where})"
        guard = Guard(
            require=Expression(f"exists({thing.entity.name}, {where})"),
            error=f"{link.name}_not_{snake(thing.words.split()[0])}",
            clauses=(demand.clause.id,),
        )
        current = draft.operations[host.name]
        if all(known.require != guard.require for known in current.guards):
            draft.change(replace(current, guards=(*current.guards, guard)))
        draft.understand(demand.clause, mark, thing.words)


def _guard_own(draft: Draft, demand: Demand) -> None:
    """Conditions of a demand that became an operation: "can be cancelled unless it is paid"."""
    made = _own(draft, demand)
    if isinstance(made, Create) and (demand.clause.id, demand.text) in draft.done:
        _guard_linked(draft, demand, made)
    for condition in demand.conditions:
        if condition.kind == "trigger":
            continue
        host = _own(draft, demand)
        if host is not None and condition.clause:
            _imply_truth(draft, host.entity, condition)
        test = condition_of(draft, draft.entities[host.entity], condition.text) if host else None
        if host is None or test is None:
            continue
        origin = condition.clause or demand.clause.id
        _add(draft, demand, host, test.denied if condition.kind == "barrier" else test, origin)
        if condition.clause:
            draft.read.add(condition.clause)
        else:
            account_condition(draft, demand, condition)


_GIVEN = re.compile(r"(?:an?|the)\s+(?P<state>[a-z]+ed)\s+(?P<what>[a-z]+)\b", re.IGNORECASE)


def _imply_truth(draft: Draft, name: str, condition: Condition) -> None:
    """A truth field for what a scenario is given and no field says: "a published course"."""
    entity = draft.entities[name]
    found = _GIVEN.match(condition.text)
    if found is None or verb_in(found["state"].lower()) is None:
        return
    part = set(stems(found["what"]))
    own = any(part & set(name_stems(field.name)) for field in entity.fields)
    known = state_of(entity, found["state"], draft.machines.get(name))
    if known is not None or not own or part & set(name_stems(name)):
        return
    field = Field(
        name=snake(found["state"]),
        type=BOOLEAN,
        clauses=(condition.clause,),
        assumed=f"the scenario speaks of a {found['state']} {found['what']}",
    )
    draft.imply(entity, field)


def _own(draft: Draft, demand: Demand) -> OnEntity | None:
    """The operation that a demand became."""
    own = [
        each
        for each in draft.operations.values()
        if isinstance(each, _GUARDED) and demand.clause.id in each.clauses
    ]
    verb = [each for each in own if each.name.split("_")[0] == demand.verb]
    return next(iter(verb or own), None)


def _add(draft: Draft, demand: Demand, host: OnEntity, test: Test, origin: str = "") -> None:
    clause = origin or demand.clause.id
    code = _CODE.search(demand.clause.text)
    for part in _parts(test.text):
        guard = Guard(
            require=Expression(part),
            error=snake(code["code"]) if code else refusal_code(part),
            clauses=(clause,),
            assumed=test.assumed,
        )
        if all(known.require != guard.require for known in host.guards):
            host = replace(host, guards=(*host.guards, guard))
    draft.change(host)
    if not origin:
        draft.take(demand.clause)
        draft.understand(demand.clause, demand.text, demand.actor, "cannot only never must not")
        for condition in demand.conditions:
            account_condition(draft, demand, condition)


def _parts(text: str) -> list[str]:
    """The tests that a conjunction joins, each a guard of its own."""
    tree = ast.parse(text, mode="eval").body
    joined = isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And)
    if not joined or " is not None" in text:
        return [text]
    return [ast.unparse(each) for each in tree.values]  # type: ignore[attr-defined]


def _read_without(draft: Draft, clause: str, text: str) -> None:
    """As in "No certificate without a finished enrolment": the one has to exist for the other."""
    found = _WITHOUT.match(text)
    made = thing_of(draft, found["what"]) if found else None
    other = thing_of(draft, found["other"]) if found else None
    if found is None or made is None or other is None or not other.where:
        return
    if made.entity.name == other.entity.name:
        return
    name = snake(other.entity.name)
    link = next((f for f in made.entity.fields if f.type.entity == other.entity.name), None)
    if link is None:
        link = Field(
            name=name,
            type=entity_type(other.entity.name),
            clauses=(clause,),
            assumed="the rule needs it",
        )
    where = f"{other.entity.key} == this.{link.name} and ({other.where})"
    for operation in list(draft.operations.values()):
        if isinstance(operation, Create) and operation.entity == made.entity.name:
            draft.imply(made.entity, link)
            guard = Guard(
                require=Expression(f"exists({other.entity.name}, {where})"),
                error=f"{link.name}_not_{snake(found['other'].split()[0])}",
                clauses=(clause,),
            )
            draft.change(replace(operation, guards=(*operation.guards, guard)))
            draft.read.add(clause)
