import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodewright.mixins.features import FEATURE_NAMES
from nodewright.mixins.forest import Forest, fit


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(8, 120))
def test_the_compiled_forest_equals_scikit_learn(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    features = generator.integers(-1, 5, (count, len(FEATURE_NAMES))).astype(np.float32)
    labels = generator.random(count) < 0.6
    labels[:2] = [False, True]
    classifier = fit(features, labels)
    forest = Forest(classifier)
    unseen = generator.integers(-2, 7, (30, len(FEATURE_NAMES))).astype(np.float32)
    expected = classifier.predict_proba(unseen)[:, 1]
    average = np.mean([tree.tree_.value[0, 0, 1] for tree in classifier.estimators_])
    for row, probability in zip(unseen.tolist(), expected, strict=True):
        verdict = forest.explain(row)
        assert forest.probability(row) == pytest.approx(probability, abs=1e-6)
        assert verdict.probability == pytest.approx(probability, abs=1e-6)
        assert average + sum(verdict.contributions) == pytest.approx(probability, abs=1e-6)


def test_training_is_reproducible() -> None:
    generator = np.random.default_rng(1)
    features = generator.integers(0, 4, (80, len(FEATURE_NAMES))).astype(np.float32)
    labels = features[:, 0] > 1
    once, again = fit(features, labels), fit(features, labels)
    assert (once.predict_proba(features) == again.predict_proba(features)).all()
