"""Random right specifications: what is compiled from them is right Python, and does the same."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruff import find_ruff_bin  # type: ignore[import-untyped]  # ships no types
from tests.integration.rendering.agreement import Calls, Pair
from tests.integration.rendering.packages import importable, write_package
from tests.unit.spec.strategies import specifications

from nodewright.spec.model import Specification

_numbers = iter(range(10**9))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(specification=specifications(), seed=st.integers(0, 10**6))
def test_agrees_with_the_interpreter(
    tmp_path_factory: object, specification: Specification, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("random")  # type: ignore[attr-defined]
    named = replace(specification, package=f"random_{next(_numbers)}")
    write_package(named, folder)
    with importable(folder, named.package):
        asyncio.run(Calls(Pair(named), seed).make(30))


@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(several=st.lists(specifications(), min_size=4, max_size=4))
def test_ruff_and_mypy_accept(tmp_path_factory: object, several: list[Specification]) -> None:
    folder: Path = tmp_path_factory.mktemp("random")  # type: ignore[attr-defined]
    for place, specification in enumerate(several):
        write_package(replace(specification, package=f"random_{place}"), folder)
    ruff = [find_ruff_bin(), "check", "--no-cache", "src"]
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "/dev/null", "src"]
    for command in (ruff, mypy):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
