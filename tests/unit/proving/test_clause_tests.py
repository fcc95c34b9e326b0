"""Tests of the user's own: which clauses they are marked with, and what they show."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.proving.clause_tests import Edits, marked_tests, marks_in, shown_by_tests

GENERATED = b"def most() -> int:\n    return 0\n"
YOURS = "def most() -> int:\n    return 2\n"
MODULE = "src/shop/limits.py"


def package(root: Path, test: str) -> Path:
    for path, text in {
        MODULE: YOURS,
        "src/shop/__init__.py": "",
        "tests/conftest.py": "def pytest_configure(config):\n"
        '    config.addinivalue_line("markers", "clause(id): a clause")\n',
        "tests/test_mine.py": f"import pytest\nfrom shop import limits\n\n{test}",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


EDITS = Edits({MODULE: GENERATED}, frozenset(), frozenset({("node_a", "most")}))


def shown(root: Path, edits: Edits = EDITS) -> tuple[bool, str]:
    proof = shown_by_tests(root, {"A-1.1"}, edits, 60)["A-1.1"]
    return proof.proven, proof.reason


def test_passes_with_your_code_and_fails_without(tmp_path: Path) -> None:
    test = '@pytest.mark.clause("A-1.1")\ndef test_most():\n    assert limits.most() == 2\n'
    assert shown(package(tmp_path, test)) == (True, "")


def test_a_class_and_cases_count_as_a_whole(tmp_path: Path) -> None:
    test = (
        '@pytest.mark.clause("A-1.1")\nclass TestMost:\n'
        '    @pytest.mark.parametrize("n", [1, 2])\n'
        "    def test_most(self, n):\n        assert limits.most() >= n\n"
    )
    assert shown(package(tmp_path, test)) == (True, "")
    proven, reason = shown(package(tmp_path, test.replace("[1, 2]", "[1, 3]")))
    assert not proven
    assert "tests/test_mine.py::TestMost::test_most fails" in reason


NOT_SHOWN = {
    "passes either way": ("    assert True\n", "passes with the generated code too"),
    "fails": ("    assert limits.most() == 9\n", "fails"),
    "skipped": ('    pytest.skip("later")\n', "later"),
    "ends its process": ("    import os\n    os._exit(0)\n", "fails"),
    "hides": ("    import sys\n    sys.exit(0)\n", "fails"),
}


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_what_shows_nothing_says_why(name: str, tmp_path: Path) -> None:
    body, why = NOT_SHOWN[name]
    proven, reason = shown(
        package(tmp_path, f'@pytest.mark.clause("A-1.1")\ndef test_it():\n{body}')
    )
    assert not proven
    assert why in reason


def test_a_test_that_hangs_is_stopped(tmp_path: Path) -> None:
    test = '@pytest.mark.clause("A-1.1")\ndef test_it():\n    while True:\n        pass\n'
    proof = shown_by_tests(package(tmp_path, test), {"A-1.1"}, EDITS, 4)["A-1.1"]
    assert not proof.proven
    assert "took longer than 4 s" in proof.reason


def test_a_file_that_was_added_is_taken_away(tmp_path: Path) -> None:
    test = '@pytest.mark.clause("A-1.1")\ndef test_it():\n    import shop.extra\n'
    root = package(tmp_path, test)
    (root / "src/shop/extra.py").write_text("")
    edits = Edits({"src/shop/extra.py": None}, frozenset(), frozenset())
    assert shown(root, edits) == (True, "")


def test_generated_tests_and_other_clauses_are_not_looked_at(tmp_path: Path) -> None:
    root = package(tmp_path, '@pytest.mark.clause("A-1.1")\ndef test_it():\n    assert True\n')
    known = Edits({}, frozenset({"tests/test_mine.py::test_it"}), frozenset())
    assert shown_by_tests(root, {"A-1.1"}, known, 60) == {}
    assert shown_by_tests(root, {"A-2.1"}, EDITS, 60) == {}


def test_marks_are_found_without_running_anything(tmp_path: Path) -> None:
    text = (
        '@pytest.mark.clause("A", "B")\nasync def test_a(): ...\n'
        '@mark.clause("C")\nclass TestC:\n    def test_c(self): ...\n    def other(self): ...\n'
        'class Plain:\n    @pytest.mark.clause("D")\n    def test_d(self): ...\n'
        "@pytest.mark.clause(name)\ndef test_e(): ...\n"
    )
    assert marks_in(text.encode(), "tests/test_x.py") == [
        ("A", "tests/test_x.py::test_a"),
        ("B", "tests/test_x.py::test_a"),
        ("C", "tests/test_x.py::TestC::test_c"),
    ]
    (tmp_path / "tests/sub").mkdir(parents=True)
    (tmp_path / "tests/sub/test_x.py").write_text(text)
    (tmp_path / "tests/broken.py").write_text("def (")
    assert set(marked_tests(tmp_path)) == {"A", "B", "C"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read(source: bytes) -> None:
    assert isinstance(marks_in(source, "tests/test_x.py"), list)
