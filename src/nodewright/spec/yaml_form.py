"""A specification as YAML that a person reads and edits, and back.

Named elements are entries of mappings (``price: number``); what is as by default is left out;
``from`` names the clauses. What can be said in a line is (``short_forms``). An operation's first
key is its construct: ``create: Ticket``.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Any, get_args, get_origin

from nodewright.spec import model
from nodewright.spec.checks import check
from nodewright.spec.expressions import Expression
from nodewright.spec.nearness import near
from nodewright.spec.short_forms import (
    SHORT,
    read_integer,
    read_number,
    read_span,
    read_time,
    write_number,
    write_span,
    write_time,
)
from nodewright.spec.tree import Path
from nodewright.spec.types import SpecificationError, Type, parse_type
from nodewright.spec.yaml_classes import VARIANTS, Attribute, attributes_of, key_of
from nodewright.spec.yaml_nodes import Entries, Items, Node, Scalar, read_nodes, write_nodes


def dump(specification: model.Specification) -> str:
    """``specification`` as YAML."""
    return write_nodes(_write_attributes(specification, ()), 3)


def load(text: str) -> model.Specification:
    """The specification that a YAML text writes, checked.

    Raises:
        SpecificationError: it is wrong; one line says where, which value, and what to do.
    """
    specification, lines = read(text)
    return check(specification, lines)


def read(text: str) -> tuple[model.Specification, dict[Path, int]]:
    """The specification that a YAML text writes, unchecked, and the line of each element."""
    reader = _Reader({})
    specification = reader.attributes(model.Specification, read_nodes(text), (), {})
    return specification, reader.lines


# --- writing ------------------------------------------------------------------------------------


def _write_attributes(element: Any, left_out: tuple[str, ...]) -> dict[str, Any]:
    written: dict[str, Any] = {}
    trailing: dict[str, Any] = {}
    for name, attribute in attributes_of(type(element)).items():
        value = getattr(element, name)
        if name in left_out or value is None or value == attribute.default:
            continue
        last = name in {"clauses", "assumed", "parts"} and type(element) is not model.Specification
        (trailing if last else written)[attribute.word] = _write_value(value, attribute)
    if type(element) is not model.Specification:  # what is short comes first
        written = dict(sorted(written.items(), key=lambda item: isinstance(item[1], dict)))
    return written | trailing


def _write_value(value: Any, attribute: Attribute) -> Any:
    if not attribute.many:
        return _write_one(value)
    if get_origin(attribute.kind) is tuple:
        return _write_pairs(value)
    key = key_of(attribute.kind) if isinstance(attribute.kind, type) else ""
    if not key:
        return [_write_one(each) for each in value]
    names = [getattr(each, key) for each in value]
    if len(set(names)) < len(names):
        return [
            {key: name, "is": _write_one(each)} for name, each in zip(names, value, strict=True)
        ]
    return dict(zip(names, map(_write_one, value), strict=True))


def _write_pairs(pairs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(str(value))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _write_one(value: Any) -> Any:  # noqa: PLR0911 - one case a type
    if isinstance(value, model.Element | model.ClauseNote):
        return _write_element(value)
    match value:
        case bool():
            return "true" if value else "false"
        case timedelta():
            return write_span(value)
        case time():
            return write_time(value)
        case float():
            return write_number(value)
        case StrEnum():
            return value.value
        case _:
            return str(value)


def _write_element(element: Any) -> Any:
    kind = type(element)
    left_out: tuple[str, ...] = (key_of(kind),)
    for variants in VARIANTS.values():
        for word, (variant, lead) in variants.items():
            if variant is kind:
                first = {word: _write_value(getattr(element, lead), attributes_of(kind)[lead])}
                return first | _write_attributes(element, (*left_out, lead))
    short = SHORT.get(kind)
    text = short.write(element) if short else None
    if short is None or text is None:
        return _write_attributes(element, left_out)
    rest = _write_attributes(element, (*left_out, *short.covers))
    return {short.key: text} | rest if rest else text


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reader:
    """Elements from nodes; ``lines`` collects where each stands."""

    lines: dict[Path, int]

    def attributes(self, kind: Any, node: Node, path: Path, given: dict[str, Any]) -> Any:
        """An element of ``kind`` from a mapping of its attributes, some ``given`` already."""
        if not isinstance(node, Entries):
            raise _wrong(node, path, "write its attributes as a mapping, as in name: value")
        self.lines[path] = node.line
        known = attributes_of(kind)
        words = {each.word: each for each in known.values() if each.name not in given}
        values = dict(given)
        for word, value in node.entries.items():
            attribute = words.get(word)
            if attribute is None:
                shown = ", ".join(words)
                raise _wrong(
                    value, path, f"{word[:60]!r} is not known (known: {shown}){near(word, words)}"
                )
            values[attribute.name] = self.value(attribute, value, (*path, attribute.name))
        for name, attribute in known.items():
            if attribute.default is MISSING and name not in values:
                if name == "require":
                    values[name] = None
                    continue
                raise _wrong(node, path, f"it has no {attribute.word!r}; add it")
        return kind(**values)

    def value(self, attribute: Attribute, node: Node, path: Path) -> Any:
        """The value of one attribute."""
        self.lines[path] = node.line
        if not attribute.many:
            return self.one(attribute.kind, node, path, {})
        if get_origin(attribute.kind) is tuple:
            return tuple(self.pairs(attribute, node, path))
        key = key_of(attribute.kind) if isinstance(attribute.kind, type) else ""
        if not key:
            if isinstance(node, Scalar) and node.text == "":
                return ()
            if not isinstance(node, Items):
                raise _wrong(node, path, "write a list, as in [a, b]")
            return tuple(
                self.one(attribute.kind, each, (*path, number), {})
                for number, each in enumerate(node.items)
            )
        if isinstance(node, Scalar) and node.text == "":
            return ()
        if not isinstance(node, Entries):
            raise _wrong(node, path, "write a mapping, as in name: value")
        return tuple(
            self.one(attribute.kind, each, (*path, number), {key: name})
            for number, (name, each) in enumerate(node.entries.items())
        )

    def pairs(self, attribute: Attribute, node: Node, path: Path) -> Any:
        """Pairs of a name and a value."""
        if not isinstance(node, Entries):
            raise _wrong(node, path, "write a mapping, as in name: value")
        kind = get_args(attribute.kind)[1]
        for name, each in node.entries.items():
            for value in each.items if isinstance(each, Items) else (each,):
                yield name, self.one(kind, value, path, {})

    def one(self, kind: Any, node: Node, path: Path, given: dict[str, Any]) -> Any:
        """One value of ``kind``."""
        self.lines[path] = node.line
        if isinstance(kind, type) and issubclass(kind, model.Element | model.ClauseNote):
            return self.element(kind, node, path, given)
        if not isinstance(node, Scalar):
            raise _wrong(node, path, "write one value")
        try:
            return _plain(kind, node.text)
        except SpecificationError as error:
            raise _wrong(node, path, str(error)) from None

    def element(self, kind: Any, node: Node, path: Path, given: dict[str, Any]) -> Any:
        """One element: a variant of its kind, in its short form, or as a mapping."""
        if kind in VARIANTS:
            return self.variant(VARIANTS[kind], node, path, given)
        short = SHORT.get(kind)
        if short is None:
            return self.attributes(kind, node, path, given)
        inner = node.entries.get(short.key) if isinstance(node, Entries) else node
        if inner is None:
            return self.attributes(kind, node, path, given)
        try:
            said = short.read(self.short_text(inner, path, many=short.many, example=short.example))
        except SpecificationError as error:
            if isinstance(error, _PlacedError):
                raise
            raise _wrong(inner, path, str(error)) from None
        rest = Entries(
            {} if not isinstance(node, Entries)
            else {word: each for word, each in node.entries.items() if word != short.key},
            node.line,
        )  # fmt: skip
        return self.attributes(kind, rest, path, given | said)

    def short_text(self, node: Node, path: Path, *, many: bool, example: str) -> Any:
        """The text, or the texts, of a short form."""
        if not many:
            if not isinstance(node, Scalar):
                raise _wrong(node, path, f"write it in one line, as in {example}")
            return node.text
        items = node.items if isinstance(node, Items) else (node,)
        texts = [each.text for each in items if isinstance(each, Scalar)]
        if len(texts) < len(items):
            raise _wrong(node, path, f"write a list, as in {example}")
        return tuple(texts)

    def variant(
        self,
        variants: Mapping[str, tuple[type[model.Element], str]],
        node: Node,
        path: Path,
        given: dict[str, Any],
    ) -> Any:
        """An operation or effect, whose construct is one of its keys."""
        if not isinstance(node, Entries):
            raise _wrong(node, path, f"begin with one of {', '.join(variants)}")
        words = [word for word in node.entries if word in variants]
        if not words:
            unknown = next(iter(node.entries), "")
            known = ", ".join(variants)
            raise _wrong(
                node, path, f"it says none of {known}; begin with one{near(unknown, variants)}"
            )
        word = words[0]
        kind, lead = variants[word]
        attribute = attributes_of(kind)[lead]
        value = self.value(attribute, node.entries[word], (*path, lead))
        rest = {name: each for name, each in node.entries.items() if name != word}
        return self.attributes(kind, Entries(rest, node.line), path, given | {lead: value})


def _plain(kind: Any, text: str) -> Any:
    if kind is str:
        return text
    if kind is bool:
        if text not in {"true", "false"}:
            raise SpecificationError(f"{text[:60]!r} is neither true nor false")
        return text == "true"
    if kind is Type:
        return parse_type(text)
    if kind in _READERS:
        return _READERS[kind](text)
    try:
        return kind(text)
    except ValueError:
        known = [each.value for each in kind]
        raise SpecificationError(
            f"{text[:60]!r} is none of {', '.join(known)}{near(text, known)}"
        ) from None


_READERS: dict[Any, Any] = {
    int: read_integer,
    float: read_number,
    timedelta: read_span,
    time: read_time,
    Expression: Expression,
}


class _PlacedError(SpecificationError):
    """An error that says where it is."""


def _wrong(node: Node, path: Path, message: str) -> SpecificationError:
    place = ".".join(str(step + 1 if isinstance(step, int) else step) for step in path)
    said = f"line {node.line}: {place}: {message}" if place else f"line {node.line}: {message}"
    return _PlacedError(" ".join(said.split())[:500])
