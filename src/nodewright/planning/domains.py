"""Which thing of the text a requirement is about.

A domain is an entity of the analysis under a name for code. A requirement belongs to the domain
whose words it names most specifically; where it names none, to that of its section, else to the
domain that the document speaks of most.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from nodewright.language.naming import domain_name, snake, unique, words
from nodewright.planning.model import PlannedField, Trace
from nodewright.prd.models import Entity, FieldType, Requirement, SimplePRDAnalysisResult

# More would only scatter what belongs together; what is left over joins the nearest.
MOST_DOMAINS = 12
MOST_FIELDS = 40
# A thing that is mentioned once and has no fields belongs to another.
_LEAST_WEIGHT = 2
# How far below its last field a record's rules are looked for.
_LINES_BELOW = 12

# A record without a described field still has something to hold.
_DEFAULT_FIELDS = (
    PlannedField("name", FieldType.STRING),
    PlannedField("status", FieldType.STRING),
    PlannedField("amount", FieldType.NUMBER),
    PlannedField("recorded_at", FieldType.DATETIME, required=False),
)
_PLURAL_IN_Y = re.compile(r"(?<=..)ies$")
_PLURAL = re.compile(r"(?<=..[^sui])s$")
# Names that a generated model or its base class uses itself.
_RESERVED_FIELDS = {"self", "item", "field", "operation"} | {
    "bool", "date", "datetime", "dict", "float", "int", "list", "str", "tuple",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Domain:
    """An entity under the name that its nodes carry (``user_service``).

    ``described`` are the lines that describe its fields and stand in no requirement.
    """

    name: str
    entity: str
    fields: tuple[PlannedField, ...]
    stems: frozenset[str]
    described: tuple[Trace, ...] = ()


def stems(text: str) -> frozenset[str]:
    """Words of ``text`` in lower case without a plural's ending."""
    return frozenset(_stem(word.lower()) for word in words(text) if len(word) > 1)


def domains_of(analysis: SimplePRDAnalysisResult, fallback: str) -> list[Domain]:
    """The document's domains, the most spoken of first; one of ``fallback`` where it has none."""
    entities = analysis.parsed_prd.entities or (Entity(fallback, (), "", 1),)
    spoken: Counter[str] = Counter()
    for requirement in analysis.parsed_prd.requirements:
        spoken.update(stems(_whole_text(requirement)))
    lines = analysis.prd_content.splitlines()
    taken: set[str] = set()
    found: list[tuple[int, Domain]] = []
    for entity in entities:
        own = stems(entity.name)
        if own and any(own == domain.stems for _, domain in found):
            continue
        weight = min((spoken[stem] for stem in own), default=0) + 2 * len(entity.fields)
        name = unique(domain_name(entity.name), taken)
        taken.add(name)
        described = _described(entity, lines)
        found.append((weight, Domain(name, entity.name, _fields(entity), own, described)))
    found.sort(key=lambda pair: -pair[0])
    domains = [domain for weight, domain in found if weight >= _LEAST_WEIGHT][:MOST_DOMAINS]
    return domains or [found[0][1]]


class Assignment:
    """Assigns requirements to domains; ``domains`` must not be empty."""

    def __init__(self, domains: Sequence[Domain]) -> None:
        self._domains = domains
        self._by_section: dict[str, Domain] = {}

    def domain_of(self, requirement: Requirement, subject: str = "") -> Domain:
        """The domain of ``requirement``; ``subject`` is the object of its main verb."""
        title = requirement.section.rsplit(" > ", 1)[-1]
        details = " ".join(text for _, text in requirement.details[:20])
        for text in (subject, requirement.text, title, details):
            domain = self._named_in(text)
            if domain is not None:
                self._by_section.setdefault(requirement.section, domain)
                return domain
        return self._by_section.get(requirement.section, self._domains[0])

    def _named_in(self, text: str) -> Domain | None:
        spoken = stems(text)
        named = [domain for domain in self._domains if domain.stems and domain.stems <= spoken]
        return max(named, key=lambda domain: len(domain.stems), default=None)


def _described(entity: Entity, lines: Sequence[str]) -> tuple[Trace, ...]:
    """The lines of the entity's fields, and those below that begin with a field's name."""
    if not entity.fields:
        return ()
    own = {field.line for field in entity.fields if 0 < field.line <= len(lines)}
    last = max(own, default=0)
    names = {field.name.lower() for field in entity.fields}
    below = range(last + 1, min(last + 1 + _LINES_BELOW, len(lines) + 1))
    own |= {at for at in below if _first_word(lines[at - 1]).lower() in names}
    title = entity.section.rsplit(" > ", 1)[-1] or entity.name
    return tuple(Trace(title, entity.section, at, lines[at - 1][:300]) for at in sorted(own))


def _first_word(line: str) -> str:
    words_of_line = line.strip(" \t-*+|>").split(maxsplit=1)
    return words_of_line[0].strip("`*:") if words_of_line else ""


def _whole_text(requirement: Requirement) -> str:
    return " ".join([requirement.text, *(text for _, text in requirement.details[:50])])


def _stem(word: str) -> str:
    return _PLURAL.sub("", _PLURAL_IN_Y.sub("y", word))


def _fields(entity: Entity) -> tuple[PlannedField, ...]:
    taken: set[str] = set()
    fields = []
    for field in entity.fields[:MOST_FIELDS]:
        name = snake(field.name, "value")
        if hasattr(BaseModel, name) or name.startswith("model_") or name in _RESERVED_FIELDS:
            name = f"{name}_value"
        name = unique(name, taken)
        taken.add(name)
        fields.append(PlannedField(name, field.type, field.required))
    if not any(field.required for field in fields):
        fields = [PlannedField(field.name, field.type) for field in fields[:1]] + fields[1:]
    return tuple(fields) or _DEFAULT_FIELDS
