"""Verbs that change a state or a truth field of a record: "cancel", "mark as paid", "lock"."""

import re

from nodewright.language.lexicon import stems
from nodewright.language.verb_forms import verb_in
from nodewright.language.vocabulary import load_data
from nodewright.reading.adjectives import Test
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import is_person, name_stems, value_of
from nodewright.reading.operations import named
from nodewright.reading.selection import chosen_records
from nodewright.reading.things import Thing
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Entity,
    Field,
    Guard,
    Move,
    OnEntity,
    Update,
)
from nodewright.spec.types import Base

_MARKING = {"mark", "set", "flag", "move", "change", "put", "transition", "switch", "tag"}
_AS = re.compile(
    r"\b(?:as|to|into)\s+(?:an?\s+|the\s+)?(?:status\s+|state\s+)?[\"']?(?P<what>[\w -]{2,30})"
)
_NO_CODE = {"is", "not", "none", "and", "or", "now", "today", "days", "hours", "minutes", "request",
            "this", "exists", "find", "in"}  # fmt: skip


def _clauses(demand: Demand) -> tuple[str, ...]:
    return (demand.clause.id,)


def guards_of(demand: Demand, thing: Thing) -> tuple[Guard, ...]:
    """The guard of an adjective: "users can delete a draft article"."""
    if not thing.where:
        return ()
    error = refusal_code(thing.where)
    return (Guard(require=Expression(thing.where), error=error, clauses=_clauses(demand)),)


def refusal_code(require: str) -> str:
    """The error code of a guard: the field and what it has to be.

    >>> refusal_code("status == 'paid'"), refusal_code("status != 'paid'")
    ('status_not_paid', 'status_paid')
    """
    inner = re.fullmatch(r"(?P<no>not )?\(?exists\(\w+, .+? and \(?(?P<test>.+?)\)*", require)
    if inner:
        return refusal_code(str(Test(inner["test"]).denied.text if inner["no"] else inner["test"]))
    found = re.search(r"(?P<field>\w+) (?P<sign>==|!=) '(?P<value>[^']*)'", require)
    spare = re.fullmatch(r"(?P<field>\w+) > 0", require)
    truth = re.fullmatch(r"(?P<no>not )?(?P<field>[a-z_]+)", require)
    if spare:
        code = f"no_{spare['field']}"
    elif truth:
        code = f"{'is' if truth['no'] else 'not'}_{truth['field']}"
    elif found:
        sign = "not_" if found["sign"] == "==" else ""
        code = f"{found['field']}_{sign}{found['value']}"
    else:
        words = [word for word in re.findall(r"\b[a-z_]+\b", require) if word not in _NO_CODE]
        code = f"{words[0] if words else 'condition'}_not_met"
    return re.sub(r"\W+", "_", code.lower()).strip("_")


def changed(draft: Draft, demand: Demand, thing: Thing) -> OnEntity | None:
    """The operation of a verb that changes a state, or turns a truth field on or off."""
    return _move(draft, demand, thing) or _turned(demand, thing)


def named_state(entity: Entity, demand: Demand) -> tuple[Field, str, str] | None:
    """The status field and value that a demand names, and what was assumed."""
    return _marked(entity, demand) or names_state(entity, demand.verb)


def _due(draft: Draft, demand: Demand, thing: Thing) -> tuple[str, str]:
    """Records that time has come for: "parcels that were not collected within 7 days"."""
    if is_person(demand.actor) or not demand.complements:
        return "", ""
    where, assumed = chosen_records(draft, demand, thing)
    return (where, assumed) if "now()" in where else ("", "")


def _move(draft: Draft, demand: Demand, thing: Thing) -> OnEntity | None:
    """A verb that names a state of the thing: "cancel" where a status is "cancelled".

    Where the text tells no transitions, it is an update of the status.
    """
    entity = thing.entity
    machine = draft.machines.get(entity.name)
    if demand.asks("list") or demand.asks("aggregate"):
        return None
    marked = _marked(entity, demand)
    named_state = marked or names_state(entity, demand.verb)
    if named_state is None:
        return None
    if marked is not None:
        draft.understand(demand.clause, "as to status state", marked[1], marked[0].name)
    field, value, assumed = named_state
    name = named(demand.verb if demand.verb not in _MARKING else f"mark {value}", entity.name)
    if machine is None or machine.field != field.name:
        if demand.asks("create") and value == field.type.values[0]:
            return None
        where, why = _due(draft, demand, thing)
        return Update(
            name=name,
            entity=entity.name,
            clauses=_clauses(demand),
            set=(Assign(name=field.name, value=Expression(repr(value)), clauses=_clauses(demand)),),
            where=Expression(where) if where else None,
            guards=() if where else guards_of(demand, thing),
            assumed=why or assumed,
        )
    states = {state for step in machine.transitions for state in (step.source, step.target)}
    if value == machine.initial or value not in states:
        return None
    return Move(
        name=name,
        entity=entity.name,
        clauses=_clauses(demand),
        to=value,
        assumed=assumed,
    )


def _marked(entity: Entity, demand: Demand) -> tuple[Field, str, str] | None:
    """As in "mark an order as paid", "set the status to paid"."""
    found = _AS.search(demand.text) if demand.verb in _MARKING else None
    if found is None:
        return None
    words = found["what"].split()
    for size in range(len(words), 0, -1):
        state = value_of(entity, " ".join(words[:size]))
        if state is not None:
            return (*state, "")
    return None


def names_state(entity: Entity, verb: str) -> tuple[Field, str, str] | None:
    """The status field and value that a verb names, and what was assumed."""
    alike: dict[str, list[str]] = load_data("likeness")["moves"]
    for meant in (verb, *alike.get(verb, [])):
        for field in entity.fields:
            for value in field.type.values:
                if _verb_of_state(value) == meant:
                    return field, value, "" if meant == verb else f"to {verb} is to {meant}"
    return None


def _verb_of_state(value: str) -> str | None:
    """As in "cancelled" is what is cancelled; a state that is an adjective too has no verb."""
    word = value.lower()
    if " " in word or "_" in word or not word.endswith(("ed", "d", "t", "n")):
        return None
    verb = verb_in(word)
    return verb if verb != word else None


def _turned(demand: Demand, thing: Thing) -> Update | None:
    """A verb for a truth field: "deactivate a user" where it has ``is_active``."""
    entity = thing.entity
    for field in entity.fields:
        if field.type.base is not Base.BOOLEAN:
            continue
        own = set(name_stems(field.name)) - {"is", "has"}
        value = _truth_by(demand.verb, own)
        if value is None:
            continue
        return Update(
            name=named(demand.verb, entity.name),
            entity=entity.name,
            clauses=_clauses(demand),
            set=(Assign(name=field.name, value=Expression(value), clauses=_clauses(demand)),),
            guards=guards_of(demand, thing),
        )
    return None


def _truth_by(verb: str, own: set[str]) -> str | None:
    """``True`` or ``False`` where a verb turns a field on or off."""
    for prefix in ("", "de", "un", "dis", "in"):
        rest = verb.removeprefix(prefix)
        if prefix and not verb.startswith(prefix):
            continue
        forms = {stem for form in (rest, f"{rest}d", f"{rest}ed") for stem in stems(form)}
        adjective = {stem for stem in own if verb_in(stem) == rest or stem in forms}
        active = rest in {"activate", "able"} and own & {"activ", "active", "enabl", "enable"}
        if adjective or active:
            return "False" if prefix else "True"
    return None
