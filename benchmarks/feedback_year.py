"""A simulated year of the feedback loop: ``python -m benchmarks.feedback_year [file.svg]``.

Fifteen patterns, each with scores of its own and with its own chance that a score is right. The
documents drift: through the year the same score comes to mean less, for some patterns much less.
Detections are judged (a tenth of what is below the threshold too, by those who look at it with
``detect --all``), and every week the project's own code tunes on the latest judgements. Writes
the precision of each week, with the loop and without it, as a picture.
"""

import sys
from collections import deque
from pathlib import Path

import numpy as np

from benchmarks.ratios import Figure, report
from nodewright.patterns.thresholds import STEPS, Judged
from nodewright.patterns.tuning import FEWEST, WINDOW, Tuning, tuning_of

PATTERNS, WEEKS, A_WEEK = 15, 52, 200
TARGET = 0.95
UNTUNED = 0.5
LOOKED_AT = 0.1
WIDTH, HEIGHT, MARGIN = 720, 320, 44
LOWEST = 0.6


class Detector:
    """One pattern in a world that drifts."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator
        self.middle = generator.uniform(0.56, 0.64)
        self.drift = generator.uniform(0.0, 0.08)
        self.judged: deque[tuple[int, bool]] = deque(maxlen=WINDOW)
        self.tuning: Tuning | None = None

    def week(self, number: int) -> tuple[list[bool], list[bool]]:
        """What was right among the detections, with the loop and without it."""
        middle = self.middle + self.drift * number / WEEKS
        scores = self.generator.beta(4, 2.2, A_WEEK)
        chances = 1.0 / (1.0 + np.exp(-16.0 * (scores - middle)))
        looped: list[bool] = []
        plain: list[bool] = []
        for score, chance in zip(scores.tolist(), chances.tolist(), strict=True):
            right = bool(self.generator.random() < chance)
            detected = self.tuning.detects(score) if self.tuning else score >= UNTUNED
            if score >= UNTUNED:
                plain.append(right)
            if detected:
                looped.append(right)
            if detected or self.generator.random() < LOOKED_AT:
                self.judged.append((int(score * STEPS), right))
        if len(self.judged) >= FEWEST:
            self.tuning = tuning_of("simulated", self.evidence(), TARGET)
        return looped, plain

    def evidence(self) -> list[Judged]:
        """The latest judgements, as the matcher's tuning reads them."""
        counts: dict[tuple[int, bool], int] = {}
        for key in self.judged:
            counts[key] = counts.get(key, 0) + 1
        return [Judged(step, hit, 1.0, count) for (step, hit), count in sorted(counts.items())]


def simulate(seed: int = 1) -> tuple[list[float], list[float]]:
    """Weekly precision over all patterns, with the loop and without it."""
    detectors = [Detector(np.random.default_rng([seed, number])) for number in range(PATTERNS)]
    with_loop, without = [], []
    for week in range(WEEKS):
        outcomes = [detector.week(week) for detector in detectors]
        with_loop.append(float(np.mean([right for looped, _ in outcomes for right in looped])))
        without.append(float(np.mean([right for _, plain in outcomes for right in plain])))
    return with_loop, without


def picture(with_loop: list[float], without: list[float]) -> str:
    """Both lines as SVG."""

    def x(week: int) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * week / (WEEKS - 1)

    def y(precision: float) -> float:
        return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (precision - LOWEST) / (1 - LOWEST)

    def line(values: list[float], colour: str) -> str:
        points = " ".join(f"{x(week):.1f},{y(value):.1f}" for week, value in enumerate(values))
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            'font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for tenth in (0.6, 0.7, 0.8, 0.9, 0.92, 1.0):
        colour, dash = ("#c44", ' stroke-dasharray="4"') if tenth == 0.92 else ("#ddd", "")
        left, right = x(0), x(WEEKS - 1)
        parts.append(
            f'<line x1="{left}" x2="{right}" y1="{y(tenth):.1f}" y2="{y(tenth):.1f}" '
            f'stroke="{colour}"{dash}/>'
        )
        if tenth != 0.9:
            parts.append(f'<text x="6" y="{y(tenth) + 4:.1f}">{tenth:.2f}</text>')
    parts += [
        f'<text x="{x(week):.1f}" y="{HEIGHT - 22}">{week}</text>' for week in range(0, WEEKS, 10)
    ]
    parts += [
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 6}" text-anchor="middle">week</text>',
        (
            f'<text x="{MARGIN}" y="20">global precision, '
            '<tspan fill="#1a6">with the loop</tspan> and '
            '<tspan fill="#888">without it</tspan>; dashed: 0.92</text>'
        ),
        line(without, "#888"),
        line(with_loop, "#1a6"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    with_loop, without = simulate()
    for name in sys.argv[1:]:
        if not name.startswith("-"):
            Path(name).write_text(picture(with_loop, without), encoding="utf-8")
    lowest = min(with_loop[13:])
    report(
        "A year of feedback",
        [],
        [Figure("lowest weekly precision after a quarter", lowest, 0.92, at_least=True, unit="")],
        [
            f"week {week}: {with_loop[week]:.3f} with the loop, {without[week]:.3f} without"
            for week in (0, 1, 2, 4, 8, 13, 26, 39, 51)
        ],
    )


if __name__ == "__main__":
    main()
