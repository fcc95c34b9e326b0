"""Mixins of omnibase_core: catalogue, trials, features, the learned model."""

from typing import TYPE_CHECKING

from nodewright.lazy import list_exports, load_export

if TYPE_CHECKING:
    from nodewright.mixins.catalogue import Catalogue
    from nodewright.mixins.errors import (
        MixinError,
        ModelFileError,
        NotTrainedError,
        ScanError,
        TooFewSamplesError,
        TrialWorkerError,
        UnknownNodeTypeError,
    )
    from nodewright.mixins.judge import MixinPrediction
    from nodewright.mixins.knowledge import Knowledge
    from nodewright.mixins.learner import MixinLearner
    from nodewright.mixins.recommendation import Recommendation, usable_set
    from nodewright.mixins.records import record_composition
    from nodewright.mixins.training import ModelMetrics

# Loaded when first used: a caller of ``usable_set`` needs no scikit-learn.
_EXPORTS = {
    "Catalogue": "nodewright.mixins.catalogue",
    "Knowledge": "nodewright.mixins.knowledge",
    "MixinError": "nodewright.mixins.errors",
    "MixinLearner": "nodewright.mixins.learner",
    "MixinPrediction": "nodewright.mixins.judge",
    "ModelFileError": "nodewright.mixins.errors",
    "ModelMetrics": "nodewright.mixins.training",
    "NotTrainedError": "nodewright.mixins.errors",
    "Recommendation": "nodewright.mixins.recommendation",
    "ScanError": "nodewright.mixins.errors",
    "TooFewSamplesError": "nodewright.mixins.errors",
    "TrialWorkerError": "nodewright.mixins.errors",
    "UnknownNodeTypeError": "nodewright.mixins.errors",
    "record_composition": "nodewright.mixins.records",
    "usable_set": "nodewright.mixins.recommendation",
}

__all__ = [
    "Catalogue",
    "Knowledge",
    "MixinError",
    "MixinLearner",
    "MixinPrediction",
    "ModelFileError",
    "ModelMetrics",
    "NotTrainedError",
    "Recommendation",
    "ScanError",
    "TooFewSamplesError",
    "TrialWorkerError",
    "UnknownNodeTypeError",
    "record_composition",
    "usable_set",
]


def __getattr__(name: str) -> object:
    return load_export(__name__, _EXPORTS, name)


def __dir__() -> list[str]:
    return list_exports(__name__, _EXPORTS)
