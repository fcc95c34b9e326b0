"""Templates: the cache, packs and the sandboxed environment."""

from nodewright.templates.cache import TemplateCache
from nodewright.templates.errors import (
    InvalidLimitError,
    TemplateError,
    TemplateLoopError,
    UnknownTemplateError,
    WatchUnavailableError,
)
from nodewright.templates.pack import TemplatePack
from nodewright.templates.recording import TemplatePersistence
from nodewright.templates.statistics import CachedTemplate, CacheStats

__all__ = [
    "CacheStats",
    "CachedTemplate",
    "InvalidLimitError",
    "TemplateCache",
    "TemplateError",
    "TemplateLoopError",
    "TemplatePack",
    "TemplatePersistence",
    "UnknownTemplateError",
    "WatchUnavailableError",
]
