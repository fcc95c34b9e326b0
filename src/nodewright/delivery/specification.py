"""The specification in the output folder, which is the user's to edit: merged three ways."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from nodewright.delivery.decisions import held
from nodewright.delivery.manifest import DeliveryError, load_manifest, read_base
from nodewright.delivery.merge import merge
from nodewright.rendering.model import RenderedFile
from nodewright.spec.checks import check
from nodewright.spec.expressions import Expression
from nodewright.spec.model import ClauseNote, Element, Specification, State
from nodewright.spec.tree import branches, elements
from nodewright.spec.types import SpecificationError
from nodewright.spec.yaml_form import dump, load

NAME = "spec.yaml"


@dataclass(frozen=True, slots=True)
class Specified:
    """The specification that nodes follow, and the text that was read of the document alone.

    ``conflict`` says that both changed the same lines: then the user's text holds. ``written`` are
    clauses with elements that the reading did not make.
    """

    specification: Specification
    generated: str
    conflict: bool = False
    written: frozenset[str] = frozenset()


def specified(
    read: Specification, out: Path | None = None, proposed: str | None = None
) -> Specified:
    """``read`` merged with the specification that lies in ``out``, and checked.

    Args:
        read: what was read of the document.
        out: the output folder.
        proposed: stands for what lies there.

    Raises:
        SpecificationError: the merged specification is wrong; the message says where.
        DeliveryError: what lies in ``out`` cannot be read.
    """
    generated = dump(read)
    current = _current(out) if proposed is None else proposed.encode()
    if current is None:
        return Specified(check(read), generated)
    text, conflict = _merged(out, current, generated)
    edited = _loaded(text)
    specification = check(_with_own_readings(read, edited))
    return Specified(specification, generated, conflict, frozenset(written(read, edited)))


def held_specification(out: Path) -> Specification:
    """The specification that lies in ``out``, checked.

    Raises:
        SpecificationError: it is wrong; the message says where.
        DeliveryError: it is not there, or cannot be read.
    """
    return _loaded(held_text(out))


def held_text(out: Path) -> str:
    """The text of the specification that lies in ``out``; the errors of ``held_specification``."""
    current = _current(out)
    if current is None:
        raise DeliveryError(f"{out} has no {NAME}: generate a package there first")
    return _text(current)


def written(read: Specification, edited: Specification) -> Iterator[str]:
    """Clauses that are named by elements of ``edited`` which ``read`` has not."""
    known = Counter(_own(element) for _, element in elements(read))
    for _, element in elements(edited):
        own = _own(element)
        if known[own] > 0:
            known[own] -= 1
        else:
            yield from element.clauses
            yield from (clause for _, clause in element.parts)


def _own(element: Element) -> str:
    """An element without the elements inside it."""
    inside = branches(type(element))
    values = {each.name: getattr(element, each.name) for each in fields(element)}
    own = {
        name: value
        for name, value in values.items()
        if name not in inside or isinstance(value, Expression)
    }
    return f"{type(element).__name__} {own!r}"


def _loaded(text: str) -> Specification:
    try:
        return load(text)
    except SpecificationError as error:
        raise SpecificationError(f"{NAME}: {error}") from None


def _text(current: bytes) -> str:
    try:
        text = current.replace(b"\r\n", b"\n").decode()
    except UnicodeDecodeError as error:
        line = current.count(b"\n", 0, error.start) + 1
        raise SpecificationError(f"{NAME}: line {line}: is not UTF-8; save it as UTF-8") from None
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise SpecificationError(
            f"{NAME}: line {line}: has the control character {found[0]!r}; remove it"
        )
    return text


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def spec_file(text: str) -> RenderedFile:
    """The specification as a file of the package that the user owns."""
    return RenderedFile(
        path=NAME,
        content=text,
        template="spec",
        template_version="1",
        template_hash="",
        user_owned=True,
    )


def _current(out: Path | None) -> bytes | None:
    if out is None or not out.is_dir():
        return None
    return held(out.resolve(), NAME)


def _merged(out: Path | None, current: bytes, generated: str) -> tuple[str, bool]:
    root = (out or Path()).resolve()
    entry = load_manifest(root).files.get(NAME)
    base = read_base(root, entry) if entry is not None else None
    said = _text(current)
    text = said.encode()
    if base is None or text == base:
        return (generated if base is not None else said), False
    _loaded(said)  # what is wrong is said of the user's own text and its lines
    merged = merge(text, base, generated.encode())
    return (said, True) if merged.conflicts else (merged.content.decode(), False)


def _with_own_readings(read: Specification, edited: Specification) -> Specification:
    """``edited``, where an open clause is read once an element names it that was not read."""
    named = set(_named(edited) - _named(read))

    def note(each: ClauseNote) -> ClauseNote:
        if each.state is State.OPEN and each.id in named:
            return replace(each, state=State.READ, reason="")
        return each

    return replace(edited, clauses=tuple(map(note, edited.clauses)))


def _named(specification: Specification) -> Counter[str]:
    """Clause -> how many elements name it."""
    return Counter(clause for _, element in elements(specification) for clause in element.clauses)
