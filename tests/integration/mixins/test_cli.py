import json
from collections.abc import Callable, Mapping

import pytest

from nodewright.cli.app import main
from nodewright.mixins.knowledge import Knowledge

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    knowledge: Knowledge,  # noqa: ARG001 - the commands find its files
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    monkeypatch.setenv("NODEWRIGHT_DATABASE_URL", database_url)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["mixins", *arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def test_trial_of_one_mixin_on_one_kind_is_recorded(run: Run) -> None:
    code, out, err = run("trial", "-n", "reducer", "-m", "MixinNodeSetup", "--json")
    assert code == 0, err
    rows = json.loads(out)
    assert len(rows) == 39
    assert {row["node_type"] for row in rows} == {"REDUCER"}
    assert not any(row["usable"] for row in rows)
    code, out, err = run("trial", "-n", "EFFECT", "-m", "MixinNope")
    assert code == 2
    assert "'MixinNope' is not known" in err


def test_train_predict_feedback(run: Run) -> None:
    code, out, err = run("train")
    assert code == 0, err
    assert "accuracy" in out
    code, out, _ = run("predict", "MixinCaching", "MixinMetrics", "--json")
    assert code == 0
    assert json.loads(out)["compatible"]
    for _ in range(4):
        assert run("feedback", "MixinCaching", "MixinMetrics", "--failed")[0] == 0
    code, out, _ = run("predict", "MixinCaching", "MixinMetrics")
    assert code == 1
    assert "0 of 4 succeeded" in out


def test_an_outcome_is_taken_back(run: Run) -> None:
    pair = ("MixinCaching", "MixinMetrics", "-n", "REDUCER")
    assert run("feedback", *pair, "--failed")[0] == 0
    assert run("feedback", *pair, "--worked")[0] == 0
    assert run("feedback", *pair, "--failed", "--retract") == (0, "taken back\n", "")
    code, _, err = run("feedback", *pair, "--failed", "--retract")
    assert code == 2
    assert "no record that MixinCaching and MixinMetrics failed on REDUCER" in err


def test_feedback_on_unknown_mixins_is_refused_with_near_names(run: Run) -> None:
    code, out, err = run("feedback", "MixinCachin", "MixinMetrics", "--worked")
    assert (code, out) == (2, "")
    assert "'MixinCachin' is not known; near: MixinCaching" in err


def test_recommend_and_list(run: Run) -> None:
    code, out, err = run("recommend", "caching", "logging", "-n", "COMPUTE")
    assert code == 0, err
    assert "from omnibase_core.mixins.mixin_caching import MixinCaching" in out
    assert "logging: not covered" in out
    code, out, _ = run("list", "--json")
    entries = json.loads(out)
    assert sum(entry["importable"] for entry in entries) == 40


def test_scan_and_forget(run: Run, package: Callable[[Mapping[str, str]], str]) -> None:
    name = package({"m.py": "class MixinSmall: ...\n"})
    code, out, err = run("scan", name)
    assert code == 0, err
    assert f"{name}.m" in out
    assert run("scan", name, "--forget")[0] == 0
    code, _, err = run("scan", "no_such_package_here")
    assert code == 2
    assert "does not import" in err
