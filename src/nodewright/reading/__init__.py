"""What the text of a document means."""

from typing import TYPE_CHECKING, Any

from nodewright.lazy import list_exports, load_export

if TYPE_CHECKING:
    from nodewright.reading.analyzer import SimplePRDAnalyzer
    from nodewright.reading.kinds import kind_of, kind_scores

_EXPORTS = {
    "SimplePRDAnalyzer": "nodewright.reading.analyzer",
    "kind_of": "nodewright.reading.kinds",
    "kind_scores": "nodewright.reading.kinds",
}

__all__ = ["SimplePRDAnalyzer", "kind_of", "kind_scores"]


def __getattr__(name: str) -> Any:
    return load_export(__name__, _EXPORTS, name)


def __dir__() -> list[str]:
    return list_exports(__name__, _EXPORTS)
