"""What can go wrong with mixins, each a message that says what to do."""

from nodewright.errors import NodewrightError


class MixinError(NodewrightError):
    """Base of the errors of this room."""


class UnknownNodeTypeError(MixinError, ValueError):
    """A node type that is none of the four kinds."""

    def __init__(self, node_type: object) -> None:
        super().__init__(
            f"unknown node type {node_type!r}: use EFFECT, COMPUTE, REDUCER or ORCHESTRATOR"
        )


class NotTrainedError(MixinError, ValueError):
    """A prediction was asked of a model that is not trained."""

    def __init__(self) -> None:
        super().__init__("the mixin model is not trained: await train_model() first")


class TooFewSamplesError(MixinError, ValueError):
    """Less training data than ``min_samples``, or of one outcome only."""


class ModelFileError(MixinError, ValueError):
    """A model file that is truncated, foreign or outdated."""


class ScanError(MixinError, ValueError):
    """A package of mixins that could not be imported."""


class TrialWorkerError(MixinError, RuntimeError):
    """The worker process that runs trials could not be started."""
