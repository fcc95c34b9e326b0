"""The pass for messages: mails, texts, posts to a chat, calls of another system."""

import re
from dataclasses import replace

from nodewright.language.durations import duration_in
from nodewright.language.naming import snake
from nodewright.language.verb_forms import verb_in
from nodewright.reading.accounting import account_condition
from nodewright.reading.conditions import condition_of
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import field_of, is_person, present, time_field
from nodewright.reading.operations import add_operation, named
from nodewright.reading.refusals import before
from nodewright.reading.selection import fields_in
from nodewright.reading.sending import (
    HOLDING,
    RETRIES,
    Channel,
    channel_of,
    channel_words,
    message,
    with_address,
)
from nodewright.reading.things import thing_of
from nodewright.reading.triggers import operation_after
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Create,
    Field,
    Move,
    Notify,
    OnEntity,
    Update,
)
from nodewright.spec.types import DATETIME, Base

_AWAY = re.compile(
    r"(?:is|are|lies|starts|begins)?\s*(?:in\s+)?"
    r"(?P<length>[\w-]+ (?:minutes?|hours?|days?|weeks?))\s+(?:away|ahead|before)",
    re.IGNORECASE,
)


def read_messages(draft: Draft, demands: list[Demand]) -> None:
    """Messages that are sent with or by an operation.

    "when an appointment is created the system shall send a confirmation by e-mail through Amazon
    SES" becomes a ``Send`` of the operation that creates appointments.
    """
    for number, demand in enumerate(demands):
        channel = channel_of(demand)
        if demand.negated or channel is None or not _is_message(demand, channel):
            continue
        host = _host(draft, demand, [demand, *before(demands, number)])
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
    words = [word for each in channel_words().get(channel.capability, {}).values() for word in each]
    draft.understand(demand.clause, demand.verb, demand.object, demand.actor, channel.system)
    draft.understand(demand.clause, *words, *_SAYING)
    draft.understand(demand.clause, *(_verb_words(demand)))
    retries = RETRIES.search(demand.clause.text)
    draft.understand(demand.clause, retries[0] if retries else "")
    for mark, phrase in demand.complements:
        known = mark in {"to", "about", "of", "for"} and len(phrase.split()) <= _SHORT
        if known or (mark in HOLDING and _named_fields(draft, phrase)):
            draft.understand(demand.clause, mark, phrase)
    for condition in demand.conditions:
        account_condition(draft, demand, condition)


def _verb_words(demand: Demand) -> list[str]:
    """The forms of the verb that the text has."""
    return [word for word in _WORD.findall(demand.text) if verb_in(word.lower()) == demand.verb]


_WORD = re.compile(r"[^\W\d_]+")
_SAYING = ("message", "api", "rest", "through", "via", "over", "server", "channel", "service")
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


def _host(draft: Draft, demand: Demand, earlier: list[Demand]) -> OnEntity | None:
    """The operation that a message goes out with."""
    for condition in demand.conditions:
        found = operation_after(draft, condition.text)
        if found is not None:
            return found
    if any(not condition.clause for condition in demand.conditions):
        return None
    for other in earlier:
        near = other.clause.id == demand.clause.id or (
            bool(demand.clause.group) and other.clause.group == demand.clause.group
        )
        if not near:
            break
        for operation in draft.operations.values():
            if other.clause.id in operation.clauses and isinstance(
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
