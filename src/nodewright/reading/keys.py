"""The pass for keys: the field that identifies a record, assumed where the text names none."""

from dataclasses import replace

from nodewright.language.naming import snake
from nodewright.reading.draft import Draft
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import UUID, Base


def read_keys(draft: Draft) -> None:
    """Give each stored entity its key: ``id``, ``ticket_id``, a unique code, or an assumed one."""
    for entity in list(draft.entities.values()):
        if entity.stored and not entity.key:
            draft.entities[entity.name] = _keyed(entity)


def _keyed(entity: Entity) -> Entity:
    own = snake(entity.name)
    last = own.rsplit("_", maxsplit=1)[-1]
    names = [field.name for field in entity.fields if not field.type.optional]
    usual = [
        f"{stem}_{end}" for stem in (own, last) for end in ("id", "no", "number", "code", "key")
    ]
    for name in ("id", "uuid", *usual):
        if name in names:
            return replace(entity, key=name)
    alone = [unique.fields[0] for unique in entity.unique if len(unique.fields) == 1]
    for name in alone:
        if name in names and name.endswith(("_id", "_no", "_code", "_number", "key")):
            return replace(entity, key=name)
    uuids = [field.name for field in entity.fields if field.type.base is Base.UUID]
    if len(uuids) == 1 and uuids[0] == names[0] and uuids[0].removesuffix("_id") in own:
        return replace(entity, key=uuids[0])
    key = Field(name=f"{own}_id", type=UUID, assumed="the text names no key")
    return replace(entity, key=key.name, fields=(key, *entity.fields))
