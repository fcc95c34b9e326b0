"""The entities of an analysis, from those of the draft: with names as the text writes them."""

import re

from nodewright.language.naming import words
from nodewright.prd.clauses import Clause
from nodewright.prd.models import Entity, EntityField, FieldType
from nodewright.reading.draft import Draft
from nodewright.spec import model
from nodewright.spec.types import Base, Type

_TYPES = {
    Base.TEXT: FieldType.STRING,
    Base.ENUM: FieldType.STRING,
    Base.INTEGER: FieldType.INTEGER,
    Base.NUMBER: FieldType.DECIMAL,
    Base.BOOLEAN: FieldType.BOOLEAN,
    Base.DATE: FieldType.DATE,
    Base.DATETIME: FieldType.DATETIME,
    Base.DURATION: FieldType.NUMBER,
    Base.UUID: FieldType.UUID,
    Base.OBJECT: FieldType.OBJECT,
    Base.LIST: FieldType.STRINGS,
}


def declared_entities(draft: Draft) -> tuple[Entity, ...]:
    r"""The entities that have fields, without what was assumed of them alone.

    >>> from nodewright.prd.document import parse_document
    >>> from nodewright.reading.data_passes import read_data
    >>> draft = Draft(parse_document("# Inn\n\n- Each stay has an arrival date and a guest."))
    >>> read_data(draft)
    >>> [(entity.name, entity.fields[0].name) for entity in declared_entities(draft)]
    [('Stay', 'arrival date')]
    """
    clauses = {clause.id: clause for clause in draft.document.clauses}
    return tuple(_entity(draft, entity, clauses) for entity in draft.entities.values())


def _entity(draft: Draft, entity: model.Entity, clauses: dict[str, Clause]) -> Entity:
    own = [clauses[each] for each in entity.clauses if each in clauses]
    fields = tuple(_field(draft, field, clauses) for field in entity.fields if field.clauses)
    first = min(own, key=lambda clause: clause.line, default=None)
    name = " ".join(words(entity.name)) or entity.name
    return Entity(name, fields, first.section if first else "", first.line if first else 1)


def _field(draft: Draft, field: model.Field, clauses: dict[str, Clause]) -> EntityField:
    clause = clauses.get(field.clauses[0])
    text = clause.text if clause else ""
    parts = [re.escape(part) for part in field.name.strip("_").split("_")]
    found = re.search(rf"(?<![^\W_]){r'[\s_&-]?'.join(parts)}(?![^\W_])", text, re.IGNORECASE)
    line = (clause.line + text.count("\n", 0, found.start() if found else 0)) if clause else 1
    return EntityField(
        found[0] if found else field.name, _type(draft, field.type), not field.type.optional, line
    )


def _type(draft: Draft, kind: Type) -> FieldType:
    if kind.base is Base.ENTITY:
        known = draft.entities.get(kind.entity)
        return FieldType.STRING if known is None or known.stored else FieldType.OBJECT
    return _TYPES[kind.base]
