"""The pass for events: "publish order.created when an order is placed"."""

import re
from dataclasses import replace

from nodewright.language.naming import snake
from nodewright.reading.demands import Demand
from nodewright.reading.draft import Draft
from nodewright.reading.triggers import operation_after
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Assign, Event, Field, OnEntity, Publish

_NAME = re.compile(r"[`'\"]?(?P<name>[a-z_]+(?:\.[a-z_]+)+|[A-Z][a-z]+(?:[A-Z][a-z]+)+)[`'\"]?")


def read_events(draft: Draft, demands: list[Demand]) -> None:
    """An event with the record, published after the operation that its trigger names."""
    for demand in demands:
        hosts = [operation_after(draft, each.text) for each in demand.conditions]
        host = next((each for each in hosts if each is not None), None)
        if demand.negated or not demand.asks("publish") or host is None:
            continue
        event = _event(draft, demand, host)
        clauses = (demand.clause.id,)
        payload = tuple(
            Assign(name=field.name, value=Expression(field.name), clauses=clauses)
            for field in event.fields
        )
        effect = Publish(event=event.name, payload=payload, clauses=clauses)
        draft.change(replace(host, effects=(*host.effects, effect)))
        draft.take(demand.clause)
        draft.understand(
            demand.clause, demand.text, demand.actor, *(each.text for each in demand.conditions)
        )


def _event(draft: Draft, demand: Demand, host: OnEntity) -> Event:
    written = _NAME.search(demand.clause.text)
    name = snake(written["name"] if written else f"{host.name} done")
    clauses = (demand.clause.id,)
    entity = draft.entities[host.entity]
    draft.events[name] = Event(
        name=name,
        fields=tuple(
            Field(name=each.name, type=each.type, clauses=clauses) for each in entity.fields
        ),
        topic=written["name"] if written and "." in written["name"] else "",
        clauses=clauses,
        assumed="the event carries the record",
    )
    return draft.events[name]
