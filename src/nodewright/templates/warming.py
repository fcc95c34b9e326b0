"""Which files of a folder are the templates of a node kind, and what they are called."""

from collections.abc import Iterable, Iterator
from pathlib import Path


def templates_of(folder: Path, kinds: Iterable[str]) -> Iterator[tuple[str, str, Path]]:
    """Name, kind and file of each template of ``kinds``, in order of kind and path.

    A file belongs to a kind if its stem starts with the kind's lower-case name, or if it lies in
    a folder of that name or, as in packs, of that name after ``node_``.
    ``effect_node_template.py`` is called ``EFFECT_template``; any other file keeps what stands
    after the kind, ``effect_contract.yaml`` being ``EFFECT_contract``.
    Where two files would share a name, the later ones keep their suffix too.
    """
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(_is_hidden(part) for part in file.relative_to(folder).parts)
    ]
    for kind in dict.fromkeys(kinds):
        taken: set[str] = set()
        for file in files:
            rest = _rest(file.relative_to(folder), kind.lower())
            if rest is None:
                continue
            name = f"{kind.upper()}_{rest}"
            if name in taken:
                name += file.suffix
            taken.add(name)
            yield name, kind, file


def _rest(relative: Path, kind: str) -> str | None:
    """What names a template of ``kind`` beside the kind; None for a file of another kind."""
    stem = relative.name.split(".")[0].lower()
    folders = [part.lower().removeprefix("node_") for part in relative.parts[:-1]]
    if not kind or not (stem.startswith(kind) or kind in folders):
        return None
    inner = relative.parts[folders.index(kind) + 1 : -1] if kind in folders else ()
    rest = stem.removeprefix(kind).strip("_-")
    if rest == "node_template":
        rest = "template"
    return "_".join([*inner, rest or "template"])


def _is_hidden(part: str) -> bool:
    return part.startswith((".", "__pycache__"))
