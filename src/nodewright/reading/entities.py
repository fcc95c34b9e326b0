"""The things that a document's product keeps, with the fields that it lists for them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice

from nodewright.language.lexicon import Lexicon, tokens, word_set
from nodewright.language.naming import snake
from nodewright.language.nouns import NOT_ENTITIES, entity_name, singular
from nodewright.language.verbs import operation_of, verb_kind
from nodewright.language.vocabulary import load_data
from nodewright.prd.models import Entity, EntityField, Requirement, Scope
from nodewright.prd.outline import Section
from nodewright.prd.sentences import Sentence

_MAX_ENTITIES = 24
_ENOUGH = 8


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
    known: Sequence[Entity],
    sections: Sequence[Section],
    requirements: Sequence[Requirement],
    sentences: Sequence[Sentence],
) -> tuple[Entity, ...]:
    """Those with fields (``known``) first, then nouns that requirements work on, by their use."""
    collection = _Collection()
    for entity in known:
        collection.add(entity.name, entity.fields, entity.section, entity.line)
    with_fields = {key: entity for key, entity in collection.found.items() if entity.fields}
    collection.found = dict(with_fields)
    if len(collection.found) < _ENOUGH:
        field_names = {
            snake(item.name).split("_")[-1] for e in with_fields.values() for item in e.fields
        }
        for name, line, section_path in _nouns(sections, requirements, sentences):
            if name.lower() in field_names:
                continue
            collection.add(name, (), section_path, line)
            if len(collection.found) >= _ENOUGH:
                break
    return tuple(collection.found.values())[:_MAX_ENTITIES]


@cache
def _known_nouns() -> Lexicon:
    data: list[list[str]] = load_data("nouns")
    entries: list[tuple[str, str]] = [(phrase, "") for phrase in load_data("not_nouns")]
    for names in data:
        shown = names[0].lstrip("~")
        for form in names[1:] if names[0].startswith("~") else names:
            entries.append((form, shown))
            if form[-1:].isascii():
                entries += [(plural, shown) for plural in _plurals(form)]
    return Lexicon(entries, exact=True)


def _plurals(noun: str) -> tuple[str, ...]:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return (noun[:-1] + "ies",)
    return (noun + "es",) if noun.endswith(("s", "x", "ch", "sh")) else (noun + "s", noun + "es")


_SOURCES = word_set("functional stories criteria data api overview goals unknown actors")
_OBJECT_WEIGHT = 2.0
_BEFORE_NOUNS = word_set(
    "a an the each every any all new of per their its his her your my our this that these those "
    "one "
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
        hidden = 0
        for hit in lexicon.find(sentence.lower):
            if not hit.payload:
                hidden = hit.end
            elif hit.start >= hidden and _is_noun_use(sentence.tokens, hit.start, hit.end):
                weights[hit.payload] += sentence.weight
                first.setdefault(hit.payload, (sentence.line, sections[sentence.section].path))
    for name, places in _objects(requirements).items():
        # One mention may be anything; a noun that the text works on comes again.
        if name in weights or len(places) > 1:
            weights[name] += _OBJECT_WEIGHT * len(places)
            first.setdefault(name, places[0])
    for name in sorted(weights, key=lambda name: -weights[name]):
        head = name.split()[-1]
        # "Order" stands for "Paid Order" once it is an entity of its own.
        if name == head or weights.get(head, 0) < weights[name]:
            yield name, *first[name]


def _objects(requirements: Iterable[Requirement]) -> dict[str, list[tuple[int, str]]]:
    """What functional requirements of this release work on, with (line, section path)."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for requirement in requirements:
        if not requirement.functional or requirement.scope is not Scope.RELEASE:
            continue
        for line, text in ((requirement.line, requirement.text), *requirement.details[:30]):
            operation = operation_of(text)
            name = _object_name(operation.object)
            if name is not None and verb_kind(operation.verb) is not None:
                found[name].append((line, requirement.section))
    return found


@lru_cache(maxsize=4096)
def _may_be_verb(word: str) -> bool:
    return verb_kind(singular(word)) is not None


def _is_noun_use(words: Sequence[str], start: int, end: int) -> bool:
    """Whether a word that may also be a verb stands here as a noun: "an order", "orders"."""
    written = words[end - 1]
    if end - start > 1 or not written.isascii() or not _may_be_verb(written.lower()):
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
    if any(word in NOT_ENTITIES or not word.isascii() for word in words):
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
