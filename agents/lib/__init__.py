"""The import paths of the API reference, as aliases of nodewright's own modules.

``from agents.lib.template_cache import TemplateCache`` from a checkout, and
``from lib.template_cache import TemplateCache`` with ``agents/`` on the path, name the very
objects of ``nodewright.templates``. Nothing is copied; a module is imported when it is asked for.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MODULES = {
    "alert_manager": "nodewright.monitoring",
    "batch_processor": "nodewright.events",
    "codegen_events": "nodewright.events",
    "event_optimizer": "nodewright.events",
    "health_checker": "nodewright.monitoring",
    "log_context": "nodewright.logs",
    "log_rotation": "nodewright.logs",
    "mixin_learner": "nodewright.mixins",
    "monitoring": "nodewright.monitoring",
    "parallel_generator": "nodewright.generation.parallel",
    "pattern_feedback": "nodewright.patterns.feedback",
    "persistence": "nodewright.storage",
    "schema_phase7": "nodewright.storage.records",
    "simple_prd_analyzer": "nodewright.prd",
    "structured_logger": "nodewright.logs",
    "template_cache": "nodewright.templates",
}


class _Aliases(MetaPathFinder, Loader):
    """Finds ``<this package>.<documented name>`` in the table above."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self,
        fullname: str,
        _path: Sequence[str] | None = None,
        _target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """A spec for a documented name; None for every other."""
        if not fullname.startswith(self._prefix):
            return None
        known = fullname.removeprefix(self._prefix) in MODULES
        return ModuleSpec(fullname, self) if known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The real module; its own spec is kept for ``exec_module`` to restore."""
        module = import_module(MODULES[spec.name.removeprefix(self._prefix)])
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: the module is loaded. The import system overwrote its spec."""
        alias = module.__spec__.name if module.__spec__ else ""
        module.__spec__ = self._specs.pop(alias, module.__spec__)


sys.meta_path.insert(0, _Aliases(f"{__name__}."))
