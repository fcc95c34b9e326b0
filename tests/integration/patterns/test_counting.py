"""Judgements that a user keeps elsewhere are counted as PostgreSQL counts nodewright's own."""

from random import Random
from uuid import uuid4

import pytest

from nodewright import CodegenPersistence, PatternFeedback, PatternFeedbackCollector
from nodewright.patterns.counting import analyses_of
from nodewright.patterns.tuning import read_analyses


async def test_judgements_are_counted_alike_in_python_and_in_the_database(
    persistence: CodegenPersistence,
) -> None:
    collector = PatternFeedbackCollector(persistence)
    chance = Random(7)  # noqa: S311 - the same each time, not secret
    names = ["crud", "search", "caching", ""]
    for _ in range(120):
        await collector.record_feedback(
            PatternFeedback(
                uuid4(),
                chance.choice(names[:3]),
                chance.choice([None, 0.29, 0.57, 0.8, 1.0]),
                chance.choice(names[:3]),
                chance.choice(["correct", "incorrect", "partial", "adjusted"]),
                false_positives=chance.sample(names, 2),
                false_negatives=chance.sample(names, chance.randint(0, 2)),
                user_provided=chance.random() < 0.3,
            ),
        )
    rows = await persistence.get_pattern_feedback()
    for pattern in (None, "search", "never seen"):
        counted = analyses_of(rows, pattern=pattern, least=5, window=20)
        expected = read_analyses(persistence, pattern, least=5, window=20)
        assert [row["pattern_name"] for row in counted] == [row["pattern_name"] for row in expected]
        for mine, theirs in zip(counted, expected, strict=True):
            for key, value in theirs.items():
                wanted = pytest.approx(value) if isinstance(value, float) else value
                assert mine[key] == wanted, key
    await collector.cleanup()
