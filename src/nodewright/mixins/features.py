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


def _shape(mro: Sequence[ClassFacts], own: AbstractSet[str]) -> _Order:
    """Walk an MRO from the front; ``own`` names the classes that the mixins brought."""
    running, skipped, demanded, redefined = True, 0, 0, 0
    assigned: set[str] = set()
    declared: set[str] = set()
    readonly: set[str] = set()
    for place, known in enumerate(mro):
        if known.has_init:
            skipped += not running
            demanded += known.init_required if running and known.name in own else 0
            running = running and known.init_cooperative
            assigned |= known.init_assigns
        declared |= known.abstract
        readonly |= known.readonly
        if known.arity and known.name in own:
            for owner in mro[:place]:
                if not known.names.isdisjoint(owner.names):
                    redefined += _clashes(known.arity, owner)
    abstract = sum([name in _owner(name, mro).abstract for name in declared])
    collisions = sum([name in _owner(name, mro).readonly for name in readonly & assigned])
    obstacles = (demanded > 0) + (abstract > 0) + (collisions > 0) + (skipped > 0)
    return _Order(obstacles, skipped, demanded, abstract, collisions, redefined)


def _owner(name: str, mro: Sequence[ClassFacts]) -> ClassFacts:
    return next(known for known in mro if name in known.names)


def _clashes(arity: Mapping[str, tuple[int, int]], owner: ClassFacts) -> int:
    """How many of the methods in ``arity`` cannot be called the same way on ``owner``'s."""
    clashes = 0
    for method in owner.names & arity.keys():
        theirs = (owner.arity or {}).get(method)
        if theirs is not None:
            required, most = arity[method]
            fits = theirs[0] <= required and (theirs[1] < 0 or theirs[1] >= most >= 0)
            clashes += not fits
    return clashes


class Features:
    """Computes features from a catalogue; what concerns one mixin alone is computed once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._facts = catalogue.facts
        self._nodes = catalogue.nodes
        self._public: dict[str, frozenset[str]] = {}
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
        shapes = self._shapes(node, first, second)
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

    def _shapes(self, node: Profile, first: Profile, second: Profile) -> list[_Order]:
        shapes = []
        brought = frozenset(first.linearisation + second.linearisation)
        own = brought.difference(node.linearisation)
        for order in ((node, first, second), (node, second, first)):
            mro = linearise(order)
            if mro is not None:
                facts = [self._facts[name] for name in mro if name in self._facts]
                shapes.append(_shape(facts, own))
        return shapes

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
        return any(self._facts.get(name, _NO_FACTS).has_init for name in profile.linearisation)


def _declared(a: Mixin, b: Mixin) -> int:
    if b.name in a.incompatible_with or a.name in b.incompatible_with:
        return -1
    return int(b.name in a.compatible_with or a.name in b.compatible_with)
