"""The types of the tables' columns: what the database accepts, and nothing else.

Each mirrors a PostgreSQL type and its checks, so that a value is refused, with its field's name,
before it reaches the database. Numbers are rounded as PostgreSQL rounds them on assignment, and
only then checked against their bounds.
"""

import json
import math
import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

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


class FeedbackType(StrEnum):
    """What a feedback says about a detection."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    PARTIAL = "partial"
    ADJUSTED = "adjusted"


def _rounded(scale: int) -> AfterValidator:
    step = Decimal(1).scaleb(-scale)

    def to_scale(value: float) -> float:
        # Beyond this magnitude the bounds refuse anyway, and quantize would overflow.
        if abs(value) > _INT4_MAX:
            return value
        return float(Decimal(repr(value)).quantize(step, ROUND_HALF_UP))

    return AfterValidator(to_scale)


def _whole(value: Any) -> Any:
    """Round a float half to even, as PostgreSQL casts double precision to integer."""
    if isinstance(value, float) and math.isfinite(value):
        return round(value)
    return value


def json_text(value: Any) -> str:
    """``value`` as the JSON text that PostgreSQL's JSONB accepts.

    Raises:
        ValueError: the value is not JSON, or holds what JSONB refuses: NaN, infinities,
            U+0000, lone surrogates.
    """
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


def _kind_name(value: Any) -> Any:
    return str(value) if isinstance(value, StrEnum) else value


_NO_NUL = r"^[^\x00]*$"

Text = Annotated[str, StringConstraints(pattern=_NO_NUL)]
Name50 = Annotated[str, StringConstraints(max_length=50, pattern=_NO_NUL)]
Name64 = Annotated[str, StringConstraints(max_length=64, pattern=_NO_NUL)]
Name100 = Annotated[str, StringConstraints(max_length=100, pattern=_NO_NUL)]
Name200 = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
Name500 = Annotated[str, StringConstraints(max_length=500, pattern=_NO_NUL)]
KindName = Annotated[Name50, BeforeValidator(_kind_name)]

Integer = Annotated[int, BeforeValidator(_whole), Field(ge=_INT4_MIN, le=_INT4_MAX)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=_INT4_MAX)]
Positive = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=_INT4_MAX)]

Unit = Annotated[float, Field(allow_inf_nan=False), _rounded(4), Field(ge=0.0, le=1.0)]
Percent = Annotated[float, Field(allow_inf_nan=False), _rounded(2), Field(gt=-1000.0, lt=1000.0)]

Json = Annotated[Any, AfterValidator(_storable_json)]
Instant = Annotated[datetime, AfterValidator(_aware)]
Names = list[Text]
