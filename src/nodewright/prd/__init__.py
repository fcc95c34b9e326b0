"""From Markdown to requirements: the analysis of a PRD."""

from nodewright.prd.analyzer import SimplePRDAnalyzer
from nodewright.prd.kinds import kind_of, kind_scores
from nodewright.prd.models import SimplePRDAnalysisResult
from nodewright.prd.operations import NO_VERB, Operation, operation_of
from nodewright.prd.source import PRDSourceError, read_prd

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
