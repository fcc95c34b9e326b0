from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodewright.mixins import MixinLearner, usable_set
from nodewright.mixins.facts import NODE_KINDS
from nodewright.mixins.knowledge import Knowledge, default_knowledge
from nodewright.storage import CodegenPersistence

CAPABILITIES = [
    "caching",
    "logging",
    "metrics",
    "health check",
    "retry",
    "events",
    "validation",
    "serialization",
    "hashing",
    "state machine",
    "introspection",
    "node setup",
    "frobnication",
]


def test_one_call_without_model_or_database(knowledge: Knowledge) -> None:
    assert default_knowledge() is knowledge
    found = usable_set("EFFECT", ["cache", "logging", "retries", "metrics"])
    assert set(found.names) == {"MixinCaching", "MixinMetrics"}
    assert found.by_base == (("retries", "NodeEffect (MixinEffectExecution)"),)
    (gap,) = found.uncovered
    assert gap.capability == "logging"
    assert "MixinLogging is described but has no class" in gap.reason


@pytest.mark.usefixtures("knowledge")
def test_the_fewest_mixins_are_chosen() -> None:
    found = usable_set("COMPUTE", ["serialization", "deserialization"])
    assert found.names == ("MixinSerializable",)
    assert found.mixins[0].covers == ("serialization", "deserialization")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(NODE_KINDS), st.lists(st.sampled_from(CAPABILITIES), max_size=6))
def test_what_is_recommended_imports_and_works_as_a_whole(
    knowledge: Knowledge, kind: str, wanted: list[str]
) -> None:
    found = usable_set(kind, wanted)
    for chosen in found.mixins:
        assert isinstance(getattr(import_module(chosen.module), chosen.name), type)
    if found.order:
        tried = knowledge.set_trial(kind, found.order)
        assert tried.result.usable
        assert tried.order == found.order
    answered = [text for chosen in found.mixins for text in chosen.covers]
    answered += [text for text, _ in found.by_base]
    answered += [gap.capability for gap in found.uncovered]
    assert sorted(answered) == sorted(set(wanted))


def test_existing_mixins_are_part_of_the_whole(learner: MixinLearner) -> None:
    found = learner.recommend("EFFECT", ["caching", "health"], ["MixinSerializable"])
    assert found.order[-1] == "MixinSerializable"  # its constructor ends the chain
    assert set(found.names) == {"MixinCaching", "MixinHealthCheck"}
    again = learner.recommend("EFFECT", ["caching"], ["MixinCaching"])
    assert again.names == ()
    assert again.by_base == (("caching", "MixinCaching"),)


def test_existing_mixins_that_fail_are_reported(learner: MixinLearner) -> None:
    found = learner.recommend("EFFECT", ["caching"], ["MixinNodeSetup"])
    assert found.names == ()
    assert "existing mixins fail together" in found.reason


def test_the_documented_call(learner: MixinLearner) -> None:
    rows = learner.recommend_mixins(
        node_type="EFFECT",
        required_capabilities=["caching", "logging"],
        existing_mixins=["MixinHealthCheck"],
        max_recommendations=3,
    )
    ((name, confidence, explanation),) = rows
    assert name == "MixinCaching"
    assert 0.9 < confidence <= 1
    assert "covers caching" in explanation
    assert "Not covered: logging" in explanation


def test_no_more_than_asked_for(learner: MixinLearner) -> None:
    wanted = ["caching", "metrics", "health", "hashing"]
    found = learner.recommend("COMPUTE", wanted, max_recommendations=2)
    assert len(found.names) == 2
    assert all("at most 2" in gap.reason for gap in found.uncovered)
    assert learner.recommend("COMPUTE", wanted, max_recommendations=0).names == ()
    with pytest.raises(ValueError, match="max_recommendations"):
        learner.recommend("COMPUTE", wanted, max_recommendations=-1)


def test_nothing_wanted_is_nothing_recommended(learner: MixinLearner) -> None:
    assert learner.recommend_mixins("REDUCER", []) == []
    assert learner.recommend_mixins("REDUCER", ["", "??"]) == []


async def test_pairs_below_the_threshold_are_left_out(
    model_path: Path, knowledge: Knowledge, persistence: CodegenPersistence
) -> None:
    strict = MixinLearner(
        model_path,
        min_confidence_threshold=0.95,
        persistence=persistence,
        knowledge=knowledge,
    )
    wanted = ["caching", "metrics"]
    assert len(strict.recommend("EFFECT", wanted).names) == 2
    await strict.update_from_feedback("MixinCaching", "MixinMetrics", "EFFECT", success=False)
    assert len(strict.recommend("EFFECT", wanted).names) == 1
