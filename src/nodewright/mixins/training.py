"""Samples, training, and metrics from splits that never part a pair from itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nodewright.logs import get_logger
from nodewright.mixins.catalogue import Catalogue
from nodewright.mixins.errors import ModelFileError, TooFewSamplesError
from nodewright.mixins.evidence import NONE, Outcomes, posterior
from nodewright.mixins.features import Features
from nodewright.mixins.forest import SEED, fit
from nodewright.mixins.knowledge import Key
from nodewright.mixins.trials import PairTrial

if TYPE_CHECKING:
    import numpy as np

_LEAST_FOLDS = 2
_log = get_logger(__name__, component="mixins")


@dataclass
class ModelMetrics:
    """How well the model did on pairs it was not trained on.

    The rates are of a test set that shares no unordered pair with its training set, and
    ``cross_val_scores`` are accuracies of as many such splits. The model itself is then trained
    on all samples.
    """

    accuracy: float
    precision: float
    recall: float
    f1_score: float
    cross_val_scores: list[float]
    training_samples: int
    test_samples: int
    trained_at: datetime

    def copied(self) -> "ModelMetrics":
        """A copy that shares nothing that can be changed."""
        return replace(self, cross_val_scores=list(self.cross_val_scores))

    def to_plain(self) -> dict[str, Any]:
        """As values that a file can hold."""
        return vars(self) | {"trained_at": self.trained_at.isoformat()}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "ModelMetrics":
        """The inverse of ``to_plain``.

        Raises:
            KeyError, TypeError, ValueError: it is not what ``to_plain`` gives.
        """
        rates = ("accuracy", "precision", "recall", "f1_score")
        return cls(
            **{name: float(data[name]) for name in rates},
            cross_val_scores=[float(score) for score in data["cross_val_scores"]],
            training_samples=int(data["training_samples"]),
            test_samples=int(data["test_samples"]),
            trained_at=datetime.fromisoformat(data["trained_at"]),
        )


class Samples(NamedTuple):
    """Training data; all arrays have one entry a sample.

    Attributes:
        features: float32, shape (samples, 15).
        usable: bool.
        groups: a number for each unordered pair.
        keys: (mixin, mixin, kind).
    """

    features: "np.ndarray[Any, Any]"
    usable: "np.ndarray[Any, Any]"
    groups: "np.ndarray[Any, Any]"
    keys: list[Key]


def samples_of(
    catalogue: Catalogue, trials: Iterable[PairTrial], records: Mapping[Key, Outcomes]
) -> Samples:
    """One sample for each pair and kind with a trial or recorded outcomes, and with two classes.

    A pair counts as usable if the posterior of its outcomes says so; a trial counts before them.
    """
    import numpy as np

    tried = {(trial.mixin_a, trial.mixin_b, trial.kind): trial for trial in trials}
    features = Features(catalogue)
    keys, rows, labels, groups = [], [], [], []
    numbers: dict[tuple[str, str], int] = {}
    for key in sorted(tried.keys() | records.keys()):
        first, second = catalogue.get(key[0]), catalogue.get(key[1])
        if first is None or second is None or not (first.importable and second.importable):
            continue
        if first is second:
            continue
        believed = posterior(records.get(key, NONE), tried.get(key))
        keys.append(key)
        rows.append(features.of(first, second, key[2]))
        labels.append(believed > 0.5)  # noqa: PLR2004 - the more likely half
        groups.append(numbers.setdefault(key[:2], len(numbers)))
    width = len(rows[0]) if rows else 0
    return Samples(
        np.asarray(rows, dtype=np.float32).reshape(len(rows), width),
        np.asarray(labels, dtype=bool),
        np.asarray(groups, dtype=np.int64),
        keys,
    )


def check(samples: Samples, min_samples: int, test_size: float, folds: int) -> None:
    """Refuse what cannot be learned from.

    Raises:
        TooFewSamplesError: too few, or all of one outcome.
        ValueError: ``test_size`` or ``folds`` make no sense.
    """
    if not 0 < test_size < 1:
        raise ValueError(f"test_size is {test_size}: give a fraction between 0 and 1")
    if folds < _LEAST_FOLDS:
        raise ValueError(f"cross_val_folds is {folds}: give at least {_LEAST_FOLDS}")
    count = len(samples.keys)
    if count < min_samples:
        raise TooFewSamplesError(
            f"insufficient training data: {count} samples, {min_samples} are required; "
            "run 'nodewright mixins trial' or record more outcomes"
        )
    usable = int(samples.usable.sum())
    if usable in (0, count):
        raise TooFewSamplesError(
            f"insufficient training data: all {count} samples are "
            f"{'usable' if usable else 'conflicts'}; both outcomes are required"
        )
    pairs = len(set(samples.groups.tolist()))
    if pairs < max(folds, _LEAST_FOLDS):
        raise TooFewSamplesError(
            f"insufficient training data: {pairs} pairs cannot be split into {folds} folds"
        )
    if (1 - test_size) * pairs < 1:
        raise ValueError(
            f"test_size is {test_size}: of {pairs} pairs it leaves none to learn from; give less"
        )


def train(samples: Samples, test_size: float, folds: int) -> tuple[Any, ModelMetrics]:
    """A classifier fitted on all samples, and metrics of splits grouped by unordered pair."""
    from sklearn.metrics import f1_score, precision_score, recall_score
    from sklearn.model_selection import GroupKFold, GroupShuffleSplit

    split = GroupShuffleSplit(n_splits=1, test_size=test_size, random_state=SEED)
    inside, outside = next(split.split(samples.features, groups=samples.groups))
    truth = samples.usable[outside]
    answers = answer(samples, inside, outside) > 0.5  # noqa: PLR2004 - the more likely half
    scores = []
    for known, held in GroupKFold(n_splits=folds).split(samples.features, groups=samples.groups):
        guessed = answer(samples, known, held) > 0.5  # noqa: PLR2004 - the more likely half
        scores.append(float((guessed == samples.usable[held]).mean()))
    metrics = ModelMetrics(
        accuracy=float((answers == truth).mean()),
        precision=float(precision_score(truth, answers, zero_division=0.0)),
        recall=float(recall_score(truth, answers, zero_division=0.0)),
        f1_score=float(f1_score(truth, answers, zero_division=0.0)),
        cross_val_scores=scores,
        training_samples=len(inside),
        test_samples=len(outside),
        trained_at=datetime.now(UTC),
    )
    return fit(samples.features, samples.usable), metrics


def answer(samples: Samples, inside: Any, outside: Any) -> "np.ndarray[Any, Any]":
    """P(usable) of the samples ``outside``, learned from those ``inside``."""
    import numpy as np

    labels = samples.usable[inside]
    if labels.all() or not labels.any():
        return np.full(len(outside), float(labels[0]))
    classifier = fit(samples.features[inside], labels)
    probabilities: np.ndarray[Any, Any] = classifier.predict_proba(samples.features[outside])[:, 1]
    return probabilities


def read_model(path: Path, version: str) -> tuple[Any, ModelMetrics] | None:
    """The classifier and the metrics of a model file; None, with the reason in the log, if unfit.

    Args:
        path: the file; there need not be one.
        version: of omnibase_core, which the file has to be of.
    """
    from nodewright.mixins import model_file

    if not path.exists():
        return None
    try:
        saved = model_file.load(path, version)
        return saved.classifier, ModelMetrics.from_plain(saved.metrics)
    except (ModelFileError, OSError) as error:
        _log.warning("mixins.model.refused", {"file": str(path), "reason": str(error)})
    except (KeyError, TypeError, ValueError) as error:
        _log.warning("mixins.model.without_metrics", {"file": str(path), "reason": repr(error)})
    return None


def write_model(path: Path, version: str, classifier: Any, metrics: ModelMetrics) -> None:
    """Write a model file; where that fails the log says so, and the model in memory is as good."""
    from nodewright.mixins import model_file

    try:
        model_file.save(path, classifier, metrics.to_plain(), version)
    except OSError as error:
        _log.warning("mixins.model.unwritten", {"file": str(path), "reason": str(error)})


def record_accuracy(metrics: ModelMetrics) -> None:
    """Record how accurate the model in use was on held-out pairs, for alerts of this process."""
    from nodewright.monitoring import MetricType, get_monitoring_system

    get_monitoring_system().record(
        "mixin_accuracy",
        metrics.accuracy,
        MetricType.GAUGE,
        None,
        "Accuracy of the mixin model on pairs that it was not trained on",
    )
