"""What the analysis of a PRD yields: plain, frozen, picklable values.

Line numbers are 1-based lines of the PRD. ``section`` is the path of headings joined with `` > ``,
empty before the first heading.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from nodewright.patterns.models import Evidence, PatternDetection

__all__ = [
    "NODE_KINDS",
    "DecompositionResult",
    "Endpoint",
    "Entity",
    "EntityField",
    "Evidence",
    "ExternalSystem",
    "FieldType",
    "ParsedPRD",
    "PatternDetection",
    "Quantity",
    "Requirement",
    "Scope",
    "SimplePRDAnalysisResult",
    "StateMachine",
    "Transition",
]

NODE_KINDS = ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR")


class Scope(StrEnum):
    """Whether this release is to have a requirement."""

    RELEASE = "release"
    FUTURE = "future"
    EXCLUDED = "excluded"


class FieldType(StrEnum):
    """Types of entity fields that generated models know."""

    STRING = "str"
    INTEGER = "int"
    NUMBER = "float"
    DECIMAL = "Decimal"
    BOOLEAN = "bool"
    DATETIME = "datetime"
    DATE = "date"
    UUID = "UUID"
    STRINGS = "list[str]"
    OBJECT = "dict[str, str]"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that the product is asked to do or to be.

    ``id`` is the author's own (``FR-3``) or ``R-<n>`` in order of appearance; unique in a document.
    ``details`` are sub-points and acceptance criteria as (line, text).
    """

    id: str
    text: str
    section: str
    line: int
    functional: bool = True
    scope: Scope = Scope.RELEASE
    priority: str | None = None
    status: str | None = None
    details: tuple[tuple[int, str], ...] = ()
    acceptance_criteria: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EntityField:
    """A field of an entity; ``name`` is as the text writes it."""

    name: str
    type: FieldType
    required: bool
    line: int


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing the text stores or passes on; ``name`` is a singular noun phrase of the text."""

    name: str
    fields: tuple[EntityField, ...]
    section: str
    line: int


@dataclass(frozen=True, slots=True)
class Transition:
    """A named move between two states."""

    source: str
    target: str
    trigger: str
    line: int


@dataclass(frozen=True, slots=True)
class StateMachine:
    """States that the text gives to ``subject``, first one initial."""

    subject: str
    states: tuple[str, ...]
    transitions: tuple[Transition, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit, such as ``latency p95 < 100 ms``."""

    subject: str
    comparison: str
    value: float
    unit: str
    line: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An HTTP route named in the text."""

    method: str
    path: str
    description: str
    line: int


@dataclass(frozen=True, slots=True)
class ExternalSystem:
    """A database, broker, cloud, vendor API or platform, by its normal name."""

    name: str
    optional: bool
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParsedPRD:
    """The text taken apart. ``sections`` maps heading path -> body text; counts are words.

    ``title`` is empty where the document has none; ``product`` is the product's own name, where
    the title is a mere "Product Requirements Document" or there is none.
    """

    title: str
    description: str
    functional_requirements: list[str]
    features: list[str]
    success_criteria: list[str]
    technical_details: list[str]
    dependencies: list[str]
    extracted_keywords: list[str]
    sections: dict[str, str]
    word_count: int
    language: str = "en"
    requirements: tuple[Requirement, ...] = ()
    entities: tuple[Entity, ...] = ()
    state_machines: tuple[StateMachine, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    actors: tuple[str, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    product: str = ""


@dataclass(frozen=True, slots=True)
class DecompositionResult:
    """Tasks, one a functional requirement of this release: id, title, requirement, line, kind."""

    tasks: list[dict[str, Any]]
    total_tasks: int
    verification_successful: bool


@dataclass(frozen=True, slots=True)
class SimplePRDAnalysisResult:
    """All that was understood of a PRD.

    ``node_type_hints`` maps node kind -> 0..1 for all four kinds; ``quality_baseline`` and
    ``confidence_score`` are 0..1. ``analysis_timestamp`` is in UTC.
    """

    prd_content: str
    parsed_prd: ParsedPRD
    decomposition_result: DecompositionResult
    node_type_hints: dict[str, float]
    recommended_mixins: list[str]
    external_systems: list[str]
    quality_baseline: float
    confidence_score: float
    session_id: UUID = field(default_factory=uuid4)
    correlation_id: UUID = field(default_factory=uuid4)
    analysis_timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    systems: tuple[ExternalSystem, ...] = ()
    patterns: tuple[PatternDetection, ...] = ()
    capabilities: tuple[str, ...] = ()

    @property
    def primary_node_type(self) -> str:
        """The kind with the highest hint."""
        return max(NODE_KINDS, key=lambda kind: self.node_type_hints.get(kind, 0.0))
