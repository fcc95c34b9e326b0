"""Trials in few numbers, and names that users mistype."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from nodewright.mixins.catalogue import Catalogue
from nodewright.mixins.errors import MixinError
from nodewright.mixins.kinds import NODE_KINDS
from nodewright.mixins.trials import PairTrial


class TrialSummary(NamedTuple):
    """Trials of one node kind; ``ordered`` is how many need one of the two orders."""

    kind: str
    pairs: int
    usable: int
    ordered: int
    conflicts: str


def trial_summary(trials: Iterable[PairTrial]) -> list[TrialSummary]:
    """One row a kind that has trials; conflicts by outcome, the most frequent first."""
    by_kind: dict[str, list[PairTrial]] = {}
    for trial in trials:
        by_kind.setdefault(trial.kind, []).append(trial)
    rows = []
    for kind in NODE_KINDS:
        tried = by_kind.get(kind, [])
        if not tried:
            continue
        usable = [trial for trial in tried if trial.usable]
        conflicts = Counter(trial.best.outcome.value for trial in tried if not trial.usable)
        rows.append(
            TrialSummary(
                kind=kind,
                pairs=len(tried),
                usable=len(usable),
                ordered=sum(trial.resolution_pattern is not None for trial in usable),
                conflicts=", ".join(f"{name} {count}" for name, count in conflicts.most_common()),
            )
        )
    return rows


def closest_name(catalogue: Catalogue, name: str) -> str:
    """``name`` if a class of the catalogue has it.

    Raises:
        MixinError: none has; the message names near ones.
    """
    if catalogue.profile(name) is not None:
        return name
    near = ", ".join(catalogue.near(name))
    said = "is described by metadata but has no class" if name in catalogue else "is not known"
    raise MixinError(f"mixin {name!r} {said}" + (f"; near: {near}" if near else ""))
