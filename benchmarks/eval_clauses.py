"""Score specifications against labelled documents: ``python -m benchmarks.eval_clauses FOLDER``.

The folder holds documents and three tables that were labelled from the texts alone:

- ``entities.tsv``: prd, entity, field, type (``a|b``: each is right), required (y, n, ? not said),
  line;
- ``operations.tsv``: prd, requirement, line, operation, kind (``A|B``; ``-``: no node), entity;
- ``clauses.tsv``: prd, requirement, line, construct, compilable (Y, P, N), clause, check, entity.

How it counts:

- A field is right where its name, its type with all values of an enum, and, where the label says y
  or n, its optionality are right, in the entity that the labelled one is. Every other field of the
  specification is wrong, but a key that was assumed. A figure that an operation answers counts as
  the field of its name where it names a clause on the field's line. ``fields`` is 2 right / (ours +
  labelled).
- An operation is found where one of the specification, of a right kind and for words such as
  create, list or delete of that class, names a clause on its line; each of ours serves once.
  ``entity`` is the share of all labelled operations that are found with the right entity.
- A construct is found where an element of that kind names a clause on its line, speaks of the
  labelled entity, and says each number, quoted value and field that the label names.
  ``constructs`` is the share of the labels that a careful compiler can do (Y).
- ``wrong`` is the share of our elements that contradict the labels: operations on lines where the
  document asks for nothing, and elements on a line with labels of their kind of which none agrees
  with entity and slots.
"""

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.clause_labels import read_labels
from benchmarks.clause_scores import Score, score_document, share
from nodewright.prd.document import parse_document
from nodewright.reading.data_passes import read_data
from nodewright.reading.draft import Draft
from nodewright.spec.model import Specification


def read_specification(text: str) -> Specification:
    """The specification of a document, by all passes that there are."""
    document = parse_document(text)
    if find_spec("nodewright.reading.reader") is not None:
        spec: Specification = import_module("nodewright.reading.reader").read_document(document)
        return spec
    draft = Draft(document)
    read_data(draft)
    return draft.specification()


def score_folder(folder: Path) -> dict[str, Score]:
    """Document -> score, for all labelled documents of a folder."""
    scores: dict[str, Score] = {}
    for name, labels in read_labels(folder).items():
        path = next(
            (
                path
                for path in sorted(folder.glob(f"{name}*"))
                if path.suffix not in {".tsv", ".jsonl"}
            ),
            None,
        )
        if path is not None:
            text = path.read_text(encoding="utf-8")
            scores[name] = score_document(read_specification(text), labels)
    return scores


def main(arguments: list[str] | None = None) -> int:
    """Print the scores of a folder."""
    parser = argparse.ArgumentParser(description="Score specifications against labelled documents.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--faults", action="store_true", help="list what is missing or wrong")
    chosen = parser.parse_args(arguments)
    scores = score_folder(chosen.folder)
    if not scores:
        print(
            f"no labelled document in {chosen.folder}: it needs entities.tsv and the texts",
            file=sys.stderr,
        )
        return 2
    total = Score()
    table = Table("document", "fields F1", "names", "operations", "entity", "constructs", "wrong")
    for name, score in scores.items():
        table.add_row(*_row(name, score))
        total.add(score)
    table.add_row(*_row("all", total))
    Console(width=110).print(table)
    if chosen.faults:
        for name, score in scores.items():
            print(f"\n{name}", *score.notes, sep="\n  ")
    print(
        f"fields {total.fields:.2f} entity {share(total.entities, total.operations):.2f} "
        f"constructs {share(total.constructs, total.clauses):.2f} "
        f"wrong {total.wrong / max(total.elements, 1):.2f}"
    )
    return 0


def _row(name: str, score: Score) -> tuple[str, ...]:
    return (
        name,
        f"{score.fields:.2f} ({score.right} of {score.labelled}, ours {score.ours})",
        f"{share(2 * score.named, score.ours + score.labelled):.2f}",
        f"{score.found} of {score.operations}",
        f"{score.entities} of {score.operations}",
        f"{score.constructs} of {score.clauses}",
        f"{score.wrong} of {score.elements}",
    )


if __name__ == "__main__":
    sys.exit(main())
