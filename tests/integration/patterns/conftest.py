"""Judgements by the thousand, in one statement."""

from collections.abc import Callable

import psycopg
import pytest

Fill = Callable[..., None]


@pytest.fixture
def fill(database_url: str) -> Fill:
    """Write ``count`` judgements whose confidences run evenly from 0 to 1.

    Those at ``right_from`` and above are correct, the rest are not.
    """

    def write(count: int, pattern: str = "crud", right_from: float = 0.6) -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "INSERT INTO pattern_feedback_log (session_id, pattern_name, detected_confidence,"
                " actual_pattern, feedback_type, created_at)"
                " SELECT gen_random_uuid(), %(pattern)s, i::numeric / %(count)s, %(pattern)s,"
                " CASE WHEN i >= %(count)s * %(right)s THEN 'correct' ELSE 'incorrect' END,"
                " now() + i * interval '1 us' FROM generate_series(0, %(count)s - 1) AS i",
                {"pattern": pattern, "count": count, "right": right_from},
            )

    return write
