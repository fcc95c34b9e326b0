"""A field from all that is said of it: its name, annotation and notes."""

import re
from dataclasses import dataclass, replace

from nodewright.language.data_words import field_words
from nodewright.language.lexicon import word_set
from nodewright.language.vocabulary import load_data
from nodewright.language.worded import Worded
from nodewright.reading.data_names import counts, field_name
from nodewright.reading.field_types import annotated_type, one_of, type_of_name
from nodewright.reading.limits import Limit, declared_length, limits_in
from nodewright.spec import types
from nodewright.spec.expressions import Expression, ExpressionError
from nodewright.spec.model import Field, Format, Rule
from nodewright.spec.types import Base, Type

GUESSED = "its type, from its name"
SILENT = "a text, as nothing is said of its type"


@dataclass(frozen=True, slots=True)
class FieldNote:
    """A field as read, with what only its entity can say."""

    field: Field
    unique: bool = False
    key: bool = False
    refers: str = ""


_SEVERAL = re.compile(
    r"\s*(?:an?\s+|the\s+)?(?:list|array|collection|set)s?\s+of\s+(?P<what>.+)", re.IGNORECASE
)
_REQUIRED = re.compile(
    r"not\s+null|required|mandatory|必填|必須|필수|obligatori|pflicht", re.IGNORECASE
)
_OPTIONAL = re.compile(
    r"(?<!not )\b(?:optional|nullable|may be (?:null|empty|missing)|can be (?:null|empty)|if any"
    r"|not required|omitempty)\b",
    re.IGNORECASE,
)
_OPTIONAL_ELSEWHERE = re.compile(
    r"可选|可空|选填|非必填|任意|선택|opcional|optionnel|facultati|необязательн", re.IGNORECASE
)
_UNIQUE = re.compile(
    r"(?<!not )\bunique\b(?! (?:event|to|user|for each))|唯一|一意|고유|유일|@unique|\bUK\b",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"\bprimary[ _]?key\b|\bPK\b|@id\b|主键|主キー|기본 ?키|primärschlüssel", re.IGNORECASE
)
_REFERS = Worded(
    r"(?:\b<foreign_key>\s*(?:to|of|→|->|:|,)?\s*\(?|→\s*)[`\"]?(?P<table>[A-Za-z]\w{1,40})"
)
_DEFAULT = re.compile(
    r"\b(?:defaults?(?: value)?(?: is| to)?|standard(?:wert)?)\s*[:=(]?\s*"
    r"(?:[\"'“`]([^\"'”`]{1,60})[\"'”`]|([-\w.]{1,40}))",
    re.IGNORECASE,
)
_DEFAULT_ELSEWHERE = re.compile(
    r"(?:默认(?:值)?(?:为)?|初期値|기본값)\s*[:：=]?\s*[\"'“`]?([-\w.]{1,40})"
)
_EXAMPLES = re.compile(
    r"\b(?:e\.g\.|eg\b|such as|for example|example|like)|例如|例：|예:", re.IGNORECASE
)
_ONE_OF = Worded(
    r"(?<![A-Za-z])<enum_mark>\s*[:：=(（\[]?\s*(?:are|is)?\s*[:：]?\s*(?P<list>[^\n;。]{3,300})"
)
_SPLIT = re.compile(r"\s*(?:\||\s/\s|,|;|、|，|\bor\b|\band\b)\s*")
_SLASHED = re.compile(r"[\w.-]{1,20}(?:/[\w.-]{1,20}){1,20}")
_VALUE = re.compile(r"[^\W_][\w +.&-]{0,30}")
_PARENTHESES = re.compile(r"[(（]([^()（）]{1,200})[)）]")
_FORMATS = {
    "email": Format.EMAIL,
    "url": Format.URL,
    "phone": Format.PHONE,
    "ip": Format.IP,
    "hostname": Format.HOSTNAME,
    "slug": Format.SLUG,
}
_ISO = re.compile(r"ISO[ _-]?8601", re.IGNORECASE)
_UNIT = Worded(r"\b(?:in|unit:?)\s+(?P<unit><unit>)(?!\w)")


def read_field(
    name: str,
    clauses: tuple[str, ...],
    *,
    annotation: str = "",
    notes: str = "",
    required: bool | None = None,
) -> FieldNote | None:
    """The field that ``name`` is, typed by ``annotation`` and ``notes``; None where it is none.

    >>> note = read_field("status", (), annotation="string", notes="open, closed; default open")
    >>> str(note.field.type), note.field.default.text
    ('open | closed', "'open'")
    """
    several = _SEVERAL.match(name)
    shown = field_name(several["what"] if several else name)
    if not shown:
        return None
    if several and not annotation:
        annotation = "list"
    said = f"{annotation} {notes}"
    read = annotated_type(annotation) or (None if annotation else _described_type(notes))
    kind, assumed = _kind(shown, name, read, said)
    textual = kind.base in {Base.TEXT, Base.ENUM}
    guessed = read is None and kind.base is not Base.LIST
    values = listed_values(annotation, notes, bare=textual) if textual or guessed else None
    if values is not None:
        kind, assumed = values, ""
    optional = _optional(name, said, required=required)
    if optional is None:
        optional = bool(read and read.optional)
    kind = replace(kind, optional=optional)
    refers = _REFERS.search(said)
    field = Field(
        name=shown,
        type=kind,
        default=_default(said, kind),
        rules=_rules(shown, kind, annotation, notes, clauses),
        unit=_unit(f"{said} {name}", kind),
        clauses=clauses,
        assumed=assumed,
    )
    return FieldNote(
        field,
        unique=bool(_UNIQUE.search(said)),
        key=bool(_KEY.search(said)),
        refers=refers["table"] if refers else "",
    )


_WHOLE_UNIT = re.compile(r"\bin\s+(?:days|weeks|months|years)\b", re.IGNORECASE)
_LIST_OF = re.compile(
    r"(?:an?\s+|the\s+)?(?:ordered\s+|unordered\s+)?(?:list|array|collection)\s+of\b", re.IGNORECASE
)


def _described_type(notes: str) -> Type | None:
    """The type that a description begins with: "list of sets", "number of seats"."""
    if _LIST_OF.match(notes):
        return types.list_of(types.TEXT)
    if counts(notes[:16]):
        return types.INTEGER
    return types.NUMBER if _UNIT.match(notes.lower()) else None


def _kind(  # noqa: PLR0911 - one case a rule
    shown: str, phrase: str, read: Type | None, said: str
) -> tuple[Type, str]:
    """The type, and what was taken for granted."""
    suggested = type_of_name(shown)
    if suggested is None and read is None and _WHOLE_UNIT.search(phrase):
        return types.INTEGER, GUESSED
    if read is None:
        if counts(phrase):
            return types.INTEGER, ""
        return (suggested, GUESSED) if suggested else (types.TEXT, SILENT)
    kind = read.required
    if (
        kind.base is Base.NUMBER
        and suggested
        and suggested.base is Base.INTEGER
        and not _EXACT.search(said)
    ):
        return types.INTEGER, GUESSED  # "number" says nothing of fractions
    if kind.base is Base.DATE and shown.endswith(("_at", "_time", "timestamp")):
        return types.DATETIME, ""
    if kind.base is Base.TEXT and _ISO.search(said):
        return types.DATETIME, ""
    return kind, ""


_EXACT = re.compile(r"decimal|numeric|float|double|money|real", re.IGNORECASE)


def _optional(name: str, said: str, *, required: bool | None) -> bool | None:
    if required is not None:
        return not required
    if name.strip("`*\"' ").endswith("?") or _OPTIONAL_ELSEWHERE.search(said):
        return True
    if _OPTIONAL.search(said) or _OPTIONAL.search(name):
        return True
    return False if _REQUIRED.search(said) else None


def listed_values(annotation: str, notes: str, *, bare: bool = True) -> Type | None:
    """The enum that an annotation or a note lists; ``bare`` ones need no "one of" before them.

    >>> str(listed_values("ENUM: DEPOSIT, WITHDRAWAL", ""))
    'DEPOSIT | WITHDRAWAL'
    >>> listed_values("", "such as red, green")
    """
    for text in (notes, annotation):
        marked = _ONE_OF.search(text)
        example = _EXAMPLES.search(text)
        if marked and not (example and example.start() < marked.start()):
            found = values_in(marked["list"])
            if found is not None:
                return found
    text = notes.strip()
    if bare and text and not _EXAMPLES.search(text):
        head = re.split(r";|\.\s|默认|\bdefault", text, maxsplit=1)[0].strip(" .;,")
        bracketed = _PARENTHESES.fullmatch(head)
        return values_in(bracketed[1] if bracketed else head, bare=True)
    return None


def values_in(text: str, *, bare: bool = False) -> Type | None:
    """The enum in ``a, b or c``; where the list stands ``bare``, only of short plain words."""
    text = re.split(r"[;。]|\.\s|\bdefault|默认|\)\s*,|\bwith\b", text, maxsplit=1)[0]
    quoted = re.findall(r"[\"'“`]([^\"'”`\n]{1,60})[\"'”`]", text)
    if len(quoted) > 1:
        return one_of(quoted)
    slashed = _SLASHED.fullmatch(text.strip(" .()"))
    pieces = slashed[0].split("/") if slashed else _SPLIT.split(text)
    parts = [part.strip(" \"'“”`()[]{}.*") for part in pieces]
    parts = [part for part in parts if part and part.lower() not in _ASIDES]
    longest = 2 if bare else 4
    if len(parts) < 2 or any(
        not _VALUE.fullmatch(part) or len(part.split()) > longest for part in parts
    ):
        return None
    if bare and (any(_is_remark(part) for part in parts) or all(part.isdigit() for part in parts)):
        return None
    return one_of(parts)


_ASIDES = word_set("optional required unique nullable mandatory indexed")
_REMARKS = word_set(
    "unique required optional nullable indexed index auto generated primary foreign key pk fk not "
    "null default max min format valid length positive integer string number decimal date array "
    "json text uuid utc encrypted hashed read-only immutable the of for from to in at must should "
    "characters digits between least most than less greater more above below up"
)


def _is_remark(part: str) -> bool:
    low = part.lower().split()
    return any(word in _REMARKS for word in low) or part.lower() in field_words("required")


def _default(said: str, kind: Type) -> Expression | None:
    found = _DEFAULT.search(said) or _DEFAULT_ELSEWHERE.search(said)
    if found is None:
        return None
    value = next(group for group in found.groups() if group)
    return default_value(value, kind)


def default_value(  # noqa: PLR0911 - one case a type
    value: str, kind: Type
) -> Expression | None:
    """``value`` as an expression of ``kind``, None where it is none."""
    value = value.strip().rstrip(".")
    if kind.base is Base.BOOLEAN:
        return {"true": Expression("True"), "false": Expression("False")}.get(value.lower())
    if kind.base is Base.ENUM:
        known = next((each for each in kind.values if each.lower() == value.lower()), None)
        return Expression(repr(known)) if known else None
    if kind.base in {Base.INTEGER, Base.NUMBER}:
        return Expression(value) if re.fullmatch(r"-?\d+(?:\.\d+)?", value) else None
    if kind.base in {Base.DATETIME, Base.DATE} and re.match(
        r"now|current_timestamp", value, re.IGNORECASE
    ):
        return Expression("now()" if kind.base is Base.DATETIME else "today()")
    if kind.base is Base.TEXT and value.lower() not in {"null", "none", "value", "is", "to"}:
        try:
            return Expression(repr(value))
        except ExpressionError:
            return None
    return None


def _rules(
    shown: str, kind: Type, annotation: str, notes: str, clauses: tuple[str, ...]
) -> tuple[Rule, ...]:
    found: list[Limit] = []
    if kind.numeric:
        found = limits_in(f"{_annotation_limits(annotation)} {notes}")
    elif kind.base is Base.TEXT:
        found = [limit for limit in limits_in(notes) if limit.length] or declared_length(annotation)
    elif kind.base is Base.LIST:
        found = limits_in(notes)
    rules = [limit.rule(clauses) for limit in found]
    shape = format_of(shown, f"{annotation} {notes}") if kind.base is Base.TEXT else None
    if shape is not None:
        rules.append(Rule(format=shape, clauses=clauses))
    return tuple(rules)


def _annotation_limits(annotation: str) -> str:
    """An annotation without the sizes of its type: ``decimal(10, 2) check (price > 0)``."""
    return re.sub(r"\b\w+\s*\(\s*\d+(?:\s*,\s*\d+)?\s*\)|<\s*\w+\s*>", " ", annotation)


def format_of(shown: str, said: str) -> Format | None:
    """The format that an annotation or note demands; a name alone demands none."""
    low = said.lower()
    for kind, found in _FORMATS.items():
        for word in _format_words(kind):
            if re.search(rf"(?<![\w-]){re.escape(word)}(?:s|\s+address(?:es)?)?(?![\w-])", low):
                return found if _demands(low, word) or kind in shown else None
    return None


def _format_words(kind: str) -> list[str]:
    words: dict[str, dict[str, str]] = load_data("fields")
    return words["formats"][kind].split()


def _demands(low: str, word: str) -> bool:
    return bool(
        re.search(
            rf"(?:valid|format|@)\s*:?\s*(?:an?\s+)?{re.escape(word)}|{re.escape(word)}\s+format",
            low,
        )
    ) or low.split()[:1] == [word]


def _unit(said: str, kind: Type) -> str:
    found = _UNIT.search(said) if kind.numeric else None
    return found["unit"] if found else ""
