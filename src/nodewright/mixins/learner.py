"""``MixinLearner``: predictions, recommendations and learning that goes on."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nodewright.logs import get_logger
from nodewright.mixins import evidence
from nodewright.mixins.errors import ModelFileError, NotTrainedError, TrialWorkerError
from nodewright.mixins.evidence import NONE, Belief
from nodewright.mixins.features import Features
from nodewright.mixins.forest import Forest
from nodewright.mixins.judge import Judge, MixinPrediction, Model
from nodewright.mixins.kinds import node_kind
from nodewright.mixins.knowledge import Key, Knowledge, knowledge_at, pair_key
from nodewright.mixins.recommendation import Recommendation, Recommender
from nodewright.mixins.records import CompatibilityRecords, Records, checked_name
from nodewright.mixins.training import ModelMetrics, check, samples_of, train
from nodewright.settings import Settings

_log = get_logger(__name__, component="mixins")
_MODEL_FILE = "compatibility.skops"
_MOST_REMEMBERED = 65_536


class MixinLearner:
    """Learns which mixins work together, from trials and from what users report.

    Args:
        model_path: the model's file; by default in the user's data directory. It is loaded if it
            is there and fits; if not, the log says why and the model is untrained.
        auto_train: train if there is no model to load: at once if no event loop is running,
            else in the background.
        min_confidence_threshold: 0 to 1. A prediction below it says so in its explanation, and
            recommendations leave out pairs whose probability of being usable is below it.
        persistence: where outcomes are recorded; by default nodewright's database, which is opened
            when it is first needed.
        trials: whether a pair without outcomes may be tried in a worker process; if not, the
            forest answers.
        knowledge: catalogue and trials; by default those of the user's data directory.
    """

    def __init__(
        self,
        model_path: Path | None = None,
        auto_train: bool = False,
        min_confidence_threshold: float = 0.7,
        persistence: CompatibilityRecords | None = None,
        *,
        trials: bool = True,
        knowledge: Knowledge | None = None,
    ) -> None:
        if not 0 <= min_confidence_threshold <= 1:
            raise ValueError(f"min_confidence_threshold is {min_confidence_threshold}: give 0 to 1")
        directory = Settings().data_dir / "mixins"
        self.model_path: Path = (
            Path(model_path) if model_path is not None else directory / _MODEL_FILE
        )
        self.min_confidence_threshold = min_confidence_threshold
        self._knowledge = knowledge or knowledge_at(directory)
        self._records = Records(persistence)
        self._try = trials
        self._judge = Judge(self._knowledge, self._records, trials=trials)
        self._model: Model | None = None
        self._training = threading.Lock()
        self._retraining: threading.Thread | None = None
        self._new_samples = 0
        self._memory = threading.Lock()
        self._changes = 0
        self._load()
        if auto_train and self._model is None:
            self._train_by_itself()

    # Training

    async def train_model(
        self, min_samples: int = 50, test_size: float = 0.2, cross_val_folds: int = 5
    ) -> ModelMetrics:
        """Train on all trials and recorded outcomes, in a thread; the event loop goes on.

        The trials of the installed omnibase_core are run first if they never were.

        Args:
            min_samples: how many trials and recorded pairs there have to be.
            test_size: the share of them, between 0 and 1, that is held out to measure.
            cross_val_folds: parts of the cross-validation, at least 2.

        Returns:
            How good the new model is, on what was held out.

        Raises:
            ValueError: fewer than ``min_samples`` samples, or arguments that make no sense.
        """
        return await asyncio.to_thread(self._train, min_samples, test_size, cross_val_folds)

    def _train(self, min_samples: int, test_size: float, folds: int) -> ModelMetrics:
        with self._training:
            with self._memory:
                self._new_samples = 0
            self._run_trials()
            self._records.reload()
            trials = self._knowledge.known_trials()
            samples = samples_of(self._knowledge.catalogue, trials, self._records.snapshot())
            check(samples, min_samples, test_size, folds)
            classifier, metrics = train(samples, test_size, folds)
            self._swap(classifier, metrics)
            self._save(classifier, metrics)
            return metrics

    def _run_trials(self) -> None:
        if not self._try:
            return
        try:
            new = self._knowledge.ensure_trials()
        except TrialWorkerError as error:
            _log.warning("mixins.trials.not_run", metadata={"reason": str(error)})
            return
        self._records.add_trials(new)

    def _swap(self, classifier: Any, metrics: ModelMetrics) -> None:
        catalogue = self._knowledge.catalogue
        samples = metrics.training_samples + metrics.test_samples
        self._model = Model(
            Forest(classifier), metrics, samples, catalogue, Features(catalogue), {}, {}
        )

    def _train_by_itself(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._train_or_warn()
        else:
            self._train_in_background()

    def _train_in_background(self) -> None:
        self._retraining = threading.Thread(
            target=self._train_or_warn, name="nodewright-mixin-training", daemon=True
        )
        self._retraining.start()

    def _train_or_warn(self) -> None:
        try:
            self._train(50, 0.2, 5)
        except Exception as error:  # noqa: BLE001 - nobody waits for it; the old model goes on
            _log.warning("mixins.model.not_trained", metadata={"reason": str(error)})

    def wait_for_training(self, seconds: float | None = None) -> bool:
        """Wait for a training in the background; True if none is going on any more."""
        thread = self._retraining
        if thread is None:
            return True
        thread.join(seconds)
        return not thread.is_alive()

    # The file

    def _load(self) -> None:
        from nodewright.mixins import model_file

        if not self.model_path.exists():
            return
        try:
            saved = model_file.load(self.model_path, self._knowledge.version)
            self._swap(saved.classifier, ModelMetrics.from_plain(saved.metrics))
        except (ModelFileError, OSError) as error:
            _log.warning("mixins.model.not_loaded", metadata={"reason": str(error)})
        except (KeyError, TypeError, ValueError) as error:
            _log.warning(
                "mixins.model.without_metrics",
                metadata={"file": str(self.model_path), "reason": repr(error)},
            )

    def _save(self, classifier: Any, metrics: ModelMetrics) -> None:
        from nodewright.mixins import model_file

        try:
            model_file.save(
                self.model_path, classifier, metrics.to_plain(), self._knowledge.version
            )
        except OSError as error:  # the model in memory is as good
            _log.warning(
                "mixins.model.not_written",
                metadata={"file": str(self.model_path), "reason": str(error)},
            )

    # Prediction

    def predict_compatibility(
        self,
        mixin_a: str,
        mixin_b: str,
        node_type: str,
        historical_data: Mapping[str, Any] | None = None,
    ) -> MixinPrediction:
        """Whether the two work together on ``node_type``, by the best evidence there is.

        That is: recorded outcomes of this very pair, else a trial if both classes import, else the
        forest. The answer does not depend on the order of the two.

        Args:
            mixin_a: a class name of the catalogue, or any name that outcomes were recorded for.
            mixin_b: likewise.
            node_type: one of the four kinds.
            historical_data: ``success_count`` and ``failure_count`` to add to what is recorded.

        Raises:
            ValueError: the model is not trained, the node type is unknown or the data senseless.
        """
        model = self._model
        if model is None:
            raise NotTrainedError
        if model.catalogue is not self._knowledge.catalogue:
            model = self._with_new_catalogue(model)
        if historical_data is None:
            known = model.predictions.get((mixin_a, mixin_b, node_type))
            if known is not None:
                return known
        kind = node_kind(node_type)
        changes = self._changes
        given = evidence.given_outcomes(historical_data)
        belief = self._judge.believe(model, pair_key(mixin_a, mixin_b, kind), given)
        prediction = self._prediction(mixin_a, mixin_b, node_type, belief)
        if historical_data is None:
            self._remember(model, prediction, changes)
        return prediction

    def _with_new_catalogue(self, model: Model) -> Model:
        """The same forest after a package was scanned or left out."""
        catalogue = self._knowledge.catalogue
        renewed = model._replace(
            catalogue=catalogue, features=Features(catalogue), predictions={}, verdicts={}
        )
        with self._memory:
            if self._model is model:
                self._model = renewed
        return renewed

    def _remember(self, model: Model, prediction: MixinPrediction, changes: int) -> None:
        with self._memory:
            if changes != self._changes:  # feedback came in between; it may concern this pair
                return
            if len(model.predictions) >= _MOST_REMEMBERED:
                model.predictions.clear()
            asked = (prediction.mixin_a, prediction.mixin_b, prediction.node_type)
            model.predictions[asked] = prediction

    def _prediction(
        self, mixin_a: str, mixin_b: str, node_type: str, belief: Belief
    ) -> MixinPrediction:
        confidence = max(belief.probability, 1 - belief.probability)
        explanation = belief.explanation
        if confidence < self.min_confidence_threshold:
            explanation += (
                f" Uncertain: below the confidence threshold of {self.min_confidence_threshold:g}."
            )
        return MixinPrediction(
            mixin_a=mixin_a,
            mixin_b=mixin_b,
            node_type=node_type,
            compatible=belief.probability > 0.5,  # noqa: PLR2004 - the likelier half
            confidence=confidence,
            learned_from_samples=belief.samples,
            explanation=explanation,
        )

    # Recommendation

    def recommend(
        self,
        node_type: str,
        required_capabilities: Sequence[str],
        existing_mixins: Sequence[str] | None = None,
        max_recommendations: int = 5,
    ) -> Recommendation:
        """The fewest mixins that cover the capabilities, and what could not be covered and why.

        Works without a trained model, by trials alone.

        Args:
            node_type: EFFECT, COMPUTE, REDUCER or ORCHESTRATOR.
            required_capabilities: in the words of the requirements, such as ``caching``.
            existing_mixins: class names that the node has already.
            max_recommendations: mixins to add at the most.

        Raises:
            ValueError: an unknown node type.
        """
        recommender = Recommender(self._knowledge, self._acceptable)
        return recommender.recommend(
            node_type, required_capabilities, existing_mixins or (), max_recommendations
        )

    def _acceptable(self, a: str, b: str, kind: str) -> bool:
        believed = self._judge.believe(self._model, pair_key(a, b, kind), NONE)
        return believed.probability >= max(0.5, self.min_confidence_threshold)

    def recommend_mixins(
        self,
        node_type: str,
        required_capabilities: list[str],
        existing_mixins: list[str] | None = None,
        max_recommendations: int = 5,
    ) -> list[tuple[str, float, str]]:
        """``recommend`` as (mixin, confidence, explanation).

        The confidence is the least probability of being usable over the mixin's pairs with the
        others; every explanation ends with what could not be covered.

        Raises:
            ValueError: an unknown node type.
        """
        found = self.recommend(
            node_type, required_capabilities, existing_mixins, max_recommendations
        )
        lacking = "; ".join(f"{gap.capability}: {gap.reason}" for gap in found.uncovered)
        rows = []
        for chosen in found.mixins:
            others = [name for name in found.order if name != chosen.name]
            pairs = [pair_key(chosen.name, other, found.node_type) for other in others]
            beliefs = [self._judge.believe(self._model, pair, NONE) for pair in pairs]
            confidence = min((belief.probability for belief in beliefs), default=0.99)
            text = f"covers {', '.join(chosen.covers)}; tried on a {found.node_type} node"
            text += f" as {' + '.join(found.order)}" if others else " by itself"
            text += f". Not covered: {lacking}" if lacking else ""
            rows.append((chosen.name, confidence, text))
        if found.reason or (lacking and not rows):
            _log.warning(
                "mixins.recommendation.empty", metadata={"reason": found.reason or lacking}
            )
        return rows

    # Feedback

    async def update_from_feedback(
        self,
        mixin_a: str,
        mixin_b: str,
        node_type: str,
        success: bool,
        retrain_threshold: int = 100,
    ) -> None:
        """Record an outcome at once; after ``retrain_threshold`` new ones train in the background.

        Args:
            mixin_a: a mixin's class name.
            mixin_b: the other's; their order does not matter.
            node_type: EFFECT, COMPUTE, REDUCER or ORCHESTRATOR.
            success: whether they worked together on such a node.
            retrain_threshold: outcomes since the last training, at least 1.

        Raises:
            ValueError: an unknown node type, an empty name or a threshold below 1.
            NodewrightError: it could not be recorded; nothing was learned.
        """
        if retrain_threshold < 1:
            raise ValueError(f"retrain_threshold is {retrain_threshold}: give at least 1")
        kind = node_kind(node_type)
        key = pair_key(checked_name(mixin_a), checked_name(mixin_b), kind)
        await self._records.record(key, success)
        self._forget(key)
        idle = self._retraining is None or not self._retraining.is_alive()
        if self._new_samples >= retrain_threshold and idle:
            self._train_in_background()

    def _forget(self, key: Key) -> None:
        with self._memory:
            self._changes += 1
            self._new_samples += 1
            remembered = self._model.predictions if self._model is not None else {}
            for asked in [asked for asked in remembered if {*asked[:2]} == {*key[:2]}]:
                del remembered[asked]

    def close(self) -> None:
        """Close the database if it was opened by default; what comes later opens it again."""
        self._records.close()

    # State

    def get_metrics(self) -> ModelMetrics | None:
        """The metrics of the model in use; None if it is not trained."""
        return self._model.metrics if self._model is not None else None

    def is_trained(self) -> bool:
        """Whether there is a model."""
        return self._model is not None
