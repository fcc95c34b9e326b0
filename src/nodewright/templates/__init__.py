"""Templates: the cache, packs and the sandboxed environment."""

from nodewright.templates.cache import TemplateCache
from nodewright.templates.errors import TemplateError, UnknownTemplateError
from nodewright.templates.pack import TemplatePack

__all__ = ["TemplateCache", "TemplateError", "TemplatePack", "UnknownTemplateError"]
