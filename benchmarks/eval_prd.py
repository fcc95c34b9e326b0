"""Score the analysis on a folder of labelled PRDs: ``python -m benchmarks.eval_prd FOLDER``.

The folder holds Markdown files and ``labels.jsonl``, one JSON object a line: ``file``, ``title``
(null for none) with ``title_alternatives``, ``functional_requirements_range``, ``node_types``,
``primary_node_type`` with ``primary_alternatives``, ``patterns``, ``capabilities``,
``external_systems``, ``external_systems_optional``, and ``*_uncertain`` lists.

How it counts:

- Labels in a ``*_uncertain`` list are left out: finding them or not changes nothing.
- ``external_systems`` are all to be found, optional ones as well; the line below the table also
  gives the score with missing optional ones forgiven.
- A pattern that specialises another (``oauth2`` is an ``authentication``) counts as the broader
  one where the labels do not use its name.
- F1 is micro-averaged over all documents: 2 TP / (2 TP + FP + FN).
- Confidences are checked against what the labels say: of all patterns with evidence, those with
  a confidence in each range should be asked for as often as the confidences say.
- ``not_dependencies`` is free text in part: an item counts as violated when it is the name of a
  system that was reported.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from nodewright.patterns import PatternDetection, PatternMatcher, builtin_patterns
from nodewright.patterns.models import Statement
from nodewright.prd import SimplePRDAnalysisResult, read_prd
from nodewright.reading import SimplePRDAnalyzer

_KIND_THRESHOLD = 0.5
_RANGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01)


@dataclass(slots=True)
class Tally:
    """Right, wrong and missed labels."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, found: Iterable[str], wanted: Iterable[str], ignored: Iterable[str]) -> None:
        """Compare sets of labels, without those ignored."""
        skip = set(ignored)
        got, want = set(found) - skip, set(wanted) - skip
        self.right += len(got & want)
        self.wrong += len(got - want)
        self.missed += len(want - got)
        self.faults += [f"+{name}" for name in sorted(got - want)]
        self.faults += [f"-{name}" for name in sorted(want - got)]

    def add(self, other: "Tally") -> None:
        """Take in the counts of another tally."""
        self.right += other.right
        self.wrong += other.wrong
        self.missed += other.missed

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 1 where there was nothing to find."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 1.0


@dataclass(slots=True)
class Score:
    """How one document, or all of them, did."""

    titles: int = 0
    counts: int = 0
    primaries: int = 0
    documents: int = 0
    violations: list[str] = field(default_factory=list)
    kinds: Tally = field(default_factory=Tally)
    patterns: Tally = field(default_factory=Tally)
    systems: Tally = field(default_factory=Tally)
    systems_firm: Tally = field(default_factory=Tally)
    capabilities: Tally = field(default_factory=Tally)


def _same_title(found: str, label: Mapping[str, Any]) -> bool:
    accepted = [label["title"], *label.get("title_alternatives", [])]
    if not found:
        return label["title"] is None
    return any(name is not None and _letters(name) == _letters(found) for name in accepted)


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _system_key(name: str) -> str:
    """A system's name without its vendor: ``Amazon S3`` and ``AWS S3`` are one."""
    words = name.casefold().replace("/", "").split()
    vendors = {"amazon", "aws", "google", "microsoft", "apache", "cloud", "api", "azure", "gcp"}
    return "".join(word for word in words if word not in vendors) or "".join(words)


def score_document(result: SimplePRDAnalysisResult, label: Mapping[str, Any]) -> Score:
    """Compare one analysis with its label."""
    score = Score(documents=1)
    score.titles = int(_same_title(result.parsed_prd.title, label))
    low, high = label["functional_requirements_range"]
    score.counts = int(low <= len(result.parsed_prd.functional_requirements) <= high)
    primaries = {label["primary_node_type"], *label.get("primary_alternatives", [])}
    score.primaries = int(result.primary_node_type in primaries)
    score.kinds.count(
        (kind for kind, hint in result.node_type_hints.items() if hint >= _KIND_THRESHOLD),
        (kind for kind, asked in label["node_types"].items() if asked),
        label.get("node_types_uncertain", []),
    )
    score.patterns.count(
        _patterns(result, label), label["patterns"], label.get("patterns_uncertain", [])
    )
    score.capabilities.count(
        result.capabilities, label["capabilities"], label.get("capabilities_uncertain", [])
    )
    found = {_system_key(name): name for name in result.external_systems}
    wanted = {_system_key(name): name for name in label["external_systems"]}
    optional = {_system_key(name) for name in label.get("external_systems_optional", [])}
    named = {key: wanted.get(key, name) for key, name in found.items()}
    score.systems.count(named.values(), wanted.values(), [])
    missing = [name for key, name in wanted.items() if key in optional and key not in found]
    score.systems_firm.count(named.values(), wanted.values(), missing)
    traps = {_system_key(name) for name in label.get("not_dependencies", [])}
    score.violations = [name for key, name in found.items() if key in traps]
    return score


def _patterns(result: SimplePRDAnalysisResult, label: Mapping[str, Any]) -> set[str]:
    broader = {item.name: item.specialises for item in builtin_patterns() if item.specialises}
    known = {*label["patterns"], *label.get("patterns_uncertain", [])}
    names = {item.name for item in result.patterns}
    return {broader.get(name, name) if name not in known else name for name in names}


class _Listening(PatternMatcher):
    """A matcher that remembers every pattern with evidence, detected or not."""

    latest: tuple[PatternDetection, ...] = ()

    def match(
        self, statements: Sequence[Statement], words: Sequence[Sequence[str]] | None = None
    ) -> tuple[PatternDetection, ...]:
        self.latest = self.candidates(statements, words)
        return super().match(statements, words)


# A confidence and whether the labels ask for the pattern.
Forecast = tuple[float, bool]


def forecasts(found: Iterable[PatternDetection], label: Mapping[str, Any]) -> list[Forecast]:
    """The confidences that the labels can judge."""
    broader = {item.name for item in builtin_patterns() if item.specialises}
    asked, unsure = set(label["patterns"]), set(label.get("patterns_uncertain", []))
    return [
        (item.confidence, item.name in asked)
        for item in found
        if item.name not in unsure and not (item.name in broader and item.name not in asked)
    ]


def reliability(judged: Sequence[Forecast]) -> Table:
    """How often patterns in each range of confidence are asked for."""
    brier = sum((chance - right) ** 2 for chance, right in judged) / max(len(judged), 1)
    table = Table(title=f"Confidences as probabilities (Brier score {brier:.3f})")
    for column in ("confidence", "patterns", "mean confidence", "asked for"):
        table.add_column(column, justify="right")
    for low, high in pairwise(_RANGES):
        inside = [item for item in judged if low <= item[0] < high]
        if inside:
            mean, share = (sum(item[n] for item in inside) / len(inside) for n in (0, 1))
            shown = f"{low:.1f} to {min(high, 1.0):.1f}"
            table.add_row(shown, str(len(inside)), f"{mean:.2f}", f"{share:.2f}")
    return table


def _row(name: str, score: Score) -> list[str]:
    tallies = (score.kinds, score.patterns, score.systems, score.capabilities)
    shown = [f"{tally.f1:.2f} {' '.join(tally.faults)}".strip() for tally in tallies]
    whole = score.documents > 1
    parts = [
        f"{value}/{score.documents}" if whole else ("yes" if value else "NO")
        for value in (score.titles, score.counts, score.primaries)
    ]
    return [name, parts[0], parts[1], shown[0], parts[2], *shown[1:]]


def evaluate(folder: Path) -> tuple[list[tuple[str, Score]], Score, list[Forecast]]:
    """Scores of each labelled document in ``folder`` and of all together, and the forecasts."""
    matcher = _Listening()
    analyzer = SimplePRDAnalyzer(matcher)
    judged: list[Forecast] = []
    total = Score()
    rows: list[tuple[str, Score]] = []
    for line in (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        label = json.loads(line)
        score = score_document(analyzer.analyze_prd(read_prd(folder / label["file"])), label)
        rows.append((label["file"], score))
        judged += forecasts(matcher.latest, label)
        total.documents += 1
        total.titles += score.titles
        total.counts += score.counts
        total.primaries += score.primaries
        total.violations += score.violations
        for name in ("kinds", "patterns", "systems", "systems_firm", "capabilities"):
            getattr(total, name).add(getattr(score, name))
    return rows, total, judged


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m benchmarks.eval_prd FOLDER", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    if not (folder / "labels.jsonl").is_file():
        print(
            f"{folder / 'labels.jsonl'} is missing; name a folder of labelled PRDs", file=sys.stderr
        )
        return 2
    rows, total, judged = evaluate(folder)
    table = Table(title="Analysis against labels (+ reported in error, - missed)")
    for column in (
        "document", "title", "count in range", "node kinds F1", "primary kind", "patterns F1",
        "systems F1", "capabilities F1",
    ):  # fmt: skip
        table.add_column(column, overflow="fold")
    for name, score in rows:
        table.add_row(*_row(name, score))
    table.add_section()
    table.add_row(*_row("total", total))
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    console.print(f"systems F1 with missing optional ones forgiven: {total.systems_firm.f1:.3f}")
    console.print(reliability(judged))
    console.print(f"reported although not dependencies: {', '.join(total.violations) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
