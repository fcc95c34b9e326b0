"""What is sent: the channel, the address, and what a message holds."""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from nodewright.language.lexicon import stems
from nodewright.language.naming import snake
from nodewright.language.vocabulary import load_data
from nodewright.language.word_lists import stems_of_list
from nodewright.reading.demands import PURPOSE, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import is_person, name_stems
from nodewright.reading.operations import add_operation, named
from nodewright.reading.selection import fields_in
from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Entity,
    Field,
    Format,
    Notify,
    Port,
    Retry,
    Rule,
    Send,
)
from nodewright.spec.types import TEXT, Base

# Capability -> stems of a field that holds the address, the field that is assumed, its format.
_ADDRESSES = {
    "mail": ("email mail", "email", Format.EMAIL),
    "sms": ("phone mobile", "phone", Format.PHONE),
}
RETRIES = re.compile(
    r"\bretr(?:y|ies|ied)\b[^.]{0,40}?\b(?P<times>\d+|once|twice|three)(?: times)?\b", re.IGNORECASE
)
_TIMES = {"once": 1, "twice": 2, "three": 3}
_SHOWN = 6
HOLDING = {"with", "containing", "including"}


@dataclass(frozen=True, slots=True)
class Channel:
    """How a message leaves: the capability of its port, and the system that the text names."""

    capability: str
    system: str
    assumed: str = ""


@cache
def channel_words() -> dict[str, dict[str, list[str]]]:
    """Capability -> the words and systems that name it."""
    channels: dict[str, dict[str, list[str]]] = load_data("channels")
    return {name: words for name, words in channels.items() if name in CAPABILITIES}


@cache
def _shape(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?P<word>{'|'.join(map(re.escape, words))})s?\b", re.IGNORECASE)


def channel_of(demand: Demand) -> Channel | None:
    """How the text says that a message leaves; None where it does not say.

    Somebody who is to be told, with no word of how, is told by mail.
    """
    for capability, words in channel_words().items():
        found = _shape(tuple(words["systems"])).search(demand.text) if words["systems"] else None
        if found:
            known = {each.lower(): each for each in words["systems"]}
            return Channel(capability, known[found["word"].lower()])
    for capability, words in channel_words().items():
        if words["words"] and _shape(tuple(words["words"])).search(demand.text):
            return Channel(capability, "")
    told = demand.verb in {"notify", "alert", "remind", "inform"}
    if told and (is_person(demand.object) or is_person(demand.complement("to"))):
        return Channel("mail", "", "the text names no channel")
    return None


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
    told = fields_in(entity, demand.complement(*HOLDING))
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
    found = RETRIES.search(demand.clause.text)
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
