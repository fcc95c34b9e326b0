"""The proof of meaning: a package does what its specification says.

A node agrees with the reference interpreter on random sequences of its operations, and each clause
is shown by scenarios whose outcome the package reproduces.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

from nodewright.planning.homes import homes_of
from nodewright.planning.plan import NodePlan, Plan
from nodewright.proving.model import Check, ClauseProof
from nodewright.proving.package_run import PackageRun
from nodewright.proving.scenarios import Evidence, Shown
from nodewright.proving.shipped_tests import failing_clauses
from nodewright.proving.verdict import Rejected, judge
from nodewright.spec.calls import Answer
from nodewright.spec.model import State
from nodewright.spec.scenario import Call, Outcome, Scenario, Seen, Step, run
from nodewright.spec.search import without_step
from nodewright.spec.values import Value

SEQUENCES = 12
# The check that a node fails where it and the interpreter answer differently.
AGREES = "agrees"


def judge_meaning(
    plan: Plan, node: NodePlan, evidence: Evidence, root: Path
) -> tuple[Check, tuple[ClauseProof, ...]]:
    """Whether the imported node agrees with its specification, and which clauses it shows."""
    with quiet():
        check = judge(AGREES, lambda: agree(plan, node, evidence))
        proofs = tuple(
            prove_clause(plan, evidence.shown(plan, clause))
            for clause in read_clauses(plan, node.slug)
        )
        failing = failing_clauses(root, node.slug)
    return check, tuple(
        replace(proof, proven=False, reason=failing[proof.clause])
        if proof.proven and proof.clause in failing
        else proof
        for proof in proofs
    )


def read_clauses(plan: Plan, slug: str) -> tuple[str, ...]:
    """The clauses that the specification reads, and that a node answers for."""
    homes = homes_of(plan)
    return tuple(
        note.id
        for note in plan.specification.clauses
        if note.state is State.READ and homes.get(note.id) == slug
    )


@contextmanager
def quiet() -> Iterator[None]:
    """While open, what judged code prints goes nowhere."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


def agree(plan: Plan, node: NodePlan, evidence: Evidence, *, count: int = SEQUENCES) -> None:
    """Compare the imported package with the interpreter on sequences of the node's operations.

    Raises:
        Rejected: they disagree; the message has the shortest sequence that was found.
    """
    for scenario, expected in evidence.tried(node, count):
        difference = difference_on(plan, scenario, expected)
        if difference:
            shortest, difference = _shortest(plan, scenario, difference)
            raise Rejected(f"{difference} after {told(shortest.steps)}")


def prove_clause(plan: Plan, shown: Shown) -> ClauseProof:
    """Whether the imported package reproduces what shows a clause."""
    if not shown.shows:
        return ClauseProof(shown.clause, proven=False, reason=shown.reason, tried=False)
    for show in shown.shows:
        difference = difference_on(plan, show.scenario, show.outcome)
        if difference:
            reason = f"{difference} after {told(show.scenario.steps)}"
            return ClauseProof(shown.clause, proven=False, reason=reason)
    return ClauseProof(shown.clause, proven=True)


def difference_on(plan: Plan, scenario: Scenario, expected: Outcome) -> str:
    """How the imported package differs from what is expected; empty where it does not."""
    try:
        return _difference(expected, PackageRun(plan.specification).run(scenario))
    except Exception as error:  # noqa: BLE001 - the package is the user's, it may do anything
        return f"{type(error).__name__}: {error}"


def told(steps: Sequence[Step]) -> str:
    """Steps in a few words: ``create_ticket(price=5), 15 minutes later, delete_reservation()``."""
    return ", ".join(_told(step) for step in steps) or "nothing"


def _told(step: Step) -> str:
    if isinstance(step, Call):
        given = ", ".join(f"{name}={value!r}" for name, value in step.request.items())
        return f"{step.operation}({given})"[:200]
    return repr(step)[:120]


def _shortest(plan: Plan, scenario: Scenario, difference: str) -> tuple[Scenario, str]:
    """The scenario without the steps that the difference does not need."""
    place = len(scenario.steps) - 1
    while place >= 0 and len(scenario.steps) > 1:
        shorter = without_step(scenario, place)
        if shorter is not None:
            found = difference_on(plan, shorter, run(plan.specification, shorter))
            if found:
                scenario, difference = shorter, found
        place -= 1
    return scenario, difference


def _difference(expected: Outcome, actual: Outcome) -> str:
    """What the first difference is; empty where there is none."""
    for number, (wanted, seen) in enumerate(zip(expected.steps, actual.steps, strict=True), 1):
        if not _same(wanted, seen):
            return f"step {number}: {_of_step(wanted, seen)}"
    if expected.stored != actual.stored:
        return f"stored {_short(actual.stored)}, not {_short(expected.stored)}"
    return ""


def _same(wanted: Seen, seen: Seen) -> bool:
    """Whether a step brought the same.

    A package's requests have types. Where a request is of a wrong one, the package says so before
    it looks for what else might refuse it, or answer it without looking.
    """
    one, other = _comparable(wanted), _comparable(seen)
    if len(one.answers) != len(other.answers):
        return False
    answers = tuple(
        right if given.error_code == "invalid_request" and _early(right) else given
        for (_, right), (_, given) in zip(one.answers, other.answers, strict=True)
    )
    return [each for _, each in one.answers] == list(answers) and replace(
        one, answers=()
    ) == replace(other, answers=())


def _early(answer: Answer) -> bool:
    return answer.ok or answer.error_code in {"forbidden", "rate_limited"}


def _comparable(seen: Seen) -> Seen:
    """A step without what may differ: the order of messages to different ports, missing values."""
    sent = [replace(each, message=_present(each.message)) for each in seen.sent]
    return replace(
        seen,
        answers=tuple((name, _plain(answer)) for name, answer in seen.answers),
        sent=tuple(sorted(sent, key=lambda each: each.port)),
        published=tuple(replace(each, payload=_present(each.payload)) for each in seen.published),
    )


def _present(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None}


def _plain(answer: Answer) -> Answer:
    """An answer in which no results are none."""
    return replace(answer, results=answer.results or None)


def _of_step(wanted: Seen, seen: Seen) -> str:
    for (name, right), (_, given) in zip(wanted.answers, seen.answers, strict=False):
        if _plain(right) != _plain(given):
            return f"{name} answers {_short(given)}, not {_short(right)}"
    for what in ("answers", "sent", "published", "waited"):
        right, given = getattr(wanted, what), getattr(seen, what)
        if right != given:
            return f"{what} {_short(given)}, not {_short(right)}"
    return "it differs"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}..."  # noqa: PLR2004 - a line or two
