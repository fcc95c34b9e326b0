"""The type of a field: from its annotation, the values it may have, or its name."""

import re
from functools import lru_cache

from nodewright.language.data_words import field_word_table, field_words
from nodewright.language.naming import pascal, snake
from nodewright.language.worded import Worded
from nodewright.spec import types
from nodewright.spec.types import Base, SpecificationError, Type, entity_type, enum_of, list_of

_PLAIN = {base.value: Type(base) for base in Base}
_LIST = Worded(r"\s*<list_type>\s*(?:<|\[|\(|of\s|\s)\s*(.{0,120}?)\s*[>\])]?\s*")
_SUFFIX_LIST = re.compile(r"\s*(.{1,120}?)\s*(?:\[\s*\])+\s*")
_PREFIX_LIST = re.compile(r"\s*\[\s*\]?\s*(\w{1,60}!?)\s*\]?!?\s*")
_WORD = re.compile(r"[^\W\d_]+\d*")
_NAME = re.compile(r"[A-Z][a-z]\w{1,50}")
_MAYBE = re.compile(
    r"\|\s*(?:null|undefined|none)\b|\b(?:null|none)\s*\||\boptional\b|\bnullable\b|\?\s*$"
    r"|^\s*\*(?=\w)",
    re.IGNORECASE,
)
_OF_TYPE = re.compile(
    r"(?:optional|nullable|maybe|option)\s*[<\[(]\s*(.{1,120}?)\s*[>\])]", re.IGNORECASE
)


def annotated_type(annotation: str) -> Type | None:
    """The type that an annotation in code or a table names, None where it names none.

    >>> str(annotated_type("varchar(20) NOT NULL")), str(annotated_type("string | null"))
    ('text', 'text?')
    >>> str(annotated_type("Array<Ticket>")), str(annotated_type("'free' | 'paid'"))
    ('list[Ticket]', 'free | paid')
    """
    text = annotation.strip()[:300]
    if not text:
        return None
    optional = bool(_MAYBE.search(text))
    inside = _OF_TYPE.match(text)
    if inside:
        text = inside[1]
    text = re.sub(r"\|?\s*\b(?:null|undefined|None)\b\s*\|?", "", text).strip(" ?*") or text
    found = _quoted_values(text) or _type(text)
    return found.maybe if found and optional else found


def _type(text: str) -> Type | None:
    for pattern in (_SUFFIX_LIST, _LIST, _PREFIX_LIST):
        inside = pattern.fullmatch(text)
        if inside:
            return list_of(_type(inside[1]) or types.TEXT)
    for word in _WORD.findall(text)[:6]:
        meaning = field_word_table("types").get(word.lower())
        if meaning == "list":
            return list_of(types.TEXT)
        if meaning:
            return _PLAIN[meaning]
    name = _NAME.match(text)
    return entity_type(pascal(snake(name[0]))) if name else None


_QUOTED = re.compile(r"[\"'“‘`]([^\"'“”‘’`\n]{1,60})[\"'”’`]")


def _quoted_values(text: str) -> Type | None:
    """``'a' | 'b'`` and ``enum('a', 'b')``: nothing but quoted texts."""
    values = _QUOTED.findall(text)
    rest = _QUOTED.sub("", text)
    rest = re.sub(
        r"\b(?:enum|literal|in|check|one of|choices|as const)\b|[\s|,/()\[\]=;]",
        "",
        rest,
        flags=re.IGNORECASE,
    )
    return one_of(values) if values and not rest and (len(values) > 1 or "|" in text) else None


def one_of(values: list[str]) -> Type | None:
    """An enum of ``values`` in their order, each once; None where there are fewer than two."""
    kept = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    if len(kept) < 2 or any("|" in value or value == "?" for value in kept):
        return None
    try:
        return enum_of(*kept[:100])
    except SpecificationError:
        return None


_BEGINS = frozenset({"valid", "effective", "available", "active"})


@lru_cache(maxsize=4096)
def type_of_name(name: str) -> Type | None:  # noqa: C901, PLR0911 - one case a rule
    """The type that a field's name in snake_case suggests, None where it suggests none.

    >>> str(type_of_name("created_at")), str(type_of_name("unit_price")), type_of_name("seat")
    ('datetime', 'number', None)
    """
    parts = name.split("_per_", maxsplit=1)[0].split("_")
    last = parts[-1]
    if len(parts) > 1 and (last in {"until", "since"} or (last == "from" and parts[-2] in _BEGINS)):
        return types.DATE
    if parts[0] == "date":
        return types.DATE
    if parts[0] in field_words("boolean_first") and len(parts) > 1:
        return types.BOOLEAN
    if last in {"id", "uuid", "key", "code"}:
        return types.TEXT if last != "uuid" else types.UUID
    if last == "time" and len(parts) > 1:
        before = parts[-2]
        if before in field_words("spans"):
            return types.NUMBER
        return types.DATETIME
    if last == "times" and len(parts) > 1 and parts[-2] in field_words("spans"):
        return types.NUMBER
    if last in {"times", "dates"}:
        return list_of(types.TEXT)
    if last == "on" and len(parts) > 1:
        return types.DATE
    if last == "time":
        return types.DATETIME
    meaning = field_word_table("names").get(last)
    if meaning == "list":
        return list_of(types.TEXT)
    if (
        meaning in {"boolean", "datetime"}
        and len(parts) == 1
        and last in {"at", "default", "public"}
    ):
        return None
    return _PLAIN[meaning] if meaning else None


def is_common(name: str) -> bool:
    """Whether a name is one that fields have more often than things.

    >>> is_common("unit_price"), is_common("checkout")
    (True, True)
    >>> is_common("dashboard")
    False
    """
    parts = name.split("_")
    last = parts[-1]
    return (
        last in field_words("common")
        or parts[0] in {"date", "name", "number", "type"}
        or last in field_words("measured")
        or type_of_name(name) is not None
    )
