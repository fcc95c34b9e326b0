"""From a document's text to its requirements."""

from typing import TYPE_CHECKING

from nodewright.lazy import list_exports, load_export
from nodewright.prd.models import SimplePRDAnalysisResult

if TYPE_CHECKING:
    from nodewright.prd.source import PRDSourceError, read_prd

# Loaded when first used: workers need the models alone, and start faster without a parser.
_EXPORTS = {
    "PRDSourceError": "nodewright.prd.source",
    "read_prd": "nodewright.prd.source",
}

__all__ = ["PRDSourceError", "SimplePRDAnalysisResult", "read_prd"]


def __getattr__(name: str) -> object:
    return load_export(__name__, _EXPORTS, name)


def __dir__() -> list[str]:
    return list_exports(__name__, _EXPORTS)
