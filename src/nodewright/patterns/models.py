"""What the matcher reads and what it finds."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a requirements document and how much it counts.

    ``weight`` (0..1) is how likely a statement in its place asks for something in this release:
    1 in a list of functional requirements, little in a risk table, 0 where it is out of scope.
    """

    text: str
    line: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A term that spoke for a pattern and the line it stands on."""

    term: str
    line: int
    weight: float


@dataclass(frozen=True, slots=True)
class PatternDetection:
    """A pattern found; ``confidence`` is the probability (0..1) that it is really asked for.

    ``score`` is what the library alone says, before feedback corrected it. Feedback records it,
    because the scale of the confidence moves with every judgement.
    """

    name: str
    confidence: float
    evidence: tuple[Evidence, ...] = ()
    capabilities: tuple[str, ...] = ()
    node_kinds: tuple[str, ...] = ()
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that terms speak for: a pattern, a capability or a node kind.

    ``terms`` maps a term to the probability that the concept is asked for when a functional
    requirement contains the term. ``slope`` and ``intercept`` calibrate the combined evidence.
    """

    name: str
    terms: dict[str, float]
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A recurring shape in requirements.

    ``contributes`` says what the pattern adds to a plan: ``operations`` (verbs) and ``mixins``.
    ``specialises`` names the broader pattern that this one implies.
    """

    concept: Concept
    summary: str
    capabilities: dict[str, tuple[str, ...]] = field(default_factory=dict)
    node_kinds: tuple[str, ...] = ()
    contributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    specialises: str | None = None
    threshold: float = 0.5

    @property
    def name(self) -> str:
        """The pattern's name, such as ``crud``."""
        return self.concept.name
