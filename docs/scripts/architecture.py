"""Draws the rooms of nodewright and what imports what, from the imports themselves.

``python docs/scripts/architecture.py`` writes ``docs/images/architecture.svg``. A room stands above
all that it imports. An arrow is left out where a way over other rooms says the same.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import fmean

import nodewright

PACKAGE = Path(nodewright.__file__).parent
PICTURE = Path(__file__).parents[1] / "images" / "architecture.svg"

# What each room is for, as the picture says it.
ROOMS = {
    "cli": "the command",
    "web": "dashboard, /metrics",
    "mcp": "the server of coding agents",
    "workflow": "the whole job as one function",
    "submitting": "proposals and code, judged",
    "reading_out": "one clause, one document told",
    "diagnosis": "every part, looked at",
    "runs": "the engine and its workers",
    "delivery": "decide, merge, commit, undo",
    "proving": "nodes run, clauses shown",
    "rendering": "plan to files",
    "planning": "specification to nodes",
    "reading": "document to specification",
    "spec": "the language, its interpreter",
    "prd": "text to clauses",
    "patterns": "detect, judge, tune",
    "mixins": "try, learn, recommend",
    "templates": "cache, sandbox, packs",
    "events": "Kafka, spool, breaker",
    "monitoring": "metrics, alerts, health",
    "storage": "PostgreSQL",
    "language": "words, verbs, numbers, names",
    "logs": "one line of JSON an entry",
    "settings": "environment, .env, TOML",
    "lazy": "names loaded on first use",
    "errors": "the base of all errors",
    "processes": "what is started, and ended",
    "disk": "writes that last",
}

_WIDTH, _HEIGHT = 190, 52
_GAP_X, _GAP_Y = 40, 46


@dataclass(frozen=True)
class Place:
    """Where a room stands: the middle of its upper edge, in pixels."""

    x: float
    y: float

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + _HEIGHT


def imports() -> dict[str, set[str]]:
    """Room -> rooms that its modules import."""
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room.startswith("__"):
            continue
        if room not in ROOMS:
            raise SystemExit(f"{room} is in no picture: add it to ROOMS in {__file__}")
        found[room] |= set(_imported(path)) - {room}
    return found


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            room = rest.partition(".")[0]
            if package == "nodewright" and room in ROOMS:
                yield room


def drawn(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """``edges`` without those that a longer way implies."""
    below: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in below:
            below[room] = edges[room].union(*(reach(other) for other in edges[room]))
        return below[room]

    return {
        room: {
            target
            for target in targets
            if not any(target in reach(other) for other in targets - {target})
        }
        for room, targets in edges.items()
    }


def rows(edges: dict[str, set[str]]) -> list[list[str]]:
    """Rooms by height: each above everything that it imports, and as straight as can be."""
    height: dict[str, int] = {}

    def rise(room: str) -> int:
        if room not in height:
            height[room] = 1 + max((rise(other) for other in edges[room]), default=-1)
        return height[room]

    top = max(rise(room) for room in ROOMS)
    lines: list[list[str]] = []
    across: dict[str, float] = {}
    for level in range(top + 1):
        line = [room for room in ROOMS if height[room] == level]
        line.sort(key=lambda room: fmean([across[other] for other in edges[room]] or [0]))
        across |= {room: column - (len(line) - 1) / 2 for column, room in enumerate(line)}
        lines.insert(0, line)
    return lines


def picture() -> str:
    """The picture as SVG."""
    edges = drawn(imports())
    lines = rows(edges)
    width = max(map(len, lines)) * (_WIDTH + _GAP_X) + _GAP_X
    height = len(lines) * (_HEIGHT + _GAP_Y) + _GAP_Y
    places = {
        room: Place(
            width / 2 + (column - (len(line) - 1) / 2) * (_WIDTH + _GAP_X),
            _GAP_Y + level * (_HEIGHT + _GAP_Y),
        )
        for level, line in enumerate(lines)
        for column, room in enumerate(line)
    }
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="sans-serif" text-anchor="middle" role="img">'
        ),
        "<title>The rooms of nodewright; an arrow points to what is imported</title>",
        (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#5f6b7a"/></marker>'
            "</defs>"
        ),
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<g stroke="#5f6b7a" stroke-width="1.3" fill="none" marker-end="url(#head)">',
    ]
    for room in ROOMS:
        parts += [
            _arrow(places[room], places[target], list(places.values()))
            for target in sorted(edges[room], key=list(ROOMS).index)
        ]
    parts.append("</g>")
    parts += [_box(room, places[room]) for room in ROOMS]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _arrow(start: Place, end: Place, places: list[Place]) -> str:
    """A curve from box to box that keeps clear of the boxes on rows between."""
    between = [place for place in places if start.y < place.y < end.y]
    side = 1 if end.x >= start.x else -1
    free = start.x
    while any(abs(place.x - free) < _WIDTH / 2 for place in between):
        free += side * (_WIDTH + _GAP_X) / 2
    last = end.y - _GAP_Y
    way = f"M{start.x:g} {start.bottom:g}"
    if between:
        first = start.bottom + _GAP_Y
        way += f"C{start.x:g} {first:g} {free:g} {start.bottom:g} {free:g} {first:g}V{last:g}"
        return f'<path d="{way}C{free:g} {end.y:g} {end.x:g} {last:g} {end.x:g} {end.y:g}"/>'
    middle = (start.bottom + end.y) / 2
    return f'<path d="{way}C{start.x:g} {middle:g} {end.x:g} {middle:g} {end.x:g} {end.y:g}"/>'


def _box(room: str, place: Place) -> str:
    x = place.x - _WIDTH / 2
    return (
        f'<rect x="{x:g}" y="{place.y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" '
        'fill="#e8eef7" stroke="#33507a"/>'
        f'<text x="{place.x:g}" y="{place.y + 22:g}" font-size="16" font-weight="bold" '
        f'fill="#1c2b40">{escape(room)}</text>'
        f'<text x="{place.x:g}" y="{place.y + 41:g}" font-size="12.5" fill="#1c2b40">'
        f"{escape(ROOMS[room])}</text>"
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(PICTURE.relative_to(PICTURE.parents[2]))
