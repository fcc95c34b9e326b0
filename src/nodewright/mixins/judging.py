"""A user's word on whether two mixins work together: checked, recorded, taken back.

Imports of the learner wait until they are needed: it brings scikit-learn.
"""

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodewright.mixins.learner import MixinLearner
    from nodewright.storage import CodegenPersistence


def judge_mixins(
    mixin_a: str,
    mixin_b: str,
    node_type: str,
    *,
    success: bool,
    persistence: "CodegenPersistence | None" = None,
) -> None:
    """Record whether two mixins worked together for a user.

    Raises:
        MixinError: a mixin or the node type is not known; the message has names that are near.
        StorageUnavailableError: the database stayed away.
    """
    learner = _learner_of(mixin_a, mixin_b, persistence)
    with closing(learner):
        asyncio.run(learner.update_from_feedback(mixin_a, mixin_b, node_type, success))


def retract_mixins(
    mixin_a: str,
    mixin_b: str,
    node_type: str,
    *,
    success: bool,
    persistence: "CodegenPersistence | None" = None,
) -> bool:
    """Take one outcome of two mixins back; whether there was such a one.

    Raises:
        MixinError: the node type is not known.
        StorageUnavailableError: the database stayed away.
    """
    from nodewright.mixins.learner import MixinLearner

    with closing(MixinLearner(persistence=persistence)) as learner:
        return asyncio.run(learner.retract_feedback(mixin_a, mixin_b, node_type, success))


def _learner_of(
    mixin_a: str, mixin_b: str, persistence: "CodegenPersistence | None"
) -> "MixinLearner":
    """A learner, where its catalogue has both mixins."""
    from nodewright.mixins.knowledge import default_knowledge
    from nodewright.mixins.learner import MixinLearner

    catalogue = default_knowledge().catalogue
    for name in (mixin_a, mixin_b):
        catalogue.checked(name)
    return MixinLearner(persistence=persistence)
