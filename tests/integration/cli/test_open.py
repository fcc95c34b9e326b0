"""``nodewright open`` and ``spec``, and the flags of ``generate`` that go with them."""

import json
from pathlib import Path

import yaml
from tests.integration.cli.reading_room import OPEN, nodewright


def test_open_lists_line_reason_and_place(prd: Path, out: Path) -> None:
    shown = nodewright("open", out)
    assert shown.returncode == 0, shown.stderr
    assert f"{OPEN}  line 22" in shown.stdout
    assert "code: src/reading_room/nodes/node_loan_effect/handlers/" in shown.stdout
    assert "code: spec.yaml" in shown.stdout
    listed = json.loads(nodewright("open", out, "--json").stdout)
    assert {each["id"] for each in listed} == {OPEN, "FR-3.2"}
    assert nodewright("open", out, "--count").stdout == "2\n"
    assert nodewright("open", out, "--count", "--fail").returncode == 1
    closed = json.loads(nodewright("open", out, "--by", "rule", "--json").stdout)
    assert {"FR-1.2", "FR-1.3", "FR-2.2"} <= {each["id"] for each in closed}
    assert nodewright("open", out, "--by", "agent", "--fail").returncode == 0
    assert nodewright("open", out, "--by", "nobody").returncode == 2
    assert nodewright("generate", prd, "-o", out, "--fail-on-open").returncode == 1


def test_the_readme_says_what_is_open_and_where_code_goes(out: Path) -> None:
    text = (out / "README.md").read_text(encoding="utf-8")
    assert "2 open" in text
    assert "your code goes into `src/reading_room/nodes/node_loan_effect/handlers/" in text
    assert "covered" not in text


def test_the_plan_is_a_short_tree_that_fits_80_columns(prd: Path, tmp_path: Path) -> None:
    done = nodewright("generate", prd, "-o", tmp_path / "new", "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("reading_room: ")
    assert "└──" in done.stdout
    assert len(lines) < 20
    assert max(map(len, lines)) <= 80
    files = nodewright("generate", prd, "-o", tmp_path / "new", "--dry-run", "--files")
    assert "create    README.md" in files.stdout


def test_spec_shows_yaml_that_can_be_read_back(prd: Path, out: Path) -> None:
    done = nodewright("spec", prd, "-o", out)
    assert done.returncode == 0, done.stderr
    assert "# Create loan makes a new Loan." in done.stdout
    assert "# Proven by rule: tests/test_node_loan_effect.py::test_fr_1_2" in done.stdout
    assert yaml.safe_load(done.stdout) == yaml.safe_load((out / "spec.yaml").read_text())
    assert json.loads(nodewright("spec", "--schema").stdout)["type"] == "object"
    assert nodewright("spec").returncode == 2


def test_an_edited_specification_is_generated_and_is_the_persons(prd: Path, out: Path) -> None:
    spec = out / "spec.yaml"
    fee = """  calculate_fee:
    compute:
      fee: {is: 'number = max(days - 7, 0) * 0.25', from: [FR-3.2]}
    inputs: {days: {type: integer, from: [FR-3.2]}}
    from: [FR-3.2]
"""
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("operations:\n", f"operations:\n{fee}"), encoding="utf-8")
    plan = nodewright("generate", prd, "-o", out, "--dry-run")
    assert "calculate_fee  FR-3.2" in plan.stdout
    done = nodewright("generate", prd, "-o", out, "--json")
    assert done.returncode == 0, done.stderr
    states = {each["id"]: each for each in json.loads(done.stdout)["verdicts"]}
    assert (states["FR-3.2"]["state"], states["FR-3.2"]["by"]) == ("proven", "person")
    assert states["FR-1.3"]["by"] == "rule"
    assert "calculate_fee" in spec.read_text(encoding="utf-8")


HOSTILE = {
    "bomb": "a: &a [x, x]\nb: [*a, *a]\n",
    "unknown": "title: T\npackage: reading_room\nentitees: {}\n",
    "call": "title: T\npackage: reading_room\noperations:\n  f: {compute: {x: 'text = open(1)'}}\n",
    "binary": "\x00\x01",
    "deep": "[" * 2000,
}


def test_a_hostile_specification_is_one_line_and_nothing_is_written(prd: Path, out: Path) -> None:
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for name, text in HOSTILE.items():
        (out / "spec.yaml").write_text(text, encoding="utf-8")
        for arguments in (["generate", prd, "-o", out], ["prove", out]):
            done = nodewright(*arguments)
            assert done.returncode == 2, name
            assert done.stderr.count("\n") == 1, done.stderr
            assert "spec.yaml" in done.stderr
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    spec = out / "spec.yaml"
    assert {**after, spec: b""} == {**before, spec: b""}


def test_another_package_asks_before_it_takes_the_place(
    prd: Path, out: Path, tmp_path: Path
) -> None:
    dry = nodewright("generate", prd, "-o", out, "--package", "other_room", "--dry-run")
    assert dry.returncode == 0
    assert "takes the place of the package reading_room" in dry.stdout
    done = nodewright("generate", prd, "-o", out, "--package", "other_room")
    assert done.returncode == 2
    assert "--replace" in done.stderr
    assert (out / "src/reading_room").is_dir()
    # A new title alone keeps the package.
    renamed = tmp_path / "renamed.md"
    renamed.write_text(prd.read_text().replace("# Reading Room", "# Quiet Room"))
    dry = nodewright("generate", renamed, "-o", out, "--dry-run")
    assert dry.stdout.startswith("reading_room: ")
    for name in ("tests", "json", "pydantic"):
        refused = nodewright("generate", prd, "-o", tmp_path / "x", "--package", name)
        assert refused.returncode == 2
        assert "choose another" in refused.stderr
    done = nodewright("generate", prd, "-o", out, "--package", "other_room", "--replace")
    assert done.returncode == 0, done.stderr
    assert not (out / "src/reading_room/nodes/node_loan_effect/node.py").exists()


def test_analyze_explains_a_requirement(prd: Path) -> None:
    done = nodewright("analyze", prd, "--explain", "FR-1")
    assert done.returncode == 0, done.stderr
    assert "demands create: loan" in done.stdout
    assert "means: Create loan makes a new Loan." in done.stdout
    assert "done by NodeLoanEffect (EFFECT)" in done.stdout
    assert nodewright("analyze", prd, "--explain", "FR-9").returncode == 2
