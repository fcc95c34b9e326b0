"""scikit-learn's random forest, and the same forest as nested tuples for fast single predictions.

``predict_proba`` spends milliseconds on checks and array handling for one row; walking the trees in
Python takes microseconds and gives the same probabilities.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier

TREES = 64
SEED = 20


class Verdict(NamedTuple):
    """A probability of being usable, and what each feature added to the forest's average.

    The contributions sum to ``probability`` minus the average (Saabas, "Interpreting random
    forests", 2014).
    """

    probability: float
    contributions: tuple[float, ...]


def fit(features: "np.ndarray[Any, Any]", usable: "np.ndarray[Any, Any]") -> Any:
    """A fitted ``RandomForestClassifier`` with classes False and True; the same for the same data.

    Args:
        features: float32, shape (samples, features).
        usable: bool, shape (samples,).
    """
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - takes seconds to import

    forest = RandomForestClassifier(n_estimators=TREES, random_state=SEED, n_jobs=1)
    return forest.fit(features, usable)


class Forest:
    """A fitted classifier, compiled. ``classifier`` stays for saving and for comparison."""

    def __init__(self, classifier: "RandomForestClassifier") -> None:
        self.classifier = classifier
        usable = [bool(label) for label in classifier.classes_].index(True)
        trees = [_compile(estimator.tree_, usable) for estimator in classifier.estimators_]
        self._trees = tuple(trees)
        self._count = len(trees)
        self._width = int(classifier.n_features_in_)

    def probability(self, features: Sequence[float]) -> float:
        """The probability of being usable; ``features`` must be exact as 32-bit floats."""
        total = 0.0
        for tree in self._trees:
            node = tree
            while len(node) > 1:
                node = node[2] if features[node[0]] <= node[1] else node[3]
            total += node[-1]
        return total / self._count

    def explain(self, features: Sequence[float]) -> Verdict:
        """The probability, and what each feature contributed to it."""
        total = 0.0
        added = [0.0] * self._width
        for tree in self._trees:
            node = tree
            while len(node) > 1:
                child = node[2] if features[node[0]] <= node[1] else node[3]
                added[node[0]] += child[-1] - node[-1]
                node = child
            total += node[-1]
        return Verdict(total / self._count, tuple(value / self._count for value in added))


def _compile(tree: Any, usable: int) -> Any:
    """A tree as (feature, threshold, left, right, value) with leaves (value,)."""
    left, right = tree.children_left.tolist(), tree.children_right.tolist()
    feature, threshold = tree.feature.tolist(), tree.threshold.tolist()
    values = tree.value[:, 0, :]
    shares = (values[:, usable] / values.sum(axis=1)).tolist()
    built: dict[int, Any] = {}
    # Children have higher numbers than their parent.
    for number in range(len(left) - 1, -1, -1):
        if left[number] < 0:
            built[number] = (shares[number],)
        else:
            built[number] = (
                feature[number],
                threshold[number],
                built[left[number]],
                built[right[number]],
                shares[number],
            )
    return built[0]
