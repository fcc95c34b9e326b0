"""Templates: the cache, packs and the sandboxed environment."""

from typing import TYPE_CHECKING

from nodewright.lazy import list_exports, load_export
from nodewright.templates.cache import TemplateCache
from nodewright.templates.errors import (
    InvalidLimitError,
    TemplateError,
    TemplateLoopError,
    UnknownTemplateError,
    WatchUnavailableError,
)
from nodewright.templates.ledger import CachedTemplate, CacheStats
from nodewright.templates.recording import TemplatePersistence, TemplateUse

if TYPE_CHECKING:
    from nodewright.templates.pack import TemplatePack as TemplatePack

# Brings Jinja2 with it.
_EXPORTS = {"TemplatePack": "nodewright.templates.pack"}

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


def __getattr__(name: str) -> object:
    return load_export(__name__, _EXPORTS, name)


def __dir__() -> list[str]:
    return list_exports(__name__, _EXPORTS)
