"""Templates: the cache, packs and the sandboxed environment."""

from typing import TYPE_CHECKING, Any

from nodewright.templates.cache import TemplateCache
from nodewright.templates.errors import (
    InvalidLimitError,
    TemplateError,
    TemplateLoopError,
    UnknownTemplateError,
    WatchUnavailableError,
)
from nodewright.templates.recording import TemplatePersistence, TemplateUse
from nodewright.templates.statistics import CachedTemplate, CacheStats

if TYPE_CHECKING:
    from nodewright.templates.pack import TemplatePack as TemplatePack

__all__ = [
    "CacheStats",
    "CachedTemplate",
    "InvalidLimitError",
    "TemplateCache",
    "TemplateError",
    "TemplateLoopError",
    "TemplatePack",
    "TemplatePersistence",
    "TemplateUse",
    "UnknownTemplateError",
    "WatchUnavailableError",
]


def __getattr__(name: str) -> Any:
    """Load `TemplatePack`, and with it Jinja2, when it is first used."""
    if name != "TemplatePack":
        raise AttributeError(f"module 'nodewright.templates' has no attribute {name!r}")
    from nodewright.templates.pack import TemplatePack

    return TemplatePack
