"""Public names as users write them: never run, read by the type checkers."""

from pathlib import Path

import nodewright
from nodewright.templates import CachedTemplate, TemplateCache, TemplatePack


def version() -> str:
    return nodewright.__version__


def cached(folder: Path) -> tuple[str, bool]:
    with TemplateCache(max_templates=10, max_size_mb=1, ttl_seconds=60) as cache:
        cache.warmup(templates_dir=folder, template_types=["EFFECT"])
        return cache.get("t", "EFFECT", folder / "t.j2", lambda path: path.read_text())


def first(cache: TemplateCache) -> CachedTemplate:
    cache.invalidate("t")
    return cache.templates()[0]


def rendered(folder: Path) -> str:
    return TemplatePack(folder).render("node_effect/node.py.j2", {"name": "Node"})
