"""The page's charts as plotly figures: data only, drawn by the page's script.

Colours are names of the style sheet, such as ``var(--good)``; the script puts in what they are, so
that charts follow a light or dark page.
"""

from collections.abc import Sequence
from typing import Any

from nodewright.web.view import Page

type Figure = dict[str, Any]

_MOST_NAMES = 40
# In a picture of so many names at most, each cell has its score as text, too.
_MOST_TEXTS = 14


def of_page(page: Page) -> dict[str, Figure]:
    """Latency by phase, and throughput."""
    return {
        "latency": latency(page.collected["parallel_generation"]["by_phase"]),
        "throughput": throughput(page.throughput),
    }


def latency(phases: Sequence[dict[str, Any]]) -> Figure:
    """Percentiles of each phase's duration."""
    longest_last = sorted(phases, key=lambda row: row["p95_duration_ms"])
    names = [row["phase"] for row in longest_last]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": names,
            "x": [row[key] for row in longest_last],
            "marker": {"color": color},
            "hovertemplate": "%{y} " + name + ": %{x:,.0f} ms<extra></extra>",
        }
        for name, key, color in (
            ("p99", "p99_duration_ms", "var(--step-3)"),
            ("p95", "p95_duration_ms", "var(--step-2)"),
            ("p50", "p50_duration_ms", "var(--step-1)"),
        )
    ]
    return _figure(
        traces,
        barmode="group",
        bargap=0.3,
        xaxis=_axis(title={"text": "milliseconds"}, rangemode="tozero"),
        yaxis=_axis(type="category", showgrid=False, ticksuffix=" "),
        legend={"orientation": "h", "y": 1.15, "traceorder": "reversed"},
    )


def throughput(rows: Sequence[dict[str, Any]]) -> Figure:
    """Events and failures a minute."""
    minutes = [row["minute"] for row in rows]
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": minutes,
            "y": values,
            "marker": {"color": color},
            "hovertemplate": "%{x}: %{y:,} " + name + "<extra></extra>",
        }
        for name, values, color in (
            ("failed", [row["failures"] for row in rows], "var(--bad)"),
            ("processed", [row["events"] - row["failures"] for row in rows], "var(--step-2)"),
        )
    ]
    return _figure(
        traces,
        barmode="stack",
        bargap=0.15,
        xaxis=_axis(nticks=8, tickangle=0, showgrid=False, type="category"),
        yaxis=_axis(title={"text": "events a minute"}, rangemode="tozero"),
    )


def curve(rows: Sequence[dict[str, Any]], target: float) -> Figure:
    """Precision, and share of detections kept, against the least confidence accepted."""
    thresholds = [row["threshold"] for row in rows]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": thresholds,
            "y": [row[key] for row in rows],
            "line": {"color": color, "width": 2.5, "dash": dash},
            "marker": {"symbol": symbol, "size": 7},
            "hovertemplate": "%{x:.2f}: %{y:.1%} " + name + "<extra></extra>",
        }
        for name, key, color, dash, symbol in (
            ("precision", "precision", "var(--good)", "solid", "circle"),
            ("kept", "kept", "var(--step-2)", "dot", "square"),
        )
    ]
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"target {target:.0%}",
            "x": thresholds[:1] + thresholds[-1:],
            "y": [target, target],
            "line": {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"},
            "hoverinfo": "skip",
        }
    )
    return _figure(
        traces,
        xaxis=_axis(title={"text": "least confidence"}, tickformat=".1f"),
        yaxis=_axis(tickformat=".0%", range=[0, 1.05]),
    )


def matrix(pairs: Sequence[dict[str, Any]]) -> Figure:
    """The scores of pairs as a picture; the worst over the node kinds where several are shown."""
    names = sorted({name for pair in pairs for name in (pair["mixin_a"], pair["mixin_b"])})
    names = names[:_MOST_NAMES]
    place = {name: number for number, name in enumerate(names)}
    scores: list[list[float | None]] = [[None] * len(names) for _ in names]
    for pair in pairs:
        a, b = place.get(pair["mixin_a"]), place.get(pair["mixin_b"])
        if a is None or b is None or pair["score"] is None:
            continue
        before = scores[a][b]
        worst = pair["score"] if before is None else min(before, pair["score"])
        scores[a][b] = scores[b][a] = worst
    heat = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": scores,
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, "var(--heat-0)"], [0.7, "var(--heat-1)"], [1, "var(--heat-2)"]],
        "colorbar": {"thickness": 12, "outlinewidth": 0, "tickformat": ".0%"},
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
        "hovertemplate": "%{x} with %{y}: %{z:.0%}<extra></extra>",
    }
    if len(names) <= _MOST_TEXTS:
        heat |= {"texttemplate": "%{z:.0%}", "textfont": {"color": "var(--heat-ink)"}}
    return _figure(
        [heat],
        xaxis=_axis(type="category", showgrid=False),
        yaxis=_axis(type="category", showgrid=False, autorange="reversed", ticksuffix=" "),
    )


def _axis(**more: Any) -> dict[str, Any]:
    lines = {"gridcolor": "var(--line)", "linecolor": "var(--line)", "zerolinecolor": "var(--line)"}
    return {"automargin": True, **lines, **more}


def _figure(data: list[dict[str, Any]], **layout: Any) -> Figure:
    return {
        "data": data,
        "layout": {
            "margin": {"t": 24, "r": 8, "b": 40, "l": 48},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": "var(--ink)", "family": "system-ui, sans-serif"},
            "hoverlabel": {"bgcolor": "var(--panel)", "font": {"color": "var(--ink)"}},
            "legend": {"orientation": "h", "y": 1.15},
            **layout,
        },
    }
