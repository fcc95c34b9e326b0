"""How things of a specification are called in generated code."""

import keyword

from nodewright.language.lexicon import word_set
from nodewright.language.naming import accepted_name, pascal
from nodewright.spec.model import Entity, Specification
from nodewright.spec.types import Base, Type
from nodewright.templates.quoting import pystr

# Attributes that mean something else in every model.
_ATTRIBUTES = word_set(
    "copy json dict construct schema schema_json validate parse_obj parse_raw parse_file "
    "from_orm update_forward_refs tuple dt root model_config model_fields model_dump "
    "model_copy model_validate model_extra model_construct model_fields_set model_post_init "
    "model_computed_fields model_dump_json model_json_schema model_rebuild "
    "model_validate_json model_validate_strings model_parametrized_name"
)
# Attributes that every request has.
_ASKED = frozenset({"operation", "caller", "correlation_id"})
# Variables and functions that the bodies of generated functions use.
_VARIABLES = word_set(
    "self surroundings request caller records record rows row group groups given limit offset "
    "columns content touched created number earlier warnings run answer answers calls "
    "transaction limited_by idempotency_key found require named given_values computed present "
    "rounded span seconds_of start_of_week text_of average latest share sort_key in_order "
    "require_role written dt math re id type list tuple str int bool float set sum min max "
    "len any all sorted abs next print object json enumerate handle now new_id step steps key "
    "process execute run do perform manage control work operate action reduce"
)


def safe(name: str) -> str:
    """``name`` as an attribute; one that is taken gets an underscore at its end."""
    return f"{name}_" if name in _ATTRIBUTES or keyword.iskeyword(name) else name


def asked(name: str) -> str:
    """``name`` as an input of a request: one that every request has gets an underscore."""
    return f"{name}_" if name in _ASKED else safe(name)


def local(name: str) -> str:
    """``name`` as a variable or function; one that is taken gets an underscore at its end."""
    return f"{name}_" if name in _VARIABLES or keyword.iskeyword(name) else name


def model_class(name: str) -> str:
    """The model of an entity or event: ``Ticket`` -> ``ModelTicket``."""
    return f"Model{pascal(accepted_name(name))}"


def variable(name: str) -> str:
    """A variable that holds a record of the entity ``name``: ``OrderLine`` -> ``order_line``."""
    return local(accepted_name(name))


def annotation(kind: Type, specification: Specification) -> str:
    """The type as Python writes it."""
    text = _bare(kind, specification)
    return f"{text} | None" if kind.optional else text


def key_type(entity: Entity) -> Type:
    """The type of the key of a stored entity."""
    field = entity.field(entity.key)
    return field.type.required if field else Type(Base.TEXT)


def resolved(kind: Type, specification: Specification) -> Type:
    """``kind``, a reference to a stored record as the key that it is."""
    entity = specification.entity(kind.entity) if kind.base is Base.ENTITY else None
    if entity is None or not entity.stored:
        return kind
    key = resolved(key_type(entity), specification)
    return key.maybe if kind.optional else key


_PLAIN = {
    Base.TEXT: "Text",
    Base.INTEGER: "Integer",
    Base.NUMBER: "Number",
    Base.BOOLEAN: "StrictBool",
    Base.DATE: "dt.date",
    Base.DATETIME: "Moment",
    Base.DURATION: "dt.timedelta",
    Base.UUID: "UUID",
    Base.OBJECT: "dict[str, str]",
}


def _bare(kind: Type, specification: Specification) -> str:
    kind = resolved(kind, specification).required
    match kind.base:
        case Base.ENUM:
            return f"Literal[{', '.join(pystr(value) for value in kind.values)}]"
        case Base.ENTITY:
            return model_class(kind.entity)
        case Base.LIST:
            item = annotation(kind.item, specification) if kind.item else "Text"
            return f"tuple[{item}, ...]"
        case _:
            return _PLAIN[kind.base]
