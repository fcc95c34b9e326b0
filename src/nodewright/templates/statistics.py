"""What the template cache tells about itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

_MIB = 1024 * 1024
_HASH_DIGITS = 16


@dataclass
class CachedTemplate:
    """A template in the cache.

    Attributes:
        template_type: the node kind that it was last asked for.
        file_hash: SHA-256 of the file, in hexadecimal digits.
        loaded_at: when it was loaded, in UTC.
        last_accessed_at: when it was last asked for, in UTC.
        access_count: gets, the loading one included.
        size_bytes: bytes of ``content`` in UTF-8.
    """

    template_name: str
    template_type: str
    content: str
    file_path: str
    file_hash: str
    loaded_at: datetime
    last_accessed_at: datetime
    access_count: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Counts and times since the cache was made; times are of whole gets, in nanoseconds.

    Attributes:
        hits: gets served from memory, the file unchanged.
        misses: all other gets, also those that raised.
        loads: misses that returned a template.
        evictions: templates that had to make room.
        invalidations: templates dropped because their file changed or went, or on request.
        expirations: templates dropped because their time was over.
    """

    hits: int
    misses: int
    loads: int
    evictions: int
    invalidations: int
    expirations: int
    cached_templates: int
    total_size_bytes: int
    hit_ns: int
    load_ns: int
    max_templates: int
    max_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """The documented fields; times in milliseconds, shares as documented.

        What caching saved is the hits at the mean cost of a load, less what the hits cost. It is
        negative where looking at the file costs more than loading it.
        """
        load_ms = self.load_ns / self.loads / 1e6 if self.loads else 0.0
        hit_ms = self.hit_ns / self.hits / 1e6 if self.hits else 0.0
        both = self.hits > 0 and load_ms > 0
        return {
            "hits": self.hits,
            "misses": self.misses,
            "hit_rate": _share(self.hits, self.hits + self.misses),
            "evictions": self.evictions,
            "invalidations": self.invalidations,
            "expirations": self.expirations,
            "cached_templates": self.cached_templates,
            "total_size_bytes": self.total_size_bytes,
            "total_size_mb": self.total_size_bytes / _MIB,
            "avg_uncached_load_ms": load_ms,
            "avg_cached_load_ms": hit_ms,
            "time_saved_ms": (load_ms - hit_ms) * self.hits if both else 0.0,
            "improvement_percent": (load_ms - hit_ms) / load_ms * 100 if both else 0.0,
            "capacity_usage_percent": 100 * _share(self.cached_templates, self.max_templates),
            "memory_usage_percent": 100 * _share(self.total_size_bytes, self.max_bytes),
        }


def template_row(template: CachedTemplate, now: datetime) -> dict[str, Any]:
    """One row of the detailed statistics; the hash is cut to its first 16 digits."""
    return {
        "name": template.template_name,
        "type": template.template_type,
        "size_bytes": template.size_bytes,
        "access_count": template.access_count,
        "age_seconds": (now - template.loaded_at).total_seconds(),
        "file_hash": template.file_hash[:_HASH_DIGITS],
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
