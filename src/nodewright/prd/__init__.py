"""From Markdown to requirements: the analysis of a PRD."""

from typing import TYPE_CHECKING

from nodewright.lazy import list_exports, load_export
from nodewright.prd.models import SimplePRDAnalysisResult

if TYPE_CHECKING:
    from nodewright.prd.analyzer import SimplePRDAnalyzer
    from nodewright.prd.kinds import kind_of, kind_scores
    from nodewright.prd.operations import NO_VERB, Operation, operation_of
    from nodewright.prd.source import PRDSourceError, read_prd

# Loaded when first used: workers need the models alone, and start faster without a parser.
_EXPORTS = {
    "NO_VERB": "nodewright.prd.operations",
    "Operation": "nodewright.prd.operations",
    "PRDSourceError": "nodewright.prd.source",
    "SimplePRDAnalyzer": "nodewright.prd.analyzer",
    "kind_of": "nodewright.prd.kinds",
    "kind_scores": "nodewright.prd.kinds",
    "operation_of": "nodewright.prd.operations",
    "read_prd": "nodewright.prd.source",
}

__all__ = [
    "NO_VERB",
    "Operation",
    "PRDSourceError",
    "SimplePRDAnalysisResult",
    "SimplePRDAnalyzer",
    "kind_of",
    "kind_scores",
    "operation_of",
    "read_prd",
]


def __getattr__(name: str) -> object:
    return load_export(__name__, _EXPORTS, name)


def __dir__() -> list[str]:
    return list_exports(__name__, _EXPORTS)
