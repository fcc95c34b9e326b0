"""The order of evidence: recorded outcomes, else a trial, else the forest."""

from dataclasses import dataclass
from typing import NamedTuple

from nodewright.logs import get_logger
from nodewright.mixins import evidence
from nodewright.mixins.catalogue import Catalogue
from nodewright.mixins.errors import TrialWorkerError
from nodewright.mixins.evidence import Belief, Outcomes
from nodewright.mixins.features import Features
from nodewright.mixins.forest import Forest, Verdict
from nodewright.mixins.knowledge import Key, Knowledge
from nodewright.mixins.records import Records
from nodewright.mixins.training import ModelMetrics
from nodewright.mixins.trials import PairTrial

_log = get_logger(__name__, component="mixins")


@dataclass(frozen=True, slots=True)
class MixinPrediction:
    """Whether two mixins can be used together on a node kind.

    Attributes:
        compatible: the likelier answer; False where both are equally likely.
        confidence: the probability, 0.5 to 1, that ``compatible`` is right.
        learned_from_samples: recorded outcomes of this pair, 1 for a trial, or the size of the
            forest's training data; 0 if nothing is known.
        explanation: the evidence; for a conflict its reason and what resolves it.
    """

    mixin_a: str
    mixin_b: str
    node_type: str
    compatible: bool
    confidence: float
    learned_from_samples: int
    explanation: str = ""


class Model(NamedTuple):
    """All that a training changes at once, so that one assignment swaps it.

    Attributes:
        samples: the size of the training data.
        predictions: (mixin, mixin, node type) as asked -> the answer.
        verdicts: features -> what the forest says; pairs that look alike share it.
    """

    forest: Forest
    metrics: ModelMetrics
    samples: int
    catalogue: Catalogue
    features: Features
    predictions: dict[Key, MixinPrediction]
    verdicts: dict[tuple[float, ...], Verdict]


class Judge:
    """Says what is believed of a pair.

    Args:
        knowledge: catalogue and trials.
        records: recorded outcomes.
        trials: whether trials count, and pairs that were never tried may be.
    """

    def __init__(self, knowledge: Knowledge, records: Records, *, trials: bool) -> None:
        self._knowledge = knowledge
        self._records = records
        self._try = trials

    def believe(self, model: Model | None, key: Key, given: Outcomes) -> Belief:
        """By the best evidence; ``given`` outcomes count with the recorded ones."""
        a, b, _ = key
        if a == b:
            return evidence.with_itself(a)
        recorded = self._records.get(key).plus(given)
        trial = self._trial(key)
        if recorded.total:
            return evidence.from_outcomes(recorded, trial, self._knowledge.version)
        if trial is not None:
            return evidence.from_trial(trial, self._knowledge.version)
        return self._infer(model, key)

    def _trial(self, key: Key) -> PairTrial | None:
        if not self._try:
            return None
        try:
            return self._knowledge.trial(*key)
        except TrialWorkerError as error:
            _log.warning("mixins.trial.failed", metadata={"pair": list(key), "reason": str(error)})
            return None

    def _infer(self, model: Model | None, key: Key) -> Belief:
        """By the forest; of names without a class, what can be said without one."""
        a, b, kind = key
        catalogue = self._knowledge.catalogue
        first, second = catalogue.get(a), catalogue.get(b)
        unknown = [name for name in (a, b) if name not in catalogue]
        if first is None or second is None:
            tried = [trial.usable for trial in self._knowledge.known_trials() if trial.kind == kind]
            share = sum(tried) / len(tried) if tried else None
            return evidence.of_unknown(unknown, catalogue, share, kind)
        classless = [mixin.name for mixin in (first, second) if not mixin.importable]
        if classless:
            return evidence.without_class(classless, catalogue)
        if model is None:
            return evidence.untried()
        features = model.features.of(first, second, kind)
        verdict = model.verdicts.get(features)
        if verdict is None:
            verdict = model.verdicts[features] = model.forest.explain(features)
        return evidence.from_forest(verdict, features, model.samples, kind)
