"""The events of the code-generation workflow."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from nodewright.events.model import BaseEvent

SERVICE = "nodewright"


class _Payload(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")


class AnalysisRequested(_Payload):
    """A PRD is to be analysed."""

    source: str = Field(description="Name of the PRD.")
    sha256: str | None = Field(default=None, description="Hash of its text.")


class AnalysisCompleted(_Payload):
    """What was understood."""

    requirements: int = Field(ge=0)
    confidence: float = Field(ge=0, le=1)
    node_type_hints: dict[str, float] = Field(default_factory=dict)
    recommended_mixins: list[str] = Field(default_factory=list)


class GenerationRequested(_Payload):
    """Nodes are to be generated."""

    nodes: list[str]
    output: str | None = None


class GenerationCompleted(_Payload):
    """What was generated."""

    nodes: list[str]
    failed: list[str] = Field(default_factory=list)
    files: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)


class ValidationRequested(_Payload):
    """Nodes are to be proven."""

    nodes: list[str]
    level: Literal["static", "run", "full"] = "run"


class ValidationCompleted(_Payload):
    """What the judges said, by node: the names of the checks that objected."""

    passed: list[str]
    failed: dict[str, list[str]] = Field(default_factory=dict)


class StatusChanged(_Payload):
    """Where a run stands."""

    status: Literal["started", "running", "succeeded", "failed", "cancelled"]
    stage: str = ""
    progress: float | None = Field(default=None, ge=0, le=1)
    message: str = ""


class _CodegenEvent(BaseEvent):
    """An event of code generation; a payload that does not fit ``payload_model`` is refused."""

    payload_model: ClassVar[type[BaseModel]]

    service: str = Field(default=SERVICE, min_length=1, max_length=200)

    def model_post_init(self, context: Any, /) -> None:
        """Check the payload where it enters."""
        super().model_post_init(context)
        self.payload_model.model_validate(self.payload)


class CodegenAnalysisRequest(_CodegenEvent):
    """Analyse a PRD."""

    payload_model: ClassVar[type[BaseModel]] = AnalysisRequested


class CodegenAnalysisResponse(_CodegenEvent):
    """A PRD was analysed."""

    payload_model: ClassVar[type[BaseModel]] = AnalysisCompleted


class CodegenGenerationRequest(_CodegenEvent):
    """Generate nodes."""

    payload_model: ClassVar[type[BaseModel]] = GenerationRequested


class CodegenGenerationResponse(_CodegenEvent):
    """Nodes were generated."""

    payload_model: ClassVar[type[BaseModel]] = GenerationCompleted


class CodegenValidationRequest(_CodegenEvent):
    """Prove nodes."""

    payload_model: ClassVar[type[BaseModel]] = ValidationRequested


class CodegenValidationResponse(_CodegenEvent):
    """Nodes were proven, or not."""

    payload_model: ClassVar[type[BaseModel]] = ValidationCompleted


class CodegenStatusEvent(_CodegenEvent):
    """A run has moved on."""

    payload_model: ClassVar[type[BaseModel]] = StatusChanged


CODEGEN_EVENTS: tuple[type[BaseEvent], ...] = (
    CodegenAnalysisRequest,
    CodegenAnalysisResponse,
    CodegenGenerationRequest,
    CodegenGenerationResponse,
    CodegenValidationRequest,
    CodegenValidationResponse,
    CodegenStatusEvent,
)
