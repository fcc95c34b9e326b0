"""Checks of what operations do besides their work."""

from dataclasses import replace
from functools import singledispatch

from nodewright.spec.capabilities import CAPABILITIES
from nodewright.spec.checking import Checking, Problems
from nodewright.spec.model import Add, Change, Effect, Publish, Send
from nodewright.spec.naming import unknown
from nodewright.spec.problems import Problem
from nodewright.spec.requests import state_field
from nodewright.spec.tree import Path
from nodewright.spec.typing_ import Place, names_of


@singledispatch
def check_effect(effect: Effect, checking: Checking, path: Path, place: Place) -> Problems:
    """An effect names what exists and gives values of the right types."""
    del checking, place
    yield Problem(path, f"{type(effect).__name__} is not an effect")


@check_effect.register
def _(effect: Send, checking: Checking, path: Path, place: Place) -> Problems:
    yield from checking.condition((*path, "when"), effect.when, place)
    yield from checking.retry((*path, "retry"), effect.retry)
    port = next((each for each in checking.specification.ports if each.name == effect.port), None)
    if port is None:
        names = [each.name for each in checking.specification.ports]
        yield Problem(path, unknown("port", effect.port, names))
        return
    capability = CAPABILITIES.get(port.capability)
    if capability is not None:
        yield from checking.assigns(
            (*path, "message"),
            effect.message,
            capability.message,
            place.knowing(effect.when),
            what="part of a message",
            needed=list(capability.message),
        )


@check_effect.register
def _(effect: Publish, checking: Checking, path: Path, place: Place) -> Problems:
    yield from checking.condition((*path, "when"), effect.when, place)
    event = next(
        (each for each in checking.specification.events if each.name == effect.event), None
    )
    if event is None:
        names = [each.name for each in checking.specification.events]
        yield Problem(path, unknown("event", effect.event, names))
        return
    yield from checking.assigns(
        (*path, "payload"),
        effect.payload,
        {each.name: each.type for each in event.fields},
        place.knowing(effect.when),
        what="field",
        needed=[each.name for each in event.fields if not each.type.optional],
    )


@check_effect.register
def _(effect: Change, checking: Checking, path: Path, place: Place) -> Problems:
    yield from checking.condition((*path, "when"), effect.when, place)
    missing = list(checking.stored((*path, "entity"), effect.entity))
    yield from missing
    if missing:
        return
    entity = checking.entities[effect.entity]
    inside = place.knowing(effect.when).of_record(entity)
    yield from checking.condition((*path, "where"), effect.where, inside)
    targets = {name: kind for name, kind in names_of(entity).items() if name != entity.key}
    changed = replace(inside.knowing(effect.where), old=names_of(entity))
    yield from checking.assigns((*path, "set"), effect.set, targets, changed, what="field")
    if not effect.set:
        yield Problem(path, "it changes nothing; say what it sets")


@check_effect.register
def _(effect: Add, checking: Checking, path: Path, place: Place) -> Problems:
    yield from checking.condition((*path, "when"), effect.when, place)
    missing = list(checking.stored((*path, "entity"), effect.entity))
    yield from missing
    if missing:
        return
    entity = checking.entities[effect.entity]
    state = state_field(checking.specification, entity.name)
    targets = {name: kind for name, kind in names_of(entity).items() if name != state}
    yield from checking.assigns(
        (*path, "set"),
        effect.set,
        targets,
        place.knowing(effect.when).of_record(entity),
        what="field",
        needed=checking.needed_of(entity.name),
    )
