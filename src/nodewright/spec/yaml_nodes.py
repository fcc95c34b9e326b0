"""YAML as plain nodes that know their lines; hostile files are refused while they are read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from nodewright.spec.types import SpecificationError

LARGEST = 4_000_000
MOST_NODES = 400_000
DEEPEST = 30

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_YAML = "tag:yaml.org,2002:"
_WIDTH = 88


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as its text."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping, in its order."""

    entries: dict[str, "Node"]
    line: int


Node = Scalar | Items | Entries


def read_nodes(text: str) -> Node:
    """The nodes of a YAML text.

    Raises:
        SpecificationError: it is no YAML, too large or deep, repeats a part of itself or a key.
    """
    if len(text) > LARGEST:
        raise SpecificationError(f"the file has {len(text)} characters; at most {LARGEST}")
    try:
        return _Composer(iter(yaml.parse(text, Loader=_LOADER))).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise SpecificationError(f"{line}it is not YAML: {error.problem or error}") from None
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SpecificationError(f"it is not YAML: {reason}") from None


def plain(node: Node) -> Any:
    """Mappings, lists and texts as ``write_nodes`` takes them."""
    if isinstance(node, Entries):
        return {name: plain(each) for name, each in node.entries.items()}
    if isinstance(node, Items):
        return [plain(each) for each in node.items]
    return node.text


class _Composer:
    """Nodes from events, one document."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.count = 0

    def document(self) -> Node:
        node: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    raise SpecificationError(f"{_at(event)}: a second document begins; keep one")
                node = self.node(next(self.events), 0)
        if node is None:
            raise SpecificationError("the file is empty")
        return node

    def node(self, event: Any, depth: int) -> Node:
        self.count += 1
        if self.count > MOST_NODES:
            raise SpecificationError(f"{_at(event)}: the file has more than {MOST_NODES} values")
        if depth > DEEPEST:
            raise SpecificationError(f"{_at(event)}: it is nested more than {DEEPEST} deep")
        if isinstance(event, yaml.AliasEvent):
            raise SpecificationError(
                f"{_at(event)}: *{event.anchor} repeats a part of the file; write it out"
            )
        if event.tag and event.tag != "!" and not event.tag.startswith(_YAML):
            raise SpecificationError(
                f"{_at(event)}: {event.tag[:60]!r} is not allowed; leave it out"
            )
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, line)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self.node(inner, depth + 1))
            return Items(tuple(items), line)
        return self.entries(depth, line)

    def entries(self, depth: int, line: int) -> Entries:
        entries: dict[str, Node] = {}
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            key = self.node(inner, depth + 1)
            if not isinstance(key, Scalar):
                raise SpecificationError(f"line {key.line}: a key is one word")
            if key.text in entries:
                raise SpecificationError(
                    f"line {key.line}: {key.text[:60]!r} is there twice; keep one"
                )
            value = self.node(next(self.events), depth + 1)
            entries[key.text] = replace(value, line=key.line)
        return Entries(entries, line)


def _at(event: Any) -> str:
    return f"line {event.start_mark.line + 1}"


# --- writing ------------------------------------------------------------------------------------

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?[0-9]+\.[0-9]+")


def write_nodes(data: Any, block: int) -> str:
    """``data`` (mappings, lists and texts) as YAML.

    What fits on a line is written on one, but for the first ``block`` levels.
    """
    text: str = yaml.serialize(
        _yaml(data, block), Dumper=_DUMPER, allow_unicode=True, width=10**6, indent=2
    )
    return text


def _yaml(data: Any, block: int) -> yaml.Node:
    if isinstance(data, dict):
        flow = block <= 0 and _width(data) <= _WIDTH
        inner = 0 if flow else block - 1
        pairs = [(_scalar(key), _yaml(value, inner)) for key, value in data.items()]
        return yaml.MappingNode(_YAML + "map", pairs, flow_style=flow or not data)
    if isinstance(data, list):
        flow = _width(data) <= _WIDTH
        items = [_yaml(each, 0) for each in data]
        return yaml.SequenceNode(_YAML + "seq", items, flow_style=flow)
    return _scalar(data)


def _scalar(text: str) -> yaml.ScalarNode:
    tag = "str"
    if _INTEGER.fullmatch(text):
        tag = "int"
    elif _FLOAT.fullmatch(text):
        tag = "float"
    elif text in {"true", "false"}:
        tag = "bool"
    return yaml.ScalarNode(_YAML + tag, text, style='"' if "\n" in text else None)


def _width(data: Any) -> int:
    if isinstance(data, dict):
        return 2 + sum(len(key) + 4 + _width(value) for key, value in data.items())
    if isinstance(data, list):
        if any(isinstance(each, dict) for each in data) and len(data) > 1:
            return _WIDTH + 1
        return 2 + sum(2 + _width(each) for each in data)
    return len(data)
