"""scikit-learn's random forest, and the same forest as nested tuples for fast single predictions.

``predict_proba`` spends milliseconds on checks and array handling for one row; walking the trees in
Python takes microseconds and gives the same probabilities.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier

TREES = 100
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
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(n_estimators=TREES, random_state=SEED, n_jobs=1)
    return forest.fit(features, usable)


class Forest:
    """A fitted classifier, compiled. ``classifier`` stays for saving and for comparison."""

    def __init__(self, classifier: "RandomForestClassifier") -> None:
        import numpy as np

        self.classifier = classifier
        usable = [bool(label) for label in classifier.classes_].index(True)
        width = int(classifier.n_features_in_)
        leaves: list[list[float]] = []
        self._trees = tuple(
            _compile(estimator.tree_, usable, width, leaves) for estimator in classifier.estimators_
        )
        self._leaves = np.asarray(leaves) / len(self._trees)
        self._sum = np.add.reduce  # down the rows

    def probability(self, features: Sequence[float]) -> float:
        """The probability of being usable; ``features`` must be exact as 32-bit floats."""
        return self.explain(features).probability

    def explain(self, features: Sequence[float]) -> Verdict:
        """The probability, and what each feature contributed to it."""
        reached = []
        for tree in self._trees:
            node = tree
            while type(node) is tuple:
                node = node[2] if features[node[0]] <= node[1] else node[3]
            reached.append(node)
        # Rows are divided by the number of trees already, so that their sum is an average.
        probability, *added = self._sum(self._leaves.take(reached, axis=0)).tolist()
        return Verdict(probability, tuple(added))


def _compile(tree: Any, usable: int, width: int, leaves: list[list[float]]) -> Any:
    """A tree as (feature, threshold, left, right), a leaf as its row in ``leaves``.

    A row is the leaf's share of usable samples, then what each feature on the way there added.
    """
    left, right = tree.children_left.tolist(), tree.children_right.tolist()
    feature, threshold = tree.feature.tolist(), tree.threshold.tolist()
    values = tree.value[:, 0, :]
    shares = (values[:, usable] / values.sum(axis=1)).tolist()

    def build(number: int, added: list[float]) -> Any:
        if left[number] < 0:
            leaves.append([shares[number], *added])
            return len(leaves) - 1
        children = []
        for child in (left[number], right[number]):
            below = added.copy()
            below[feature[number]] += shares[child] - shares[number]
            children.append(build(child, below))
        return (feature[number], threshold[number], *children)

    return build(0, [0.0] * width)
