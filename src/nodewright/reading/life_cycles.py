"""State machines of entities: arrows, tables, diagrams, "a reserved ticket can be cancelled"."""

import re
from dataclasses import replace

from nodewright.language.naming import snake
from nodewright.prd.models import StateMachine
from nodewright.reading.data_names import thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.field_notes import FieldNote
from nodewright.reading.field_types import one_of
from nodewright.reading.gathering import ClauseLines, change_field, known_name, put_fields
from nodewright.reading.phrase_things import thing_in
from nodewright.reading.states import find_state_machines
from nodewright.spec.model import Entity, Field, Machine, Transition
from nodewright.spec.types import TEXT, Base

FIELD = "a field for the states that the text names"
INITIAL = "{} is where it begins, as nothing leads there"
_STATE_FIELDS = ("status", "state", "stage", "phase")


def read_life_cycles(draft: Draft) -> None:
    r"""Read the moves between states that the text itself allows.

    >>> from nodewright.prd.document import parse_document
    >>> text = "# Hall\n\n- Ticket(seat, price)\n- Ticket states: reserved → paid → used."
    >>> draft = Draft(parse_document(text))
    >>> from nodewright.reading.field_phrases import read_field_phrases
    >>> read_field_phrases(draft)
    >>> read_life_cycles(draft)
    >>> machine = draft.machines["Ticket"]
    >>> machine.initial, [(move.source, move.target) for move in machine.transitions]
    ('reserved', [('reserved', 'paid'), ('paid', 'used')])
    """
    lines = ClauseLines(draft)
    for found in find_state_machines(draft.document.sections, list(draft.entities)):
        if not found.transitions:
            continue
        name = _entity(draft, found.subject) or _subject_of(draft, lines, found.line)
        if name and name not in draft.machines:
            _put(draft, lines, name, found)


def _entity(draft: Draft, subject: str) -> str:
    """The entity that has the states; a new one only where the text speaks of the thing."""
    name = thing_name(subject)
    known = known_name(draft, name)
    if known:
        return known
    ends = [each for each in draft.entities if name and each.endswith(name)]
    return ends[0] if len(ends) == 1 else name if name and name != "Item" else ""


_SUBJECT = re.compile(
    r"(?:an?|the|each|every)\s+(?P<thing>[\w -]{2,40}?)\s+"
    r"(?:moves|goes|passes|can|has|is|starts|follows|runs)\b",
    re.IGNORECASE,
)


def _subject_of(draft: Draft, lines: ClauseLines, line: int) -> str:
    """The thing that a sentence has move: "a parcel goes through these states"."""
    for clause in lines.at(line):
        found = _SUBJECT.match(clause.text)
        if found:
            name = thing_in(found["thing"])
            return known_name(draft, name) or name
    return ""


def _put(draft: Draft, lines: ClauseLines, name: str, found: StateMachine) -> None:
    transitions: list[Transition] = []
    ids: list[str] = []
    for move in found.transitions:
        own = lines.take(move.line)
        ids += own
        transitions.append(Transition(source=move.source, target=move.target, clauses=own))
    clauses = tuple(dict.fromkeys([*ids, *lines.take(found.line)]))
    field = _state_field(draft, name, found.states, clauses)
    if field is None:
        return
    spelled = {value.lower(): value for value in field.type.values}
    moves = tuple(
        replace(each, source=spelled[each.source.lower()], target=spelled[each.target.lower()])
        for each in transitions
    )
    targets = {move.target for move in moves}
    first = next(
        (value for value in field.type.values if value not in targets and _leaves(value, moves)),
        moves[0].source,
    )
    draft.machines[name] = Machine(
        entity=name,
        field=field.name,
        initial=first,
        transitions=moves,
        clauses=clauses,
        assumed="" if first == moves[0].source else INITIAL.format(first),
    )


def _leaves(value: str, moves: tuple[Transition, ...]) -> bool:
    return any(move.source == value for move in moves)


def _state_field(
    draft: Draft, name: str, states: tuple[str, ...], clauses: tuple[str, ...]
) -> Field | None:
    """The field of the states, typed by all of them; made where the entity has none."""
    entity = draft.entities.get(name)
    field = _find(entity, states) if entity else None
    known = field.type.values if field is not None else ()
    lower = {value.lower() for value in known}
    values = [*known, *(state for state in states if state.lower() not in lower)]
    kind = one_of(values)
    if kind is None:
        return None
    if field is None:
        made = Field(name="status", type=kind, clauses=clauses, assumed=FIELD)
        put_fields(draft, name, [FieldNote(made)])
        return made
    typed = replace(field, type=kind, clauses=tuple(dict.fromkeys((*field.clauses, *clauses))))
    change_field(draft, name, typed)
    return typed


def _find(entity: Entity, states: tuple[str, ...]) -> Field | None:
    """The field that has the states: by its values, else by its name."""
    wanted = {state.lower() for state in states}
    for field in entity.fields:
        if (
            field.type.base is Base.ENUM
            and len(wanted & {value.lower() for value in field.type.values}) > 1
        ):
            return field
    names = {each for end in _STATE_FIELDS for each in (end, f"{snake(entity.name)}_{end}")}
    return next(
        (field for field in entity.fields if field.name in names and field.type.required == TEXT),
        None,
    )
