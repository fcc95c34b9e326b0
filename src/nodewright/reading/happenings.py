"""Passes for what happens besides: messages, events, refusals, schedules, stores, access."""

import re
from dataclasses import replace

from nodewright.language.durations import duration_in, period_in
from nodewright.language.lexicon import stems
from nodewright.language.naming import snake
from nodewright.language.verbs import verb_of
from nodewright.language.vocabulary import load_data
from nodewright.reading.demands import Condition, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.records import add_operation, named
from nodewright.reading.things import Thing, field_of, name_stems, thing_of, time_field
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Create,
    Entity,
    Event,
    Field,
    Guard,
    Notify,
    OnEntity,
    Operation,
    Port,
    Publish,
    Roles,
    Schedule,
    Send,
    Store,
    Unique,
    Update,
)
from nodewright.spec.types import OBJECT, TEXT, Base

_ACTION = re.compile(
    r"(?:an?|the|any|each)?\s*(?P<what>[\w -]{2,40}?)\s+(?:is|are|was|were|has been|gets)\s+(?P<verb>\w+)",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"(?:an?|the|any|each)?\s*(?P<who>[\w-]{2,30})\s+(?P<verb>\w+?)s?\s+(?:an?|the|its|their)\s+(?P<what>[\w -]{2,40})",
    re.IGNORECASE,
)


def operation_after(draft: Draft, condition: str) -> Operation | None:
    """The operation that a trigger names: "an appointment is created", "a visitor reserves a seat"."""
    for shape in (_ACTION, _ACTIVE):
        found = shape.match(condition)
        if not found:
            continue
        verb = verb_of(found["verb"].lower())
        thing = thing_of(draft, found["what"])
        if verb is None:
            continue
        for operation in draft.operations.values():
            own = operation.name.split("_", 1)[0]
            if isinstance(operation, OnEntity) and (
                thing is None or operation.entity == thing.entity.name
            ):
                if own == verb or verb_of(own) == verb:
                    return operation
    return None


# --- messages ------------------------------------------------------------------------------------


def read_messages(draft: Draft, demands: list[Demand]) -> None:
    """Messages to people and systems.

    "when an appointment is created the system shall send a confirmation by e-mail through Amazon
    SES" becomes a ``Send`` of the operation that creates appointments, to a port ``mail``.
    """
    for number, demand in enumerate(demands):
        if demand.negated or not demand.asks("send"):
            continue
        capability, system = _channel(demand)
        if not capability:
            continue
        host, thing = _host(draft, demand, demands[:number])
        if host is None and thing is None:
            continue
        entity = draft.entities[host.entity] if isinstance(host, OnEntity) else thing.entity  # type: ignore[union-attr]
        recipient = _recipient(entity, demand, capability)
        if recipient is None:
            draft.open[demand.clause.id] = (
                f"the text does not say where the {demand.object or 'message'} is sent to"
            )
            continue
        port = _port(draft, capability, system, demand)
        send = Send(
            port=port.name,
            message=_message(capability, recipient, demand, entity),
            clauses=(demand.clause.id,),
        )
        if host is not None:
            draft.change(replace(host, effects=(*host.effects, send)))
        else:
            add_operation(draft, _notification(demand, entity, send))
        draft.take(demand.clause)
        draft.understand(
            demand.clause, demand.text, demand.actor, *(each.text for each in demand.conditions)
        )


def _host(
    draft: Draft, demand: Demand, earlier: list[Demand]
) -> tuple[Operation | None, Thing | None]:
    for condition in demand.conditions:
        if condition.kind == "trigger":
            found = operation_after(draft, condition.text)
            if found is not None:
                return found, None
    for before in reversed(earlier):
        if before.clause.id != demand.clause.id:
            break
        for operation in draft.operations.values():
            if demand.clause.id in operation.clauses and isinstance(operation, Create | Update):
                return operation, None
    if demand.conditions:
        return None, None
    return None, thing_of(draft, demand.object) or thing_of(
        draft, demand.complement("for", "about", "of")
    )


def _channel(demand: Demand) -> tuple[str, str]:
    """The capability of the port that a message needs, and the system that the text names."""
    channels: dict[str, dict[str, list[str]]] = load_data("channels")
    text = f" {demand.text.lower()} "
    system = ""
    found = ""
    for capability, words in channels.items():
        for name in words["systems"]:
            if re.search(rf"\b{re.escape(name.lower())}\b", text):
                found, system = found or capability, name
        for word in words["words"]:
            if re.search(rf"\b{re.escape(word)}s?\b", text):
                found = found or capability
    return found, system


def _recipient(entity: Entity, demand: Demand, capability: str) -> str | None:
    """Whom a message is for, as an expression; None where the text does not tell."""
    wanted = {"mail": "email mail", "sms": "phone mobile", "push": "device token user"}.get(
        capability, ""
    )
    named = demand.complement("to")
    fields = [field for field in entity.fields if set(name_stems(field.name)) & set(stems(wanted))]
    if fields:
        return fields[0].name
    if capability == "chat":
        return repr(named or "operator")
    return None


def _port(draft: Draft, capability: str, system: str, demand: Demand) -> Port:
    name = snake(system or capability)
    known = draft.ports.get(name)
    clauses = tuple(dict.fromkeys((*(known.clauses if known else ()), demand.clause.id)))
    draft.ports[name] = Port(name=name, capability=capability, system=system, clauses=clauses)
    return draft.ports[name]


def _message(capability: str, recipient: str, demand: Demand, entity: Entity) -> tuple[Assign, ...]:
    subject = _said(demand, entity)
    values = {
        "recipient": recipient,
        "channel": recipient,
        "subject": repr(subject),
        "body": _body(subject, entity),
        "url": recipient,
    }
    clauses = (demand.clause.id,)
    return tuple(
        Assign(name=name, value=Expression(values[name]), clauses=clauses)
        for name in CAPABILITIES[capability].message
        if name in values
    )


def _said(demand: Demand, entity: Entity) -> str:
    words = demand.object or entity.name
    return f"{words[:1].upper()}{words[1:]}"


def _body(subject: str, entity: Entity) -> str:
    shown = [field.name for field in entity.fields if not field.type.optional][:6]
    lines = ", ".join(f"{name}: {{{name}}}" for name in shown)
    return "f" + repr(f"{subject}: {lines}")


def _notification(demand: Demand, entity: Entity, send: Send) -> Notify:
    return Notify(
        name=named("send", demand.object or entity.name),
        entity=entity.name,
        clauses=(demand.clause.id,),
        effects=(send,),
    )


# --- events --------------------------------------------------------------------------------------


def read_events(draft: Draft, demands: list[Demand]) -> None:
    """Events that are published after an operation: "publish order.created when an order is placed"."""
    for demand in demands:
        if demand.negated or not demand.asks("publish"):
            continue
        host = next(
            (
                found
                for condition in demand.conditions
                if condition.kind == "trigger" and (found := operation_after(draft, condition.text))
            ),
            None,
        )
        if not isinstance(host, OnEntity):
            continue
        entity = draft.entities[host.entity]
        event = _event(draft, demand, entity, host)
        payload = tuple(
            Assign(name=field.name, value=Expression(field.name), clauses=(demand.clause.id,))
            for field in event.fields
        )
        effect = Publish(event=event.name, payload=payload, clauses=(demand.clause.id,))
        draft.change(replace(host, effects=(*host.effects, effect)))
        draft.take(demand.clause)
        draft.understand(demand.clause, demand.text, *(each.text for each in demand.conditions))


_EVENT_NAME = re.compile(
    r"[`'\"]?(?P<name>[a-z_]+(?:\.[a-z_]+)+|[A-Z][a-z]+(?:[A-Z][a-z]+)+)[`'\"]?"
)


def _event(draft: Draft, demand: Demand, entity: Entity, host: OnEntity) -> Event:
    written = _EVENT_NAME.search(demand.clause.text)
    name = snake(written["name"] if written else f"{host.name} done")
    draft.events[name] = Event(
        name=name,
        fields=tuple(
            Field(name=field.name, type=field.type, clauses=(demand.clause.id,))
            for field in entity.fields
        ),
        topic=written["name"] if written and "." in written["name"] else "",
        clauses=(demand.clause.id,),
        assumed="" if written else "the event carries the record",
    )
    return draft.events[name]


# --- refusals ------------------------------------------------------------------------------------

_TAKEN = re.compile(r"\b(?:already|taken|duplicate|exists?|in use|twice|occupied)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:in|lies in) the past\b|\bpast date", re.IGNORECASE)
_FUTURE = re.compile(r"\b(?:in|lies in) the future\b", re.IGNORECASE)


def read_refusals(draft: Draft, demands: list[Demand]) -> None:
    """What is rejected: "if the new time lies in the past the system shall reject it"."""
    for number, demand in enumerate(demands):
        if not demand.asks("refuse") or not demand.conditions:
            continue
        hosts = _refusing(draft, demand, demands[:number])
        condition = demand.conditions[0]
        if hosts and _refuse(draft, demand, condition, hosts):
            draft.take(demand.clause)
            draft.understand(demand.clause, demand.text, condition.text, "clear message error")


def _refusing(draft: Draft, demand: Demand, earlier: list[Demand]) -> list[OnEntity]:
    """The operations that a refusal belongs to: those before it in its requirement."""
    requirement = demand.clause.requirement
    ids = {each.clause.id for each in earlier if each.clause.requirement == requirement}
    found = [
        operation
        for operation in draft.operations.values()
        if isinstance(operation, Create | Update) and ids & set(operation.clauses)
    ]
    return found[-1:]


def _refuse(draft: Draft, demand: Demand, condition: Condition, hosts: list[OnEntity]) -> bool:
    entity = draft.entities[hosts[0].entity]
    clauses = (demand.clause.id,)
    if _TAKEN.search(condition.text):
        field = field_of(entity, condition.text) or time_field(entity, condition.text)
        if field is None:
            return False
        unique = Unique(fields=(field.name,), clauses=clauses)
        draft.entities[entity.name] = replace(entity, unique=(*entity.unique, unique))
        return True
    for pattern, sign, code in ((_PAST, ">=", "in_the_past"), (_FUTURE, "<=", "in_the_future")):
        if pattern.search(condition.text):
            field = time_field(entity, condition.text) or time_field(entity)
            if field is None:
                return False
            now = "today()" if field.type.base is Base.DATE else "now()"
            present = f"{field.name} is None or " if field.type.optional else ""
            guard = Guard(
                require=Expression(f"{present}{field.name} {sign} {now}"),
                error=f"{field.name}_{code}",
                clauses=clauses,
            )
            for host in hosts:
                draft.change(replace(host, guards=(*host.guards, guard)))
            return True
    return False


# --- schedules -----------------------------------------------------------------------------------


def read_schedules(draft: Draft, demands: list[Demand]) -> None:
    """How often something runs by itself: "schedule reminders every 15 minutes"."""
    for demand in demands:
        period = period_in(demand.text)
        if period is None:
            continue
        host = _scheduled(draft, demand)
        if host is None:
            continue
        schedule = Schedule(every=period.every, at=period.at, clauses=(demand.clause.id,))
        draft.change(replace(host, schedule=schedule))
        draft.take(demand.clause)
        draft.understand(demand.clause, demand.verb, demand.object, period.words)


def _scheduled(draft: Draft, demand: Demand) -> Operation | None:
    own = [each for each in draft.operations.values() if demand.clause.id in each.clauses]
    if own:
        return own[-1]
    wanted = set(stems(demand.object))
    named = [
        each
        for each in draft.operations.values()
        if wanted and wanted & set(name_stems(each.name)) and _same_requirement(each, demand)
    ]
    return named[-1] if named else None


def _same_requirement(operation: Operation, demand: Demand) -> bool:
    return any(
        clause.rsplit(".", 1)[0] == demand.clause.id.rsplit(".", 1)[0]
        for clause in operation.clauses
    )


# --- surroundings --------------------------------------------------------------------------------

_STORED = re.compile(r"\b(?:stored?|persist(?:ed)?|saved?|kept|writes?|database)\b", re.IGNORECASE)


def read_stores(draft: Draft) -> None:
    """Where records are kept: "all writes are stored in PostgreSQL"."""
    names: list[str] = load_data("channels")["database"]["systems"]
    for clause in draft.document.clauses:
        if (
            clause.scope != "release"
            or clause.id in draft.context
            or not _STORED.search(clause.text)
        ):
            continue
        system = next(
            (name for name in names if re.search(rf"\b{re.escape(name)}\b", clause.text)), None
        )
        if system is None:
            continue
        if all(store.system != system for store in draft.stores):
            draft.stores.append(Store(system=system, clauses=(clause.id,)))
        draft.understand(clause, system, "store in database write persist save keep")
        draft.read.add(clause.id)


_ONLY = re.compile(
    r"\bonly\s+(?:the\s+)?(?P<role>[\w -]{3,30}?)s?\s+(?:can|may|must|shall|should|are allowed to)\s+",
    re.IGNORECASE,
)


def read_access(draft: Draft, demands: list[Demand]) -> None:
    """Who may: "only administrators can delete products"."""
    for demand in demands:
        found = _ONLY.search(demand.clause.text)
        if not found:
            continue
        role = snake(found["role"])
        for operation in list(draft.operations.values()):
            if demand.clause.id in operation.clauses:
                roles = Roles(roles=(role,), clauses=(demand.clause.id,))
                draft.change(replace(operation, roles=roles))
                draft.understand(demand.clause, found[0])


def read_limits(draft: Draft, demands: list[Demand]) -> None:
    """Nothing yet beside lengths of time; kept as a pass of its own."""
    for demand in demands:
        if duration_in(demand.text) is None:
            continue


__all__ = [
    "OBJECT",
    "TEXT",
    "read_access",
    "read_events",
    "read_limits",
    "read_messages",
    "read_refusals",
    "read_schedules",
    "read_stores",
]
