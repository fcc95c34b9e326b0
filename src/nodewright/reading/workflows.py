"""The pass for workflows: steps in the order of the text, with what they pass on."""

import re
from dataclasses import dataclass, field, replace

from nodewright.language.verb_forms import verb_in
from nodewright.reading.demands import Condition, Demand
from nodewright.reading.draft import Draft
from nodewright.reading.operations import add_operation, named
from nodewright.reading.sending import channel_of, notification
from nodewright.reading.things import thing_of
from nodewright.reading.triggers import operation_by
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    Assign,
    Compute,
    Create,
    Input,
    OnEntity,
    Operation,
    Step,
    Workflow,
)
from nodewright.spec.requests import inputs_of

_STEPS = re.compile(
    r",\s*(?:and\s+|then\s+)*|\s+and\s+(?:then\s+)?|\s*(?:→|->)\s*|\s+then\s+", re.IGNORECASE
)
_STOPS = re.compile(
    r"\b(?:stops?|aborts?|ends?|is cancelled)\b.*\b(?:step|error|failure)|\bfails\b", re.IGNORECASE
)
_FEWEST = 2


@dataclass(slots=True)
class _Trail:
    """The steps found so far: which step made which entity's record, and what must be given."""

    steps: list[Step] = field(default_factory=list)
    inputs: dict[str, Input] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    recent: str = ""


def read_workflows(draft: Draft, demands: list[Demand]) -> None:
    """Workflows of which every step is an operation.

    "coordinate the import: fetch notes, parse them, register movements" becomes a ``Workflow``. A
    step that no operation does leaves the clause open, with the step as the reason.
    """
    for demand in demands:
        parts = [part.strip(" .;") for part in _STEPS.split(demand.details)]
        parts = [part for part in parts if part]
        if demand.negated or not demand.asks("run") or len(parts) < _FEWEST:
            continue
        trail = _Trail()
        missing = [part for part in parts if not _add_step(draft, trail, part, demand)]
        if missing:
            draft.open[demand.clause.id] = f"no operation does the step {missing[0]!r}"
            continue
        add_operation(
            draft,
            Workflow(
                name=named("run", demand.object or "workflow"),
                clauses=(demand.clause.id,),
                inputs=tuple(trail.inputs.values()),
                steps=tuple(trail.steps),
            ),
        )
        draft.take(demand.clause)
        draft.understand(demand.clause, demand.verb, demand.object, demand.actor, demand.details)
        draft.understand(demand.clause, demand.text, *_failing(demand))


def _failing(demand: Demand) -> tuple[str, ...]:
    """What the text says of failures, where it is what every workflow does: stop and report."""
    said = demand.clause.text.replace("\n", " ")
    found = re.search(r"(?:when|if) (?:an?|any|the) step fails,[^.]*", said, re.IGNORECASE)
    return (found[0],) if found and _STOPS.search(found[0]) else ()


def _add_step(draft: Draft, trail: _Trail, part: str, demand: Demand) -> bool:
    words = part.split()
    verb = verb_in(words[0].lower())
    phrase = " ".join(words[1:])
    thing = thing_of(draft, phrase)
    entity = thing.entity.name if thing else trail.recent
    step = replace(demand, verb=verb or "", object=phrase, text=part, conditions=_NO_CONDITIONS)
    operation = _operation(draft, step, entity) if verb else None
    if operation is None:
        return False
    trail.recent = entity or trail.recent
    given = tuple(_given(draft, trail, operation, demand.clause.id))
    name = operation.name
    trail.steps.append(Step(name=name, operation=name, given=given, clauses=(demand.clause.id,)))
    if isinstance(operation, Create):
        trail.made[operation.entity] = name
    return True


def _operation(draft: Draft, step: Demand, entity: str) -> Operation | None:
    """The operation that does a step."""
    verb = step.verb
    channel = channel_of(step)
    if channel is not None and channel.capability != "payment" and entity:
        return notification(draft, draft.entities[entity], channel, replace(step, object=verb))
    for known in draft.operations.values():
        if (
            isinstance(known, Compute)
            and known.name.split("_", 1)[0] == verb
            and known.entity in {entity, ""}
        ):
            return known
    return operation_by(draft, verb, step.object, entity)


_NO_CONDITIONS: tuple[Condition, ...] = ()


def _given(draft: Draft, trail: _Trail, operation: Operation, clause: str) -> list[Assign]:
    """What a step is given: the key that an earlier step made, else inputs of the workflow."""
    given = []
    for each in inputs_of(draft.specification(), operation):
        name, kind = each.name, each.type
        entity = operation.entity if isinstance(operation, OnEntity) else ""
        source = trail.made.get(entity) if entity and name == draft.entities[entity].key else None
        if source is None:
            trail.inputs.setdefault(name, Input(name=name, type=kind, clauses=(clause,)))
        value = f"{source}.{name}" if source else f"request.{name}"
        given.append(Assign(name=name, value=Expression(value), clauses=(clause,)))
    return given
