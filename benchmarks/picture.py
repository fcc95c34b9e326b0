"""Each figure against its target, as a picture (SVG)."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from benchmarks.ratios import measured, target
from benchmarks.suite import Result

WIDTH, ROW, TOP = 960, 17, 46
NAMES, RIGHT = 400, 205  # room for names and for values
REACHED, MISSED, INK = "#1f7a4d", "#b3261e", "#1c2733"
MOST = 30.0  # a figure this many times better or worse ends at the edge


def picture(results: Sequence[Result]) -> str:
    """A bar a figure: to the right of the line it is better than its target, to the left worse."""
    rows: list[str] = []
    at = TOP
    for result in results:
        rows.append(_text(10, at + 12, result.benchmark.subject, weight="bold"))
        at += ROW
        if result.error:
            rows.append(_text(NAMES - 8, at + 12, "failed", colour=MISSED, anchor="end"))
            at += ROW
        for figure in result.figures:
            rows += _bar(figure, at)
            at += ROW
        at += 6
    line = _position(1.0)
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{at + 10}" '
                f'viewBox="0 0 {WIDTH} {at + 10}" font-family="sans-serif" font-size="11">'
            ),
            f'<rect width="{WIDTH}" height="{at + 10}" fill="white"/>',
            _text(10, 20, "Measured against target", weight="bold"),
            *(
                _text(_position(times), TOP - 8, label, anchor="middle")
                for times, label in (
                    (0.1, "10 times worse"),
                    (1, "target"),
                    (10, "10 times better"),
                )
            ),
            *rows,
            f'<line x1="{line:.1f}" x2="{line:.1f}" y1="{TOP}" y2="{at}" stroke="{INK}"/>',
            "</svg>",
            "",
        ]
    )


def times_better(figure: Mapping[str, Any]) -> float:
    """How many times better than its target a figure is; below one it is worse."""
    value, aim = float(figure["measured"]), float(figure["target"])
    good, bad = (value, aim) if figure["at_least"] else (aim, value)
    if good <= 0 and bad <= 0:
        return 1.0
    if bad <= 0:
        return MOST
    return min(max(good / bad, 1 / MOST), MOST)


def _bar(figure: Mapping[str, Any], at: int) -> list[str]:
    start, end = sorted((_position(1.0), _position(times_better(figure))))
    length = max(end - start, 2)
    colour = REACHED if figure["reached"] else MISSED
    value = f"{measured(figure)} ({target(figure)})"
    return [
        _text(NAMES - 8, at + 12, figure["name"], anchor="end"),
        (
            f'<rect x="{start:.1f}" y="{at + 3}" width="{length:.1f}" height="{ROW - 6}" '
            f'fill="{colour}"/>'
        ),
        _text(WIDTH - RIGHT + 8, at + 12, value),
    ]


def _position(times: float) -> float:
    """Where on the page, on a logarithmic scale."""
    share = (math.log(times) / math.log(MOST) + 1) / 2
    return NAMES + share * (WIDTH - RIGHT - NAMES)


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal",
    colour: str = INK,
) -> str:  # fmt: skip
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )
