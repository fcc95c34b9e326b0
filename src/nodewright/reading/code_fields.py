"""Fields of the members of a block of code, whatever the language."""

import re

from nodewright.language.lexicon import word_set
from nodewright.language.worded import Worded
from nodewright.reading.code_tree import Member
from nodewright.reading.data_names import declared_name
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.field_types import one_of

_MODIFIERS = Worded(r"(?:<modifier>\s+)+")
_PAIR = re.compile(
    r"[\"']?(?P<name>[A-Za-z_$][\w$-]{0,60})[\"']?\s*(?P<maybe>\?)?\s*[:=]\s*(?P<type>.*)",
    re.DOTALL,
)
_SPACED = re.compile(r"(?P<name>[A-Za-z_]\w{0,60})\s+(?P<type>[\[*]{0,2}[A-Za-z].*)", re.DOTALL)
_TYPE_FIRST = re.compile(
    r"(?P<type>[A-Za-z][\w<>,.?\[\] ]{0,80}?)\s+(?P<name>[A-Za-z_]\w{0,60})\s*(?:=.*)?", re.DOTALL
)
_PROTO = re.compile(r"=\s*\d+\s*(?:\[.*\])?$")
_BARE = re.compile(r"[\"']?(?P<name>[a-z_]\w{1,60})[\"']?(?P<maybe>\?)?")
_TYPED_FIRST = frozenset({"java", "csharp", "cs", "c#", "proto", "protobuf", "cpp", "c", "dart"})
_NO_NAMES = word_set(
    "return import export const let var function class interface type enum model from async "
    "await if "
    "else for while this select where true false null constructor public private end begin default "
    "throw try catch new switch case query mutation"
)
_METHOD = re.compile(r"(?:async\s+|get\s+|set\s+)*[\w$]+\s*(?:<[^<>]{1,40}>)?\s*\(")
_NUMBER = re.compile(r"-?\d[\d_]*")
_FRACTION = re.compile(r"-?\d[\d_]*\.\d+(?:[eE][-+]?\d+)?")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-|uuid", re.IGNORECASE)
_STRING = re.compile(r"[\"'`](.*)[\"'`]", re.DOTALL)
_RELATION = re.compile(r"@relation|@OneToMany|@ManyToMany")


def is_method(member: Member) -> bool:
    """Whether a member is code that runs."""
    head = member.head
    return (
        bool(_METHOD.match(head))
        or "=>" in head.split("references", maxsplit=1)[0]
        or head.startswith("@")
    )


def field_of(member: Member, clauses: tuple[str, ...], language: str = "") -> FieldNote | None:
    """The field that a member without members of its own declares.

    >>> note = field_of(Member("price?: number", 0), ())
    >>> note.field.name, str(note.field.type)
    ('price', 'number?')
    """
    if is_method(member):
        return None
    head = _MODIFIERS.after(member.head)
    listed = member.head.startswith("repeated ")
    match = _parts(head, language)
    if match is None or _RELATION.search(head):
        return None
    if match.re is not _PAIR and match["name"].lower() in _NO_NAMES:
        return None
    annotation = (match.groupdict().get("type") or "").strip()
    if listed:
        annotation = f"list[{annotation}]"
    literal = literal_annotation(annotation)
    maybe = bool(match.groupdict().get("maybe"))
    required = False if maybe else None
    return read_field(
        match["name"],
        clauses,
        annotation=literal if literal is not None else _declared(annotation),
        notes=member.comment,
        required=required,
    )


def _parts(head: str, language: str) -> re.Match[str] | None:
    if language in _TYPED_FIRST or _PROTO.search(head):
        return _TYPE_FIRST.fullmatch(_PROTO.sub("", head).strip())
    return _PAIR.fullmatch(head) or _SPACED.fullmatch(head) or _BARE.fullmatch(head)


def literal_annotation(value: str) -> str | None:
    """The annotation that an example's value stands for, None where it is no literal.

    >>> literal_annotation('"2024-05-01T10:00:00Z"'), literal_annotation("3")
    ('datetime', 'integer')
    >>> literal_annotation("string")
    """
    value = value.strip().rstrip(",")
    if value in {"true", "false", "True", "False"}:
        return "boolean"
    if value in {"null", "None"}:
        return "string?"
    if _FRACTION.fullmatch(value):
        return "double"
    if _NUMBER.fullmatch(value):
        return "integer"
    if value.startswith("[") and value.endswith("]") and len(value) > 2:
        inner = literal_annotation(value[1:-1].split(",")[0])
        return f"list[{inner}]" if inner else None
    string = _STRING.fullmatch(value)
    return (
        _literal_text(string[1]) if string and "' |" not in value and '" |' not in value else None
    )


def _literal_text(text: str) -> str:
    if _DATETIME.match(text):
        return "datetime"
    if _DATE.fullmatch(text):
        return "date"
    if _UUID.search(text[:40]):
        return "uuid"
    if "rfc3339" in text.lower() or "iso8601" in text.lower().replace(" ", ""):
        return "datetime"
    options = one_of(text.split("|")) if "|" in text and len(text) < 200 else None
    if options:
        return " | ".join(f"'{value}'" for value in options.values)
    named = text.strip("<>{} ").lower()
    return (
        named
        if named in {"string", "integer", "number", "boolean", "date", "datetime", "timestamp"}
        else "string"
    )


_DRIZZLE = re.compile(r"\w+\(.*?\)(?P<rest>(?:\.\w+\(.*\))*)", re.DOTALL)


def _declared(annotation: str) -> str:
    """Chains of calls as words: ``text('x').notNull()`` and ``z.string().email().optional()``."""
    if "(" not in annotation:
        return annotation
    text = annotation.removeprefix("z.")
    text = re.sub(r"^(?:models|fields|db|sa|Sequelize|DataTypes|Schema\.Types)\.", "", text)
    text = text.replace(".notNull()", " not null").replace(".unique()", " unique")
    text = re.sub(r"\.primaryKey\(\)", " primary key", text)
    text = re.sub(r"\.references\(\s*\(\)\s*=>\s*(\w+)\.\w+\s*\)", r" references \1", text)
    text = re.sub(r"\.default\(([^()]{1,60})\)", r" default \1", text)
    text = re.sub(r"\.(optional|nullable|nullish)\(\)", " optional", text)
    text = re.sub(r"\.(email|url|uuid)\(\)", r" valid \1", text)
    text = re.sub(r"\.(min|max)\((\d+)\)", r" \1 \2", text)
    if ".notNull()" not in annotation and re.match(r"\w+\('\w+'", text) and "not null" not in text:
        text += " optional" if "primary key" not in text and "default" not in text else ""
    return re.sub(r"^(\w+)\('\w+'(?:,\s*)?", r"\1(", text).replace("()", "")


def options_of(member: Member) -> str | None:
    """``{ type: String, required: true }`` as one annotation, None where it is another object."""
    said = {}
    for child in member.children:
        pair = _PAIR.fullmatch(child.head)
        if pair:
            said[pair["name"]] = pair["type"]
    kind = said.get("type", "").strip("\"'")
    if not kind or len(kind) > 40 or not re.match(r"[A-Za-z\[]", kind):
        return None
    parts = [kind.lower() if kind[:1].isupper() else kind]
    parts += ["not null"] if said.get("required", "").startswith(("true", "[true")) else []
    parts += ["unique"] if said.get("unique") == "true" else []
    parts += [f"enum {said['enum']}"] if "enum" in said else []
    parts += [f"{word} {said[word]}" for word in ("min", "max", "default") if word in said]
    parts += [f"references {declared_name(said['ref'])}"] if "ref" in said else []
    return " ".join(parts)
