"""Fields that a clause implies: what it filters or measures, and no clause lists."""

from nodewright.language.lexicon import stems
from nodewright.language.naming import snake
from nodewright.language.verb_forms import verb_in
from nodewright.reading.adjectives import state_of
from nodewright.reading.draft import Draft
from nodewright.reading.field_lookup import name_stems
from nodewright.spec.expressions import Expression
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import BOOLEAN, NUMBER


def imply_truth(draft: Draft, entity: Entity, word: str, clause: str, why: str) -> Field | None:
    """A truth field for a participle that no field says: appointments that were "missed".

    None where it is no participle, or where a field or status says something of the kind.
    """
    low = word.lower()
    entity = draft.entities[entity.name]
    participle = low.endswith("ed") or (low.endswith("en") and verb_in(low) is not None)
    if not low.isalpha() or not participle or len(low) < _SHORTEST:
        return None
    if state_of(entity, low, draft.machines.get(entity.name)) is not None:
        return None
    if any(set(stems(low)) & set(name_stems(field.name)) for field in entity.fields):
        return None
    field = Field(
        name=snake(low), type=BOOLEAN, default=Expression("False"), clauses=(clause,), assumed=why
    )
    draft.imply(entity, field)
    return field


_SHORTEST = 5


def imply_number(draft: Draft, entity: Entity, phrase: str, clause: str, why: str) -> Field:
    """A number field for what is measured: "waiting minutes"."""
    field = Field(name=snake(phrase), type=NUMBER.maybe, clauses=(clause,), assumed=why)
    draft.imply(entity, field)
    return draft.entities[entity.name].field(field.name) or field
