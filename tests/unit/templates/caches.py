"""A cache that records nothing, and a loader that counts."""

from pathlib import Path
from typing import Any

from nodewright.templates import TemplateCache


class CountingLoader:
    """Reads the file, and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, path: Path) -> str:
        self.calls += 1
        return path.read_text()


def make_cache(**options: Any) -> TemplateCache:
    return TemplateCache(enable_persistence=False, **options)
