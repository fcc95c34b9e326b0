"""The page's charts as plotly figures: data only, drawn by the page's script."""

from collections.abc import Sequence
from typing import Any

from nodewright.web.view import Page

type Figure = dict[str, Any]

_INK, _BLUE, _RED, _GREEN = "#1c2733", "#2a6fb0", "#b3261e", "#1f7a4d"
_MOST_NAMES = 40


def of_page(page: Page) -> dict[str, Figure]:
    """Latency by phase, throughput and threshold curve."""
    return {
        "latency": latency(page.collected["parallel_generation"]["by_phase"]),
        "throughput": throughput(page.throughput),
        "curve": curve(page.curve),
    }


def latency(phases: Sequence[dict[str, Any]]) -> Figure:
    """Percentiles of each phase's duration."""
    names = [row["phase"] for row in phases]
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": names,
            "y": [row[key] for row in phases],
            "marker": {"color": color},
        }
        for name, key, color in (
            ("p50", "p50_duration_ms", "#9cc3e6"),
            ("p95", "p95_duration_ms", _BLUE),
            ("p99", "p99_duration_ms", "#173f66"),
        )
    ]
    return _figure(traces, "milliseconds", barmode="group")


def throughput(rows: Sequence[dict[str, Any]]) -> Figure:
    """Events and failures a minute."""
    minutes = [row["minute"] for row in rows]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": minutes,
            "y": [row[key] for row in rows],
            "line": {"color": color},
        }
        for name, key, color in (("events", "events", _BLUE), ("failures", "failures", _RED))
    ]
    return _figure(traces, "a minute", xaxis={"nticks": 8, "tickangle": 0, "automargin": True})


def curve(rows: Sequence[dict[str, Any]]) -> Figure:
    """Precision, and share of detections kept, against the least confidence accepted."""
    thresholds = [row["threshold"] for row in rows]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": thresholds,
            "y": [row[key] for row in rows],
            "line": {"color": color},
        }
        for name, key, color in (("precision", "precision", _GREEN), ("kept", "kept", _BLUE))
    ]
    return _figure(traces, "share", xaxis={"title": {"text": "least confidence"}})


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
        "colorscale": [[0, _RED], [0.7, "#f2d675"], [1, _GREEN]],
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{x} with %{y}: %{z:.2f}<extra></extra>",
    }
    return _figure([heat], "", yaxis={"autorange": "reversed", "automargin": True})


def _figure(data: list[dict[str, Any]], unit: str, **layout: Any) -> Figure:
    return {
        "data": data,
        "layout": {
            "margin": {"t": 30, "r": 10, "b": 50, "l": 60},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": _INK},
            "xaxis": {"automargin": True, "nticks": 12},
            "yaxis": {"title": {"text": unit}, "rangemode": "tozero", "automargin": True},
            "legend": {"orientation": "h", "y": 1.15},
            **layout,
        },
    }
