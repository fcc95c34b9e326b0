"""What entities are to each other: keys, references, values inside others."""

from dataclasses import replace

from nodewright.language.naming import snake
from nodewright.reading.data_names import thing_name
from nodewright.reading.draft import Draft
from nodewright.reading.gathering import known_name
from nodewright.spec import types
from nodewright.spec.model import Entity, Field
from nodewright.spec.types import Base, Type, entity_type

KEY = "a key, as records are told apart by one"
REFERENCE = "a reference to {}, by its name"
UNKNOWN = "an object, as nothing says what {} is"


def link_entities(draft: Draft) -> None:
    r"""Give stored entities keys, and fields that name entities their references.

    >>> from nodewright.prd.document import parse_document
    >>> draft = Draft(parse_document("# Inn\n\n- Room(number, view)\n- Stay(room, nights)"))
    >>> from nodewright.reading.field_phrases import read_field_phrases
    >>> read_field_phrases(draft)
    >>> link_entities(draft)
    >>> draft.entities["Room"].key, str(draft.entities["Stay"].field("room").type)
    ('room_id', 'Room')
    """
    _without_strays(draft)
    for name in list(draft.entities):
        draft.entities[name] = _keyed(draft, draft.entities[name])
    for name in list(draft.entities):
        entity = draft.entities[name]
        fields = tuple(_linked(draft, entity, field) for field in entity.fields)
        draft.entities[name] = replace(entity, fields=fields)


def _without_strays(draft: Draft) -> None:
    """An entity without a field says nothing of data."""
    for name, entity in list(draft.entities.items()):
        if not entity.fields:
            del draft.entities[name]


def _keyed(draft: Draft, entity: Entity) -> Entity:
    if not entity.stored:
        return replace(entity, key="")
    key = entity.key
    if key and _is_key_of_another(draft, entity, key):
        key = ""
    own = snake(entity.name)
    last = own.split("_")[-1]
    names = [
        f"{word}{end}"
        for word in (own, last)
        for end in ("_id", "_uuid", "_key", "_number", "_no", "_code")
    ]
    wanted = ["id", "uuid", *names]
    key = key or next((each for each in wanted if _may_be_key(entity, each)), "")
    if key:
        return replace(entity, key=key)
    made = Field(name=f"{own}_id", type=types.UUID, assumed=KEY)
    return replace(entity, key=made.name, fields=(made, *entity.fields))


def _may_be_key(entity: Entity, name: str) -> bool:
    field = entity.field(name)
    return (
        field is not None
        and not field.type.optional
        and field.type.base in {Base.TEXT, Base.UUID, Base.INTEGER}
    )


def _is_key_of_another(draft: Draft, entity: Entity, key: str) -> bool:
    """``store_key`` in a sale is the store's key."""
    earlier = True
    for other in draft.entities.values():
        if other.name == entity.name:
            earlier = False
        elif other.key == key and (earlier or key.startswith(snake(other.name))):
            return True
    return False


def _linked(draft: Draft, entity: Entity, field: Field) -> Field:
    kind = _resolved(draft, field.type)
    if kind != field.type:
        assumed = field.assumed
        if kind.base is Base.OBJECT and field.type.base is Base.ENTITY:
            assumed = UNKNOWN.format(field.type.entity)
        return replace(field, type=kind, assumed=assumed)
    if field.assumed and field.name != entity.key and kind.base is Base.TEXT:
        named = known_name(draft, thing_name(field.name.replace("_", " ")))
        other = draft.entities.get(named)
        if other is not None and other.name != entity.name and snake(other.name) == field.name:
            return replace(
                field,
                type=entity_type(named, optional=kind.optional),
                assumed=REFERENCE.format(named),
            )
    return field


def _resolved(draft: Draft, kind: Type) -> Type:
    """A type whose entities all exist."""
    if kind.base is Base.LIST and kind.item is not None:
        item = _resolved(draft, kind.item)
        if item.base is Base.OBJECT and kind.item.base is Base.ENTITY:
            item = types.TEXT
        return replace(kind, item=item)
    if kind.base is not Base.ENTITY:
        return kind
    known = known_name(draft, kind.entity)
    if known:
        return replace(kind, entity=known)
    return replace(types.OBJECT, optional=kind.optional)
