"""What the proof of generated operations says of the patterns that asked for them."""

from collections.abc import Iterable
from dataclasses import dataclass

from nodewright.patterns.library import builtin_patterns
from nodewright.patterns.models import Pattern


@dataclass(frozen=True, slots=True)
class OperationOutcome:
    """A planned operation, such as ``create_ticket``, and whether its node was proven.

    ``action`` is the behaviour that is generated for it, such as ``create``.
    """

    name: str
    proven: bool
    action: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement: its type, and the operations of the pattern that were proven or failed."""

    feedback_type: str
    proven: tuple[str, ...]
    failed: tuple[str, ...]


def judge(
    pattern: str,
    outcomes: Iterable[OperationOutcome],
    library: Iterable[Pattern] | None = None,
) -> Verdict | None:
    """How the detection of ``pattern`` turned out.

    ``correct`` where the operations that it contributes were all generated and proven,
    ``incorrect`` where none could be, else ``partial``.

    Args:
        pattern: the pattern's name.
        outcomes: all operations of the plan.
        library: where the pattern is found; the built-in one by default.

    Returns:
        None where the pattern is not known or the plan has no operation of its: that nobody
        planned one says nothing.
    """
    known = builtin_patterns() if library is None else library
    given = next((p.contributes.get("operations", ()) for p in known if p.name == pattern), ())
    verbs = {_verb(operation) for operation in given}
    of_pattern = [item for item in outcomes if {_verb(item.name), item.action} & verbs]
    if not of_pattern:
        return None
    proven = tuple(sorted({item.name for item in of_pattern if item.proven}))
    failed = tuple(sorted({item.name for item in of_pattern if not item.proven}))
    if not failed:
        return Verdict("correct", proven, ())
    return Verdict("partial" if proven else "incorrect", proven, failed)


def _verb(operation: str) -> str:
    return operation.partition("_")[0].lower()
