"""Time of the analysis: ``python -m benchmarks.prd_speed``.

60 KB of requirements (the examples, numbered anew so that no two lines are alike) beside the bare
Markdown parser on the same text, and the growth of the time a byte from 1 MB to 10 MB.
"""

import re
import time
from itertools import count
from pathlib import Path

from benchmarks.ratios import QUICK, Contender, Figure, alternate, report
from nodewright.prd.markdown import read_markdown
from nodewright.reading import SimplePRDAnalyzer

# Bytes of the two texts whose times a byte are compared.
_SIZES = (200_000, 2_000_000) if QUICK else (1_000_000, 10_000_000)
_EXAMPLES = Path(__file__).parent.parent / "examples"


def sample(size: int) -> str:
    """About ``size`` bytes of Markdown made of the examples."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(_EXAMPLES.glob("*.md"))]
    numbers = count(1)
    parts: list[str] = []
    length = 0
    while length < size:
        for text in texts:
            body = text.split("---\n", 2)[-1]
            fresh = re.sub(
                r"\b(FR|MR|Story)([- ])\d+", lambda m: f"{m[1]}{m[2]}{next(numbers)}", body
            )
            parts.append(fresh)
            length += len(fresh.encode())
    return "\n\n".join(parts).encode()[:size].decode("utf-8", "ignore")


def main() -> None:
    analyzer = SimplePRDAnalyzer()
    small = sample(60_000)
    timings = alternate(
        [
            Contender("analyze_prd, 60 KB", lambda: analyzer.analyze_prd(small)),
            Contender("markdown-it-py blocks alone, 60 KB", lambda: read_markdown(small)),
        ],
        rounds=11,
    )
    seconds: dict[int, float] = {}
    for size in _SIZES:
        text = sample(size)
        start = time.perf_counter()
        analyzer.analyze_prd(text)
        seconds[size] = time.perf_counter() - start
    whole, bare = timings.values()
    figures = [
        Figure("60 KB", whole.median * 1e3, 30, at_least=False, unit="ms"),
        Figure("60 KB beside parsing alone", whole.median / bare.median, 4, at_least=False),
        Figure(
            f"time a byte, {_SIZES[1] / 1e6:.0f} MB to {_SIZES[0] / 1e6:g} MB",
            seconds[_SIZES[1]] / seconds[_SIZES[0]] / 10,
            1.3,
            at_least=False,
        ),
    ]
    report(
        "Reading PRDs",
        timings.values(),
        figures,
        [f"{_SIZES[1] / 1e6:.0f} MB: {seconds[_SIZES[1]]:.1f} s"],
    )


if __name__ == "__main__":
    main()
