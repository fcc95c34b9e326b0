"""Fields of entities: names in lists, tables and code, and the types that they suggest."""

import re
from collections.abc import Iterator
from functools import lru_cache

from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.language.naming import snake
from nodewright.prd.models import EntityField, FieldType

_MAX_FIELDS = 40

# Words of type annotations in prose, SQL, TypeScript, Prisma, Python and OpenAPI.
_ANNOTATIONS = {
    FieldType.UUID: "uuid guid objectid cuid ulid",
    FieldType.INTEGER: "int integer int4 int8 int32 int64 bigint smallint serial long 整数",
    FieldType.DECIMAL: "decimal numeric money currency",
    FieldType.NUMBER: "float double real number float4 float8 float64 浮点",
    FieldType.BOOLEAN: "bool boolean flag 布尔",
    FieldType.DATETIME: "datetime timestamp timestamptz datetimetz instant rfc3339 iso8601",
    FieldType.DATE: "date localdate",
    FieldType.STRINGS: "array list set",
    FieldType.OBJECT: "json jsonb object map dict record hash bundle",
    FieldType.STRING: "string str text varchar char nvarchar enum email url uri 字符串 문자열",
}
_TYPE_WORDS = {word: kind for kind, words in _ANNOTATIONS.items() for word in words.split()}
_TYPE_WORD = re.compile(r"[^\W\d_]+\d*(?:\[\])?")


def type_of_annotation(annotation: str) -> FieldType | None:
    """The field type that an annotation such as ``varchar(20) NOT NULL`` names."""
    low = annotation.lower()[:120]
    if "[]" in low or re.match(r"\s*(?:array|list|set)\s*[<\[(]", low):
        return FieldType.STRINGS
    for word in _TYPE_WORD.findall(low):
        kind = _TYPE_WORDS.get(word)
        if kind is not None:
            return kind
    return None


_NAME_TYPES: tuple[tuple[re.Pattern[str], FieldType], ...] = (
    (re.compile(r"^(?:is|has|can|should|allow|enable)_|(?:^|_)(?:enabled|active|verified|deleted"
    r"|flag|required|completed|archived|public|private|read|published)$"), FieldType.BOOLEAN),
    (re.compile(r"(?:_at|_on|_time|timestamp|datetime)$|^(?:created|updated|deleted|timestamp"
    r"|time|expires|expiry|deadline)$|^last_"), FieldType.DATETIME),
    (re.compile(r"(?:^|_)(?:date|birthday|dob)$"), FieldType.DATE),
    (re.compile(r"(?:^|_)(?:amount|price|total|subtotal|cost|fee|balance|salary|budget|revenue"
    r"|discount|tax|tip|prices|amounts|costs)$"), FieldType.DECIMAL),
    (re.compile(r"(?:^|_)(?:count|quantity|qty|number_of_\w+|age|retries|attempts|version"
    r"|position|order_index|size|filesize|width|height|duration|port|priority_level|year|stock"
    r"|level|points|views|likes|num|index|quantities)$|^(?:num|max|min)_"), FieldType.INTEGER),
    (re.compile(r"(?:^|_)(?:rate|ratio|score|rating|percentage|percent|latitude|longitude|lat|lng"
    r"|lon|weight|confidence|temperature|leverage|probability)$"), FieldType.NUMBER),
    (re.compile(r"(?:^|_)(?:tags|labels|roles|permissions|categories|ids|items|keywords|skills"
    r"|images|emails|scopes|filters|features)$"), FieldType.STRINGS),
    (re.compile(r"(?:^|_)(?:metadata|settings|config|configuration|payload|attributes|properties"
    r"|options|preferences|params|extra|data)$"), FieldType.OBJECT),
)  # fmt: skip


@lru_cache(maxsize=4096)
def type_of_name(name: str) -> FieldType:
    """The type that a field's name suggests; a string where it suggests none."""
    low = snake(name)
    for pattern, kind in _NAME_TYPES:
        if pattern.search(low):
            return kind
    return FieldType.STRING


_OPTIONAL = re.compile(
    r"\boptional|nullable|\bnull\b(?<!not null)|\?$|\?:|可选|선택|opcional", re.IGNORECASE
)
_REQUIRED = re.compile(r"not null|\brequired\b|必填|필수|obligatori", re.IGNORECASE)


def make_field(name: str, line: int, annotation: str = "") -> EntityField | None:
    """A field from its name and what is said beside it; None where it is no name of a field."""
    shown = plain(name).strip(" `'\":;,.*?-")
    words = shown.split()
    if not shown or len(shown) > 40 or len(words) > 4 or not re.search(r"[^\W\d_]", shown):
        return None
    required = bool(_REQUIRED.search(annotation)) or not (
        _OPTIONAL.search(annotation) or name.strip().endswith("?")
    )
    kind = type_of_annotation(annotation) if annotation else None
    suggested = type_of_name(shown)
    if kind is FieldType.DATE and snake(shown).endswith(("_at", "_time", "timestamp")):
        kind = FieldType.DATETIME  # TypeScript's Date is a moment
    if kind is None or (kind is FieldType.STRING and "date" in annotation.lower()):
        kind = suggested
    if kind is FieldType.NUMBER and suggested in {FieldType.INTEGER, FieldType.DECIMAL}:
        kind = suggested  # "number" in TypeScript says nothing of fractions
    return EntityField(shown, kind, required, line)


_TICKED = re.compile(r"`([A-Za-z_][\w.-]{0,39}\??)`(?:\s*[:(]?\s*([A-Za-z]+(?:\[\]|\(\d+\))?))?")


def ticked_fields(text: str, line: int) -> Iterator[EntityField]:
    """Fields of a line such as ``- `id`, `status`, optional `risk_profile```."""
    for match in _TICKED.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()].lower()
        annotation = match[2] or ""
        if type_of_annotation(annotation) is None:
            annotation = ""
        found = make_field(
            match[1], line, annotation + (" optional" if "optional" in before else "")
        )
        if found is not None and "." not in match[1]:
            yield found


_SPLIT = re.compile(r"\s*[,;、，]\s*(?:and\s+|y\s+)?|\s+and\s+")


def listed_fields(text: str, line: int) -> Iterator[EntityField]:
    """Fields of a plain list: ``payment amount, date, status (succeeded, failed)``."""
    text = re.sub(r"[（(][^()（）]{0,200}[)）]", "", text)
    for part in _SPLIT.split(text.strip(" ."))[:_MAX_FIELDS]:
        words = re.sub(
            r"^(?:the|a|an|its|their|optional)\s+", "", part.strip(), flags=re.IGNORECASE
        )
        if len(words.split()) <= 3:
            found = make_field(words, line)
            if found is not None:
                yield found


_CODE_FIELD = re.compile(
    r"""^\s*(?:readonly\s+|public\s+|private\s+|-\s+)?["'`]?(?P<name>[A-Za-z_]\w{0,39})["'`]?(?P<optional>\?)?
    (?:\s*[:=]\s*|\s+)(?P<type>[^\s{},;/#][^,;/#\n]{0,80})""",
    re.VERBOSE,
)
_NOT_FIELDS = word_set(
    "primary foreign unique constraint index check key create insert return import export const "
    "let "
    "var function class interface type enum model from async await if else for while public "
    "private "
    "constructor this table select where true false null end begin"
)


def code_field(line_text: str, line: int) -> EntityField | None:
    """The field that a line of SQL, TypeScript, Prisma, Python or JSON declares."""
    match = _CODE_FIELD.match(line_text)
    if match is None or match["name"].lower() in _NOT_FIELDS or "=>" in line_text:
        return None
    annotation = match["type"] + (" optional" if match["optional"] else "")
    literal = match["type"].strip()
    if re.fullmatch(r"-?\d+", literal):
        annotation = "integer"
    elif re.fullmatch(r"-?\d+\.\d+", literal):
        annotation = "number"
    elif literal.startswith(('"', "'")):
        annotation = (
            "uuid"
            if "uuid" in literal.lower()
            else "datetime"
            if "rfc3339" in literal.lower()
            else ""
        )
    return make_field(match["name"], line, annotation)
