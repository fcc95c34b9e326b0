"""Specifications that were written by hand for ten documents: all that they claim is proven."""

from pathlib import Path

import pytest
from tests.integration.proving.specified import SPECIFICATIONS, plan_of, reports_of

from nodewright.proving.ablation import ablate
from nodewright.proving.proof import load_pack
from nodewright.proving.scenarios import evidence_of
from nodewright.spec.model import State

# What a package lists without doing it.
LISTED = {("concert_ticketing", "R-13.1"), *(("trading_mails", f"API.{n}") for n in range(1, 6))}


@pytest.mark.parametrize("package", sorted(SPECIFICATIONS))
def test_every_claim_is_proven(package: str) -> None:
    reports = reports_of(package)
    assert [each.reason for each in reports if not each.passed] == []
    proven = {proof.clause for each in reports for proof in each.clauses if proof.proven}
    claimed = {note.id for note in SPECIFICATIONS[package].clauses if note.state is State.READ}
    assert {(package, clause) for clause in claimed - proven} <= LISTED


@pytest.mark.parametrize("package", ["invoice_reader", "warehouse_stock"])
def test_no_test_passes_without_its_clause(package: str) -> None:
    plan = plan_of(package)
    evidence = evidence_of(plan)
    for report in reports_of(package):
        tests = [file for file in report.files if Path(file.path).parts[0] == "tests"]
        proven = [proof.clause for proof in report.clauses if proof.proven]
        bare = {clause: evidence.shown(plan, clause).shows[0].mutant for clause in proven}
        if tests:
            bare[""] = plan.specification
            found = ablate(report.clauses, tests[0], bare, load_pack())
            assert [each for each in found if not each.proven] == []


def test_a_test_that_shows_nothing_opens_its_clause() -> None:
    plan = plan_of("invoice_reader")
    report = next(each for each in reports_of("invoice_reader") if each.clauses)
    tests = next(file for file in report.files if file.path.startswith("tests/"))
    whole = dict.fromkeys(["", *(proof.clause for proof in report.clauses)], plan.specification)
    found = ablate(report.clauses, tests, whole, load_pack())
    assert {each.reason for each in found if each.clause} == {"its test passes without it"}
