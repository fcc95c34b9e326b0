"""What is said of mixins, as plain values that travel as JSON: kinds, classes, outcomes.

A profile is taken in the worker (``inspection``); everything else of the room reads profiles, so
that predictions never import a mixin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from nodewright.mixins.errors import UnknownNodeTypeError

NODE_KINDS = ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR")


def node_kind(node_type: str) -> str:
    """``node_type`` as one of ``NODE_KINDS``; case and the suffix ``_GENERIC`` do not matter.

    Raises:
        UnknownNodeTypeError: it is none of the four.
    """
    named = getattr(node_type, "value", node_type)  # also a member of an enumeration
    kind = str(named).strip().upper().removesuffix("_GENERIC")
    if kind not in NODE_KINDS:
        raise UnknownNodeTypeError(node_type)
    return kind


class Outcome(StrEnum):
    """How a trial ended; the value goes into records, so it never changes its meaning."""

    USABLE = "usable"
    IMPORT_FAILED = "import_failed"
    MRO_CONFLICT = "mro_conflict"
    METACLASS_CONFLICT = "metaclass_conflict"
    COMPOSITION_FAILED = "composition_failed"
    ABSTRACT_METHOD = "abstract_method"
    CONSTRUCTOR_SIGNATURE = "constructor_signature"
    CONSTRUCTOR_TYPE_ERROR = "constructor_type_error"
    CONSTRUCTOR_FAILED = "constructor_failed"
    ATTRIBUTE_COLLISION = "attribute_collision"
    NODE_NOT_INITIALISED = "node_not_initialised"
    MIXIN_INIT_SKIPPED = "mixin_init_skipped"
    INITIALISE_FAILED = "initialise_failed"
    PROCESS_SHADOWED = "process_shadowed"
    PROCESS_FAILED = "process_failed"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"


# What each outcome means in a sentence, for explanations.
MEANING: dict[Outcome, str] = {
    Outcome.USABLE: "composes, constructs, initialises and processes",
    Outcome.IMPORT_FAILED: "a class does not import",
    Outcome.MRO_CONFLICT: "Python finds no method resolution order",
    Outcome.METACLASS_CONFLICT: "the metaclasses exclude each other",
    Outcome.COMPOSITION_FAILED: "the class cannot be created",
    Outcome.ABSTRACT_METHOD: "abstract methods are left to implement",
    Outcome.CONSTRUCTOR_SIGNATURE: "a constructor demands arguments that a node does not pass",
    Outcome.CONSTRUCTOR_TYPE_ERROR: "a constructor calls a method that another class redefined",
    Outcome.CONSTRUCTOR_FAILED: "a constructor raises",
    Outcome.ATTRIBUTE_COLLISION: "a read-only attribute is assigned by another class",
    Outcome.NODE_NOT_INITIALISED: "the node base is silently not initialised",
    Outcome.MIXIN_INIT_SKIPPED: "a mixin's constructor is silently skipped",
    Outcome.INITIALISE_FAILED: "initialize() raises",
    Outcome.PROCESS_SHADOWED: "process() of the node is shadowed",
    Outcome.PROCESS_FAILED: "process() fails",
    Outcome.TIMED_OUT: "the trial did not end in time",
    Outcome.CRASHED: "the trial killed its process",
}


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """One class of a linearisation; ``name`` is ``module.qualname``.

    Attributes:
        names: what the class body defines, dunder names left out.
        abstract: abstract methods that the body declares.
        readonly: properties without a setter.
        arity: method -> (required, most) positional arguments after ``self``; most is -1 for any.
        has_init: whether the body defines ``__init__``.
        init_required: arguments that this ``__init__`` demands.
        init_cooperative: whether this ``__init__`` calls the next one.
        init_assigns: attributes of ``self`` that this ``__init__`` assigns.
    """

    name: str
    names: frozenset[str] = frozenset()
    abstract: frozenset[str] = frozenset()
    readonly: frozenset[str] = frozenset()
    arity: Mapping[str, tuple[int, int]] | None = None
    has_init: bool = False
    init_required: int = 0
    init_cooperative: bool = True
    init_assigns: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Sets become sorted lists."""
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ClassFacts":
        """The inverse of ``to_json``."""
        sets = ("names", "abstract", "readonly", "init_assigns")
        arity = {name: (int(a[0]), int(a[1])) for name, a in (data["arity"] or {}).items()}
        return cls(
            name=str(data["name"]),
            arity=arity,
            has_init=bool(data["has_init"]),
            init_required=int(data["init_required"]),
            init_cooperative=bool(data["init_cooperative"]),
            **{field: frozenset(map(str, data[field])) for field in sets},
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """A mixin or a node base.

    Attributes:
        name: the class's own name.
        module: where it imports from.
        linearisation: the names of its MRO, itself first and ``object`` last.
        metaclasses: the names of its metaclass's MRO.
        protocol: whether it is a ``typing.Protocol`` or a child of one.
        summary: the first line of its docstring.
    """

    name: str
    module: str
    linearisation: tuple[str, ...]
    metaclasses: tuple[str, ...]
    protocol: bool = False
    summary: str = ""

    @property
    def key(self) -> str:
        """The class's name with its module."""
        return self.linearisation[0]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Profile":
        """The inverse of ``to_json``."""
        return cls(
            name=str(data["name"]),
            module=str(data["module"]),
            linearisation=tuple(map(str, data["linearisation"])),
            metaclasses=tuple(map(str, data["metaclasses"])),
            protocol=bool(data["protocol"]),
            summary=str(data["summary"]),
        )


def linearise(profiles: Sequence[Profile]) -> tuple[str, ...] | None:
    """The MRO of a class with the bases ``profiles``, without the class; None if there is none.

    Python's C3 merge, on names (https://docs.python.org/3/howto/mro.html).
    """
    heads = tuple(profile.key for profile in profiles)
    if len(set(heads)) < len(heads):
        return None
    pending = [list(profile.linearisation) for profile in profiles] + [list(heads)]
    merged: list[str] = []
    while pending:
        for sequence in pending:
            candidate = sequence[0]
            if not any(candidate in other[1:] for other in pending):
                break
        else:
            return None
        merged.append(candidate)
        for sequence in pending:
            if sequence[0] == candidate:
                del sequence[0]
        pending = [sequence for sequence in pending if sequence]
    return tuple(merged)


def metaclasses_agree(profiles: Iterable[Profile]) -> bool:
    """Whether one of the metaclasses is a child of all the others."""
    chains = {profile.metaclasses for profile in profiles}
    return any(all(chain[0] in winner for chain in chains) for winner in chains)
