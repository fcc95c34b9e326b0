"""The import paths of the API reference name the objects of the package."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

# Documented module -> documented names that exist in it.
DOCUMENTED = {
    "structured_logger": ["StructuredLogger", "get_logger", "LogLevel", "LogRecord"],
    "template_cache": ["TemplateCache", "CachedTemplate"],
    "parallel_generator": ["ParallelGenerator", "GenerationJob", "GenerationResult"],
    "mixin_learner": ["MixinLearner", "MixinPrediction", "ModelMetrics"],
    "schema_phase7": ["MixinCompatibilityMatrix", "EventProcessingHealth"],
    "persistence": ["CodegenPersistence"],
    "simple_prd_analyzer": ["SimplePRDAnalyzer", "SimplePRDAnalysisResult"],
    "event_optimizer": ["EventOptimizer", "CircuitBreaker", "OptimizerConfig"],
    "batch_processor": ["BatchProcessor", "BatchConfig"],
    "monitoring": ["MonitoringSystem", "MetricType", "get_monitoring_system"],
}


@pytest.mark.parametrize(("package", "path"), [("agents.lib", "."), ("lib", "agents")])
def test_documented_names_are_the_real_objects(package: str, path: str) -> None:
    lines = [f"import sys; sys.path.insert(0, {str(CHECKOUT / path)!r})", "import importlib"]
    for module, names in DOCUMENTED.items():
        lines.append(f"import {package}.{module} as alias")
        lines.append("real = importlib.import_module(alias.__spec__.name)")
        lines.append("assert alias is real and real.__name__.startswith('nodewright'), alias")
        lines += [f"assert alias.{name} is real.{name}" for name in names]
        lines.append(f"from {package}.{module} import {', '.join(names)}")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_module_is_not_found() -> None:
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); import agents.lib.nothing"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert "ModuleNotFoundError" in done.stderr
