"""What introspection says of a class, as plain values that travel as JSON.

A profile is taken in the worker (``inspection``); everything else of the room reads profiles, so
that predictions never import a mixin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


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
        init_calls: names that this ``__init__`` looks up, methods it calls among them.
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
    init_calls: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Sets become sorted lists."""
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ClassFacts":
        """The inverse of ``to_json``."""
        sets = ("names", "abstract", "readonly", "init_assigns", "init_calls")
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
