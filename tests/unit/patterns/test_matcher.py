"""The pattern library and the matcher."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright import PatternMatcher
from nodewright.language.lexicon import Lexicon, stems
from nodewright.patterns import PatternLibraryError, Statement, builtin_patterns, load_folder
from nodewright.patterns.models import Concept
from nodewright.patterns.scoring import ConceptScorer, calibrate, combine, negated

NAMES = {
    "aggregation",
    "authentication",
    "caching",
    "crud",
    "event_driven",
    "external_api",
    "file_storage",
    "notification",
    "oauth2",
    "orchestration",
    "payment",
    "reporting",
    "scheduling",
    "search",
    "transformation",
}
TIDES = """\
name: tides
summary: Water comes and goes.
node_kinds: [COMPUTE]
capabilities: {tables: [tide table]}
contributes: {operations: [predict]}
evidence:
  - {weight: 0.9, terms: [high tide, low tide]}
"""


def test_the_library_is_complete() -> None:
    patterns = {pattern.name: pattern for pattern in builtin_patterns()}
    assert set(patterns) == NAMES
    assert all(pattern.node_kinds and pattern.contributes for pattern in patterns.values())
    assert patterns["oauth2"].specialises == "authentication"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Users create, edit and delete their recipes", "crud"),
        ("Parse the invoice and normalize dates", "transformation"),
        ("Aggregate sales per day into running totals", "aggregation"),
        ("Orchestrate the steps of the nightly pipeline", "orchestration"),
        ("User login with password reset", "authentication"),
        ("Sign in with Google through OAuth 2.0", "oauth2"),
        ("Publish an event to the message bus", "event_driven"),
        ("Responses are cached for five minutes", "caching"),
        ("A cron job runs every night", "scheduling"),
        ("Send push notifications to users", "notification"),
        ("Full-text search with filters", "search"),
        ("Process payments and refunds", "payment"),
        ("Users upload files", "file_storage"),
        ("Call the third-party API of the carrier", "external_api"),
        ("Generate a monthly report and dashboards for managers", "reporting"),
    ],
)
def test_each_pattern_is_detected(text: str, name: str) -> None:
    found = {item.name: item for item in PatternMatcher().detect(f"first line\n{text}")}
    assert name in found
    assert found[name].confidence >= 0.5
    assert all(part.line == 2 for part in found[name].evidence)


@pytest.mark.parametrize(
    "text",
    [
        "No payment processing",
        "The system does not send push notifications",
        "결제는 제공하지 않습니다",
    ],
)
def test_negated_terms_are_no_evidence(text: str) -> None:
    assert PatternMatcher().detect(text) == ()


def test_statements_of_weight_zero_are_not_read() -> None:
    statements = [Statement("Process payments with a payment gateway", 1, 0.0)]
    assert PatternMatcher().match(statements) == ()


def test_capabilities_of_a_pattern_are_matched() -> None:
    (found,) = (
        item
        for item in PatternMatcher().detect("Upload a file of at most 5 MB and download it")
        if item.name == "file_storage"
    )
    assert found.capabilities == ("upload", "download")


def test_thresholds_are_the_callers_to_set() -> None:
    text = "Users upload files"
    (confidence,) = (
        item.confidence for item in PatternMatcher().detect(text) if item.name == "file_storage"
    )
    strict = PatternMatcher(thresholds={"file_storage": min(confidence + 0.001, 1.0)})
    assert "file_storage" not in {item.name for item in strict.detect(text)}


def test_users_add_and_replace_patterns(tmp_path: Path) -> None:
    (tmp_path / "tides.yaml").write_text(TIDES)
    (tmp_path / "crud.yml").write_text(TIDES.replace("name: tides", "name: crud"))
    matcher = PatternMatcher(folder=tmp_path)
    assert {item.name for item in matcher.detect("Show high tide")} == {"tides", "crud"}
    assert not matcher.detect("Users create, edit and delete their recipes")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("name: [", "is not YAML"),
        ("- a", "valid dictionary|object"),
        (TIDES.replace("0.9", "1.9"), "less than or equal"),
        (TIDES.replace("tides", "../etc"), "name"),
        (TIDES + "extra: 1\n", "extra"),
        (TIDES.replace("COMPUTE", "ROBOT"), "node_kinds"),
        ("!!python/object/apply:os.system [ls]", "is not YAML"),
        ("a: &a [x]\nb: *a", "write it out"),
        ("[" * 5000, "is not YAML"),
        ("[" * 50 + "]" * 50, "nested"),
        ("weight: 2001-99-99", "is not YAML"),
        (f"weight: {'9' * 5000}", "is not YAML"),
    ],
)
def test_wrong_pattern_files_are_refused_in_one_line(
    tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "wrong.yaml").write_text(content)
    with pytest.raises(PatternLibraryError, match=reason) as caught:
        load_folder(tmp_path)
    assert "wrong.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(PatternLibraryError, match="does not exist"):
        PatternMatcher(folder=tmp_path / "none")


@given(st.lists(st.floats(0, 1), max_size=20))
def test_evidence_combines_to_a_probability_that_only_grows(chances: list[float]) -> None:
    whole = combine(chances)
    assert 0 <= whole <= 1
    assert all(whole >= min(chance, 0.999) - 1e-9 for chance in chances)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 5), st.floats(-5, 5))
def test_calibration_keeps_the_order(low: float, high: float, slope: float, shift: float) -> None:
    low, high = sorted((low, high))
    assert 0 <= calibrate(low, slope, shift) <= calibrate(high, slope, shift) <= 1


@given(st.text(max_size=200))
def test_any_text_is_matched(text: str) -> None:
    for item in PatternMatcher().detect(text):
        assert 0.5 <= item.confidence <= 1


@pytest.mark.parametrize(
    "forms", [("retry", "retries", "retrying", "retried"), ("cache", "caches", "cached", "caching")]
)
def test_forms_of_a_word_share_a_stem(forms: tuple[str, ...]) -> None:
    assert len({tuple(stems(form)) for form in forms}) == 1


def test_the_longest_term_wins() -> None:
    lexicon = Lexicon([("message", 1), ("message queue", 2), ("queue depth", 3)])
    assert [hit.payload for hit in lexicon.find(stems("a message queue depth"))] == [2, 3]


def test_phrases_of_weight_zero_hide_what_they_contain() -> None:
    scorer = ConceptScorer([Concept("security", {"encrypt": 0.9, "let's encrypt": 0.0})])
    hidden = scorer.score([Statement("Certificates by Let's Encrypt", 1)])
    shown = scorer.score([Statement("Encrypt all data", 1)])
    assert hidden["security"].probability < 0.1 < shown["security"].probability


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("no backups are made", "backups", True),
        ("without any backups", "backups", True),
        ("not only backups but restores", "backups", False),
        ("fast. no errors. backups run", "backups", False),
        ("backups run", "backups", False),
    ],
)
def test_negation_reaches_to_the_end_of_the_clause(text: str, term: str, expected: bool) -> None:
    words = stems(text)
    assert negated(words, words.index(stems(term)[0])) is expected


def test_a_few_lines_of_names_make_no_gigabytes(tmp_path: Path) -> None:
    laughs = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    (tmp_path / "laughs.yaml").write_text("\n".join(laughs))
    with pytest.raises(PatternLibraryError, match="repeats"):
        load_folder(tmp_path)


BEYOND = {"integer": "59:" * 300_000 + "59", "float": "59:" * 300_000 + "5.5", "text": "x" * 2000}


@pytest.mark.parametrize("name", BEYOND)
def test_a_value_beyond_measure_is_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(f"name: {BEYOND[name]}\n")
    started = time.process_time()
    with pytest.raises(PatternLibraryError, match="a value has 1,000 at most"):
        load_folder(tmp_path)
    assert time.process_time() - started < 2


def test_a_pipe_among_the_pattern_files_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(PatternLibraryError, match="no file"):
        load_folder(tmp_path)
