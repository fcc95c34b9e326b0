"""Predictions of mixin pairs against scikit-learn, trials, training and recommendations.

Run as ``python -m benchmarks.mixins``; works in a directory of its own.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.ratios import QUICK, Contender, Figure, Timing, alternate, report
from nodewright.mixins.evidence import Outcomes
from nodewright.mixins.facts import NODE_KINDS
from nodewright.mixins.features import FEATURE_NAMES
from nodewright.mixins.knowledge import Key, Knowledge
from nodewright.mixins.learner import MixinLearner
from nodewright.mixins.records import Records
from nodewright.mixins.training import samples_of, train

_BATCH = 40
_PASSES = 2 if QUICK else 7


class _NoDatabase:
    """Records nothing, so that what is timed is this room."""

    async def update_mixin_compatibility(self, *_: object, **__: object) -> None:
        """Forget."""

    async def list_mixin_compatibility(self, _node_type: str | None = None) -> list[object]:
        """Remember nothing."""
        return []


def _first_seen(learner: MixinLearner, keys: list[Key]) -> None:
    """Predict pairs that the learner has not seen, by the forest."""
    model = learner._model  # noqa: SLF001 - only from inside can a learner be made to forget
    assert model is not None
    model.predictions.clear()
    model.verdicts.clear()
    for a, b, kind in keys:
        learner.predict_compatibility(a, b, kind)


def _p99(learner: MixinLearner, keys: list[Key]) -> float:
    """The 99th percentile, in seconds, of predicting each pair for the first time."""
    model = learner._model  # noqa: SLF001 - only from inside can a learner be made to forget
    assert model is not None
    model.predictions.clear()
    model.verdicts.clear()
    times = []
    for a, b, kind in keys:
        start = time.perf_counter()
        learner.predict_compatibility(a, b, kind)
        times.append(time.perf_counter() - start)
    return sorted(times)[int(len(times) * 0.99)]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder))


def _measure(folder: Path) -> None:
    knowledge = Knowledge(folder)
    catalogue = knowledge.catalogue
    start = time.perf_counter()
    trials = knowledge.ensure_trials()
    trial_seconds = time.perf_counter() - start

    no_records: dict[Key, Outcomes] = {}
    samples = samples_of(catalogue, trials, no_records)
    train(samples, 0.2, 5)  # imports scikit-learn
    start = time.perf_counter()
    samples = samples_of(catalogue, trials, no_records)
    train(samples, 0.2, 5)
    training_seconds = time.perf_counter() - start

    learner = MixinLearner(
        folder / "model.skops", persistence=_NoDatabase(), trials=False, knowledge=knowledge
    )
    asyncio.run(learner.train_model())
    model = learner._model  # noqa: SLF001 - compared with its own classifier
    assert model is not None
    generator = np.random.default_rng(5)
    chosen = [samples.keys[index] for index in generator.permutation(len(samples.keys))]
    rows = [samples.features[samples.keys.index(key)].reshape(1, -1) for key in chosen[:_BATCH]]
    assert rows[0].shape == (1, len(FEATURE_NAMES))
    expected = model.forest.classifier.predict_proba(samples.features)[:, 1]
    ours = [model.forest.probability(row) for row in samples.features.tolist()]
    difference = max(abs(a - b) for a, b in zip(expected, ours, strict=True))

    pair = chosen[0]
    timings = alternate(
        [
            Contender(
                "scikit-learn predict_proba, one pair",
                lambda: [model.forest.classifier.predict_proba(row) for row in rows],
                _BATCH,
            ),
            Contender(
                "first-seen pair, features and explanation",
                lambda: _first_seen(learner, chosen[:_BATCH]),
                _BATCH,
            ),
            Contender(
                "repeated pair",
                lambda: [learner.predict_compatibility(*pair) for _ in range(1000)],
                1000,
            ),
        ]
    )
    sklearn, first, repeated = timings.values()
    # Other processes of the machine are not what is measured: the calmest of some passes.
    slow = min(_p99(learner, chosen) for _ in range(_PASSES))
    recommending = _recommendation(knowledge, learner)
    recording = _recording(knowledge)
    report(
        "Mixins",
        [*timings.values(), recommending],
        [
            Figure(
                "first-seen pair, times faster", sklearn.median / first.median, 50, at_least=True
            ),
            Figure(
                f"first-seen pair, p99 of the calmest of {_PASSES} passes",
                slow * 1e3,
                0.3,
                at_least=False,
                unit="ms",
            ),
            Figure("repeated pair", repeated.median * 1e6, 2, at_least=False, unit="us"),
            Figure(
                "largest difference of a probability", difference, 1e-6, at_least=False, unit=""
            ),
            Figure(
                f"training on {len(trials)} trials", training_seconds, 2, at_least=False, unit="s"
            ),
            Figure(f"all {len(trials)} trials", trial_seconds, 20, at_least=False, unit="s"),
            Figure(
                "model file",
                learner.model_path.stat().st_size / 1e3,
                500,
                at_least=False,
                unit="KB",
            ),
            Figure("recommendation", recommending.median * 1e3, 20, at_least=False, unit="ms"),
        ],
        [
            "A first-seen pair is answered by the forest from the two profiles, memories cleared.",
            "Training is features, six fits for the metrics and the final fit.",
            f"Recommendations try the whole set anew; {recording}.",
        ],
    )
    knowledge.close()


def _recommendation(knowledge: Knowledge, learner: MixinLearner) -> Timing:
    """Median of recommendations, each with the trials of sets forgotten."""
    wanted = ["caching", "metrics", "health check", "validation", "serialization", "logging"]
    times = []
    for round_number in range(9 if QUICK else 21):
        knowledge._sets.clear()  # noqa: SLF001 - so that each one tries
        kind = NODE_KINDS[round_number % len(NODE_KINDS)]
        if round_number < len(NODE_KINDS):
            learner.recommend_mixins(kind, wanted)  # imports, and trials of single mixins
        start = time.perf_counter()
        learner.recommend_mixins(kind, wanted)
        times.append(time.perf_counter() - start)
    return Timing("recommendation of a set", statistics.median(times), min(times), len(times))


def _recording(knowledge: Knowledge) -> str:
    records = Records(_NoDatabase())
    start = time.perf_counter()
    written = records.add_trials(knowledge.known_trials())
    return f"handing {written} outcomes to a database takes {time.perf_counter() - start:.2f} s"


if __name__ == "__main__":
    main()
