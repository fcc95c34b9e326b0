"""What the tools answer: small typed values."""

from typing import Literal

from pydantic import BaseModel, Field

from nodewright.runs.clause_context import ClauseContext
from nodewright.runs.clauses import ClauseVerdict
from nodewright.submitting import Judgement

State = Literal["proven", "open", "context"]
LONGEST_TEXT = 12_000
LONGEST_CLAUSE = 300


class Clause(BaseModel):
    """One clause of the document, and what became of it."""

    id: str
    line: int
    state: State
    text: str
    reason: str = Field("", description="why it is open, or demands nothing")
    node: str = Field("", description="the node that answers for it, or would")

    @classmethod
    def of(cls, verdict: ClauseVerdict) -> "Clause":
        """The clause of a verdict, its text cut where it is long."""
        return cls(
            id=verdict.id,
            line=verdict.line,
            state=verdict.state.value,
            text=verdict.text[:LONGEST_CLAUSE],
            reason=verdict.reason,
            node=verdict.node,
        )


class Clauses(BaseModel):
    """A page of clauses."""

    proven: int
    open: int
    context: int
    clauses: list[Clause]
    next_offset: int | None = Field(None, description="ask again from here; null on the last page")


class Context(BaseModel):
    """All that closing a clause takes."""

    clause: Clause
    around: str = Field(description="lines of the document, with their numbers")
    said: list[str] = Field(description="what the specification says so far, in English")
    node: str
    kind: str = Field(description="EFFECT, COMPUTE, REDUCER or ORCHESTRATOR; empty without a node")
    operations: list[str]
    entities: list[str]
    ports: list[str] = Field(description="name (capability): what a message holds")
    handler: str = Field(description="the file where code for it goes")
    test: str = Field(description="what a test of it has to show")

    @classmethod
    def of(cls, context: ClauseContext) -> "Context":
        """What is known of a clause."""
        return cls(
            clause=Clause.of(context.verdict),
            around=context.around,
            said=list(context.said),
            node=context.node,
            kind=context.kind,
            operations=list(context.operations),
            entities=list(context.entities),
            ports=list(context.ports),
            handler=context.handler,
            test=context.test,
        )


class Text(BaseModel):
    """A piece of a text."""

    text: str
    next_offset: int | None = Field(None, description="ask again from here; null at the end")

    @classmethod
    def of(cls, text: str, offset: int = 0) -> "Text":
        """``text`` from ``offset`` on, cut at the end of a line where it is long."""
        piece = text[offset : offset + LONGEST_TEXT]
        if offset + len(piece) >= len(text):
            return cls(text=piece, next_offset=None)
        piece = piece[: piece.rfind("\n") + 1] or piece
        return cls(text=piece, next_offset=offset + len(piece))


class Analysis(BaseModel):
    """What is read of a document."""

    title: str
    package: str
    clauses: int
    read: int = Field(description="elements say what they demand")
    open: int = Field(description="they demand something that no element says")
    context: int = Field(description="they demand nothing")
    entities: list[str]
    operations: list[str]
    warnings: list[str]


class PlannedNode(BaseModel):
    """A node of the plan."""

    node: str
    kind: str
    operations: list[str]
    clauses: list[str]


class FileChange(BaseModel):
    """What would happen, or happened, to a file."""

    path: str
    action: str
    reason: str


class PlanAnswer(BaseModel):
    """The nodes, and what generating would do to each file."""

    package: str
    nodes: list[PlannedNode]
    changes: list[FileChange]
    unchanged: int


class RunAnswer(BaseModel):
    """What a run did."""

    succeeded: bool
    said: str
    proven: int
    open: int
    failed: list[str] = Field(description="nodes that were refused, with the reason")
    conflicts: list[str]


class Ruling(BaseModel):
    """What the referee says of a submission."""

    accepted: bool
    reason: str = Field("", description="why it was refused, and what to do; nothing was written")
    id: str = Field(description="the record that is kept of it")
    says: list[str] = Field(description="what was added, in English")
    tests: int = Field(description="how many tests of the package passed with it")
    files: list[str] = Field(description="what was written")
    diff: str
    seconds: float

    @classmethod
    def of(cls, judgement: Judgement) -> "Ruling":
        """A judgement, its difference cut where it is long."""
        return cls(
            accepted=judgement.accepted,
            reason=judgement.reason,
            id=judgement.id,
            says=list(judgement.sentences),
            tests=judgement.tests,
            files=list(judgement.files),
            diff=judgement.diff[:LONGEST_TEXT],
            seconds=round(judgement.seconds.get("whole", 0.0), 3),
        )


class Undone(BaseModel):
    """What an undo restored or removed."""

    files: list[str]


class Explained(BaseModel):
    """Why a clause or a submission is as it is."""

    state: str
    reason: str
    said: list[str]
    test: str = Field("", description="the file with the test that shows it")
    history: list[str] = Field(description="submissions for it, the latest first")
