"""Home of ``agents.lib``, the import paths of the API reference."""
