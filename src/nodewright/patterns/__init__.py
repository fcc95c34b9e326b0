"""Recurring shapes in requirements: library, matcher, feedback, thresholds."""

from nodewright.patterns.library import PatternLibraryError, builtin_patterns, load_folder
from nodewright.patterns.matcher import PatternMatcher
from nodewright.patterns.models import Evidence, Pattern, PatternDetection, Statement

__all__ = [
    "Evidence",
    "Pattern",
    "PatternDetection",
    "PatternLibraryError",
    "PatternMatcher",
    "Statement",
    "builtin_patterns",
    "load_folder",
]
