import os
import signal
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

import pytest

from nodewright.mixins.catalogue import CORE_PACKAGE, scan_package
from nodewright.mixins.errors import ScanError
from nodewright.mixins.facts import NODE_KINDS, Outcome
from nodewright.mixins.knowledge import Knowledge
from nodewright.mixins.trials import Composition, TrialWorker

MakePackage = Callable[[Mapping[str, str]], str]
CLASSLESS = {
    "MixinRetry",
    "MixinLogging",
    "MixinCircuitBreaker",
    "MixinSecurity",
    "MixinValidation",
    "MixinSerialization",
    "MixinIntrospection",
}
FAIL_ALONE = {
    "MixinContractMetadata",
    "MixinEventDrivenNode",
    "MixinLazyValue",
    "MixinNodeExecutor",
    "MixinNodeIntrospection",
    "MixinNodeSetup",
}

# One mixin for each way to fail; the key is the outcome.
FAULTY = {
    Outcome.CONSTRUCTOR_SIGNATURE: "def __init__(self, wanted, **kw): super().__init__(**kw)",
    Outcome.CONSTRUCTOR_TYPE_ERROR: "def __init__(self, **kw): super().__init__(**kw); len(3)",
    Outcome.CONSTRUCTOR_FAILED: "def __init__(self, **kw): raise RuntimeError('no')",
    Outcome.ATTRIBUTE_COLLISION: "container = property(lambda self: None)",
    Outcome.ABSTRACT_METHOD: "@abc.abstractmethod\n    def todo(self): ...",
    Outcome.INITIALISE_FAILED: (
        "def __init__(self, **kw):\n"
        "        super().__init__(**kw)\n"
        "        async def refuse(): raise RuntimeError('no')\n"
        "        self.initialize = refuse"
    ),
    Outcome.PROCESS_FAILED: (
        "def __init__(self, **kw):\n"
        "        super().__init__(**kw)\n"
        "        async def other(data): return 'not an output'\n"
        "        self.process = other"
    ),
    Outcome.TIMED_OUT: "def __init__(self, **kw):\n        while True: pass",
    Outcome.CRASHED: "def __init__(self, **kw):\n        import os; os._exit(3)",
}


def camel(outcome: Outcome) -> str:
    return "Mixin" + outcome.value.title().replace("_", "")


@pytest.fixture(scope="module")
def worker() -> Iterator[TrialWorker]:
    with TrialWorker(limit=2.0) as made:
        yield made


def test_the_catalogue_is_that_of_the_installed_package(knowledge: Knowledge) -> None:
    catalogue = knowledge.catalogue
    assert len(catalogue.importable) == 40
    assert {mixin.name for mixin in catalogue.mixins.values() if not mixin.importable} == CLASSLESS
    caching = catalogue.mixins["MixinCaching"]
    assert "caching" in caching.capabilities
    assert caching.category == "data_management"
    assert "MixinMetrics" in catalogue.near("MixinMetric")


def test_all_pairs_of_all_kinds_were_tried(knowledge: Knowledge) -> None:
    trials = knowledge.known_trials()
    core = [trial for trial in trials if not trial.mixin_a.startswith("acme")]
    assert len(core) == 40 * 39 // 2 * 4
    usable = sum(trial.usable for trial in core)
    assert 0.70 < usable / len(core) < 0.74
    assert knowledge.ensure_trials() == []


def test_six_mixins_fail_alone_on_every_kind(knowledge: Knowledge) -> None:
    for kind in NODE_KINDS:
        failing = {name for name, result in knowledge.solos(kind).items() if not result.usable}
        assert failing == FAIL_ALONE


def test_an_order_that_works_is_found(knowledge: Knowledge) -> None:
    trial = knowledge.trial("MixinSerializable", "MixinHealthCheck", "EFFECT")
    assert trial is not None
    assert trial.usable
    assert trial.resolution_pattern == "put MixinHealthCheck before MixinSerializable"
    assert "mixin_init_skipped" in (trial.conflict_reason or "")


def test_trials_last_for_the_next_process(knowledge: Knowledge, data_dir: Path) -> None:
    again = Knowledge(data_dir / "mixins")
    assert {trial[:3] for trial in again.known_trials()} >= {
        (*sorted((a.name, b.name)), "COMPUTE")
        for a, b in combinations(knowledge.catalogue.importable[:5], 2)
    }


def test_damaged_files_are_made_again(knowledge: Knowledge, tmp_path: Path) -> None:
    folder = tmp_path / f"core-{knowledge.version}"
    folder.mkdir()
    (folder / "trials.json").write_text('{"format": 1, "trials": [[1, 2]]}')
    (folder / f"scan-{CORE_PACKAGE}.json").write_text('{"format": 1, "mixins"')
    again = Knowledge(tmp_path)
    assert len(again.catalogue.importable) == 40
    assert again.known_trials() == []
    again.close()


def test_every_fault_has_its_outcome_and_spares_the_others(
    worker: TrialWorker, package: MakePackage
) -> None:
    code = "import abc\n" + "\n".join(
        f"class {camel(key)}(abc.ABC):\n    {body}\n" for key, body in FAULTY.items()
    )
    name = package({"mixins.py": code})
    good = (f"{CORE_PACKAGE}.mixin_caching", "MixinCaching")
    compositions = []
    for key in FAULTY:
        compositions.append(Composition("COMPUTE", ((f"{name}.mixins", camel(key)),)))
        compositions.append(Composition("EFFECT", (good,)))
    results = worker.attempt(compositions)
    assert [result.outcome for result in results[::2]] == list(FAULTY)
    assert all(result.usable for result in results[1::2])


def test_a_class_that_is_gone_is_no_crash(worker: TrialWorker) -> None:
    (result,) = worker.attempt([Composition("EFFECT", (("no.such.module", "MixinX"),))])
    assert result.outcome is Outcome.IMPORT_FAILED


def test_what_mixins_print_does_not_disturb_the_answers(
    worker: TrialWorker, package: MakePackage
) -> None:
    name = package(
        {"m.py": "import os\nprint('{}')\nos.write(1, b'noise\\n')\nclass MixinLoud: ...\n"}
    )
    assert worker.scan(name)["mixins"][0]["name"] == "MixinLoud"


@pytest.mark.parametrize("noise", ["garbage", '{"outcome": "splendid", "mixins": 3}'])
def test_answers_that_a_package_forges_are_not_believed(
    worker: TrialWorker, package: MakePackage, noise: str
) -> None:
    name = package(
        {
            "m.py": (
                "import os\n"
                "for number in range(3, 20):\n"
                "    try:\n"
                f"        os.write(number, {noise.encode() + b'\n'!r})\n"
                "    except OSError: pass\n"
                "class MixinForger: ...\n"
            )
        }
    )
    with pytest.raises(ScanError):
        scan_package(name, worker)
    worker.close()
    results = worker.attempt([Composition("EFFECT", ((f"{name}.m", "MixinForger"),))])
    assert results[0].outcome is Outcome.CRASHED


def test_a_killed_worker_is_replaced(worker: TrialWorker) -> None:
    good = Composition("EFFECT", ((f"{CORE_PACKAGE}.mixin_caching", "MixinCaching"),))
    assert worker.attempt([good])[0].usable
    process = worker._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert worker.attempt([good])[0].usable


def test_a_users_package_joins_the_catalogue(package: MakePackage, data_dir: Path) -> None:
    name = package(
        {
            "deep/__init__.py": "",
            "deep/limits.py": "class MixinRateLimiter:\n    '''Limits rates.'''\n",
            "broken.py": "raise RuntimeError('not today')",
            "mixin_capability_mapping.yaml": (
                "mixins: [{mixin_name: MixinRateLimiter, capability_set: [throttling]}]"
            ),
        }
    )
    own = Knowledge(data_dir / "mixins")
    try:
        scan = own.scan(name)
        assert [profile.module for profile in scan.profiles] == [f"{name}.deep.limits"]
        assert scan.failed == (f"{name}.broken: RuntimeError: not today",)
        assert "throttling" in own.catalogue.mixins["MixinRateLimiter"].capabilities
        trial = own.trial("MixinCaching", "MixinRateLimiter", "REDUCER")
        assert trial is not None
        assert trial.usable
    finally:
        own.forget(name)
        own.close()
    assert "MixinRateLimiter" not in own.catalogue


@pytest.mark.parametrize("name", ["no_such_package_at_all", "../etc", "a b", ""])
def test_a_package_that_cannot_be_scanned_is_refused(worker: TrialWorker, name: str) -> None:
    with pytest.raises(ScanError):
        scan_package(name, worker)


def test_a_forked_child_starts_a_worker_of_its_own(worker: TrialWorker) -> None:
    good = Composition("EFFECT", ((f"{CORE_PACKAGE}.mixin_caching", "MixinCaching"),))
    assert worker.attempt([good])[0].usable
    mine = worker._process
    assert mine is not None
    child = os.fork()
    if child == 0:
        usable = worker.attempt([good])[0].usable
        worker.close()
        os._exit(0 if usable else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert mine.poll() is None
    assert worker.attempt([good])[0].usable
    assert worker._process is mine
