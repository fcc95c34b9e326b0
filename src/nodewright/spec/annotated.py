"""A specification as YAML in which a comment says of each element, in English, what it means."""

import textwrap
from collections.abc import Iterator, Mapping

from nodewright.spec.assumptions import assumptions
from nodewright.spec.model import Specification
from nodewright.spec.paraphrase import sentences
from nodewright.spec.tree import Path
from nodewright.spec.verdicts import ClauseVerdict
from nodewright.spec.yaml_form import dump, read

_WIDTH = 100


def annotated(specification: Specification, verdicts: Mapping[str, ClauseVerdict]) -> str:
    """``specification`` as YAML with comments; it can be read back.

    Args:
        specification: what to show.
        verdicts: clause -> what became of it, where that is known.
    """
    text = dump(specification)
    _, lines = read(text)
    said: dict[int, list[str]] = {}
    for path, sentence in sentences(specification):
        place = _place(path, lines)
        if place:
            said.setdefault(place, []).append(sentence)
    for number, note in enumerate(specification.clauses):
        verdict = verdicts.get(note.id)
        place = lines.get(("clauses", number), 0)
        if verdict is not None and verdict.proven and place:
            said.setdefault(place, []).append(f"Proven by {verdict.by}: {verdict.test}")
    return "\n".join([*_head(specification), *_written(text, said)]) + "\n"


def _place(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of what stands at ``path``; 0 for what has none of its own."""
    return lines.get(path, 0)


def _head(specification: Specification) -> Iterator[str]:
    found = list(assumptions(specification))
    if found:
        yield "# Assumed, where the document is silent:"
    for each in found:
        origin = f" ({', '.join(each.clauses)})" if each.clauses else ""
        yield from _comment(f"- {each.text}{origin}: {each.element}", "")


def _written(text: str, said: Mapping[int, list[str]]) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        margin = line[: len(line) - len(line.lstrip())]
        for sentence in said.get(number, ()):
            yield from _comment(sentence, margin)
        yield line


def _comment(text: str, margin: str) -> Iterator[str]:
    lead = f"{margin}# "
    following = f"{lead}  " if text.startswith("- ") else lead
    yield from textwrap.wrap(
        " ".join(text.split()),
        max(_WIDTH, len(lead) + 40),
        initial_indent=lead,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
