"""The things that a document's product keeps, with the fields that it lists for them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice

from nodewright.patterns.lexicon import Lexicon, tokens, word_set
from nodewright.prd.fields import (
    code_field,
    listed_fields,
    make_field,
    snake,
    ticked_fields,
    type_of_annotation,
)
from nodewright.prd.markdown import Block, BlockKind, plain
from nodewright.prd.models import Entity, EntityField, Requirement, Scope
from nodewright.prd.operations import operation_of, verb_kind
from nodewright.prd.outline import Section
from nodewright.prd.statements import Sentence
from nodewright.prd.vocabulary import load_data

_MAX_ENTITIES = 24
_MAX_WORDS = 3
_ENOUGH = 8

_NOT_ENTITIES = word_set(
    "system requirement feature service api data model overview user story story functionality "
    "application app platform product software solution module component interface backend frontend "
    "database server client process function field table schema entity object value type thing "
    "example note detail information info support access management processing option way time "
    "flow step error request response code test case scenario acceptance criterion table endpoint "
    "format ability capability performance security scalability integration operation action list "
    "page screen view ui button result success failure goal objective purpose status state name id "
    "number amount date it them item items content config configuration json http url string index "
    "key architecture design description title section document prd mvp release version phase "
    "implementation technology stack library tool language environment setup summary core layer "
    "context level mode limit rule set use make kind part point end start day week month year "
    "second minute hour need multiple notes edge reason input output behavior behaviour"
)
_IRREGULAR = {"people": "person", "children": "child", "data": "data", "media": "media", "series": "series", "status": "status", "news": "news", "indices": "index", "criteria": "criterion", "analytics": "analytics"}  # fmt: skip


def singular(word: str) -> str:
    """The singular of an English noun by its ending."""
    low = word.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low] if word.islower() else _IRREGULAR[low].capitalize()
    if low.endswith("ies") and len(low) > 4:
        return word[:-3] + "y"
    if low.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if low.endswith("s") and not low.endswith(("ss", "us", "is", "as", "os")) and len(low) > 3:
        return word[:-1]
    return word


def entity_name(text: str) -> str | None:
    """``text`` as a singular name in title case of at most three words, None where it is none."""
    text = re.sub(r"[（(\[].*", "", plain(text)).strip(" :：*`.#-–—")
    text = re.sub(r"^(?:\d{1,2}(?:\.\d{1,2})*[.)]?\s+)", "", text)
    text = re.split(r"[/|,:：–—]", text, maxsplit=1)[0].strip()
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).replace("_", " ").replace("-", " ")
    text = re.sub(
        r"\s+(?:entity|table|model|schema|object|record|collection|records|interface|type|dto|실체|表)s?$",
        "",
        text,
        flags=re.IGNORECASE,
    )
    words = [word for word in re.findall(r"[^\W_]+", text) if word]
    if not words or len(words) > _MAX_WORDS or len(text) > 40 or words[0][0].isdigit():
        return None
    words[-1] = singular(words[-1])
    if words[-1].lower() in _NOT_ENTITIES and len(words) == 1:
        return None
    if any(
        word.lower()
        in {"the", "and", "or", "of", "to", "for", "with", "is", "are", "must", "should"}
        for word in words
    ):
        return None
    return " ".join(word if word[0].isupper() else word[0].upper() + word[1:] for word in words)


class _Collection:
    """Entities by name, with their fields in order and each field once."""

    def __init__(self) -> None:
        self.found: dict[str, Entity] = {}

    def add(self, name: str | None, fields: Iterable[EntityField], section: str, line: int) -> None:
        if name is None:
            return
        key = name.lower()
        known = self.found.get(key)
        merged = {item.name.lower(): item for item in (known.fields if known else ())}
        for item in fields:
            merged.setdefault(item.name.lower(), item)
        self.found[key] = Entity(
            known.name if known else name,
            tuple(islice(merged.values(), 40)),
            known.section if known else section,
            known.line if known else line,
        )


def find_entities(
    sections: Sequence[Section], requirements: Sequence[Requirement], sentences: Sequence[Sentence]
) -> tuple[Entity, ...]:
    """Entities with fields first, then nouns that requirements work on, the most used first."""
    collection = _Collection()
    for section in sections:
        if section.scope is not Scope.RELEASE or section.role in {"market", "references", "meta"}:
            continue
        for name, fields, line in _declared(section):
            collection.add(name, fields, section.path, line)
    declared = {key: entity for key, entity in collection.found.items() if entity.fields}
    collection.found = dict(declared)
    if len(collection.found) < _ENOUGH:
        field_names = {
            snake(item.name).split("_")[-1] for e in declared.values() for item in e.fields
        }
        for name, line, section_path in _nouns(sections, requirements, sentences):
            if name.lower() in field_names:
                continue
            collection.add(name, (), section_path, line)
            if len(collection.found) >= _ENOUGH:
                break
    return tuple(collection.found.values())[:_MAX_ENTITIES]


_Declared = tuple[str | None, list[EntityField], int]
_INCLUDES = re.compile(
    r"(?:each|every|an?|the|all)?\s*(?:\*\*|`)?(?P<name>[A-Za-z][\w ]{1,40}?)s?(?:\*\*|`)?(?: objects?| records?)?,?\s+"
    r"(?:must |should |shall |will |may )?(?:includ(?:e|es|ing)|contains?|has|have|consists? of|stores?)"
    r"(?: the)?(?: following)?(?: data)?(?: fields| attributes| properties| information)?(?: like)?\s*[:：]",
    re.IGNORECASE,
)
_FIELDS_OF = re.compile(
    r"(?:data |following )?fields (?:of|from|for) (?:an? |the )?(?P<name>[A-Za-z][\w ]{1,40})\s*:",
    re.IGNORECASE,
)
_TRACKS = re.compile(
    r"\b(?:stores?|tracks?|contains?|includes?|records?|has)\s+(?:the\s+)?([^.]{3,300})",
    re.IGNORECASE,
)
_HAS = re.compile(
    r"(?:^|[.;]\s+)(?:An?|Each|Every|The)\s+(?P<name>[a-z][\w ]{1,30}?)\s+(?:has|have|contains|includes"
    r"|consists of)\s+(?P<list>(?:an?|the|its)\s[^.:;]{5,300})",
)
_INLINE = re.compile(
    r"\s*(?:[-*]\s+)?(?:\*\*|__)?(?P<name>[A-Z][\w -]{1,40}?)(?:\*\*|__)?\s*:\s*(?:\*\*|__)?\s*"
    r"(?P<list>`?\w[\w ]{0,30}`?\s*\([^)]{2,60}\)\s*,.*)",
    re.DOTALL,
)
_PAREN_FIELD = re.compile(r"`?(?P<name>\w[\w ]{0,30}?)`?\s*\((?P<type>[^)]{2,60})\)")
_LABEL = re.compile(
    r"\s*(?:\*\*|__|`)(?P<name>[A-Z][^*`:\n]{1,40})(?:\*\*|__|`)?:?(?:\*\*|__)?\s*[:：–—-]?\s*(?P<rest>.*)",
    re.DOTALL,
)


def _declared(section: Section) -> Iterator[_Declared]:
    """Entities that one section declares: lists, tables and code with fields."""
    in_data = section.role == "data" or re.search(
        r"\bentit|data model|schema|数据模型|엔티티", section.title, re.IGNORECASE
    )
    blocks = section.blocks
    for number, block in enumerate(blocks):
        if block.kind is BlockKind.CODE:
            yield from _declared_in_code(block, section)
        elif block.kind is BlockKind.ROW:
            if in_data or _is_field_table(block):
                yield _row(block, section, bool(in_data))
        elif block.kind in {BlockKind.ITEM, BlockKind.PARAGRAPH}:
            children = _children(blocks, number)
            yield from _declared_in_prose(block)
            yield from _declared_in_list(block, children, in_data=bool(in_data))
    listed = [block for block in blocks if block.kind is BlockKind.ITEM and block.level == 1]
    typed = [block for block in listed if _TYPED_ITEM.match(block.text)]
    if len(typed) > 1 and 2 * len(typed) >= len(listed) and not section.own_role:
        # A heading an entity with its fields below: "### Order" and "- `id`: UUID".
        fields = [item for block in listed for item in _item_fields(block)]
        yield entity_name(section.title), fields, section.line


_TYPED_ITEM = re.compile(
    r"\s*[`*_]{0,3}[A-Za-z_][\w ]{0,40}[`*_]{0,3}\s*[:(–—-]\s*[`*_]{0,2}(?:string|str|text|int|integer|number|float"
    r"|decimal|bool|boolean|date|datetime|timestamp|uuid|enum|json|array|list|varchar|bigint|money)\b",
    re.IGNORECASE,
)


def _children(blocks: Sequence[Block], number: int) -> list[Block]:
    parent = blocks[number]
    found: list[Block] = []
    for block in blocks[number + 1 :]:
        if block.kind is not BlockKind.ITEM or block.level <= parent.level:
            break
        if block.level == parent.level + 1:
            found.append(block)
    return found


def _item_fields(block: Block) -> Iterator[EntityField]:
    """The fields of an item: several in backticks, or one with an annotation."""
    ticked = list(ticked_fields(block.text, block.line))
    if len(ticked) > 1 or not re.match(r"\s*[`*_]*[\w ]{1,40}[`*_]*\s*(?:[:(–—-]|$)", block.text):
        yield from ticked
        return
    name, _, annotation = re.sub(r"[`*]", "", block.text).partition(":")
    if not annotation:
        name, _, annotation = re.sub(r"[`*]", "", block.text).partition("(")
    found = make_field(name, block.line, annotation)
    if found is not None:
        yield found


def _declared_in_prose(block: Block) -> Iterator[_Declared]:
    """``A ticket has a seat, a price and an owner`` and ``Ticket: seat (string), price (decimal)``."""
    text = " ".join(block.text[:1200].split())
    if " has " in text or " contains " in text or " includes " in text or " have " in text:
        for found in _HAS.finditer(text):
            fields = list(listed_fields(found["list"], block.line))
            if len(fields) > 2:
                yield entity_name(found["name"]), fields, block.line
    if "(" in text and ":" in text[:60]:
        inline = _INLINE.match(text)
        parts = list(_PAREN_FIELD.finditer(inline["list"])) if inline else []
        if inline and len(parts) > 1 and type_of_annotation(parts[0]["type"]) is not None:
            made = (make_field(part["name"], block.line, part["type"]) for part in parts)
            yield entity_name(inline["name"]), [item for item in made if item], block.line


def _declared_in_list(block: Block, children: list[Block], *, in_data: bool) -> Iterator[_Declared]:
    text = block.text[:600]
    introduced = None
    if children and (":" in text or "：" in text):
        introduced = _INCLUDES.search(text) or _FIELDS_OF.search(text)
    if introduced:
        fields = [item for child in children for item in _item_fields(child)]
        if fields:
            yield entity_name(introduced["name"].split(" the ")[-1]), fields, block.line
        return
    label = _LABEL.match(text) if in_data else None
    if label:
        fields = [item for child in children for item in _item_fields(child)]
        rest = label["rest"]
        if "`" in rest:
            fields += ticked_fields(rest, block.line)
        elif not fields:
            tracked = _TRACKS.findall(rest)
            fields += [item for part in tracked for item in listed_fields(part, block.line)]
            if not tracked and rest.count(",") >= 2:
                fields += listed_fields(rest, block.line)
        yield entity_name(label["name"]), fields, block.line


_FIELD_HEADER = re.compile(
    r"field|attribute|column|property|字段|属性|필드|컬럼|campo|atributo", re.IGNORECASE
)
_TYPE_HEADER = re.compile(r"type|类型|타입|tipo", re.IGNORECASE)


def _is_field_table(block: Block) -> bool:
    return (
        len(block.header) > 1
        and bool(_FIELD_HEADER.search(block.header[0]))
        and any(_TYPE_HEADER.search(column) for column in block.header[1:])
    )


def _row(block: Block, section: Section, in_data: bool) -> _Declared:
    if _is_field_table(block):
        annotation = " ".join(block.cells[1:])
        found = make_field(block.cells[0], block.line, annotation)
        return entity_name(section.title), [found] if found else [], block.line
    if not in_data or not block.cells:
        return None, [], block.line
    rest = " ".join(block.cells[1:])
    fields = list(ticked_fields(rest, block.line)) or (
        list(listed_fields(rest, block.line)) if rest.count(",") >= 2 else []
    )
    return entity_name(block.cells[0]), fields, block.line


_OPENERS = re.compile(
    r"create\s+table\s+(?:if\s+not\s+exists\s+)?[\"`]?(?:\w+\.)?(?P<sql>\w+)"
    r"|(?:export\s+)?(?:interface|type|model|class|struct|record|message|entity)\s+(?P<decl>[A-Za-z]\w+)"
    r"|(?:const|let|var)\s+(?P<orm>\w+)\s*=\s*(?:pgTable|mysqlTable|sqliteTable|z\.object|new\s+(?:mongoose\.)?Schema|defineTable)"
    r"|type\s+(?P<go>\w+)\s+struct",
    re.IGNORECASE,
)
# In a block without a language: a capitalised name alone on its line, its fields indented below.
_BARE_OPENER = re.compile(r"([A-Z][A-Za-z]{2,30})\s*(?::|\{|\()?")
_NOT_RECORDS = re.compile(
    r"(?:service|controller|manager|handler|client|provider|repository|options|props|config|error|exception|adapter|factory|engine|agent)$",
    re.IGNORECASE,
)


def _declared_in_code(block: Block, section: Section) -> Iterator[_Declared]:
    name: str | None = None
    fields: list[EntityField] = []
    start = block.line
    opened = False
    for number, line in enumerate(block.text.split("\n")[:2000], block.line + 1):
        opener = _OPENERS.search(line[:300]) or _BARE_OPENER.fullmatch(line[:60].rstrip())
        if opener:
            if opened and fields:
                yield name, fields, start
            raw = next(group for group in opener.groups() if group)
            name = None if _NOT_RECORDS.search(raw) else entity_name(raw)
            fields, start, opened = [], number, True
        elif opened and "(" in line and re.match(r"\s*(?:async\s+|def\s+|private\s+async)", line):
            opened = False
        elif opened or (section.role == "data" and block.language == "json"):
            found = code_field(line[:300], number)
            if found is not None:
                fields.append(found)
    if opened and fields:
        yield name, fields, start
    elif fields and block.language == "json":
        yield _payload_name(block, section), fields, start


def _payload_name(block: Block, section: Section) -> str | None:
    """The name of a JSON example: the words before "payload", "object" or "JSON"."""
    position = section.blocks.index(block)
    before = section.blocks[position - 1].text if position else section.title
    found = re.search(
        r"(\w[\w ]{0,30}?)\s+(?:payload|object|record|document|json|schema|example)",
        before,
        re.IGNORECASE,
    )
    return entity_name(found[1]) if found else entity_name(section.title)


@cache
def _known_nouns() -> Lexicon:
    data: list[list[str]] = load_data("nouns")
    entries: list[tuple[str, str]] = [(phrase, "") for phrase in _NOT_NOUNS]
    for names in data:
        shown = names[0].lstrip("~")
        for form in names[1:] if names[0].startswith("~") else names:
            entries.append((form, shown))
            if form[-1:].isascii():
                entries += [(plural, shown) for plural in _plurals(form)]
    return Lexicon(entries, exact=True)


# Phrases whose nouns are not meant.
_NOT_NOUNS = (
    "product requirements", "product requirement", "product owner", "product manager", "product vision",
    "product overview", "user story", "user stories", "user interface", "user experience", "in order to",
    "order of", "ascending order", "error message", "error messages", "file system", "out of the box",
    "point of view", "points of view", "task list", "project structure", "project setup", "open source project",
    "test plan", "data model", "per user story", "app store", "play store", "document version",
)  # fmt: skip


def _plurals(noun: str) -> tuple[str, ...]:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return (noun[:-1] + "ies",)
    return (noun + "es",) if noun.endswith(("s", "x", "ch", "sh")) else (noun + "s", noun + "es")


_SOURCES = word_set("functional stories criteria data api overview goals unknown actors")
_OBJECT_WEIGHT = 2.0
_BEFORE_NOUNS = word_set(
    "a an the each every any all new of per their its his her your my our this that these those one "
    "no another other more many multiple single by for existing specific given whose"
)


def _nouns(
    sections: Sequence[Section], requirements: Sequence[Requirement], sentences: Sequence[Sentence]
) -> Iterator[tuple[str, int, str]]:
    """Domain nouns by how much the text speaks of them: (name, line, section path)."""
    weights: dict[str, float] = defaultdict(float)
    first: dict[str, tuple[int, str]] = {}
    lexicon = _known_nouns()
    for sentence in sentences:
        if sentence.weight <= 0 or sentence.role not in _SOURCES:
            continue
        for hit in lexicon.find([word.lower() for word in sentence.tokens]):
            if hit.payload and _is_noun_use(sentence.tokens, hit.start, hit.end):
                weights[hit.payload] += sentence.weight
                first.setdefault(hit.payload, (sentence.line, sections[sentence.section].path))
    objects: dict[str, int] = defaultdict(int)
    for requirement in requirements:
        if not requirement.functional or requirement.scope is not Scope.RELEASE:
            continue
        for line, text in ((requirement.line, requirement.text), *requirement.details[:30]):
            operation = operation_of(text)
            name = _object_name(operation.object)
            if name is not None and verb_kind(operation.verb) is not None:
                objects[name] += 1
                first.setdefault(name, (line, requirement.section))
    for name, count in objects.items():
        # One mention may be anything; a noun that the text works on comes again.
        if name in weights or count > 1:
            weights[name] += _OBJECT_WEIGHT * count
    names = sorted(weights, key=lambda name: -weights[name])
    for name in names:
        head = name.split()[-1]
        # "Order" stands for "Paid Order" once it is an entity of its own.
        if name != head and weights.get(head, 0) >= weights[name]:
            continue
        yield name, *first[name]


def _is_noun_use(words: Sequence[str], start: int, end: int) -> bool:
    """Whether a word that may also be a verb stands here as a noun: "an order", "orders"."""
    written = words[end - 1]
    if not written.isascii() or end - start > 1 or verb_kind(singular(written.lower())) is None:
        return True
    before = words[start - 1].lower() if start else ""
    return before in _BEFORE_NOUNS or (written.lower().endswith("s") and start > 0)


def _object_name(thing: str) -> str | None:
    """The noun of an operation's object: the known noun in it, else its last two words."""
    hits = _known_nouns().find([word.lower() for word in tokens(thing)])
    if hits and hits[-1].payload:
        return str(hits[-1].payload)
    name = entity_name(" ".join(thing.split()[-2:]))
    return name if name is not None and _is_noun_phrase(name) else None


def _is_noun_phrase(name: str) -> bool:
    words = [word.lower() for word in name.split()]
    if any(word in _NOT_ENTITIES or not word.isascii() for word in words):
        return False
    if any(verb_kind(singular(word)) is not None for word in words):
        return False
    return not words[-1].endswith(_NOT_NOUN_ENDINGS) and len(words[-1]) > 2


_NOT_NOUN_ENDINGS = (
    "ing",
    "ly",
    "ed",
    "able",
    "tion",
    "ment",
    "ness",
    "ity",
    "ance",
    "ence",
    "ful",
    "ive",
)
