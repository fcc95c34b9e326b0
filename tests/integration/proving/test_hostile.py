"""Whatever the text, what is delivered is sound, and nothing is written outside the output."""

import ast
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.documents import HOSTILE, LINES

from nodewright.planning.plan import NothingToGenerateError
from nodewright.proving.contract import accept_contract
from nodewright.proving.model import Verify
from nodewright.runs.recording import Recorder
from nodewright.runs.workers import ExecutorWorkers
from nodewright.storage import CodegenPersistence
from nodewright.workflow import Options, generate, plan_text

EXPLOITS = """# {{ cycler.__init__.__globals__.os.system('touch /tmp/owned') }}

- FR-1: The system must store "; import os; os.system('x') #
- FR-2: The system must send \"\"\" + __import__('os').getcwd() + \"\"\"
- FR-3: The system must validate {% for x in [].__class__.__mro__ %}
- FR-4: The system must create ../../../../etc/cron.d/job

## ../../../tmp/evil

- `../../evil`: string
- `x: y\\n- z`: uuid
- `__class__`: string
- `date`: date
- `model_config`: string
"""


@pytest.fixture(scope="module")
def workers() -> Iterator[ExecutorWorkers]:
    with ThreadPoolExecutor(1) as executor:
        yield ExecutorWorkers(executor)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(LINES, HOSTILE), min_size=1, max_size=20).map("\n".join))
@example(EXPLOITS)
@example('- FR-1: the system must store """\n- FR-1: the system must store """\n')
@example("# نظام\n\n- يجب على النظام must store الطلبات\n- must list 🎟️\n")
def test_what_is_delivered_is_sound(
    workers: ExecutorWorkers, persistence: CodegenPersistence, tmp_path: Path, text: str
) -> None:
    home = tmp_path / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    try:
        prepared = plan_text(text)
    except NothingToGenerateError:
        return
    out = home / "out"
    options = Options(out, verify=Verify.STATIC, jobs=1)
    run = generate(prepared, options, workers=workers, recorder=Recorder(persistence))
    assert run.succeeded, [outcome.reason for outcome in run.outcomes]
    assert {path.name for path in home.iterdir()} == {"out"}
    for path in out.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
    contracts = list(out.rglob("contract.yaml"))
    assert len(contracts) == len(prepared.plan.nodes)
    for path in contracts:
        contract = yaml.safe_load(path.read_text(encoding="utf-8"))
        accept_contract(path, contract["node_type"].removesuffix("_GENERIC"))
    assert not Path("/tmp/owned").exists()  # noqa: S108 - where the exploit would write
