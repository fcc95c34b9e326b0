"""What a call of ``ParallelGenerator`` raises when every job failed.

Importing this imports omnibase_core, which takes a while: not in the event loop's thread.
"""

from collections.abc import Sequence
from uuid import UUID

from omnibase_core.enums.enum_core_error_code import EnumCoreErrorCode
from omnibase_core.errors import OnexError

from nodewright.runs.jobs import GenerationResult


class JobsOverdueError(OnexError, TimeoutError):
    """Every job took longer than its time limit."""


def all_failed(results: Sequence[GenerationResult], session_id: UUID) -> OnexError:
    """The error of ``results``, none of which succeeded.

    Its context has ``errors``, job id -> why it failed; its correlation id is the session's.
    """
    overdue = all(result.timed_out for result in results)
    kind = JobsOverdueError if overdue else OnexError
    code = EnumCoreErrorCode.TIMEOUT if overdue else EnumCoreErrorCode.OPERATION_FAILED
    reasons = "; ".join(f"job {result.job_id}: {result.error}" for result in results)
    cure = "give the generator a longer timeout_seconds" if overdue else "mend these and run again"
    return kind(
        message=f"all {len(results)} jobs failed: {reasons}; {cure}",
        error_code=code,
        correlation_id=session_id,
        errors={str(result.job_id): result.error for result in results},
    )
