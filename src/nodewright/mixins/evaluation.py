"""How well unseen pairs and unseen mixins are predicted, beside what must be beaten.

Each figure is an accuracy over held-out samples. A random split parts the two kinds and the near
twins of a pair, so it flatters; splits grouped by unordered pair do not; and leaving out whole
mixins shows what is known of a mixin that was never tried.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nodewright.mixins.forest import SEED, fit
from nodewright.mixins.knowledge import Knowledge
from nodewright.mixins.training import Samples, check, samples_of

if TYPE_CHECKING:
    import numpy as np

_BINS = 10
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class SplitFigures:
    """One way of splitting.

    Attributes:
        split: its name.
        samples: held-out samples, over all folds.
        forest: the model's accuracy.
        majority: of always answering the training data's majority.
        names_only: of a forest that sees only the two names and the kind.
        calibration_error: expected calibration error of the model in ten bins.
        with_solo: the model's accuracy when a mixin that fails alone counts as failing in pairs;
            None where it was not asked.
    """

    split: str
    samples: int
    forest: float
    majority: float
    names_only: float
    calibration_error: float
    with_solo: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All splits, and what they are of. ``shuffled`` is grouped by pair with shuffled labels."""

    omnibase_core: str
    samples: int
    usable_share: float
    splits: tuple[SplitFigures, ...]
    shuffled: SplitFigures

    def to_plain(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


Fold = tuple[Any, Any]


def evaluate(knowledge: Knowledge, *, folds: int = 5) -> Evaluation:
    """Evaluate on the trials of ``knowledge``, which are run first if they never were."""
    import numpy as np

    knowledge.ensure_trials()
    samples = samples_of(knowledge.catalogue, knowledge.known_trials(), {})
    check(samples, 1, 0.2, folds)
    kinds = sorted({key[2] for key in samples.keys})
    solo_failures = {
        (name, kind)
        for kind in kinds
        for name, result in knowledge.solos(kind).items()
        if not result.usable
    }
    shuffled = samples._replace(usable=np.random.default_rng(SEED).permutation(samples.usable))
    return Evaluation(
        omnibase_core=knowledge.version,
        samples=len(samples.keys),
        usable_share=float(samples.usable.mean()),
        splits=(
            figures("random", samples, random_folds(samples, folds)),
            figures("grouped by pair", samples, grouped_folds(samples, folds)),
            figures("one mixin unseen", samples, one_unseen(samples), solo_failures),
            figures("both mixins unseen", samples, both_unseen(samples, folds), solo_failures),
        ),
        shuffled=figures("shuffled labels", shuffled, grouped_folds(shuffled, folds)),
    )


def random_folds(samples: Samples, folds: int) -> Iterator[Fold]:
    """Samples dealt at random, balanced by label."""
    from sklearn.model_selection import StratifiedKFold

    split = StratifiedKFold(n_splits=folds, shuffle=True, random_state=SEED)
    yield from split.split(samples.features, samples.usable)


def grouped_folds(samples: Samples, folds: int) -> Iterator[Fold]:
    """All kinds of an unordered pair on one side."""
    from sklearn.model_selection import GroupKFold

    split = GroupKFold(n_splits=folds, shuffle=True, random_state=SEED)
    yield from split.split(samples.features, groups=samples.groups)


def one_unseen(samples: Samples) -> Iterator[Fold]:
    """For each mixin, all pairs that have it are held out."""
    import numpy as np

    for name in _names(samples):
        held = np.array([name in key[:2] for key in samples.keys])
        yield np.flatnonzero(~held), np.flatnonzero(held)


def both_unseen(samples: Samples, folds: int, repeats: int = 4) -> Iterator[Fold]:
    """Groups of mixins: pairs within one are held out, pairs that touch it are not learned from."""
    import numpy as np

    names = np.array(_names(samples))
    generator = np.random.default_rng(SEED)
    for _ in range(repeats):
        for group in np.array_split(generator.permutation(names), folds):
            inside = set(group.tolist())
            touching = np.array([len(inside.intersection(key[:2])) for key in samples.keys])
            yield np.flatnonzero(touching == 0), np.flatnonzero(touching == 2)  # noqa: PLR2004 - both


def _names(samples: Samples) -> list[str]:
    return sorted({name for key in samples.keys for name in key[:2]})


def figures(
    split: str,
    samples: Samples,
    folds: Iterator[Fold],
    solo_failures: set[tuple[str, str]] | None = None,
) -> SplitFigures:
    """The accuracies over all ``folds`` together."""
    import numpy as np

    names = _names_matrix(samples)
    truth, model, majority, by_name, alone = [], [], [], [], []
    for inside, outside in folds:
        if not len(outside) or not len(inside):
            continue
        truth.append(samples.usable[outside])
        model.append(_learned(samples.features, samples.usable, inside, outside))
        by_name.append(_learned(names, samples.usable, inside, outside))
        majority.append(np.full(len(outside), samples.usable[inside].mean()))
        alone.append([_fails_alone(samples.keys[index], solo_failures) for index in outside])
    labels, probabilities = np.concatenate(truth), np.concatenate(model)
    fails = np.concatenate(alone).astype(bool)
    return SplitFigures(
        split=split,
        samples=len(labels),
        forest=_accuracy(labels, probabilities),
        majority=_accuracy(labels, np.concatenate(majority)),
        names_only=_accuracy(labels, np.concatenate(by_name)),
        calibration_error=calibration_error(labels, probabilities),
        with_solo=(
            None
            if solo_failures is None
            else _accuracy(labels, np.where(fails, 0.0, probabilities))
        ),
    )


def _fails_alone(key: tuple[str, str, str], failures: set[tuple[str, str]] | None) -> bool:
    return bool(failures) and any((name, key[2]) in (failures or ()) for name in key[:2])


def _accuracy(labels: Any, probabilities: Any) -> float:
    return float(((probabilities > _HALF) == labels).mean())


def _learned(features: Any, usable: Any, inside: Any, outside: Any) -> "np.ndarray[Any, Any]":
    import numpy as np

    labels = usable[inside]
    if labels.all() or not labels.any():
        return np.full(len(outside), float(labels[0]))
    classifier = fit(features[inside], labels)
    answers: np.ndarray[Any, Any] = classifier.predict_proba(features[outside])[:, 1]
    return answers


def _names_matrix(samples: Samples) -> "np.ndarray[Any, Any]":
    """Which two mixins and which kind, one column each: all that a names-only model sees."""
    import numpy as np

    labels: Sequence[str] = [*_names(samples), *sorted({key[2] for key in samples.keys})]
    places: Mapping[str, int] = {label: place for place, label in enumerate(labels)}
    matrix = np.zeros((len(samples.keys), len(labels)), dtype=np.float32)
    for row, key in enumerate(samples.keys):
        matrix[row, [places[part] for part in key]] = 1
    return matrix


def calibration_error(labels: Any, probabilities: Any) -> float:
    """Expected calibration error: |share usable - mean P(usable)|, weighted over ten equal bins.

    Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    2015.
    """
    import numpy as np

    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    error = 0.0
    for number in range(_BINS):
        inside = bins == number
        if inside.any():
            gap = abs(labels[inside].mean() - probabilities[inside].mean())
            error += float(gap) * float(inside.mean())
    return error
