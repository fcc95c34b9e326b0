"""Workflows: steps in their order, each an operation of its own.

Every step that succeeds is kept; a step that fails for good stops the workflow, and the ``undo``
operations of the steps before it run backwards. An undo gets its inputs from what the step
answered, else from what the step was given.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from nodewright.spec.calls import Answer, Call
from nodewright.spec.effects import given
from nodewright.spec.evaluation import Refused, Scope, holds
from nodewright.spec.model import OnFailure, Operation, Step, Workflow
from nodewright.spec.requests import inputs_of
from nodewright.spec.values import Record, Value

Ask = Callable[[str, dict[str, Value]], Answer]
Wait = Callable[[Any], None]


@dataclass(slots=True)
class Progress:
    """How far a workflow came: names of steps -> what they answered."""

    answers: dict[str, Record] = field(default_factory=dict)
    completed: list[str] = field(default_factory=list)
    asked: list[tuple[Step, dict[str, Value]]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def stopped(self, step: str, code: str, message: str) -> Answer:
        """The answer of a workflow that did not end."""
        return Answer(
            status="failed",
            error_code=code,
            error_message=message,
            completed=tuple(self.completed),
            failed_step=step,
            warnings=tuple(self.warnings),
        )


@dataclass(slots=True)
class Run:
    """One run of a workflow."""

    workflow: Workflow
    call: Call
    ask: Ask
    refresh: Callable[[], None]
    wait: Wait
    progress: Progress = field(default_factory=Progress)

    def steps(self) -> Answer:
        """Run all steps; the answer is not ok where one stopped the workflow."""
        for step in self.workflow.steps:
            try:
                failed = self._step(step)
            except Refused as error:
                failed = Answer(status="failed", error_code=error.code, error_message=error.message)
            if failed is None:
                continue
            if step.on_failure is OnFailure.KEEP:
                self.progress.answers.setdefault(step.name, _Nothing())
                self.progress.warnings.append(f"{step.name}: {failed.error_code}")
                continue
            self.undo()
            return self.progress.stopped(step.name, failed.error_code, failed.error_message)
        return Answer(
            completed=tuple(self.progress.completed), warnings=tuple(self.progress.warnings)
        )

    def scope(self) -> Scope:
        """What expressions of the workflow see: the request and the steps so far."""
        self.refresh()
        return self.call.scope()

    def _step(self, step: Step) -> Answer | None:
        """Run one step; its answer where it failed."""
        if not holds(step.when, self.scope()):
            self.progress.answers[step.name] = _Nothing()
            return None
        inputs = given(step.given, self.scope())
        answer = self.ask(step.operation, inputs)
        pause = step.retry.wait if step.retry else None
        for _ in range(step.retry.times if step.retry else 0):
            if answer.ok:
                break
            self.wait(pause)
            pause = pause * step.retry.factor if pause and step.retry else pause
            answer = self.ask(step.operation, inputs)
        if not answer.ok:
            return answer
        self.progress.answers[step.name] = answer.named()
        self.progress.completed.append(step.name)
        self.progress.asked.append((step, inputs))
        return None

    def undo(self) -> None:
        """Take back the finished steps, the last one first."""
        for step, inputs in reversed(self.progress.asked):
            operation = self.call.specification.operation(step.undo) if step.undo else None
            if operation is None:
                continue
            known = {**inputs, **self.progress.answers[step.name]}
            answer = self.ask(operation.name, self._fit(operation, known))
            if not answer.ok:
                self.progress.warnings.append(f"{step.undo}: {answer.error_code}")

    def _fit(self, operation: Operation, known: dict[str, Value]) -> dict[str, Value]:
        names = [each.name for each in inputs_of(self.call.specification, operation)]
        return {name: known[name] for name in names if name in known}


class _Nothing(dict[str, Value]):
    """What a step that did not run answers: whatever is asked for is missing."""

    def __missing__(self, name: str) -> None:
        return None


def ended(answer: Answer, warnings: list[str]) -> Answer:
    """The answer of a workflow after its effects."""
    return replace(answer, warnings=(*answer.warnings, *warnings))
