"""How the classes of the language stand in YAML: constructs, words, and what each class holds."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Union, get_args, get_origin, get_type_hints

from nodewright.spec import model

# Construct -> its class and the attribute that stands behind its name.
CONSTRUCTS: Mapping[str, tuple[type[model.Element], str]] = {
    "create": (model.Create, "entity"),
    "read": (model.Read, "entity"),
    "update": (model.Update, "entity"),
    "move": (model.Move, "entity"),
    "delete": (model.Delete, "entity"),
    "notify": (model.Notify, "entity"),
    "list": (model.Listing, "entity"),
    "aggregate": (model.Aggregate, "entity"),
    "import": (model.Import, "entity"),
    "export": (model.Export, "entity"),
    "compute": (model.Compute, "results"),
    "workflow": (model.Workflow, "steps"),
}
EFFECTS: Mapping[str, tuple[type[model.Element], str]] = {
    "send": (model.Send, "port"),
    "publish": (model.Publish, "event"),
    "change": (model.Change, "entity"),
    "add": (model.Add, "entity"),
}
VARIANTS: Mapping[type, Mapping[str, tuple[type[model.Element], str]]] = {
    model.Operation: CONSTRUCTS,
    model.Effect: EFFECTS,
}
# Attribute of a class -> the word for it.
WORDS = {"clauses": "from"}
OWN_WORDS: Mapping[type, Mapping[str, str]] = {model.Compute: {"entity": "of"}}
# Class -> the attribute that is its key in a mapping.
_NAMED = (
    model.Field,
    model.Entity,
    model.Assign,
    model.Input,
    model.Operation,
    model.Measure,
    model.Result,
    model.Step,
    model.Port,
    model.Event,
)
KEYS: Mapping[type, str] = {
    model.ClauseNote: "id",
    model.Machine: "entity",
    **dict.fromkeys(_NAMED, "name"),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an element's class; ``kind`` is the type of its value, or of its items."""

    name: str
    word: str
    kind: Any
    many: bool
    default: Any


_ATTRIBUTES: dict[type, dict[str, Attribute]] = {}


def attributes_of(kind: type) -> dict[str, Attribute]:
    """Attribute -> what it holds, by name."""
    if kind not in _ATTRIBUTES:
        _ATTRIBUTES[kind] = _attributes_of(kind)
    return _ATTRIBUTES[kind]


def _attributes_of(kind: Any) -> dict[str, Attribute]:
    hints = get_type_hints(kind)
    own = OWN_WORDS.get(kind, {})
    found = {}
    for each in fields(kind):
        word = own.get(each.name)
        if word is None:
            is_note = kind is model.Specification
            word = each.name if is_note else WORDS.get(each.name, each.name)
        hint, many = _bare(hints[each.name])
        found[each.name] = Attribute(each.name, word, hint, many, default_of(each))
    return found


def default_of(each: Any) -> Any:
    """The default of a dataclass' field; ``MISSING`` where it has none."""
    return () if each.default is MISSING and each.default_factory is not MISSING else each.default


def _bare(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in {Union, types.UnionType}:
        hint = next(each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True
    return hint, False


def key_of(kind: type) -> str:
    """The attribute that names an element in a mapping, empty where it has none."""
    return next((KEYS[each] for each in kind.__mro__ if each in KEYS), "")
