"""The 15 features of a pair of mixins on a node kind.

All come from introspection of the classes and from metadata; none from the outcome of any pair.
All are symmetric in the two mixins, because they look at both orders. They are small whole numbers,
so that 32-bit floats hold them exactly.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import NamedTuple

from nodewright.mixins.catalogue import Catalogue, Mixin
from nodewright.mixins.facts import ClassFacts, Profile, linearise, metaclasses_agree

_NO_FACTS = ClassFacts("")


class Feature(NamedTuple):
    """A feature's name and what it means."""

    name: str
    meaning: str


FEATURES: tuple[Feature, ...] = (
    Feature("orders_resolving", "orders (0 to 2), node base first, for which Python finds an MRO"),
    Feature("metaclasses_agree", "1 if one metaclass descends from all others, else 0"),
    Feature(
        "obstacles",
        "how many of these occur in the better order: skipped constructors, demanded arguments, "
        "abstract methods left, read-only properties assigned",
    ),
    Feature("inits_skipped", "constructors never reached in the better order"),
    Feature("inits_skipped_worst", "constructors never reached in the worse order"),
    Feature("arguments_demanded", "constructor arguments that nothing in the chain passes"),
    Feature("abstract_left", "abstract methods that no class of the composition implements"),
    Feature("readonly_assigned", "properties without a setter that some constructor assigns"),
    Feature(
        "methods_redefined", "methods of the mixins redefined before them with another signature"
    ),
    Feature("public_names_shared", "public names that both mixins define"),
    Feature("public_names_shadowed", "public names of the mixins that the node base defines"),
    Feature("own_constructors", "how many of the two mixins have a constructor in their MRO"),
    Feature("protocols", "how many of the two mixins are typing.Protocol classes"),
    Feature("ancestors_shared", "classes in both mixins' MRO, or in a mixin's and the node base's"),
    Feature(
        "declared", "1 if the metadata calls the two compatible, -1 if incompatible, 0 if silent"
    ),
)
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
_PLAIN = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})


class _Order(NamedTuple):
    """What can be counted once an MRO is known; orders compare by it, the better first."""

    obstacles: int
    skipped: int
    demanded: int
    abstract: int
    readonly: int
    redefined: int


# Of a composition without an order there is nothing to count; more than any real count.
_UNRESOLVED = _Order(99, 99, 99, 99, 99, 99)
_skipped = attrgetter("skipped")


class _Front(NamedTuple):
    """The classes at the front of an MRO: their names win over all that follow.

    Attributes:
        linearisation: the names of the classes.
        running: whether the chain of constructors goes on behind them.
        skipped: constructors among them that are never reached.
        abstract: abstract methods left; readonly: properties without a setter that nothing hides.
        assigned: attributes that their constructors assign.
        owners: name -> the class that defines it first.
        clashes: class behind the front -> its methods that the front hides; filled when asked.
    """

    linearisation: tuple[str, ...]
    running: bool
    skipped: int
    abstract: frozenset[str]
    readonly: frozenset[str]
    assigned: frozenset[str]
    owners: Mapping[str, ClassFacts]
    clashes: dict[str, int]


def _front(classes: Sequence[ClassFacts], linearisation: tuple[str, ...]) -> _Front:
    running, skipped = True, 0
    assigned: set[str] = set()
    owners: dict[str, ClassFacts] = {}
    for known in classes:
        if known.has_init:
            skipped += not running
            running = running and known.init_cooperative
            assigned |= known.init_assigns
        for name in known.names:
            owners.setdefault(name, known)
    return _Front(
        linearisation,
        running,
        skipped,
        frozenset(name for name, owner in owners.items() if name in owner.abstract),
        frozenset(name for name, owner in owners.items() if name in owner.readonly),
        frozenset(assigned),
        owners,
        {},
    )


def _shape(front: _Front, rest: Sequence[ClassFacts], own: AbstractSet[str]) -> _Order:
    """Walk the rest of an MRO behind ``front``; ``own`` names the classes that mixins brought."""
    running, skipped, demanded, redefined = front.running, front.skipped, 0, 0
    abstract, readonly, assigned = front.abstract, front.readonly, front.assigned
    for place, known in enumerate(rest):
        if known.has_init:
            skipped += not running
            demanded += known.init_required if running and known.name in own else 0
            running = running and known.init_cooperative
            assigned = assigned | known.init_assigns
        before = rest[:place]
        if known.abstract:
            abstract = abstract | _unhidden(known.abstract, front, before)
        if known.readonly:
            readonly = readonly | _unhidden(known.readonly, front, before)
        if known.arity and known.name in own:
            redefined += _clashes(known, front, before)
    collisions = len(readonly & assigned)
    obstacles = (demanded > 0) + bool(abstract) + (collisions > 0) + (skipped > 0)
    return _Order(obstacles, skipped, demanded, len(abstract), collisions, redefined)


def _unhidden(names: frozenset[str], front: _Front, before: Sequence[ClassFacts]) -> frozenset[str]:
    """Those of ``names`` that no class further in front defines."""
    return frozenset(
        name
        for name in names
        if name not in front.owners and not any(name in known.names for known in before)
    )


def _clashes(known: ClassFacts, front: _Front, before: Sequence[ClassFacts]) -> int:
    """How many methods of ``known`` are hidden by one that cannot be called the same way."""
    clashes = front.clashes.get(known.name)
    if clashes is None:
        owners, arity = front.owners, known.arity or {}
        clashes = sum(_differs(method, owners[method], known) for method in owners.keys() & arity)
        front.clashes[known.name] = clashes
    for place, other in enumerate(before):
        if not known.names.isdisjoint(other.names):
            shared = _unhidden(known.names & other.names, front, before[:place])
            clashes += sum(_differs(method, other, known) for method in shared)
    return clashes


def _differs(method: str, owner: ClassFacts, hidden: ClassFacts) -> bool:
    theirs, own = (owner.arity or {}).get(method), (hidden.arity or {}).get(method)
    if theirs is None or own is None:
        return False
    required, most = own
    return not (theirs[0] <= required and (theirs[1] < 0 or theirs[1] >= most >= 0))


_NOTHING = _front([], ())


class Features:
    """Computes features from a catalogue; what concerns one mixin alone is computed once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._facts = catalogue.facts
        self._nodes = catalogue.nodes
        self._fronts = {
            kind: _front(self._known(node.linearisation[:-1]), node.linearisation[:-1])
            for kind, node in self._nodes.items()
        }
        self._public: dict[str, frozenset[str]] = {}
        self._inits: dict[str, bool] = {}
        self._lines: dict[str, frozenset[str]] = {}

    def of(self, a: Mixin, b: Mixin, kind: str) -> tuple[float, ...]:
        """The features of ``a`` and ``b`` on ``kind``, in the order of ``FEATURES``.

        Raises:
            ValueError: one of the mixins has no class.
        """
        if a.profile is None or b.profile is None:
            raise ValueError(f"{a.name if a.profile is None else b.name} has no class to look at")
        node = self._nodes[kind]
        first, second = a.profile, b.profile
        shapes = self._shapes(kind, first, second)
        best = min(shapes, default=_UNRESOLVED)
        worst = max(shapes, default=_UNRESOLVED, key=_skipped)
        agree = metaclasses_agree((node, first, second))
        of_a, of_b, of_node = map(self._public_names, (first, second, node))
        mine, other, base = map(self._ancestors, (first, second, node))
        return (
            float(len(shapes)),
            float(agree),
            float(best.obstacles),
            float(best.skipped),
            float(worst.skipped),
            float(best.demanded),
            float(best.abstract),
            float(best.readonly),
            float(best.redefined),
            float(len(of_a & of_b)),
            float(len((of_a | of_b) & of_node)),
            float(self._has_init(first) + self._has_init(second)),
            float(first.protocol + second.protocol),
            float(len((mine & other) | ((mine | other) & base))),
            float(_declared(a, b)),
        )

    def _shapes(self, kind: str, first: Profile, second: Profile) -> list[_Order]:
        shapes = []
        node = self._nodes[kind]
        brought = frozenset(first.linearisation + second.linearisation)
        own = brought.difference(node.linearisation)
        front = self._fronts[kind]
        mine, theirs = first.linearisation[:-1], second.linearisation[:-1]
        if len({*front.linearisation, *mine, *theirs}) == (
            len(front.linearisation) + len(mine) + len(theirs)
        ):  # nothing shared: one after the other
            return [
                _shape(front, self._known(mine + theirs), own),
                _shape(front, self._known(theirs + mine), own),
            ]
        length = len(front.linearisation)
        for order in ((node, first, second), (node, second, first)):
            mro = linearise(order)
            if mro is None:
                continue
            if mro[:length] == front.linearisation:
                rest = self._known(mro[length:])
                shapes.append(_shape(front, rest, own))
            else:  # a mixin's class stands between those of the node base
                shapes.append(_shape(_NOTHING, self._known(mro), own))
        return shapes

    def _known(self, names: Sequence[str]) -> list[ClassFacts]:
        return [self._facts[name] for name in names if name in self._facts]

    def _public_names(self, profile: Profile) -> frozenset[str]:
        known = self._public.get(profile.key)
        if known is None:
            known = self._public[profile.key] = frozenset(
                name
                for parent in profile.linearisation
                for name in self._facts.get(parent, _NO_FACTS).names
                if not name.startswith("_")
            )
        return known

    def _ancestors(self, profile: Profile) -> frozenset[str]:
        known = self._lines.get(profile.key)
        if known is None:
            known = self._lines[profile.key] = frozenset(profile.linearisation) - _PLAIN
        return known

    def _has_init(self, profile: Profile) -> bool:
        known = self._inits.get(profile.key)
        if known is None:
            known = self._inits[profile.key] = any(
                facts.has_init for facts in self._known(profile.linearisation)
            )
        return known


def _declared(a: Mixin, b: Mixin) -> int:
    if b.name in a.incompatible_with or a.name in b.incompatible_with:
        return -1
    return int(b.name in a.compatible_with or a.name in b.compatible_with)
