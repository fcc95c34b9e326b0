"""Which field of which entity a phrase speaks of."""

import re

from nodewright.language.markup import plain
from nodewright.language.naming import words
from nodewright.language.nouns import singular
from nodewright.prd.outline import Section
from nodewright.reading.data_names import field_name, thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.gathering import is_data, known_name
from nodewright.reading.subjects import subject_of

_OF = re.compile(
    r"(?P<field>[\w `-]{2,40}?)\s+of\s+(?:an?|the|each|every|all|any)?\s*(?P<thing>[\w -]{2,40})$",
    re.IGNORECASE,
)
_OWNED = re.compile(
    r"(?:the\s+|an?\s+|each\s+)?(?P<thing>[\w-]+(?: [\w-]+)?)['’]s?\s+(?P<field>[\w -]{2,40})$",
    re.IGNORECASE,
)

Place = tuple[str, str, bool]
"""Entity, field, and whether the field is known."""


def place_of(  # noqa: C901, PLR0911 - one way after the other
    draft: Draft, phrase: str, section: Section | None = None, number: int = 0
) -> Place | None:
    """The entity and field that a phrase names; without ``section`` only what is known.

    >>> from nodewright.prd.document import parse_document
    >>> draft = Draft(parse_document(""))
    >>> from nodewright.reading.field_notes import read_field
    >>> from nodewright.reading.gathering import put_fields
    >>> put_fields(draft, "Seat", [read_field("row", ())])
    >>> place_of(draft, "the row of a seat"), place_of(draft, "seat row"), place_of(draft, "colour")
    (('Seat', 'row', True), ('Seat', 'row', True), None)
    """
    shown = plain(phrase).strip(" .,:`\"'")
    owned = _OF.search(shown) or _OWNED.search(shown)
    if owned:
        thing = thing_name(owned["thing"])
        name = known_name(draft, thing) or thing
        field = field_name(owned["field"])
        if name and field:
            return name, field, _has(draft, name, field)
    if section is not None and is_data(section):
        subject = known_name(draft, subject_of(section, number))
        field = field_name(shown)
        if subject and field and draft.entities[subject].field(field):
            return subject, field, True
    spoken = tuple(singular(word.lower()) for word in words(shown))
    found = _known(draft, spoken)
    if found is not None:
        return found
    for name in draft.entities:
        own = tuple(word.lower() for word in words(name))
        if spoken[:1] == own[-1:] and len(spoken) > 1:
            return name, "_".join(spoken[1:]), False  # "application status" of a loan application
        size = len(own)
        for start in range(len(spoken) - size):
            if spoken[start : start + size] == own and start + size < len(spoken):
                return name, "_".join(spoken[start + size :]), False
    if section is None:
        return None
    subject = subject_of(section, number)
    subject = known_name(draft, subject)
    field = field_name(shown)
    return (subject, field, _has(draft, subject, field)) if subject and field else None


def _has(draft: Draft, name: str, field: str) -> bool:
    entity = draft.entities.get(name)
    return entity is not None and entity.field(field) is not None


def _known(draft: Draft, spoken: tuple[str, ...]) -> Place | None:
    """The longest known field that ``spoken`` ends with, by its entity where that is said."""
    best: tuple[int, Place] | None = None
    for entity in draft.entities.values():
        own = {word.lower() for word in words(entity.name)}
        for field in entity.fields:
            parts = tuple(singular(part) for part in field.name.split("_"))
            if spoken[-len(parts) :] != parts:
                continue
            said = own <= set(spoken[: -len(parts)])
            score = len(parts) + 10 * said + entity.stored
            if best is None or score > best[0]:
                best = (score, (entity.name, field.name, True))
    return best[1] if best else None
