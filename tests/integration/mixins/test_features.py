from itertools import combinations

import pytest

from nodewright.mixins.facts import NODE_KINDS
from nodewright.mixins.features import FEATURE_NAMES, Features
from nodewright.mixins.knowledge import Knowledge


def test_there_are_exactly_fifteen(knowledge: Knowledge) -> None:
    features = Features(knowledge.catalogue)
    a, b = knowledge.catalogue.importable[:2]
    assert len(FEATURE_NAMES) == len(set(FEATURE_NAMES)) == 15
    assert len(features.of(a, b, "EFFECT")) == 15


def test_features_are_symmetric_and_exact_in_single_precision(knowledge: Knowledge) -> None:
    features = Features(knowledge.catalogue)
    for a, b in combinations(knowledge.catalogue.importable, 2):
        for kind in NODE_KINDS:
            found = features.of(a, b, kind)
            assert found == features.of(b, a, kind)
            assert all(value == int(value) and abs(value) < 2**24 for value in found)


def test_features_know_nothing_of_outcomes(knowledge: Knowledge) -> None:
    # They are computed from the catalogue alone, so pairs that look alike are equal to them.
    features = Features(knowledge.catalogue)
    catalogue = knowledge.catalogue
    one = features.of(
        catalogue.mixins["MixinLazyValue"], catalogue.mixins["MixinFailFast"], "EFFECT"
    )
    assert one[FEATURE_NAMES.index("arguments_demanded")] == 1
    two = features.of(
        catalogue.mixins["MixinNodeIntrospection"], catalogue.mixins["MixinFailFast"], "EFFECT"
    )
    assert two[FEATURE_NAMES.index("abstract_left")] == 1


def test_a_name_without_a_class_has_no_features(knowledge: Knowledge) -> None:
    catalogue = knowledge.catalogue
    with pytest.raises(ValueError, match="MixinLogging has no class"):
        Features(catalogue).of(
            catalogue.mixins["MixinLogging"], catalogue.mixins["MixinCaching"], "EFFECT"
        )


def test_a_constructor_behind_one_that_ends_the_chain_counts_as_skipped(
    knowledge: Knowledge,
) -> None:
    mixins = knowledge.catalogue.mixins
    found = Features(knowledge.catalogue).of(
        mixins["MixinSerializable"], mixins["MixinFailFast"], "COMPUTE"
    )
    assert found[FEATURE_NAMES.index("inits_skipped")] == 0
    assert found[FEATURE_NAMES.index("inits_skipped_worst")] == 1
