"""The pass for messages: mails, texts, posts to a chat, calls of another system."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from nodewright.language.durations import duration_in
from nodewright.language.lexicon import stems
from nodewright.language.naming import snake
from nodewright.language.vocabulary import load_data
from nodewright.reading.demands import PURPOSE, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.operations import add_operation, named
from nodewright.reading.field_lookup import name_stems, present, time_field
from nodewright.reading.things import thing_of
from nodewright.reading.triggers import operation_after
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Create,
    Entity,
    Field,
    Format,
    Move,
    Notify,
    OnEntity,
    Port,
    Retry,
    Rule,
    Send,
    Update,
)
from nodewright.spec.types import DATETIME, TEXT

# Capability -> stems of a field that holds the address, the field that is assumed, its format.
_ADDRESSES = {
    "mail": ("email mail", "email", Format.EMAIL),
    "sms": ("phone mobile", "phone", Format.PHONE),
}
_RETRIES = re.compile(
    r"\bretr(?:y|ies|ied)\b[^.]{0,40}?\b(?P<times>\d+|once|twice|three)(?: times)?\b", re.IGNORECASE
)
_TIMES = {"once": 1, "twice": 2, "three": 3}
_AWAY = re.compile(
    r"(?:is|are|lies|starts|begins)?\s*(?:in\s+)?(?P<length>[\w-]+ (?:minutes?|hours?|days?|weeks?))\s+(?:away|ahead|before)",
    re.IGNORECASE,
)
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Channel:
    """How a message leaves: the capability of its port, and the system that the text names."""

    capability: str
    system: str


def read_messages(draft: Draft, demands: list[Demand]) -> None:
    """Messages that are sent with or by an operation.

    "when an appointment is created the system shall send a confirmation by e-mail through Amazon
    SES" becomes a ``Send`` of the operation that creates appointments.
    """
    for number, demand in enumerate(demands):
        channel = channel_of(demand)
        if demand.negated or channel is None or not _is_message(demand, channel):
            continue
        host = _host(draft, demand, demands[: number + 1])
        if host is not None:
            entity = with_address(draft, draft.entities[host.entity], channel, demand)
            send = message(draft, channel, entity, demand)
            host = draft.operations[host.name]  # type: ignore[assignment]
            draft.change(replace(host, effects=(*host.effects, send)))
        elif not _due(draft, demand, channel):
            continue
        draft.take(demand.clause)
        draft.understand(
            demand.clause, demand.text, demand.actor, *(each.text for each in demand.conditions)
        )


def _is_message(demand: Demand, channel: Channel) -> bool:
    """Whether a demand sends: it says so, or it takes a payment through a provider."""
    return demand.asks("send") or (channel.capability == "payment" and bool(channel.system))


def channel_of(demand: Demand) -> Channel | None:
    """How the text says that a message leaves; None where it does not say."""
    channels: dict[str, dict[str, list[str]]] = load_data("channels")
    for capability, words in channels.items():
        if capability not in CAPABILITIES:
            continue
        for system in words["systems"]:
            if re.search(rf"\b{re.escape(system)}\b", demand.text, re.IGNORECASE):
                return Channel(capability, system)
    for capability, words in channels.items():
        if capability in CAPABILITIES and any(
            re.search(rf"\b{re.escape(word)}s?\b", demand.text, re.IGNORECASE)
            for word in words["words"]
        ):
            return Channel(capability, "")
    return None


def _host(draft: Draft, demand: Demand, earlier: list[Demand]) -> OnEntity | None:
    """The operation that a message goes out with."""
    for condition in demand.conditions:
        found = operation_after(draft, condition.text)
        if found is not None:
            return found
    if demand.conditions:
        return None
    for before in reversed(earlier):
        if before.clause.id != demand.clause.id:
            break
        for operation in draft.operations.values():
            if demand.clause.id in operation.clauses and isinstance(
                operation, Create | Update | Move
            ):
                return operation
    return None


def _due(draft: Draft, demand: Demand, channel: Channel) -> bool:
    """A message that time brings about: "when an appointment is 24 hours away"."""
    for condition in demand.conditions:
        away = _AWAY.search(condition.text)
        length = duration_in(away["length"]) if away else None
        thing = thing_of(draft, condition.text[: away.start()]) if away else None
        moment = time_field(thing.entity) if thing else None
        if length is None or thing is None or moment is None:
            continue
        entity = with_address(draft, thing.entity, channel, demand)
        mark = f"{snake(demand.object or 'message')}_sent_at"
        why = "each record is told once"
        entity = replace(
            entity,
            fields=(
                *entity.fields,
                Field(name=mark, type=DATETIME.maybe, clauses=(demand.clause.id,), assumed=why),
            ),
        )
        draft.entities[entity.name] = entity
        near = present(moment, f"{moment.name} > now() and {moment.name} - now() <= {length.text}")
        add_operation(
            draft,
            Update(
                name=named("send", demand.object or "message"),
                entity=entity.name,
                clauses=(demand.clause.id,),
                where=Expression(f"{mark} is None and {near}"),
                set=(Assign(name=mark, value=Expression("now()"), clauses=(demand.clause.id,)),),
                effects=(message(draft, channel, entity, demand),),
            ),
        )
        return True
    return False


def with_address(draft: Draft, entity: Entity, channel: Channel, demand: Demand) -> Entity:
    """The entity with a field for the address that a message needs, assumed where it has none."""
    if channel.capability not in _ADDRESSES:
        return entity
    words, name, form = _ADDRESSES[channel.capability]
    if _address(entity, words) is not None:
        return entity
    why = f"a message by {channel.capability} needs it"
    field = Field(
        name=name,
        type=TEXT,
        rules=(Rule(format=form, assumed=why),),
        clauses=(demand.clause.id,),
        assumed=why,
    )
    draft.entities[entity.name] = replace(entity, fields=(*entity.fields, field))
    return draft.entities[entity.name]


def _address(entity: Entity, words: str) -> Field | None:
    wanted = set(stems(words))
    return next((each for each in entity.fields if set(name_stems(each.name)) & wanted), None)


def message(draft: Draft, channel: Channel, entity: Entity, demand: Demand) -> Send:
    """The message of a demand about a record of ``entity``."""
    clauses = (demand.clause.id,)
    name = snake(channel.system or channel.capability)
    known = draft.ports.get(name)
    draft.ports[name] = Port(
        name=name,
        capability=channel.capability,
        system=channel.system,
        clauses=tuple(dict.fromkeys((*(known.clauses if known else ()), *clauses))),
    )
    values = _values(channel, entity, demand)
    return Send(
        port=name,
        clauses=clauses,
        retry=_retry(demand),
        message=tuple(
            Assign(name=field, value=Expression(values[field]), clauses=clauses)
            for field in CAPABILITIES[channel.capability].message
        ),
    )


def _values(channel: Channel, entity: Entity, demand: Demand) -> dict[str, str]:
    """Field of a message -> what it holds."""
    said = PURPOSE.sub("", demand.object or entity.name)
    subject = f"{said[:1].upper()}{said[1:]}"
    shown = [field.name for field in entity.fields if not field.type.optional][:_SHOWN]
    body = "f" + repr(f"{subject}: " + ", ".join(f"{name} {{{name}}}" for name in shown))
    words = _ADDRESSES.get(channel.capability, ("",))[0]
    address = _address(entity, words) if words else None
    recipient = (
        address.name if address else repr(demand.complement("to") or demand.object or "operator")
    )
    record = "{" + ", ".join(f"{name!r}: {name}" for name in shown) + "}"
    number = next((field.name for field in entity.fields if field.type.numeric), "0")
    return {
        "recipient": recipient,
        "channel": recipient,
        "url": recipient,
        "subject": repr(subject),
        "title": repr(subject),
        "body": record
        if CAPABILITIES[channel.capability].message.get("body", TEXT) != TEXT
        else body,
        "payload": record,
        "amount": number,
        "currency": "currency" if entity.field("currency") else "'EUR'",
        "reference": f"text({entity.key})",
        "method": "'POST'",
        "path": repr(f"/{snake(subject)}"),
        "action": repr(snake(subject)),
        "topic": repr(snake(subject)),
        "content": body,
        "level": "'info'",
        "starts_at": "now()",
    }


def _retry(demand: Demand) -> Retry | None:
    found = _RETRIES.search(demand.clause.text)
    if not found:
        return None
    times = _TIMES.get(found["times"].lower()) or int(found["times"])
    return Retry(times=times, wait=timedelta(seconds=1), clauses=(demand.clause.id,))


def notification(draft: Draft, entity: Entity, channel: Channel, demand: Demand) -> Notify:
    """An operation that does nothing but send a message about one record."""
    entity = with_address(draft, entity, channel, demand)
    operation = Notify(
        name=named("send", f"{entity.name} {demand.object or demand.verb}"),
        entity=entity.name,
        clauses=(demand.clause.id,),
        effects=(message(draft, channel, entity, demand),),
    )
    added = add_operation(draft, operation)
    if not isinstance(added, Notify):
        raise TypeError(f"{added.name} is not a notification")
    return added
