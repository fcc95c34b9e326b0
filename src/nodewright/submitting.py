"""What a person or an agent submits for open clauses, in one readable function each.

``propose`` takes elements of the specification, ``submit_code`` a handler with its test. The
referee delivers the whole or nothing; whatever it says is kept in the output folder.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nodewright.delivery.delivery import Delivery
from nodewright.delivery.merge import merge
from nodewright.delivery.specification import NAME
from nodewright.errors import NodewrightError
from nodewright.prd import read_prd
from nodewright.runs.clauses import handler_of
from nodewright.runs.proposals import noted, put_in
from nodewright.runs.referee import Accepted, Court, Proposed, Referee, RefusedError, own_test
from nodewright.runs.standing import Standing
from nodewright.runs.submissions import Submission, difference, keep
from nodewright.spec.types import SpecificationError
from nodewright.workflow import plan_text

__all__ = ["Court", "Judgement", "propose", "submit_code"]

# Seconds that a submission waits for another on the same folder.
PATIENCE = 120.0
LONGEST = 400_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the referee says of a submission; ``id`` is that of the record that is kept of it.

    ``sentences`` say in English what it added, ``tests`` how many tests passed with it.
    """

    accepted: bool
    reason: str
    id: str
    diff: str = ""
    sentences: tuple[str, ...] = ()
    tests: int = 0
    files: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def propose(
    prd: Path,
    output: Path,
    elements: str,
    clauses: Sequence[str],
    court: Court,
    *,
    also: Sequence[str] = (),
    by: str = "person",
) -> Judgement:
    """Put elements into the specification, where the nodes that follow are proven with it.

    Args:
        prd: the document.
        output: the folder that the package was generated into.
        elements: YAML as in ``spec.yaml``: mappings are merged into it, ``null`` takes out.
        clauses: ids of the clauses that the elements close; they name them in ``from``.
        court: what judging takes.
        also: ids of clauses whose elements it knowingly changes.
        by: who submits.

    Raises:
        NodewrightError: there is no package in ``output``, or it is busy.
    """
    text = read_prd(prd)
    submitting = _Submitting(output, by, "specification", tuple(clauses))

    def judge(standing: Standing, delivery: Delivery) -> Accepted:
        _check_size(elements)
        _check_clauses(standing, [*clauses, *also])
        text_with = noted(put_in(standing.text, elements), clauses)
        proposed = _with_comments(standing.text, text_with)
        edits = {NAME: proposed.encode()}
        submitting.diff = difference(output, edits)
        prepared = plan_text(text, standing.package, output, proposed)
        referee = Referee(standing, prepared, delivery, court, by)
        return referee.specification(Proposed(edits, tuple(clauses), tuple(also)))

    return submitting.judged(judge)


def submit_code(  # noqa: PLR0917 - what a submission takes
    prd: Path,
    output: Path,
    node: str,
    code: str,
    test: str,
    clauses: Sequence[str],
    court: Court,
    *,
    by: str = "person",
) -> Judgement:
    """Put a handler in the place of a node's, where it and its test are proven.

    Args:
        prd: the document.
        output: the folder that the package was generated into.
        node: slug of the node.
        code: the whole text of its handler.
        test: a test for ``clauses``, marked with them, that asks by ``world`` only.
        clauses: ids of the clauses that the code closes.
        court: what judging takes.
        by: who submits.

    Raises:
        NodewrightError: there is no package in ``output``, or it is busy.
    """
    text = read_prd(prd)
    submitting = _Submitting(output, by, "code", tuple(clauses))

    def judge(standing: Standing, delivery: Delivery) -> Accepted:
        _check_size(code)
        _check_size(test)
        _check_clauses(standing, clauses)
        found = standing.node(node)
        if found is None:
            known = ", ".join(each.slug for each in standing.plan.nodes)
            raise RefusedError(f"there is no node {node!r}; there are {known}")
        path = own_test(found, clauses)
        handler = handler_of(standing.plan, found)
        edits = {handler: code.encode(), path: test.encode()}
        submitting.diff = difference(output, edits)
        prepared = plan_text(text, standing.package, output)
        referee = Referee(standing, prepared, delivery, court, by)
        return referee.code(found, Proposed(edits, tuple(clauses)), path)

    return submitting.judged(judge)


@dataclass(slots=True)
class _Submitting:
    """One submission on its way through the referee."""

    output: Path
    by: str
    kind: str
    clauses: tuple[str, ...]
    diff: str = ""

    def judged(self, judge: Callable[[Standing, Delivery], Accepted]) -> Judgement:
        """What comes of it, written down."""
        started = time.perf_counter()
        accepted, reason = Accepted(), ""
        with self._holding() as (standing, delivery):
            try:
                accepted = judge(standing, delivery)
            except (RefusedError, SpecificationError) as error:
                reason = str(error)
        submission = Submission(self.by, self.kind, self.clauses, not reason, reason, self.diff)
        keep(self.output, submission)
        seconds = {**accepted.seconds, "whole": time.perf_counter() - started}
        return Judgement(
            not reason,
            reason,
            submission.id,
            self.diff,
            accepted.sentences,
            accepted.tests,
            accepted.files,
            seconds,
        )

    @contextmanager
    def _holding(self) -> Iterator[tuple[Standing, Delivery]]:
        """The folder, which nobody else writes to meanwhile."""
        package = Standing(self.output).package
        if not package:
            raise NodewrightError(
                f"{self.output} has no package: generate one there from the document first"
            )
        with Delivery(self.output, package, patience=PATIENCE) as delivery:
            yield Standing(self.output), delivery


def _check_size(text: str) -> None:
    if len(text) > LONGEST:
        raise RefusedError(f"it has {len(text)} characters; at most {LONGEST}")
    if not text.strip():
        raise RefusedError("it is empty")


def _check_clauses(standing: Standing, clauses: Sequence[str]) -> None:
    if not clauses:
        raise RefusedError("it names no clause: say which it closes")
    known = {note.id for note in standing.specification.clauses}
    for clause in clauses:
        if clause not in known:
            raise RefusedError(f"there is no clause {clause[:60]!r}; list the open ones first")


def _with_comments(current: str, proposed: str) -> str:
    """``proposed`` with the comments and the layout that ``current`` has."""
    plain = put_in(current, "ports: {}" if "\nports:" in current else "operations: {}")
    if plain == current:
        return proposed
    merged = merge(current.encode(), plain.encode(), proposed.encode())
    return proposed if merged.conflicts else merged.content.decode()
