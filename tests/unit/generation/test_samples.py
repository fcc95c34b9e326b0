"""Samples are valid for the model that they were made from."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, create_model

from nodewright.proving.matching_text import example
from nodewright.proving.sample_inputs import Unsampled, operations, sample_model


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=3, max_length=5)
    again: "Inner | None" = None


type Alias = Annotated[int, Field(gt=100)]


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid")
    operation: Literal["make", "break"]
    text: str
    coded: str = Field(pattern=r"^[A-Z]{2}-\d{4}(x|y)?$")
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", min_length=12)
    whole: int = Field(gt=5, lt=7)
    even: int = Field(multiple_of=4, ge=5)
    share: float = Field(gt=0, lt=0.01)
    price: Decimal = Field(max_digits=6, decimal_places=2, gt=Decimal("0.05"))
    alias: Alias
    flag: bool
    colour: Colour
    inner: Inner
    inners: tuple[Inner, ...] = Field(min_length=2)
    pair: tuple[int, str]
    names: set[str] = Field(min_length=3)
    numbers: list[Annotated[int, Field(le=-3)]]
    table: dict[str, list[date]] = Field(min_length=2)
    empty: list[str] = Field(max_length=0)
    moment: datetime
    clock: time
    span: timedelta
    key: UUID
    blob: bytes
    anything: Any
    either: int | str | None
    maybe: UUID | None = None
    aliased: int = Field(alias="aliasName")


def test_every_kind_of_field() -> None:
    made = sample_model(Everything)
    assert made.operation == "make"
    assert made.maybe is not None
    assert sample_model(Everything, {"operation": "break"}).operation == "break"


def test_optional_fields_can_be_left_out() -> None:
    assert sample_model(Everything, optional=False).maybe is None


def test_what_cannot_be_made_is_named() -> None:
    class Opaque(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        handle: re.Pattern[str] | None
        thing: type[int]

    with pytest.raises(Unsampled, match="type"):
        sample_model(Opaque)


@pytest.mark.parametrize(
    ("annotation", "names"),
    [(Literal["a", "b"], ("a", "b")), (Colour, ("red", "blue")), (str, ())],
)
def test_operations(annotation: Any, names: tuple[str, ...]) -> None:
    assert operations(create_model("Request", operation=(annotation, ...))) == names


@given(low=st.integers(-(10**6), 10**6), width=st.integers(0, 10**6), step=st.integers(1, 50))
def test_numbers_keep_their_bounds(low: int, width: int, step: int) -> None:
    model = create_model("Bounded", n=(int, Field(ge=low, le=low + width + step, multiple_of=step)))
    sample_model(model)


@given(low=st.floats(-1e9, 1e9), width=st.floats(0.01, 1e9))
def test_floats_keep_open_bounds(low: float, width: float) -> None:
    sample_model(create_model("Open", n=(float, Field(gt=low, lt=low + width))))


@given(least=st.integers(0, 40), more=st.integers(0, 40))
def test_texts_keep_their_length(least: int, more: int) -> None:
    sample_model(create_model("Text", t=(str, Field(min_length=least, max_length=least + more))))


PATTERNS = [
    r"^\d{3}-\d{4}$",
    r"[a-z]+(\.[a-z]+)*@(example|sample)\.(com|org)",
    r"^(?P<year>\d{4})/(?:0[1-9]|1[0-2])$",
    r"^[^abc1]{2,3}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^(a|b)\1$",
    r"^\S+\s\W\D$",
    r"^x*?y+$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("repeats", [1, 4])
def test_examples_match(pattern: str, repeats: int) -> None:
    assert re.search(pattern, example(pattern, repeats)), example(pattern, repeats)
