"""``nodewright prove``: a package as it lies, with what its user wrote and broke."""

import json
from pathlib import Path

from tests.integration.cli.reading_room import HANDLER, MAKES, OPEN, implement, nodewright


def verdicts(out: Path) -> dict[str, dict[str, str]]:
    manifest = json.loads((out / ".nodewright/manifest.json").read_bytes())
    return {each["id"]: each for each in manifest["clauses"]}


def test_an_open_clause_is_proven_by_the_users_code_and_test(prd: Path, out: Path) -> None:
    before = nodewright("prove", out)
    assert before.returncode == 0, before.stdout + before.stderr
    assert "nothing drifted" in before.stdout
    assert verdicts(out)[OPEN]["state"] == "open"
    implement(out)
    done = nodewright("prove", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"proven: {OPEN}" in done.stdout
    # Creating a loan is the operation whose code the user changed.
    assert "2 by you" in done.stdout
    found = verdicts(out)[OPEN]
    assert (found["state"], found["by"]) == ("proven", "person")
    assert found["test"] == "tests/test_members.py::test_two_books_at_most"
    assert OPEN not in nodewright("open", out).stdout
    assert OPEN in nodewright("open", out, "--by", "person").stdout

    # The next run keeps the code, proves the clause again, and says so in the README.
    again = nodewright("generate", prd, "-o", out, "--json")
    assert again.returncode == 0, again.stdout + again.stderr
    states = {each["id"]: each for each in json.loads(again.stdout)["verdicts"]}
    assert (states[OPEN]["state"], states[OPEN]["by"]) == ("proven", "person")
    assert states["FR-1.3"]["by"] == "rule"
    assert "too_many_books" in (out / HANDLER).read_text(encoding="utf-8")
    assert "(by person)" in (out / "README.md").read_text(encoding="utf-8")


def test_a_test_that_needs_no_code_of_the_users_shows_nothing(out: Path) -> None:
    (out / "tests/test_mine.py").write_text(
        f'import pytest\n\n\n@pytest.mark.clause("{OPEN}")\ndef test_nothing():\n    assert 1\n',
        encoding="utf-8",
    )
    done = nodewright("prove", out)
    assert done.returncode == 0
    assert "passes with the generated code too" in done.stdout
    assert verdicts(out)[OPEN]["state"] == "open"


def test_a_clause_that_no_longer_holds_is_drift_with_a_counter_example(out: Path) -> None:
    implement(out)
    assert nodewright("prove", out).returncode == 0
    rules = out / "src/reading_room/entities/rules_loan.py"
    text = rules.read_text(encoding="utf-8")
    assert "30" in text
    rules.write_text(text.replace("30", "300"), encoding="utf-8")
    (out / "tests/test_members.py").write_text("", encoding="utf-8")
    done = nodewright("prove", out, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    drifted = {each["id"]: each["reason"] for each in report["drifted"]}
    assert set(drifted) == {"FR-1.3", OPEN}
    assert "create_loan(" in drifted["FR-1.3"]
    assert "days=31" in drifted["FR-1.3"]
    assert report["holds"] is False
    # The record of what held at delivery stays, so that the drift is found again.
    assert "no longer holds: FR-1.3" in nodewright("prove", out).stdout


def test_code_that_hangs_or_ends_its_process_fails_alone(out: Path) -> None:
    handler = out / HANDLER
    text = handler.read_text(encoding="utf-8")
    for code in ("while True: pass", "import os; os._exit(3)"):
        handler.write_text(
            text.replace(MAKES, f"        {code}\n{MAKES}", 1),
            encoding="utf-8",
        )
        done = nodewright("prove", out, "--timeout", "20")
        assert done.returncode == 1, done.stdout + done.stderr
        assert "fails: node_loan_effect" in done.stdout
        assert "Traceback" not in done.stderr


def test_a_folder_without_a_package_is_refused_in_one_line(tmp_path: Path) -> None:
    for command in ("prove", "open"):
        done = nodewright(command, tmp_path)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "holds no package" in done.stderr


def test_a_specification_that_is_wrong_is_one_line_with_its_place(out: Path) -> None:
    spec = out / "spec.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("create: Loan", "create: Lone"), encoding="utf-8")
    done = nodewright("prove", out)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "spec.yaml: line" in done.stderr
    assert "create_loan" in done.stderr
