"""Templates: the cache, packs and the sandboxed environment."""
