"""The pass for messages: mails, texts, posts to a chat, calls of another system."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

from nodewright.language.durations import duration_in
from nodewright.language.lexicon import stems
from nodewright.language.naming import snake
from nodewright.language.verb_forms import verb_in
from nodewright.language.vocabulary import load_data
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.accounting import account_condition
from nodewright.reading.conditions import condition_of
from nodewright.reading.demands import PURPOSE, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, is_person, name_stems, present, time_field
from nodewright.reading.operations import add_operation, named
from nodewright.reading.selection import fields_in
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
from nodewright.spec.types import DATETIME, TEXT, Base

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
    r"(?:is|are|lies|starts|begins)?\s*(?:in\s+)?"
    r"(?P<length>[\w-]+ (?:minutes?|hours?|days?|weeks?))\s+(?:away|ahead|before)",
    re.IGNORECASE,
)
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Channel:
    """How a message leaves: the capability of its port, and the system that the text names."""

    capability: str
    system: str
    assumed: str = ""


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
        done = (
            _send_with(draft, demand, channel, host)
            if host is not None
            else _due(draft, demand, channel)
            or _silent(draft, demand, channel)
            or _when_so(draft, demand, channel)
        )
        if done:
            draft.take(demand.clause)
            _account(draft, demand, channel)


def _send_with(draft: Draft, demand: Demand, channel: Channel, host: OnEntity) -> bool:
    """Send with the operation that the text names."""
    entity = with_address(draft, draft.entities[host.entity], channel, demand)
    send = message(draft, channel, entity, demand)
    draft.change(replace(host, effects=(*host.effects, send)))
    return True


def _account(draft: Draft, demand: Demand, channel: Channel) -> None:
    """Account for what the message says: who, what, to whom, by which channel, and when."""
    words = [word for each in _channels().get(channel.capability, {}).values() for word in each]
    draft.understand(demand.clause, demand.verb, demand.object, demand.actor, channel.system)
    draft.understand(demand.clause, *words, *_SAYING)
    draft.understand(demand.clause, *(_verb_words(demand)))
    retries = _RETRIES.search(demand.clause.text)
    draft.understand(demand.clause, retries[0] if retries else "")
    for mark, phrase in demand.complements:
        known = mark in {"to", "about", "of", "for"} and len(phrase.split()) <= _SHORT
        if known or (mark in _HOLDING and _named_fields(draft, phrase)):
            draft.understand(demand.clause, mark, phrase)
    for condition in demand.conditions:
        account_condition(draft, demand, condition)


def _verb_words(demand: Demand) -> list[str]:
    """The forms of the verb that the text has."""
    return [word for word in _WORD.findall(demand.text) if verb_in(word.lower()) == demand.verb]


_WORD = re.compile(r"[^\W\d_]+")
_SAYING = ("message", "api", "rest", "through", "via", "over", "server", "channel", "service")
_HOLDING = {"with", "containing", "including"}
_SHORT = 4


def _named_fields(draft: Draft, phrase: str) -> bool:
    return any(fields_in(entity, phrase) for entity in draft.entities.values())


def _is_message(demand: Demand, channel: Channel) -> bool:
    """Whether a demand sends: it says so, or it takes a payment through a provider."""
    received = demand.verb in {"receive", "get"} and is_person(demand.actor)
    return (
        demand.asks("send")
        or received
        or (channel.capability == "payment" and bool(channel.system))
    )


@cache
def _channels() -> dict[str, dict[str, list[str]]]:
    channels: dict[str, dict[str, list[str]]] = load_data("channels")
    return {name: words for name, words in channels.items() if name in CAPABILITIES}


@cache
def _shape(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?P<word>{'|'.join(map(re.escape, words))})s?\b", re.IGNORECASE)


def channel_of(demand: Demand) -> Channel | None:
    """How the text says that a message leaves; None where it does not say.

    Somebody who is to be told, with no word of how, is told by mail.
    """
    for capability, words in _channels().items():
        found = _shape(tuple(words["systems"])).search(demand.text) if words["systems"] else None
        if found:
            known = {each.lower(): each for each in words["systems"]}
            return Channel(capability, known[found["word"].lower()])
    for capability, words in _channels().items():
        if words["words"] and _shape(tuple(words["words"])).search(demand.text):
            return Channel(capability, "")
    told = demand.verb in {"notify", "alert", "remind", "inform"}
    if told and (is_person(demand.object) or is_person(demand.complement("to"))):
        return Channel("mail", "", "the text names no channel")
    return None


def _host(draft: Draft, demand: Demand, earlier: list[Demand]) -> OnEntity | None:
    """The operation that a message goes out with."""
    for condition in demand.conditions:
        found = operation_after(draft, condition.text)
        if found is not None:
            return found
    if any(not condition.clause for condition in demand.conditions):
        return None
    for before in reversed(earlier):
        near = before.clause.id == demand.clause.id or (
            bool(demand.clause.group) and before.clause.group == demand.clause.group
        )
        if not near:
            break
        for operation in draft.operations.values():
            if before.clause.id in operation.clauses and isinstance(
                operation, Create | Update | Move
            ):
                return operation
    return None


_SILENT = re.compile(
    r"(?:an?|the|any|each)?\s*(?P<what>[\w ]{2,40}?)\s+(?:is|are|has been|stays?)\s+"
    r"(?:silent|inactive|idle|quiet|unseen|not seen|not heard of)\s+"
    r"(?:for\s+)?(?:more|longer)\s+than\s+(?P<length>[\w.]+ \w+)",
    re.IGNORECASE,
)


def _silent(draft: Draft, demand: Demand, channel: Channel) -> bool:
    """What has not been heard of: "when a meter is silent for more than 48 hours".

    The last record of each is looked at; the message tells of those that are too long ago.
    """
    for condition in demand.conditions:
        found = _SILENT.search(condition.text)
        length = duration_in(found["length"]) if found else None
        if found is None or length is None:
            continue
        for entity in draft.entities.values():
            moment = time_field(entity)
            owner = field_of(entity, found["what"])
            if (
                moment is None
                or owner is None
                or owner.name == entity.key
                or moment.type.base is not Base.DATETIME
            ):
                continue
            later = f"{owner.name} == this.{owner.name} and {_later(moment)}"
            where = f"now() - {moment.name} > {length.text} and not exists({entity.name}, {later})"
            told = with_address(draft, entity, channel, demand)
            add_operation(
                draft,
                Notify(
                    name=named("alert", f"silent {found['what']}"),
                    entity=entity.name,
                    clauses=(demand.clause.id,),
                    where=Expression(present(moment, where)),
                    effects=(message(draft, channel, told, demand),),
                    assumed=f"silent is known by {moment.name}",
                ),
            )
            return True
    return False


def _later(moment: Field) -> str:
    name = moment.name
    if moment.type.optional:
        return f"{name} is not None and this.{name} is not None and {name} > this.{name}"
    return f"{name} > this.{name}"


def _when_so(draft: Draft, demand: Demand, channel: Channel) -> bool:
    """A message when a record is so: "if the stock falls below 10, alert the manager".

    It goes out with what creates and changes the record, only where it is so.
    """
    for condition in demand.conditions:
        for entity in list(draft.entities.values()):
            test = condition_of(draft, entity, condition.text) if entity.stored else None
            if test is None:
                continue
            hosts = [
                each
                for each in draft.operations.values()
                if isinstance(each, Create | Update | Move) and each.entity == entity.name
            ]
            for host in hosts:
                changed = with_address(draft, draft.entities[entity.name], channel, demand)
                send = message(draft, channel, changed, demand)
                send = replace(send, when=Expression(test.text), assumed=test.assumed)
                current = draft.operations[host.name]
                draft.change(replace(current, effects=(*current.effects, send)))
            return bool(hosts)
    return False


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
        told = Field(name=mark, type=DATETIME.maybe, clauses=(demand.clause.id,), assumed=why)
        entity = draft.imply(entity, told)
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
    if channel.capability not in _ADDRESSES or _to_staff(demand):
        return entity
    words, name, form = _ADDRESSES[channel.capability]
    if _address(entity, words) is not None or _linked_address(draft, entity, words, demand):
        return entity
    why = f"a message by {channel.capability} needs it"
    field = Field(
        name=name,
        type=TEXT,
        rules=(Rule(format=form, assumed=why),),
        clauses=(demand.clause.id,),
        assumed=why,
    )
    return draft.imply(entity, field)


def _to_staff(demand: Demand) -> bool:
    """Whether a message goes to the staff, who are no part of the record."""
    words = stems(demand.complement("to") or demand.object)
    return bool(words) and words[-1] in stems_of_list("likeness", "staff")


def _linked_address(draft: Draft, entity: Entity, words: str, demand: Demand) -> str:
    """The address of whom a record refers to, as an expression: the e-mail of its member."""
    for link in entity.fields:
        other = draft.entities.get(link.type.entity)
        if other is None or not other.stored or link.type.optional or link.type.base is Base.LIST:
            continue
        field = _address(other, words)
        told = set(stems(f"{demand.object} {demand.complement('to')}"))
        meant = is_person(other.name) or bool(told & set(name_stems(other.name)))
        if field is not None and not field.type.optional and meant:
            return f"find({other.name}, {link.name}).{field.name}"
    return ""


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
    values = _values(draft, channel, entity, demand)
    return Send(
        port=name,
        clauses=clauses,
        retry=_retry(demand),
        assumed=channel.assumed,
        message=tuple(
            Assign(name=field, value=Expression(values[field]), clauses=clauses)
            for field in CAPABILITIES[channel.capability].message
        ),
    )


def _values(draft: Draft, channel: Channel, entity: Entity, demand: Demand) -> dict[str, str]:
    """Field of a message -> what it holds."""
    said = PURPOSE.sub("", demand.object or entity.name)
    subject = f"{said[:1].upper()}{said[1:]}"
    told = fields_in(entity, demand.complement(*_HOLDING))
    needed = [field for field in entity.fields if not field.type.optional]
    shown = [field.name for field in (told or needed)][:_SHOWN]
    body = "f" + repr(f"{subject}: " + ", ".join(f"{name} {{{name}}}" for name in shown))
    words = _ADDRESSES.get(channel.capability, ("",))[0]
    address = _address(entity, words) if words and not _to_staff(demand) else None
    linked = (
        _linked_address(draft, entity, words, demand) if words and not _to_staff(demand) else ""
    )
    named = repr(demand.complement("to") or demand.object or "operator")
    recipient = address.name if address else linked or named
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
