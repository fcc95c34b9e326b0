"""The proof of meaning: a package does what its specification says.

A node agrees with the reference interpreter on random sequences of its operations, and each clause
is shown by scenarios whose outcome the package reproduces.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace

from nodewright.planning.homes import homes_of
from nodewright.planning.plan import NodePlan, Plan
from nodewright.proving.model import Check, ClauseProof
from nodewright.proving.package_run import PackageRun
from nodewright.proving.scenarios import Shown, tried_scenarios
from nodewright.proving.verdict import Rejected, judge
from nodewright.spec.calls import Answer
from nodewright.spec.model import Workflow
from nodewright.spec.scenario import Call, Outcome, Scenario, Seen, Step, Tick, run
from nodewright.spec.values import Value

SEQUENCES = 12


def judge_meaning(
    plan: Plan, node: NodePlan, shown: Mapping[str, Shown]
) -> tuple[Check, tuple[ClauseProof, ...]]:
    """Whether the imported node agrees with its specification, and which clauses it shows."""
    homes = homes_of(plan)
    with quiet():
        check = judge("agrees", lambda: agree(plan, node))
        proofs = tuple(
            prove_clause(plan, each) for name, each in shown.items() if homes.get(name) == node.slug
        )
    return check, proofs


@contextmanager
def quiet() -> Iterator[None]:
    """While open, what judged code prints goes nowhere."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


def agree(plan: Plan, node: NodePlan, *, count: int = SEQUENCES) -> None:
    """Compare the imported package with the interpreter on sequences of the node's operations.

    What the user's code decides about is left to the user's tests.

    Raises:
        Rejected: they disagree; the message has the shortest sequence that was found.
    """
    decided = by_code(plan)
    for operation in node.operations:
        for scenario, expected in tried_scenarios(plan.specification, operation.element, count):
            if decided and _asks(scenario, decided):
                continue
            difference = _difference(expected, PackageRun(plan.specification).run(scenario))
            if difference:
                shortest, difference = _shortest(plan, scenario, difference)
                raise Rejected(f"{difference} after {told(shortest.steps)}")


def by_code(plan: Plan) -> frozenset[str]:
    """Operations that the user's code decides about, and the workflows that run them."""
    found = set(plan.decided)
    workflows = [each for each in plan.specification.operations if isinstance(each, Workflow)]
    grown = True
    while grown:
        more = {
            each.name
            for each in workflows
            if any(step.operation in found or step.undo in found for step in each.steps)
        }
        grown = not more <= found
        found |= more
    started = {each.on for each in plan.specification.operations if each.name in found} - {""}
    timed = any(each.schedule for each in plan.specification.operations if each.name in found)
    return frozenset(found | started | ({_TICK} if timed else set()))


_TICK = "(tick)"


def _asks(scenario: Scenario, names: frozenset[str]) -> bool:
    """Whether a scenario asks for one of the operations, or for what starts it."""
    for step in scenario.steps:
        if isinstance(step, Tick) and _TICK in names:
            return True
        name = getattr(step, "operation", "") or getattr(step, "event", "")
        if name in names:
            return True
    return False


def prove_clause(plan: Plan, shown: Shown) -> ClauseProof:
    """Whether the imported package reproduces what shows a clause."""
    if not shown.scenarios:
        return ClauseProof(shown.clause, proven=False, reason=shown.reason)
    for scenario, expected in shown.scenarios:
        try:
            difference = _difference(expected, PackageRun(plan.specification).run(scenario))
        except Exception as error:  # noqa: BLE001 - the package is the user's, it may do anything
            difference = f"{type(error).__name__}: {error}"
        if difference:
            reason = f"{difference} after {told(scenario.steps)}"
            return ClauseProof(shown.clause, proven=False, reason=reason)
    return ClauseProof(shown.clause, proven=True)


def told(steps: Sequence[Step]) -> str:
    """Steps in a few words: ``create_ticket(price=5), 15 minutes later, delete_reservation()``."""
    return ", ".join(_told(step) for step in steps) or "nothing"


def _told(step: Step) -> str:
    if isinstance(step, Call):
        given = ", ".join(f"{name}={value!r}" for name, value in step.request.items())
        return f"{step.operation}({given})"[:200]
    return repr(step)[:120]


def _shortest(plan: Plan, scenario: Scenario, difference: str) -> tuple[Scenario, str]:
    """The scenario cut after its first difference, and without steps that it does not need."""
    steps = list(scenario.steps)
    place = len(steps) - 1
    while place >= 0 and len(steps) > 1:
        shorter = Scenario(tuple(steps[:place] + steps[place + 1 :]))
        try:
            expected = run(plan.specification, shorter)
            found = _difference(expected, PackageRun(plan.specification).run(shorter))
        except (LookupError, ValueError):
            found = ""
        if found:
            steps, difference = list(shorter.steps), found
        place -= 1
    return Scenario(tuple(steps)), difference


def _difference(expected: Outcome, actual: Outcome) -> str:
    """What the first difference is; empty where there is none."""
    for number, (wanted, seen) in enumerate(zip(expected.steps, actual.steps, strict=True), 1):
        if _comparable(wanted) != _comparable(seen):
            return f"step {number}: {_of_step(wanted, seen)}"
    if expected.stored != actual.stored:
        return f"stored {_short(actual.stored)}, not {_short(expected.stored)}"
    return ""


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
