"""What all records have in common: how they are checked, and how they are read."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from nodewright.storage.errors import InvalidRecordError

# In the words of a caller, where pydantic speaks of its own.
_REASONS = {
    "string_pattern_mismatch": "PostgreSQL's text holds no U+0000; leave it out",
    "string_unicode": "a lone surrogate in it is no Unicode text; leave it out",
}


class Given(BaseModel):
    """What a caller gives: unknown fields are refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", use_enum_values=True, validate_default=False
    )

    @classmethod
    def of(cls, **values: object) -> Self:
        """Check ``values``; see `check`."""
        return cls.check(values)

    @classmethod
    def check(cls, values: Mapping[str, object]) -> Self:
        """Check ``values``.

        Raises:
            InvalidRecordError: the first field that the database would refuse, by name.
        """
        try:
            return cls.__pydantic_validator__.validate_python(values)  # type: ignore[no-any-return]
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = str(first["loc"][0]) if first["loc"] else "record"
            reason = _REASONS.get(first["type"], first["msg"])
            raise InvalidRecordError(cls.__name__, field, values.get(field), reason) from None


class Row(BaseModel):
    """A row as it stands in the database; its columns are attributes, and keys as in a mapping.

    ``dict(row)`` and ``**row`` give the columns. Properties that are derived from them are not
    keys.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, from_attributes=True)

    def __getitem__(self, column: str) -> Any:
        """The value of a column.

        Raises:
            KeyError: there is no such column.
        """
        if column not in type(self).model_fields:
            raise KeyError(column)
        return getattr(self, column)

    def __contains__(self, column: object) -> bool:
        """Whether there is such a column."""
        return column in type(self).model_fields

    def __len__(self) -> int:
        """How many columns there are."""
        return len(type(self).model_fields)

    def __bool__(self) -> bool:
        """A row is something."""
        return True

    def get(self, column: str, default: Any = None) -> Any:
        """The value of a column, or ``default`` where there is no such column."""
        return getattr(self, column) if column in self else default

    def keys(self) -> Iterable[str]:
        """The names of the columns, in order."""
        return type(self).model_fields.keys()

    def values(self) -> list[Any]:
        """The values of the columns, in order."""
        return [self[column] for column in self.keys()]

    def items(self) -> list[tuple[str, Any]]:
        """The columns with their values, in order."""
        return [(column, self[column]) for column in self.keys()]


def column(row: object, name: str) -> Any:
    """A column of a row, whether the row is a mapping or an object; None: it has no such column."""
    try:
        return row[name]  # type: ignore[index]
    except KeyError:
        return None
    except TypeError:  # not a mapping
        return getattr(row, name, None)


def percent(part: int | None, other: int | None) -> float:
    """How many percent ``part`` is of ``part`` and ``other``; 0 of nothing."""
    whole = (part or 0) + (other or 0)
    return (part or 0) / whole * 100 if whole else 0.0
