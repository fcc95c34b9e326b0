"""A user's judgement of a detected pattern: checked, recorded, taken back."""

import asyncio
from itertools import chain
from uuid import UUID

from nodewright.patterns.feedback import PatternFeedback, PatternFeedbackCollector
from nodewright.patterns.library import check_known, known_patterns
from nodewright.settings import Settings
from nodewright.storage import CodegenPersistence


def judge_pattern(feedback: PatternFeedback, persistence: CodegenPersistence | None = None) -> UUID:
    """Record a user's judgement of a detected pattern.

    Args:
        feedback: the judgement.
        persistence: where it is recorded; the configured database by default.

    Returns:
        The id by which `retract_judgement` takes it back.

    Raises:
        UnknownPatternError: a name is not in the library; the message has names that are near.
        InvalidRecordError: another value cannot be stored; nothing was written.
        StorageUnavailableError: the database stayed away.
    """
    library = known_patterns(Settings().pattern_folder)
    patterns = {pattern.name for pattern in library}
    actual = [feedback.actual_pattern] if feedback.actual_pattern else []
    check_known([feedback.detected_pattern, *actual], patterns)
    listed = (feedback.capabilities_matched, feedback.false_positives, feedback.false_negatives)
    capabilities = {name for pattern in library for name in pattern.capabilities}
    check_known(chain.from_iterable(listed), patterns | capabilities)
    collector = PatternFeedbackCollector(persistence)

    async def record() -> UUID:
        try:
            return await collector.record_feedback(feedback, user_provided=True)
        finally:
            await collector.cleanup()

    return asyncio.run(record())


def retract_judgement(feedback_id: UUID, persistence: CodegenPersistence | None = None) -> bool:
    """Take a judgement of a pattern back, as if it had never been given; whether there was one."""
    collector = PatternFeedbackCollector(persistence)

    async def retract() -> bool:
        try:
            return await collector.retract_feedback(feedback_id)
        finally:
            await collector.cleanup()

    return asyncio.run(retract())
