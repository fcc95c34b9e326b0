"""The JSON Schema of a specification's YAML form: what editors complete and underline.

It is built from the classes of the language, so that it never knows less than they do. What it
cannot say (names that must exist, types of expressions) the checks say.
"""

from collections.abc import Mapping
from dataclasses import MISSING
from datetime import time, timedelta
from enum import StrEnum
from typing import Any, get_args, get_origin

from nodewright.spec.expressions import Expression
from nodewright.spec.model import ClauseNote, Element, Specification
from nodewright.spec.short_forms import SHORT
from nodewright.spec.types import Type
from nodewright.spec.yaml_classes import VARIANTS, Attribute, attributes_of, key_of

Schema = dict[str, Any]

_PLAIN: Mapping[Any, Schema] = {
    str: {"type": ["string", "number", "boolean"]},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Expression: {
        "type": ["string", "number", "boolean"],
        "description": "an expression, as in price > 0 and status == 'paid'",
    },
    Type: {
        "type": "string",
        "description": "text, integer, number, boolean, date, datetime, duration, uuid, object, "
        "an entity, list[...], or values with | between them; ? after it: may be missing",
    },
    timedelta: {"type": "string", "description": "as in 15 minutes"},
    time: {"type": "string", "description": "as in 09:00 (UTC)"},
}


def json_schema() -> Schema:
    """The schema, with one definition for each class of the language."""
    definitions: dict[str, Schema] = {}
    root = _attributes(Specification, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nodewright specification",
        **root,
        "$defs": definitions,
    }


def _attributes(
    kind: type, definitions: dict[str, Schema], left_out: tuple[str, ...] = ()
) -> Schema:
    known = [each for each in attributes_of(kind).values() if each.name not in left_out]
    required = [each.word for each in known if each.default is MISSING and each.name != "require"]
    schema: Schema = {
        "type": "object",
        "properties": {each.word: _value(each, definitions) for each in known},
        "additionalProperties": False,
        "description": " ".join((kind.__doc__ or "").split("\n\n")[0].split()),
    }
    return schema | ({"required": required} if required else {})


def _value(attribute: Attribute, definitions: dict[str, Schema]) -> Schema:
    if not attribute.many:
        return _one(attribute.kind, definitions)
    if get_origin(attribute.kind) is tuple:
        inner = _one(get_args(attribute.kind)[1], definitions)
        return {
            "type": "object",
            "additionalProperties": {"anyOf": [inner, {"type": "array", "items": inner}]},
        }
    item = _one(attribute.kind, definitions)
    if isinstance(attribute.kind, type) and key_of(attribute.kind):
        return {"type": ["object", "null"], "additionalProperties": item}
    return {"type": ["array", "null"], "items": item}


def _one(kind: Any, definitions: dict[str, Schema]) -> Schema:
    if isinstance(kind, type) and issubclass(kind, Element | ClauseNote):
        name = kind.__name__
        if name not in definitions:
            definitions[name] = {}
            definitions[name].update(_element(kind, definitions))
        return {"$ref": f"#/$defs/{name}"}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [each.value for each in kind]}
    return dict(_PLAIN[kind])


def _element(kind: type, definitions: dict[str, Schema]) -> Schema:
    if kind in VARIANTS:
        return {
            "anyOf": [
                _variant(word, variant, lead, definitions)
                for word, (variant, lead) in VARIANTS[kind].items()
            ]
        }
    key = key_of(kind)
    whole = _attributes(kind, definitions, (key,))
    short = SHORT.get(kind)
    if short is None:
        return whole
    text: Schema = {"type": ["string", "number", "boolean"], "examples": [short.example]}
    if short.many:
        text = {"type": "array", "items": {"type": "string"}, "examples": [short.example]}
    covered = _attributes(kind, definitions, (key, *short.covers))
    covered["properties"] = {short.key: text} | covered["properties"]
    covered["required"] = [short.key, *covered.get("required", [])]
    return {"anyOf": [text, covered, whole]}


def _variant(word: str, kind: Any, lead: str, definitions: dict[str, Schema]) -> Schema:
    schema = _attributes(kind, definitions, (key_of(kind), lead))
    schema["properties"] = {word: _value(attributes_of(kind)[lead], definitions)} | schema[
        "properties"
    ]
    schema["required"] = [word, *schema.get("required", [])]
    return schema
