"""Judge of sources: every Python file must compile."""

from functools import lru_cache
from pathlib import Path
from types import CodeType

from nodewright.proving.verdict import Rejected


def accept_sources(folder: Path) -> None:
    """Compile every Python file under ``folder``; the first that does not is the reason.

    Raises:
        Rejected: a file is no valid Python, or there is none.
    """
    sources = sorted(folder.rglob("*.py"))
    if not sources:
        raise Rejected(f"{folder.name} has no Python files")
    for path in sources:
        try:
            compiled(path.read_bytes(), str(path))
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            raise Rejected(f"{path.relative_to(folder)}:{line}: {error}") from error


@lru_cache(maxsize=256)
def compiled(source: bytes, path: str) -> CodeType:
    """The code of a module; kept, since what is judged is then imported.

    Raises:
        SyntaxError, ValueError: ``source`` is no Python.
    """
    return compile(source, path, "exec", dont_inherit=True)
