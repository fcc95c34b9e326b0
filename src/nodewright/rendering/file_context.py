"""A file to render, and what its template is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Context = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileContext:
    """A file to render: the template, its place, what the template is told."""

    template: str
    path: str
    context: Context
    user_owned: bool = False
