"""``nodewright patterns`` as a user runs it."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from nodewright.cli.app import main

Run = Callable[..., tuple[int, str, str]]
PRD = """# Files

- FR-1: The system shall let users upload a file and download it.
- FR-2: The system shall create, read, update and delete folders.
"""


@pytest.fixture
def run(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.setenv("NODEWRIGHT_DATABASE_URL", database_url)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["patterns", *arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def test_the_loop_from_detection_to_tuning(
    run: Run, fill: Callable[..., None], tmp_path: Path
) -> None:
    prd = tmp_path / "prd.md"
    prd.write_text(PRD)
    code, out, err = run("detect", str(prd), "--json")
    assert code == 0, err
    found = {item["name"]: item for item in json.loads(out)}
    assert "file_storage" in found
    code, out, err = run(
        "feedback", "file_storage", "incorrect", "--score", str(found["file_storage"]["score"]),
        "--actual", "crud", "--missed", "crud", "--wrong", "upload",
    )  # fmt: skip
    assert code == 0, err
    assert UUID(out.strip())
    fill(400, "file_storage", 1.0)
    code, out, err = run("detect", str(prd), "--json")
    assert code == 0, err
    assert "file_storage" not in {item["name"] for item in json.loads(out)}
    code, out, _ = run("detect", str(prd), "--all", "--json")
    assert {item["name"]: item["score"] for item in json.loads(out)}["file_storage"] > 0.5
    code, out, _ = run("detect", str(prd), "--untuned")
    assert "file_storage" in out
    code, out, _ = run("analyze", "file_storage")
    assert "401" in out
    code, out, _ = run("analyze", "--json")
    assert [item["pattern_name"] for item in json.loads(out)] == ["file_storage"]
    fill(2_000, "crud")
    code, out, _ = run("tune", "--json", "--target", "0.95")
    tuned = json.loads(out)
    assert tuned["file_storage"]["tuned"]["threshold"] is None
    assert 0.55 < tuned["crud"]["tuned"]["threshold"] <= 0.6
    code, out, _ = run("tune", "crud")
    assert "were right" in out
    code, out, _ = run("report", "--json")
    assert json.loads(out)["patterns_analyzed"] == 2
    code, out, _ = run("report")
    assert "needs care" in out.lower()


def test_bad_input_is_one_line(run: Run) -> None:
    for arguments, message in (
        (("feedback", "crud", "wrong"), "feedback_type cannot be 'wrong'"),
        (("feedback", "crud", "correct", "--score", "1.5"), "detected_confidence"),
        (("feedback", "crud", "correct", "--session", "x"), "'x' is not a UUID"),
        (("tune", "crud", "--target", "1"), "target precision 1.0"),
        (("detect", "no such file"), "no such file"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert message in err
        assert err.count("\n") == 1, err


def test_what_is_not_in_the_library_is_refused_with_near_names(run: Run) -> None:
    for arguments, message in (
        (("feedback", "crut", "correct"), "'crut' is not in the library"),
        (("feedback", "crud", "incorrect", "--actual", "serch"), "did you mean search"),
        (("feedback", "crud", "partial", "--missed", "notifcation"), "did you mean notification"),
        (("feedback", "crud", "partial", "--wrong", "zzzz"), "no name is near"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert message in err
    assert run("analyze")[1] == "Nothing to show.\n"


def test_a_judgement_is_taken_back(run: Run) -> None:
    first, second = (run("feedback", "crud", kind)[1].strip() for kind in ("correct", "incorrect"))
    assert run("retract", second)[0] == 0
    (left,) = json.loads(run("analyze", "crud", "--min-samples", "1", "--json")[1])
    assert (left["sample_count"], left["precision"]) == (1, 1.0)
    code, _, err = run("retract", second, first)
    assert code == 2
    assert f"there is no judgement {second}" in err
    assert run("analyze")[1] == "Nothing to show.\n"
    assert "'x' is not a UUID" in run("retract", "x")[2]


def test_the_library_is_listed(run: Run) -> None:
    names = {item["name"] for item in json.loads(run("list", "--json")[1])}
    assert {"crud", "search"} < names
    assert "crud" in run("list")[1]


def test_nothing_recorded(run: Run) -> None:
    code, out, _ = run("report")
    assert code == 0
    assert "No pattern has enough judgements yet" in out
    assert run("analyze")[1] == "Nothing to show.\n"
