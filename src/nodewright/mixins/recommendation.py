"""The fewest mixins that cover what is asked for and that work together, tried as a whole."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from nodewright.mixins.capabilities import meaning
from nodewright.mixins.catalogue import Catalogue, Mixin
from nodewright.mixins.facts import node_kind
from nodewright.mixins.knowledge import Knowledge, default_knowledge

_MOST_SETS_TRIED = 60
_MOST_MIXINS = 8

Meaning = tuple[str, ...]
# (mixin, mixin, kind) -> whether the pair may stand together in an answer.
PairFilter = Callable[[str, str, str], bool]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A mixin to use: ``from module import name``; ``covers`` as the caller wrote it."""

    name: str
    module: str
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A capability without a mixin, and why."""

    capability: str
    reason: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Mixins in the order to list them after the node base.

    Attributes:
        node_type: the node kind.
        mixins: what to add, tried as a whole together with the existing ones.
        order: all mixins, existing ones among them, in the order that was tried.
        by_base: capabilities that the node base or an existing mixin has, with its name.
        uncovered: capabilities that nothing covers.
        reason: why the existing mixins do not work by themselves; empty if they do.
    """

    node_type: str
    mixins: tuple[Chosen, ...] = ()
    order: tuple[str, ...] = ()
    by_base: tuple[tuple[str, str], ...] = ()
    uncovered: tuple[Uncovered, ...] = ()
    reason: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The class names of ``mixins``."""
        return tuple(chosen.name for chosen in self.mixins)


class Recommender:
    """Chooses from a catalogue; what works is tried, nothing is guessed."""

    def __init__(self, knowledge: Knowledge, allowed: PairFilter | None = None) -> None:
        self._knowledge = knowledge
        self._allowed = allowed

    def recommend(
        self,
        node_type: str,
        capabilities: Sequence[str],
        existing: Sequence[str] = (),
        most: int = 5,
    ) -> Recommendation:
        """The fewest mixins (at most ``most``) that cover the most of ``capabilities``.

        Raises:
            ValueError: an unknown node type, ``most`` below 0, or one text for a list of names.
            TrialWorkerError: trials cannot be run.
        """
        kind = node_kind(node_type)
        if most < 0:
            raise ValueError(f"max_recommendations is {most}: give at least 0")
        for name, given in (("required_capabilities", capabilities), ("existing_mixins", existing)):
            if isinstance(given, str):
                raise ValueError(f"{name} is {given!r:.80}: give a list of names, [{given!r:.80}]")  # noqa: TRY004 - as all bad arguments
        catalogue = self._knowledge.catalogue
        present = [name for name in dict.fromkeys(existing) if catalogue.profile(name)]
        wanted = {meaning(text): text for text in capabilities if meaning(text)}
        by_base = self._by_base(kind, present, wanted)
        missing = [means for means in wanted if means not in by_base]
        tried = self._knowledge.set_trial(kind, present) if present else None
        if tried is not None and not tried.result.usable:
            reason = f"the existing mixins fail together: {tried.result.reason}"
            return Recommendation(kind, order=tuple(present), reason=reason)
        coverers = self._coverers(kind, missing, present)
        order, chosen = self._search(kind, coverers, present, min(most, _MOST_MIXINS))
        covered = {means for mixin in chosen for means in _covers(mixin, missing)}
        return Recommendation(
            node_type=kind,
            mixins=tuple(
                Chosen(
                    name, mixin.profile.module, tuple(wanted[m] for m in _covers(mixin, missing))
                )
                for name in order
                for mixin in chosen
                if mixin.name == name and mixin.profile is not None
            ),
            order=order,
            by_base=tuple((wanted[means], owner) for means, owner in by_base.items()),
            uncovered=tuple(
                Uncovered(wanted[means], self._why_not(kind, wanted[means], coverers, most))
                for means in missing
                if means not in covered
            ),
        )

    def _by_base(
        self, kind: str, present: Sequence[str], wanted: dict[Meaning, str]
    ) -> dict[Meaning, str]:
        catalogue = self._knowledge.catalogue
        base = set(catalogue.nodes[kind].linearisation)
        found: dict[Meaning, str] = {}
        for mixin in catalogue.importable:
            if mixin.profile is not None and mixin.profile.key in base:
                owner = f"{catalogue.nodes[kind].name} ({mixin.name})"
            elif mixin.name in present:
                owner = mixin.name
            else:
                continue
            for means in mixin.meanings & wanted.keys():
                found.setdefault(means, owner)
        return {means: found[means] for means in wanted if means in found}

    def _coverers(
        self, kind: str, missing: Sequence[Meaning], present: Sequence[str]
    ) -> list[tuple[Mixin, frozenset[Meaning]]]:
        """Mixins that cover something missing and work alone, the most to the point first."""
        base = set(self._knowledge.catalogue.nodes[kind].linearisation)
        found = []
        for mixin in self._knowledge.catalogue.importable:
            covers = frozenset(_covers(mixin, missing))
            if not covers or mixin.name in present:
                continue
            if mixin.profile is None or mixin.profile.key in base:
                continue
            if self._knowledge.solo(mixin.name, kind).usable:
                found.append((mixin, covers))
        found.sort(key=lambda entry: (-len(entry[1]) / len(entry[0].meanings), entry[0].name))
        return found

    def _search(
        self,
        kind: str,
        coverers: Sequence[tuple[Mixin, frozenset[Meaning]]],
        present: Sequence[str],
        most: int,
    ) -> tuple[tuple[str, ...], list[Mixin]]:
        """The order that was tried, and the mixins that are new in it."""
        for chosen in islice(self._candidates(kind, coverers, present, most), _MOST_SETS_TRIED):
            names = [*present, *(mixin.name for mixin in chosen)]
            if not names:
                break
            tried = self._knowledge.set_trial(kind, names)
            if tried.result.usable:
                return tried.order, chosen
        return tuple(present), []

    def _candidates(
        self,
        kind: str,
        coverers: Sequence[tuple[Mixin, frozenset[Meaning]]],
        present: Sequence[str],
        most: int,
    ) -> Iterator[list[Mixin]]:
        """Sets by what they cover, the most first, and by size, the fewest first."""
        reachable = frozenset[Meaning]().union(*(covers for _, covers in coverers))
        for goal in range(len(reachable), 0, -1):
            for size in range(1, min(most, goal) + 1):
                for entries in combinations(coverers, size):
                    covered = frozenset[Meaning]().union(*(covers for _, covers in entries))
                    mixins = [mixin for mixin, _ in entries]
                    names = [*present, *(mixin.name for mixin in mixins)]
                    if len(covered) == goal and self._pairwise(names, kind):
                        yield mixins

    def _pairwise(self, names: Sequence[str], kind: str) -> bool:
        for a, b in combinations(names, 2):
            known = self._knowledge.known_trial(a, b, kind)
            if known is not None and not known.usable:
                return False
            if self._allowed is not None and not self._allowed(a, b, kind):
                return False
        return True

    def _why_not(
        self,
        kind: str,
        capability: str,
        coverers: Sequence[tuple[Mixin, frozenset[Meaning]]],
        most: int,
    ) -> str:
        means = meaning(capability)
        catalogue = self._knowledge.catalogue
        named = [mixin for mixin in catalogue.mixins.values() if means in mixin.meanings]
        classless = sorted(mixin.name for mixin in named if not mixin.importable)
        works = sorted(mixin.name for mixin, covers in coverers if means in covers)
        if works:
            return f"{', '.join(works)} would, but not together with the others (at most {most})"
        failing = sorted(mixin.name for mixin in named if mixin.importable)
        if failing:
            result = self._knowledge.solo(failing[0], kind)
            return f"{', '.join(failing)} does not work on {kind} nodes: {result.reason}"
        if classless:
            return f"{', '.join(classless)} is described but has no class to import"
        near = _near(catalogue, capability)
        return f"no mixin has it{f'; near: {near}' if near else ''}"


def _covers(mixin: Mixin, missing: Sequence[Meaning]) -> list[Meaning]:
    meanings = mixin.meanings
    return [means for means in missing if means in meanings]


def _near(catalogue: Catalogue, capability: str) -> str:
    wanted = set(meaning(capability))
    close = [
        mixin.name
        for mixin in catalogue.importable
        if any(wanted & set(means) for means in mixin.meanings)
    ]
    return ", ".join(close[:3])


def usable_set(node_type: str, capabilities: Sequence[str]) -> Recommendation:
    """Mixins for a node to generate: ordered, and tried as a whole with the node base first.

    Needs neither a database nor a trained model. The first call of a process starts a worker.

    Raises:
        ValueError: an unknown node type.
        TrialWorkerError: trials cannot be run.
    """
    return Recommender(default_knowledge()).recommend(node_type, capabilities, most=_MOST_MIXINS)
