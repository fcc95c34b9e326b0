"""The collector on a real PostgreSQL."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodewright import (
    CodegenPersistence,
    PatternAnalysis,
    PatternFeedback,
    PatternFeedbackCollector,
    PatternMatcher,
)
from nodewright.patterns.models import PatternDetection, Statement
from nodewright.patterns.tuning import tuned_matcher
from nodewright.patterns.verification import OperationOutcome
from nodewright.settings import Settings
from nodewright.storage import InvalidRecordError, StorageUnavailableError
from nodewright.workflow import plan_text

Fill = Callable[..., None]

SESSION = uuid4()


@pytest.fixture
def collector(persistence: CodegenPersistence) -> Iterator[PatternFeedbackCollector]:
    made = PatternFeedbackCollector(persistence)
    yield made
    asyncio.run(made.cleanup())


def judged(kind: str = "correct", detected: str = "crud", **more: Any) -> PatternFeedback:
    fields = {"detected_confidence": 0.8, "actual_pattern": detected} | more
    return PatternFeedback(SESSION, detected, feedback_type=kind, **fields)


async def record(collector: PatternFeedbackCollector, *judgements: PatternFeedback) -> list[UUID]:
    return [await collector.record_feedback(item) for item in judgements]


async def test_every_field_is_stored(
    collector: PatternFeedbackCollector, database_url: str
) -> None:
    feedback = PatternFeedback(
        session_id=SESSION,
        detected_pattern="authentication_pattern",
        detected_confidence=0.85,
        actual_pattern="oauth2_pattern",
        feedback_type="incorrect",
        capabilities_matched=["auth", "security"],
        false_positives=["basic_auth"],
        false_negatives=["oauth2"],
        contract_json={"kind": "EFFECT"},
    )
    identity = await collector.record_feedback(feedback, user_provided=True)
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT id, session_id, pattern_name, detected_confidence::float8, actual_pattern,"
            " feedback_type, user_provided, contract_json, capabilities_matched, false_positives,"
            " false_negatives, learning_weight::float8 FROM pattern_feedback_log"
        ).fetchone()
    assert row == (
        identity,
        SESSION,
        "authentication_pattern",
        0.85,
        "oauth2_pattern",
        "incorrect",
        True,
        {"kind": "EFFECT"},
        ["auth", "security"],
        ["basic_auth"],
        ["oauth2"],
        1.0,
    )


async def test_an_unknown_type_is_refused_and_nothing_is_written(
    collector: PatternFeedbackCollector,
) -> None:
    with pytest.raises(InvalidRecordError, match="feedback_type cannot be 'wrong'"):
        await collector.record_feedback(judged("wrong"))
    assert (await collector.analyze_feedback("crud", min_samples=0)).sample_count == 0


async def test_precision_recall_and_counts(collector: PatternFeedbackCollector) -> None:
    await record(
        collector,
        *[judged(false_positives=["a", "b"], false_negatives=["search"]) for _ in range(6)],
        *[judged("incorrect", actual_pattern="oauth2", false_positives=["a"]) for _ in range(2)],
        judged("partial", detected_confidence=None),
        judged("adjusted", detected_confidence=None),
        # Missed twice: once another was detected, once it is listed; one that is both counts once.
        judged("incorrect", "search", actual_pattern="crud"),
        judged("incorrect", "search", actual_pattern="crud", false_negatives=["crud"]),
        judged("partial", "search", false_negatives=["crud", "crud"]),
    )
    analysis = await collector.analyze_feedback("crud", min_samples=10)
    assert analysis == PatternAnalysis(
        pattern_name="crud",
        sufficient_data=True,
        sample_count=10,
        precision=0.6,
        recall=pytest.approx(6 / 9),
        f1_score=pytest.approx(2 * 0.6 * (6 / 9) / (0.6 + 6 / 9)),
        correct_count=6,
        incorrect_count=2,
        partial_count=1,
        false_positive_counts={"a": 8, "b": 6},
        false_negative_counts={"search": 6},
        recommendations=analysis.recommendations,
        suggested_threshold=None,
    )
    assert list(analysis.false_positive_counts) == ["a", "b"]
    assert "below the target" in analysis.recommendations[0]
    assert any("'search' was missed 6 times" in text for text in analysis.recommendations)
    search = await collector.analyze_feedback("search", min_samples=1)
    assert (search.precision, search.recall, search.f1_score) == (0.0, 0.0, 0.0)


KINDS = st.sampled_from(["correct", "incorrect", "partial", "adjusted"])
NAMES = st.sampled_from(["crud", "search", "payment"])
RECORDS = st.lists(
    st.tuples(
        NAMES,
        st.none() | NAMES,
        KINDS,
        st.lists(NAMES, max_size=3),
        st.none() | st.floats(0, 1),
        st.sampled_from(["keep", "delete", "update"]),
    ),
    max_size=12,
)


@given(records=RECORDS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_analysis_equals_a_count_over_all_rows(
    persistence: CodegenPersistence, database_url: str, records: list[Any]
) -> None:
    collector = PatternFeedbackCollector(persistence)
    rows: list[tuple[str, str | None, str, list[str]]] = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE pattern_feedback_log")
        for detected, actual, kind, missed, confidence, fate in records:
            identity = asyncio.run(
                collector.record_feedback(
                    judged(
                        kind,
                        detected,
                        actual_pattern=actual,
                        false_negatives=missed,
                        detected_confidence=confidence,
                    )
                )
            )
            if fate == "delete":
                connection.execute("DELETE FROM pattern_feedback_log WHERE id = %s", (identity,))
                continue
            if fate == "update":
                connection.execute(
                    "UPDATE pattern_feedback_log SET actual_pattern = 'payment', pattern_name ="
                    " 'search', feedback_type = 'partial' WHERE id = %s",
                    (identity,),
                )
                detected, actual, kind = "search", "payment", "partial"  # noqa: PLW2901 - as stored
            rows.append((detected, actual, kind, missed))
    for name in ("crud", "search", "payment"):
        own = [row for row in rows if row[0] == name]
        right = sum(row[2] == "correct" for row in own)
        misses = sum((row[0] != name and row[1] == name) or name in row[3] for row in rows)
        found = asyncio.run(collector.analyze_feedback(name, min_samples=1, use_cache=False))
        assert found.sample_count == len(own)
        if own:
            assert found.precision == pytest.approx(right / len(own))
            recall = right / (right + misses) if right + misses else None
            assert found.recall == (None if recall is None else pytest.approx(recall))


async def test_no_data_has_all_documented_values(collector: PatternFeedbackCollector) -> None:
    analysis = await collector.analyze_feedback("never heard of")
    assert analysis == PatternAnalysis(
        "never heard of", sufficient_data=False, sample_count=0, precision=0.0
    )
    assert await collector.get_all_pattern_analyses() == []
    assert await collector.tune_pattern_threshold("never heard of") is None
    assert await collector.get_global_precision_metrics() == {
        "overall_precision": 0.0,
        "patterns_analyzed": 0,
        "patterns_meeting_target": 0,
        "target_precision": 0.9,
        "needs_improvement": [],
        "best_patterns": [],
        "worst_patterns": [],
    }


async def test_the_cache_honours_min_samples_and_cannot_be_altered(
    collector: PatternFeedbackCollector, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(25)
    first = await collector.analyze_feedback("crud")
    monkeypatch.setattr(collector.persistence.sync.database, "fetch", None)  # from memory only
    assert first.sufficient_data
    assert not (await collector.analyze_feedback("crud", min_samples=26)).sufficient_data
    first.recommendations.append("mine")
    first.false_positive_counts["mine"] = 1
    again = await collector.analyze_feedback("crud", min_samples=25)
    assert again.sufficient_data
    assert "mine" not in again.recommendations
    assert again.false_positive_counts == {}
    with pytest.raises(TypeError):
        await collector.analyze_feedback("crud", use_cache=False)


async def test_own_record_is_seen_at_once(collector: PatternFeedbackCollector) -> None:
    for count in range(1, 6):
        await record(collector, judged())
        assert (await collector.analyze_feedback("crud", min_samples=1)).sample_count == count


OTHER_PROCESS = """
import asyncio, sys
from uuid import uuid4
from nodewright import CodegenPersistence, PatternFeedback, PatternFeedbackCollector
collector = PatternFeedbackCollector(CodegenPersistence(sys.argv[1]))
feedback = PatternFeedback(uuid4(), "crud", 0.9, "crud", "correct")
asyncio.run(collector.record_feedback(feedback))
"""


async def test_another_process_drops_the_cache(
    collector: PatternFeedbackCollector, database_url: str
) -> None:
    await record(collector, judged())
    assert (await collector.analyze_feedback("crud", min_samples=1)).sample_count == 1
    before = collector._watch.version
    command = [sys.executable, "-c", OTHER_PROCESS, database_url]
    await asyncio.to_thread(subprocess.run, command, check=True)
    assert await asyncio.to_thread(collector._watch.wait, before, 30)
    assert (await collector.analyze_feedback("crud", min_samples=1)).sample_count == 2


async def test_a_lost_listener_means_no_cache(
    collector: PatternFeedbackCollector, database_url: str
) -> None:
    await record(collector, judged())
    await collector.analyze_feedback("crud", min_samples=1)
    before = collector._watch.version
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            " AND datname = current_database()"
        )
        assert await asyncio.to_thread(collector._watch.wait, before, 30)
        assert collector._watch.version is None
        connection.execute(
            "INSERT INTO pattern_feedback_log (session_id, pattern_name, feedback_type)"
            " VALUES (gen_random_uuid(), 'crud', 'correct')"
        )
    assert (await collector.analyze_feedback("crud", min_samples=1)).sample_count == 2
    assert collector._watch.version is not None


def test_fork_and_other_loops(collector: PatternFeedbackCollector, fill: Fill) -> None:
    fill(30)
    assert asyncio.run(collector.analyze_feedback("crud")).sample_count == 30
    assert asyncio.run(collector.analyze_feedback("crud")).sample_count == 30
    asyncio.run(collector.cleanup())
    assert collector._watch.version is None
    assert asyncio.run(collector.analyze_feedback("crud")).sample_count == 30


async def test_a_dead_database_is_an_error() -> None:
    from nodewright import Settings

    dead = CodegenPersistence(
        "postgresql://nobody@127.0.0.1:9/none", settings=Settings(database_patience_s=0)
    )
    collector = PatternFeedbackCollector(dead)
    with pytest.raises(StorageUnavailableError):
        await collector.record_feedback(judged())
    with pytest.raises(StorageUnavailableError):
        await collector.analyze_feedback("crud")
    # Matching goes on with the library as it is.
    assert PatternMatcher(tuning=collector.tuning).detect("Upload a file and download it")


async def test_tuning_finds_where_precision_begins(
    collector: PatternFeedbackCollector, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(2_000)
    threshold = await collector.tune_pattern_threshold("crud", target_precision=0.95)
    assert threshold is not None
    assert 0.57 <= threshold <= 0.60
    analysis = await collector.analyze_feedback("crud")
    assert analysis.suggested_threshold is not None
    assert analysis.suggested_threshold <= threshold
    fill(20, "search")
    log = Mock()
    monkeypatch.setattr("nodewright.patterns.feedback._log", log)
    assert await collector.tune_pattern_threshold("search") is None
    event, fields = log.warning.call_args.args
    assert event == "patterns.threshold.unproven"
    assert "20 judged detections cannot prove a precision of 0.90" in fields["reason"]
    with pytest.raises(ValueError, match=r"target precision 1\.5"):
        await collector.tune_pattern_threshold("crud", target_precision=1.5)


async def test_all_patterns_and_global_metrics(
    collector: PatternFeedbackCollector, fill: Fill
) -> None:
    fill(100, "low", 0.5)
    fill(300, "high", 0.0)
    fill(9, "few")
    analyses = await collector.get_all_pattern_analyses(min_samples=30)
    assert [item.pattern_name for item in analyses] == ["low", "high"]
    metrics = await collector.get_global_precision_metrics()
    assert metrics["overall_precision"] == pytest.approx(350 / 400)
    assert (metrics["patterns_analyzed"], metrics["patterns_meeting_target"]) == (2, 1)
    assert [item["pattern"] for item in metrics["needs_improvement"]] == ["low"]
    assert metrics["best_patterns"][0] == {"pattern": "high", "precision": 1.0}
    assert metrics["worst_patterns"][0] == {"pattern": "low", "precision": 0.5}


async def test_the_matcher_follows_at_once(collector: PatternFeedbackCollector) -> None:
    text = "Upload a file of at most 5 MB and download it"
    matcher = PatternMatcher(tuning=collector.tuning)
    before = {item.name: item for item in matcher.detect(text)}["file_storage"]
    assert before.confidence == before.score
    wrong = judged("incorrect", "file_storage", detected_confidence=before.score)
    await record(collector, *[wrong] * 60)
    assert "file_storage" not in {item.name for item in matcher.detect(text)}
    items = [Statement(text, 1)]
    after = {item.name: item for item in matcher.candidates(items)}["file_storage"]
    assert after.score == before.score
    assert after.confidence < 0.5
    strict = PatternMatcher(tuning=collector.tuning, thresholds={"file_storage": 0.0})
    assert "file_storage" in {item.name for item in strict.detect(text)}


async def test_proof_becomes_feedback(
    collector: PatternFeedbackCollector, persistence: CodegenPersistence
) -> None:
    detections = [
        PatternDetection("crud", 0.9, score=0.8, capabilities=("validation",)),
        PatternDetection("payment", 0.7, score=0.7),
        PatternDetection("search", 0.7, score=0.7),
    ]
    outcomes = [
        OperationOutcome("create_ticket", proven=True),
        OperationOutcome("delete_ticket", proven=False),
        OperationOutcome("charge_card", proven=False),
    ]
    identities = await collector.record_verification(SESSION, detections, outcomes)
    rows = {row.pattern_name: row for row in await persistence.get_pattern_feedback()}
    assert {row.id for row in rows.values()} == set(identities)
    assert rows["crud"].feedback_type == "partial"
    assert rows["crud"].detected_confidence == 0.8
    assert rows["crud"].false_positives == ["delete_ticket"]
    assert rows["crud"].learning_weight == 0.5
    assert not rows["crud"].user_provided
    assert rows["payment"].feedback_type == "incorrect"
    assert "search" not in rows


def test_generation_plans_with_what_feedback_taught(
    fill: Fill, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEWRIGHT_DATABASE_URL", database_url)
    text = "# Files\n\n## Data\n\n### Folder\n\n| Field | Type |\n|---|---|\n| title | string |\n\n"
    text += "- FR-1: The system shall create a folder.\n- FR-2: The system shall upload a file.\n"
    assert "file_storage" in plan_text(text).plan.patterns
    fill(400, "file_storage", 1.0)
    assert "file_storage" not in plan_text(text).plan.patterns
    # A database that is not there changes nothing.
    monkeypatch.setenv("NODEWRIGHT_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert "file_storage" in plan_text(text).plan.patterns


def test_a_plan_makes_no_database(tmp_path: Path) -> None:
    matcher = tuned_matcher(Settings(data_dir=tmp_path / "none", database_url=None))
    assert matcher.detect("Upload a file and download it")
    assert not (tmp_path / "none").exists()
