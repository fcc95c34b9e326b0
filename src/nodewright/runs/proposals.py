"""Proposed elements of a specification: put in, compared with what was there, told in English."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields

from nodewright.spec.expressions import Expression
from nodewright.spec.model import ClauseNote, Element, Specification, State
from nodewright.spec.paraphrase import holder, paraphrase
from nodewright.spec.tree import Path, branches, elements
from nodewright.spec.types import SpecificationError
from nodewright.spec.yaml_nodes import Entries, Items, Node, Scalar, plain, read_nodes, write_nodes

# What an agent may write; the clauses are the document's.
PARTS = ("entities", "machines", "ports", "events", "stores", "operations", "qualities")
_GONE = frozenset({"null", "~"})


def put_in(current: str, proposed: str) -> str:
    r"""The specification ``current`` with ``proposed`` elements, both as YAML.

    Mappings are merged, name by name; anything else takes the place of what was there, and
    ``null`` takes it out.

    >>> put_in("title: Shop\nports: {mail: {can: mail}}", "ports: {mail: {system: SendGrid}}")
    'title: Shop\\nports:\\n  mail: {can: mail, system: SendGrid}\\n'

    Raises:
        SpecificationError: one of them is no YAML, or ``proposed`` names what is not an agent's.
    """
    there, new = read_nodes(current), read_nodes(proposed)
    if not isinstance(there, Entries) or not isinstance(new, Entries):
        raise SpecificationError(f"write elements under one of {', '.join(PARTS)}")
    for name, node in new.entries.items():
        if name not in PARTS:
            raise SpecificationError(
                f"line {node.line}: {name[:60]!r} cannot be proposed; write elements under one of "
                f"{', '.join(PARTS)}"
            )
    return write_nodes(plain(_merged(there, new)), 3)


def noted(text: str, clauses: Iterable[str]) -> str:
    """A specification in which ``clauses`` are read: elements say now what they demand."""
    root = read_nodes(text)
    for clause in clauses:
        note: Node | None = root
        for name in ("clauses", clause):
            note = note.entries.get(name) if isinstance(note, Entries) else None
        if isinstance(note, Entries):
            note.entries.pop("reason", None)
            note.entries["state"] = Scalar(State.READ.value, note.line)
    return write_nodes(plain(root), 3)


def _merged(there: Node, new: Node) -> Node:
    if not isinstance(there, Entries) or not isinstance(new, Entries):
        return new
    entries = dict(there.entries)
    for name, node in new.entries.items():
        if not isinstance(node, Entries | Items) and node.text in _GONE:
            entries.pop(name, None)
        else:
            entries[name] = _merged(entries[name], node) if name in entries else node
    return Entries(entries, there.line)


def changed_clauses(before: Specification, after: Specification) -> dict[str, str]:
    """Clause -> what an element said that names it and is no longer there as it was."""
    left = Counter(own for own, *_ in _said(after))
    changed: dict[str, str] = {}
    for own, path, element in _said(before):
        if left[own] > 0:
            left[own] -= 1
            continue
        for clause in element.clauses:
            changed.setdefault(clause, paraphrase(element, holder(before, path)))
    return changed


def new_sentences(before: Specification, after: Specification) -> tuple[str, ...]:
    """What ``after`` says that ``before`` does not, in English, from the top to the bottom."""
    known = Counter(own for own, *_ in _said(before))
    told = []
    for own, path, element in _said(after):
        if known[own] > 0:
            known[own] -= 1
        else:
            told.append(paraphrase(element, holder(after, path)))
    return tuple(told)


def _said(specification: Specification) -> Iterator[tuple[str, Path, Element]]:
    """Each element with all that it says itself: not what is inside it, not where it is from."""
    for path, element in elements(specification):
        if isinstance(element, ClauseNote):
            continue
        inside = branches(type(element))
        values = {
            each.name: getattr(element, each.name)
            for each in fields(element)
            if each.name not in {"clauses", "parts", "assumed"}
        }
        own = {
            name: value
            for name, value in values.items()
            if name not in inside or isinstance(value, Expression)
        }
        where = tuple(step for step in path if isinstance(step, str))
        named = holder(specification, path)
        yield f"{where} {named} {type(element).__name__} {own!r}", path, element
