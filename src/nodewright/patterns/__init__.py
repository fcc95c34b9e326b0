"""Recurring shapes in requirements: library, matcher, feedback, thresholds."""

from nodewright.patterns.library import (
    PatternLibraryError,
    UnknownPatternError,
    builtin_patterns,
    known_patterns,
    load_folder,
)
from nodewright.patterns.matcher import PatternMatcher
from nodewright.patterns.models import Evidence, Pattern, PatternDetection, Statement

__all__ = [
    "Evidence",
    "Pattern",
    "PatternDetection",
    "PatternLibraryError",
    "PatternMatcher",
    "Statement",
    "UnknownPatternError",
    "builtin_patterns",
    "known_patterns",
    "load_folder",
]
