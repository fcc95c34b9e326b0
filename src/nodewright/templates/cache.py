"""A cache of template files."""

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path


class TemplateCache:
    """Keeps template files in memory and looks at the file on every get."""

    def __init__(
        self,
        max_templates: int = 100,
        max_size_mb: int = 50,
        ttl_seconds: int = 3600,
        enable_persistence: bool = True,
    ) -> None:
        self.max_templates = max_templates
        self.max_size_mb = max_size_mb
        self.ttl_seconds = ttl_seconds
        self.enable_persistence = enable_persistence
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()

    def get(
        self,
        template_name: str,
        template_type: str,  # noqa: ARG002 - recorded once metadata is
        file_path: Path,
        loader_func: Callable[[Path], str],
    ) -> tuple[str, bool]:
        """The template's content, and whether it was in the cache."""
        key = (template_name, os.fspath(file_path))
        digest = hashlib.sha256(file_path.read_bytes()).hexdigest()
        with self._lock:
            held = self._entries.get(key)
            if held is not None and held[0] == digest:
                self._entries.move_to_end(key)
                return held[1], True
        content = loader_func(file_path)
        with self._lock:
            self._entries[key] = (digest, content)
            while len(self._entries) > self.max_templates:
                self._entries.popitem(last=False)
        return content, False
