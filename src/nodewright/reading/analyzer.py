"""From the text of a PRD to all that was understood of it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.language.vocabulary import load_data
from nodewright.patterns.matcher import PatternMatcher
from nodewright.patterns.models import PatternDetection, Statement
from nodewright.prd.blocks import BlockKind
from nodewright.prd.document import parse_document
from nodewright.prd.entries import Entry
from nodewright.prd.models import (
    NODE_KINDS,
    DecompositionResult,
    ParsedPRD,
    Requirement,
    Scope,
    SimplePRDAnalysisResult,
)
from nodewright.prd.outline import Section
from nodewright.prd.sentences import Sentence, sentences_of
from nodewright.reading.data_passes import read_data
from nodewright.reading.declared_entities import declared_entities
from nodewright.reading.draft import Draft
from nodewright.reading.entities import find_entities
from nodewright.reading.facts import find_actors, find_endpoints, find_quantities
from nodewright.reading.features import feature_sentences
from nodewright.reading.kinds import capability_scorer, hints, kind_of
from nodewright.reading.states import find_state_machines
from nodewright.reading.systems import find_systems

_THRESHOLD = 0.5
_MAX_KEYWORDS = 30
_MAX_LISTED = 200
_LONG_WORD = re.compile(r"[^\W\d]{3,40}")
_ASKS = 0.5


class SimplePRDAnalyzer:
    """Reads requirements documents in Markdown.

    Args:
        matcher: detects patterns; by default with the built-in library.
        pattern_folder: a folder of the user's own pattern files for the default matcher.
    """

    def __init__(
        self, matcher: PatternMatcher | None = None, *, pattern_folder: Path | None = None
    ) -> None:
        self._matcher = matcher or PatternMatcher(folder=pattern_folder)

    def analyze_prd(self, text: str) -> SimplePRDAnalysisResult:
        """Analyse a document. Any text is legal; an empty one yields empty findings."""
        document = parse_document(text)
        sections, entries = document.sections, document.entries
        requirements, title = document.requirements, document.title
        sentences = sentences_of(sections)
        draft = Draft(document)
        read_data(draft)
        known = declared_entities(draft)
        entities = find_entities(known, sections, requirements, sentences)
        machines = find_state_machines(sections, [entity.name for entity in entities])
        endpoints = find_endpoints(entries)
        systems = find_systems(sentences, title)

        sentences += feature_sentences(systems, endpoints, sentences)
        statements: list[Statement] = [*sentences]
        words = [sentence.words for sentence in sentences]
        patterns = self._matcher.match(statements, words)
        capabilities = _detected(
            capability_scorer().score(statements, words, [item.quality for item in sentences])
        )
        kinds = hints(sentences, requirements, patterns, len(machines))

        parsed = ParsedPRD(
            title=title,
            description=_description(sections),
            functional_requirements=[
                item.text
                for item in requirements
                if item.functional and item.scope is Scope.RELEASE
            ],
            features=_features(sections, requirements),
            success_criteria=_items(entries, sections, {"success", "criteria"}),
            technical_details=_items(entries, sections, {"architecture", "nonfunctional", "api"}),
            dependencies=_items(entries, sections, {"dependencies"}),
            extracted_keywords=_keywords(sentences),
            sections=_bodies(sections),
            word_count=len(text.split()),
            language=document.language,
            requirements=requirements,
            entities=entities,
            state_machines=machines,
            endpoints=endpoints,
            actors=find_actors(sections, sentences),
            quantities=find_quantities(sentences),
            product=document.product,
        )
        return SimplePRDAnalysisResult(
            prd_content=text,
            parsed_prd=parsed,
            decomposition_result=_decompose(requirements),
            node_type_hints=kinds,
            recommended_mixins=_mixins(capabilities),
            external_systems=[system.name for system in systems],
            quality_baseline=_quality(parsed),
            confidence_score=_confidence(parsed, patterns, kinds),
            systems=systems,
            patterns=patterns,
            capabilities=capabilities,
        )


def _detected(scores: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, score in scores.items() if score.probability >= _THRESHOLD)


def _mixins(capabilities: Iterable[str]) -> list[str]:
    known: dict[str, list[str]] = load_data("mixins")
    return list(dict.fromkeys(mixin for name in capabilities for mixin in known.get(name, ())))


def _decompose(requirements: Iterable[Requirement]) -> DecompositionResult:
    tasks: list[dict[str, Any]] = []
    for item in requirements:
        if not item.functional or item.scope is not Scope.RELEASE:
            continue
        kind, score = kind_of(item)
        tasks.append(
            {
                "id": f"T-{len(tasks) + 1}",
                "title": item.text,
                "requirement": item.id,
                "line": item.line,
                "kind": kind,
                "score": score,
            }
        )
    return DecompositionResult(tasks, len(tasks), bool(tasks))


def _description(sections: Sequence[Section]) -> str:
    """The first paragraph of an overview, else the first one of the document."""
    first = ""
    for section in sections:
        for block in section.blocks:
            if block.kind is not BlockKind.PARAGRAPH or block.quoted:
                continue
            text = " ".join(plain(block.text).split())
            if not text:
                continue
            if section.role == "overview":
                return text
            first = first or text
    return first


def _features(sections: Sequence[Section], requirements: Iterable[Requirement]) -> list[str]:
    """Headings under which functional requirements of this release stand."""
    paths = {
        item.section for item in requirements if item.functional and item.scope is Scope.RELEASE
    }
    found = (
        section.title for section in sections if section.path in paths and not section.own_role
    )
    return list(dict.fromkeys(title for title in found if title))[:_MAX_LISTED]


def _items(entries: Iterable[Entry], sections: Sequence[Section], roles: set[str]) -> list[str]:
    found = (
        " ".join(entry.text.split())
        for entry in entries
        if entry.block is not None
        and entry.kind in {BlockKind.ITEM, BlockKind.ROW}
        and sections[entry.section].role in roles
        and entry.scope is Scope.RELEASE
    )
    return list(dict.fromkeys(text for text in found if text))[:_MAX_LISTED]


_STOPWORDS = word_set(
    "the a an and or of to in for on with by is are be as at from that this it its must shall "
    "should "
    "will can may not all any each when then if so i want user users system que de la el los las "
    "en "
    "y para con por un una del se via per into than has have using use used e g"
)


def _keywords(sentences: Iterable[Sentence]) -> list[str]:
    """The commonest words of what this release asks for."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        if sentence.weight >= _ASKS:
            text = sentence.text
            counts.update(sentence.lower if text.isascii() else _LONG_WORD.findall(text.lower()))
    words = (
        word
        for word, _ in counts.most_common()
        if word not in _STOPWORDS and _LONG_WORD.fullmatch(word)
    )
    return list(islice(words, _MAX_KEYWORDS))


def _bodies(sections: Iterable[Section]) -> dict[str, str]:
    found: dict[str, str] = {}
    for section in sections:
        body = "\n".join(block.text for block in section.blocks)
        if section.path or body:
            found[section.path] = (
                f"{found[section.path]}\n{body}" if section.path in found else body
            )
    return found


def _quality(parsed: ParsedPRD) -> float:
    """How well the document specifies its product: shares of what a reader looks for."""
    functional = [item for item in parsed.requirements if item.functional]
    verifiable = sum(bool(item.acceptance_criteria or item.details) for item in functional)
    parts = (
        bool(parsed.title),
        bool(parsed.description),
        min(len(parsed.functional_requirements) / 5, 1.0),
        verifiable / len(functional) if functional else 0.0,
        any(entity.fields for entity in parsed.entities),
        any(not item.functional for item in parsed.requirements),
        bool(parsed.quantities),
        any(item.scope is not Scope.RELEASE for item in parsed.requirements),
    )
    return round(sum(float(part) for part in parts) / len(parts), 4)


def _confidence(
    parsed: ParsedPRD, patterns: Sequence[PatternDetection], kinds: dict[str, float]
) -> float:
    """How sure the reading is: requirements found, patterns clear, kinds clear."""
    if not parsed.functional_requirements:
        return 0.1 if parsed.word_count else 0.0
    found = min(len(parsed.functional_requirements) / 3, 1.0)
    clear = [2 * abs(kinds[kind] - _THRESHOLD) for kind in NODE_KINDS]
    clear += [2 * abs(item.confidence - _THRESHOLD) for item in patterns]
    return round(min(0.4 * found + 0.6 * min(sum(clear) / len(clear), 1.0), 1.0), 4)
