"""The pattern library: YAML files, the project's own and those of the user's folder.

One file a pattern::

    name: crud
    summary: Records are created, read, updated and deleted.
    node_kinds: [EFFECT]
    capabilities: {validation: [validate, required field]}
    contributes: {operations: [create, read], mixins: [MixinRetry]}
    evidence:
      - {weight: 0.9, terms: [crud, create read update delete]}

A term's weight is the probability that the pattern is asked for when a functional requirement
contains the term. Terms match in all their English forms.
"""

import difflib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nodewright.errors import NodewrightError
from nodewright.language.vocabulary import LOADER, read_yaml
from nodewright.patterns.models import Concept, Pattern

_MAX_FILE = 1_000_000
_DEEPEST = 20
_LONGEST_VALUE = 1000
_Probability = Annotated[float, Field(ge=0.0, le=1.0)]
_Term = Annotated[str, Field(min_length=1, max_length=200)]
_Kind = Literal["EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR"]


class PatternLibraryError(NodewrightError):
    """A pattern file cannot be used."""


class UnknownPatternError(NodewrightError, ValueError):
    """A judgement names something that the library does not have."""

    def __init__(self, name: str, near: Sequence[str]) -> None:
        said = f"did you mean {' or '.join(near)}?" if near else "no name is near"
        super().__init__(
            f"{name!r} is not in the library of patterns: {said} "
            "(nodewright patterns list shows all)"
        )


class _EvidenceSpec(BaseModel):
    model_config = ConfigDict(extra="forbid")
    weight: _Probability
    terms: list[_Term] = Field(min_length=1, max_length=2000)


class _CalibrationSpec(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    slope: float = Field(default=1.0, gt=0.0, le=10.0)
    intercept: float = Field(default=0.0, ge=-10.0, le=10.0)


class ConceptSpec(BaseModel):
    """The form of a concept in a YAML file: a name and evidence."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$")
    evidence: list[_EvidenceSpec] = Field(min_length=1)
    calibration: _CalibrationSpec = _CalibrationSpec()

    def concept(self) -> Concept:
        """The concept that the file describes."""
        terms = {term: group.weight for group in self.evidence for term in group.terms}
        return Concept(self.name, terms, self.calibration.slope, self.calibration.intercept)


class _PatternSpec(ConceptSpec):
    summary: str = Field(min_length=1, max_length=500)
    node_kinds: list[_Kind] = []
    capabilities: dict[str, list[_Term]] = {}
    contributes: dict[Literal["operations", "mixins"], list[_Term]] = {}
    specialises: str | None = None
    threshold: _Probability = 0.5

    def pattern(self) -> Pattern:
        return Pattern(
            concept=self.concept(),
            summary=self.summary,
            capabilities={name: tuple(terms) for name, terms in self.capabilities.items()},
            node_kinds=tuple(self.node_kinds),
            contributes={name: tuple(values) for name, values in self.contributes.items()},
            specialises=self.specialises,
            threshold=self.threshold,
        )


def _refuse_bombs(text: str) -> None:
    """Refuse what a few lines make gigabytes or minutes of.

    That is names for parts of the text, deep nesting, and long values: 59:59:59... is a number to
    the basis of 60, which takes time in the square of its length.
    """
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"*{event.anchor} repeats a part of the file; write it out")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > _LONGEST_VALUE:
            raise yaml.YAMLError(
                f"{event.value[:20]}... has {len(event.value):,} characters; a value has "
                f"{_LONGEST_VALUE:,} at most"
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {_DEEPEST} deep")


def _parse(text: str, origin: str) -> Pattern:
    try:
        return _PatternSpec.model_validate(read_yaml(text)).pattern()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise PatternLibraryError(f"{origin}: {where}: {first['msg']}; mend the file") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: 2001-99-99 is no date
        raise PatternLibraryError(f"{origin} is not YAML: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def load_folder(folder: Path) -> tuple[Pattern, ...]:
    """Patterns of the ``.yaml`` and ``.yml`` files in ``folder``, by file name.

    Raises:
        PatternLibraryError: the folder or a file in it cannot be read or has a wrong form.
    """
    if not folder.is_dir():
        raise PatternLibraryError(f"the pattern folder {folder} does not exist; create it")
    patterns = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            if path.exists() and not path.is_file():
                raise PatternLibraryError(f"{path} is no file; move it away")
            if path.stat().st_size > _MAX_FILE:
                raise PatternLibraryError(f"{path} is larger than {_MAX_FILE:,} bytes; split it")
            text = path.read_text(encoding="utf-8")
            _refuse_bombs(text)
        except (OSError, UnicodeDecodeError) as error:
            raise PatternLibraryError(f"{path} cannot be read: {_one_line(error)}") from error
        except yaml.YAMLError as error:
            raise PatternLibraryError(f"{path} is not YAML: {_one_line(error)}") from error
        patterns.append(_parse(text, str(path)))
    return tuple(patterns)


@cache
def builtin_patterns() -> tuple[Pattern, ...]:
    """The patterns that come with nodewright."""
    folder = files("nodewright.patterns") / "data"
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return tuple(
        _parse(entry.read_text(encoding="utf-8"), entry.name)
        for entry in entries
        if entry.name.endswith(".yaml")
    )


def known_patterns(folder: Path | None = None) -> tuple[Pattern, ...]:
    """The built-in patterns and those of the user's ``folder``."""
    return merge(builtin_patterns(), load_folder(folder) if folder is not None else ())


def check_known(names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a name that is not among the ``known`` ones.

    Raises:
        UnknownPatternError: the first one, with the names that are near it.
    """
    among = sorted(set(known))
    for name in names:
        if name not in among:
            raise UnknownPatternError(name, difflib.get_close_matches(name.lower(), among, n=3))


def merge(*groups: Iterable[Pattern]) -> tuple[Pattern, ...]:
    """All patterns; of two with one name, the later."""
    return tuple({pattern.name: pattern for group in groups for pattern in group}.values())
