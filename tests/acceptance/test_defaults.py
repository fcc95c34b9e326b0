"""Everything can be made with nothing configured: no password, no broker, no event loop."""

import subprocess
import sys
from pathlib import Path

import pytest

# Makes all that the package exports and that needs no argument, and the documented classes that
# need one; nothing may be started, opened or written by that.
MAKE = """
import inspect, sys, threading
from enum import Enum
from pathlib import Path
import nodewright
from nodewright.events import BaseEvent

def make():
    made = [
        nodewright.BatchProcessor(print),
        nodewright.CircuitBreaker(nodewright.CircuitBreakerConfig()),
        nodewright.EventOptimizer("localhost:9092"),
        nodewright.EventOptimizer(bootstrap_servers="localhost:9092").create_batch_processor(),
        nodewright.StructuredLogger("name"),
        nodewright.get_logger("name"),
        nodewright.get_monitoring_system(),
        BaseEvent(service="codegen"),
    ]
    for name in nodewright.__all__:
        kind = getattr(nodewright, name)
        if not inspect.isclass(kind) or issubclass(kind, (BaseException, BaseEvent, Enum)):
            continue
        needed = [p for p in inspect.signature(kind).parameters.values()
                  if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        if not needed:
            made.append(kind())
    return made
"""
RUN = {
    "plain": "made = make()",
    "in a loop": """
import asyncio
async def main():
    return make()
made = asyncio.run(main())
""",
    "in a thread": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(1) as pool:
    made = pool.submit(make).result()
""",
}
REPORT = """
left = [t.name for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
assert not left, left
children = Path("/proc/self/task").glob("*/children")
assert not [child for file in children for child in file.read_text().split()]
print(*sorted({type(each).__name__ for each in made}))
"""
# Those of the documentation, as `REPORT` names them.
DOCUMENTED = {
    "BatchConfig",
    "BatchProcessor",
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "CodegenPersistence",
    "EventOptimizer",
    "MixinLearner",
    "MonitoringSystem",
    "MonitoringThresholds",
    "OptimizerConfig",
    "ParallelGenerator",
    "PatternFeedbackCollector",
    "SimplePRDAnalyzer",
    "StructuredLogger",
    "TemplateCache",
}


@pytest.mark.parametrize("way", RUN)
def test_every_default_constructor_works_with_nothing_configured(way: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", MAKE + RUN[way] + REPORT],
        env={"HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert set(done.stdout.split()) >= DOCUMENTED
    assert list(tmp_path.iterdir()) == []
