"""The specification in the output folder, which is the user's to edit: merged three ways."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from nodewright.delivery.decisions import held
from nodewright.delivery.manifest import DeliveryError, load_manifest, read_base
from nodewright.delivery.merge import merge
from nodewright.rendering.model import RenderedFile
from nodewright.spec.checks import check
from nodewright.spec.model import ClauseNote, Specification, State
from nodewright.spec.tree import elements
from nodewright.spec.yaml_form import dump, load

NAME = "spec.yaml"


@dataclass(frozen=True, slots=True)
class Specified:
    """The specification that nodes follow, and the text that was read of the document alone.

    ``conflict`` says that both changed the same lines: then the user's text holds.
    """

    specification: Specification
    generated: str
    conflict: bool = False


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
    edited = load(text)
    return Specified(check(_with_own_readings(read, edited)), generated, conflict)


def held_specification(out: Path) -> Specification:
    """The specification that lies in ``out``, checked.

    Raises:
        SpecificationError: it is wrong; the message says where.
        DeliveryError: it is not there, or cannot be read.
    """
    return load(held_text(out))


def held_text(out: Path) -> str:
    """The text of the specification that lies in ``out``; DeliveryError where there is none."""
    current = _current(out)
    if current is None:
        raise DeliveryError(f"{out} has no {NAME}: generate a package there first")
    return current.replace(b"\r\n", b"\n").decode(errors="replace")


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
    text = current.replace(b"\r\n", b"\n")
    if base is None or text == base:
        return (generated if base is not None else text.decode()), False
    merged = merge(text, base, generated.encode())
    return (text.decode(), True) if merged.conflicts else (merged.content.decode(), False)


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
