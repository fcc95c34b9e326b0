"""The types of the tables' columns: what the database accepts, and nothing else.

Each mirrors a PostgreSQL type and its checks, so that a value is refused, with its field's name,
before it reaches the database. Numbers are rounded as PostgreSQL rounds them on assignment, and
only then checked against their bounds.
"""

import json
import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field, StringConstraints

_INT4_MAX = 2**31 - 1
_INT4_MIN = -(2**31)

# An escaped U+0000: a backslash that is not itself escaped, then u0000.
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class NodeKind(StrEnum):
    """The four kinds of ONEX nodes."""

    EFFECT = "EFFECT"
    COMPUTE = "COMPUTE"
    REDUCER = "REDUCER"
    ORCHESTRATOR = "ORCHESTRATOR"


class GenerationPhase(StrEnum):
    """The documented phases of a run; a caller may record others, as text."""

    PRD_ANALYSIS = "prd_analysis"
    TEMPLATE_LOAD = "template_load"
    CODE_GEN = "code_gen"
    VALIDATION = "validation"
    PERSISTENCE = "persistence"
    TOTAL = "total"


class TemplateType(StrEnum):
    """The documented types of templates; a caller may record others, as text."""

    NODE = "node"
    CONTRACT = "contract"
    SUBCONTRACT = "subcontract"
    MIXIN = "mixin"
    TEST = "test"


class FeedbackType(StrEnum):
    """What a feedback says about a detection."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    PARTIAL = "partial"
    ADJUSTED = "adjusted"


def _rounded(scale: int) -> AfterValidator:
    step = Decimal(1).scaleb(-scale)

    def to_scale(value: float) -> float:
        # Most values have no more digits; beyond the magnitude of an integer the bounds refuse
        # anyway, and quantize would overflow.
        if round(value, scale) == value or abs(value) > _INT4_MAX:
            return value
        return float(Decimal(repr(value)).quantize(step, ROUND_HALF_UP))

    return AfterValidator(to_scale)


def _whole(value: float) -> int | float:
    """Round half to even, as PostgreSQL casts double precision to integer."""
    return round(value)


def json_text(value: Any) -> str:
    """``value`` as the JSON text that PostgreSQL's JSONB accepts.

    Raises:
        ValueError: the value is not JSON, or holds what JSONB refuses: NaN, infinities,
            U+0000, lone surrogates.
    """
    try:
        fast = orjson.dumps(value)
    except TypeError:
        fast = b"null"
    # NaN has become null, so where there is one (or U+0000) the strict encoder judges.
    if b"null" not in fast and b"\\u0000" not in fast:
        return fast.decode()
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a string in it has a lone surrogate") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if _ESCAPED_NUL.search(text):
        raise ValueError(r"a string in it has \u0000, which JSONB cannot hold")
    return text


def _storable_json(value: Any) -> Any:
    json_text(value)
    return value


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


_NO_NUL = r"^[^\x00]*$"

Text = Annotated[str, StringConstraints(pattern=_NO_NUL)]
Name50 = Annotated[str, StringConstraints(max_length=50, pattern=_NO_NUL)]
Name64 = Annotated[str, StringConstraints(max_length=64, pattern=_NO_NUL)]
Name100 = Annotated[str, StringConstraints(max_length=100, pattern=_NO_NUL)]
Name200 = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
Name500 = Annotated[str, StringConstraints(max_length=500, pattern=_NO_NUL)]

# An integer as it is, without a call into Python; else a float, rounded.
_Rounded = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_whole)]
_EITHER = Field(union_mode="left_to_right")

Integer = Annotated[
    Annotated[int, Field(ge=_INT4_MIN, le=_INT4_MAX)]
    | Annotated[_Rounded, Field(ge=_INT4_MIN, le=_INT4_MAX)],
    _EITHER,
]
Count = Annotated[
    Annotated[int, Field(ge=0, le=_INT4_MAX)] | Annotated[_Rounded, Field(ge=0, le=_INT4_MAX)],
    _EITHER,
]
Positive = Annotated[
    Annotated[int, Field(ge=1, le=_INT4_MAX)] | Annotated[_Rounded, Field(ge=1, le=_INT4_MAX)],
    _EITHER,
]

Unit = Annotated[float, Field(allow_inf_nan=False), _rounded(4), Field(ge=0.0, le=1.0)]
Percent = Annotated[float, Field(allow_inf_nan=False), _rounded(2), Field(gt=-1000.0, lt=1000.0)]

Json = Annotated[Any, AfterValidator(_storable_json)]
Instant = Annotated[datetime, AfterValidator(_aware)]
Names = list[Text]
