import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nodewright.mixins import MixinLearner, NotTrainedError, record_composition
from nodewright.mixins.errors import TooFewSamplesError
from nodewright.mixins.knowledge import Knowledge
from nodewright.storage import CodegenPersistence

PAIR = ("MixinCaching", "MixinMetrics")
CONFLICT = ("MixinCaching", "MixinNodeSetup")


def untrained(
    tmp_path: Path, knowledge: Knowledge, persistence: CodegenPersistence
) -> MixinLearner:
    return MixinLearner(tmp_path / "none.skops", persistence=persistence, knowledge=knowledge)


async def test_training_gives_metrics_and_lets_the_loop_run(
    tmp_path: Path, knowledge: Knowledge, persistence: CodegenPersistence
) -> None:
    learner = untrained(tmp_path, knowledge, persistence)
    assert not learner.is_trained()
    assert learner.get_metrics() is None
    training = asyncio.create_task(learner.train_model())
    turns = 0
    while not training.done():
        await asyncio.sleep(0)
        turns += 1
    metrics = await training
    assert turns > 100
    assert learner.is_trained()
    assert learner.get_metrics() is metrics
    assert metrics.accuracy >= 0.95
    assert len(metrics.cross_val_scores) == 5
    assert metrics.training_samples + metrics.test_samples == 3120
    assert metrics.trained_at.tzinfo is not None
    assert learner.model_path.stat().st_size < 500_000

    loaded = MixinLearner(learner.model_path, persistence=persistence, knowledge=knowledge)
    assert loaded.get_metrics() == metrics


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_samples": 100_000}, "3120 samples, 100000 are required"),
        ({"test_size": 1.0}, "test_size"),
        ({"cross_val_folds": 1}, "cross_val_folds"),
    ],
)
async def test_what_cannot_be_learned_is_refused(
    learner: MixinLearner, arguments: Mapping[str, float], message: str
) -> None:
    before = learner.get_metrics()
    with pytest.raises(ValueError, match=message):
        await learner.train_model(**arguments)  # type: ignore[arg-type]
    assert learner.get_metrics() is before


async def test_no_trials_and_no_records_are_too_few(
    tmp_path: Path, persistence: CodegenPersistence
) -> None:
    # A scan, but no trials.
    bare = Knowledge(tmp_path)
    learner = MixinLearner(
        tmp_path / "m.skops", persistence=persistence, trials=False, knowledge=bare
    )
    with pytest.raises(TooFewSamplesError, match="0 samples"):
        await learner.train_model(min_samples=1)
    bare.close()


def test_an_untrained_model_says_so(
    tmp_path: Path, knowledge: Knowledge, persistence: CodegenPersistence
) -> None:
    with pytest.raises(NotTrainedError, match="not trained"):
        untrained(tmp_path, knowledge, persistence).predict_compatibility(*PAIR, "EFFECT")


def test_a_trial_answers(learner: MixinLearner) -> None:
    good = learner.predict_compatibility(*PAIR, "EFFECT")
    assert good.compatible
    assert good.confidence > 0.95
    assert "Tried on EFFECT" in good.explanation
    bad = learner.predict_compatibility(*CONFLICT, "EFFECT")
    assert not bad.compatible
    assert "attribute_collision" in bad.explanation
    ordered = learner.predict_compatibility("MixinSerializable", "MixinFailFast", "COMPUTE")
    assert ordered.compatible
    assert "put MixinFailFast before MixinSerializable" in ordered.explanation


def test_predictions_are_symmetric(learner: MixinLearner) -> None:
    names = [mixin.name for mixin in learner._knowledge.catalogue.importable][::5]
    for a in names:
        for b in names:
            one = learner.predict_compatibility(a, b, "REDUCER")
            other = learner.predict_compatibility(b, a, "REDUCER")
            assert (one.mixin_a, one.mixin_b) == (a, b)
            assert (one.compatible, one.confidence) == (other.compatible, other.confidence)
            assert one.explanation == other.explanation


def test_a_repeated_prediction_is_the_same_object(learner: MixinLearner) -> None:
    first = learner.predict_compatibility(*PAIR, "EFFECT")
    assert learner.predict_compatibility(*PAIR, "EFFECT") is first


def test_without_trials_the_forest_answers_and_names_its_features(
    model_path: Path, knowledge: Knowledge, persistence: CodegenPersistence
) -> None:
    learner = MixinLearner(model_path, persistence=persistence, trials=False, knowledge=knowledge)
    good = learner.predict_compatibility(*PAIR, "EFFECT")
    bad = learner.predict_compatibility(*CONFLICT, "EFFECT")
    assert good.compatible
    assert not bad.compatible
    assert "Forest on EFFECT" in bad.explanation
    assert "decided by" in bad.explanation
    assert "Conflict: " in bad.explanation
    assert "Resolution: " in bad.explanation
    assert bad.learned_from_samples == 3120


def test_history_counts(learner: MixinLearner) -> None:
    never = learner.predict_compatibility("MixinLogging", "MixinCaching", "EFFECT")
    assert not never.compatible
    assert "no class" in never.explanation
    history = {"success_count": 3, "failure_count": 0}
    said = learner.predict_compatibility("MixinLogging", "MixinCaching", "EFFECT", history)
    assert said.compatible
    assert said.confidence == pytest.approx(0.8)
    assert said.learned_from_samples == 3


def test_an_unknown_mixin_gets_the_prior_and_near_names(learner: MixinLearner) -> None:
    said = learner.predict_compatibility("MixinCachin", "MixinMetrics", "EFFECT")
    assert not said.compatible
    assert said.confidence == 0.5
    assert said.learned_from_samples == 0
    assert "Nothing is known of MixinCachin" in said.explanation
    assert "MixinCaching" in said.explanation
    assert "below the confidence threshold of 0.7" in said.explanation


def test_the_same_mixin_twice_is_a_conflict(learner: MixinLearner) -> None:
    said = learner.predict_compatibility("MixinCaching", "MixinCaching", "EFFECT")
    assert not said.compatible
    assert said.confidence == 1


@pytest.mark.parametrize("node_type", ["", "effects", "SERVICE"])
def test_an_unknown_node_type_is_refused(learner: MixinLearner, node_type: str) -> None:
    with pytest.raises(ValueError, match="unknown node type"):
        learner.predict_compatibility(*PAIR, node_type)
    with pytest.raises(ValueError, match="unknown node type"):
        learner.recommend_mixins(node_type, ["caching"])


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_a_threshold_is_a_probability(threshold: float) -> None:
    with pytest.raises(ValueError, match="min_confidence_threshold"):
        MixinLearner(min_confidence_threshold=threshold)


async def test_feedback_is_recorded_at_once_and_changes_the_answer(
    learner: MixinLearner, persistence: CodegenPersistence
) -> None:
    before = learner.predict_compatibility(*PAIR, "EFFECT")
    for _ in range(4):
        await learner.update_from_feedback(*reversed(PAIR), "EFFECT", success=False)
    record = await persistence.get_mixin_compatibility(*PAIR, "EFFECT")
    assert record is not None
    assert (record.success_count, record.failure_count) == (0, 4)
    after = learner.predict_compatibility(*PAIR, "EFFECT")
    assert before.compatible
    assert not after.compatible
    assert after.learned_from_samples == 4
    assert "0 of 4 succeeded" in after.explanation
    assert learner.predict_compatibility(*PAIR, "COMPUTE").compatible


async def test_retraining_happens_once_a_threshold_is_reached_and_not_again_at_once(
    learner: MixinLearner,
) -> None:
    first = learner.get_metrics()
    await learner.update_from_feedback(*PAIR, "EFFECT", success=True, retrain_threshold=2)
    assert learner._retraining is None
    await learner.update_from_feedback(*PAIR, "EFFECT", success=True, retrain_threshold=2)
    thread = learner._retraining
    assert thread is not None
    while thread.is_alive():  # predictions go on meanwhile
        assert learner.predict_compatibility(*PAIR, "EFFECT").compatible
        await asyncio.sleep(0.01)
    second = learner.get_metrics()
    assert second is not None
    assert second is not first
    await learner.update_from_feedback(*PAIR, "EFFECT", success=True, retrain_threshold=2)
    assert learner._retraining is thread
    assert learner.get_metrics() is second


@pytest.mark.parametrize(
    ("names", "threshold"), [(("", "MixinB"), 1), (("x" * 101, "MixinB"), 1), (PAIR, 0)]
)
async def test_senseless_feedback_is_refused(
    learner: MixinLearner, names: tuple[str, str], threshold: int
) -> None:
    with pytest.raises(ValueError, match="give"):
        await learner.update_from_feedback(
            *names, "EFFECT", success=True, retrain_threshold=threshold
        )


async def test_auto_train_in_a_running_loop_does_not_wait(
    tmp_path: Path, knowledge: Knowledge, persistence: CodegenPersistence
) -> None:
    learner = MixinLearner(
        tmp_path / "m.skops", auto_train=True, persistence=persistence, knowledge=knowledge
    )
    assert await asyncio.to_thread(learner.wait_for_training, 60)
    assert learner.is_trained()


def test_a_damaged_file_is_refused_and_trained_anew(
    model_path: Path,
    tmp_path: Path,
    knowledge: Knowledge,
    persistence: CodegenPersistence,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = tmp_path / "m.skops"
    file.write_bytes(model_path.read_bytes()[:1000])
    with caplog.at_level(logging.WARNING):
        assert not MixinLearner(file, persistence=persistence, knowledge=knowledge).is_trained()
    assert any("truncated" in record.metadata["reason"] for record in caplog.records)
    learner = MixinLearner(file, auto_train=True, persistence=persistence, knowledge=knowledge)
    assert learner.is_trained()
    assert MixinLearner(file, persistence=persistence, knowledge=knowledge).is_trained()


def test_predictions_from_threads_agree(learner: MixinLearner) -> None:
    expected = learner.predict_compatibility(*CONFLICT, "EFFECT")
    said = []

    def ask() -> None:
        said.extend(learner.predict_compatibility(*CONFLICT, "EFFECT") for _ in range(200))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [expected] * 800


async def test_trials_of_the_first_need_are_recorded(
    tmp_path: Path,
    persistence: CodegenPersistence,
    package: Callable[[Mapping[str, str]], str],
    data_dir: Path,
) -> None:
    own = Knowledge(data_dir / "mixins")
    name = package({"m.py": "class MixinNewcomer: ...\n"})
    try:
        own.scan(name)
        learner = MixinLearner(tmp_path / "m.skops", persistence=persistence, knowledge=own)
        await learner.train_model()
        record = await persistence.get_mixin_compatibility(
            "MixinNewcomer", "MixinLazyValue", "EFFECT"
        )
        assert record is not None
        assert (record.success_count, record.failure_count) == (0, 1)
        assert (record.conflict_reason or "").startswith("constructor_signature")
    finally:
        own.forget(name)
        own.close()


async def test_a_composed_node_is_reported_by_its_pairs(persistence: CodegenPersistence) -> None:
    names = ["MixinCaching", "MixinMetrics", "MixinHealthCheck"]
    assert await record_composition(persistence, "EFFECT", names, success=True) == 3
    assert await record_composition(persistence, "EFFECT", names, success=False) == 0
    assert await record_composition(persistence, "EFFECT", names[:2], success=False) == 1
    record = await persistence.get_mixin_compatibility(*PAIR, "EFFECT")
    assert record is not None
    assert (record.success_count, record.failure_count) == (1, 1)
