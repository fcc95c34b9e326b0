"""What a draft may claim in the end, for any document."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.reading.marina import DATA

from nodewright.prd.document import parse_document
from nodewright.reading.reader import read_document
from nodewright.reading.settling import settled
from nodewright.spec.checks import check, problems
from nodewright.spec.expressions import Expression
from nodewright.spec.model import (
    ClauseNote,
    Delete,
    Entity,
    Field,
    Listing,
    Specification,
    State,
    Step,
    Workflow,
)
from nodewright.spec.tree import elements
from nodewright.spec.types import TEXT, UUID


def noted(name: str, state: State = State.READ, reason: str = "") -> ClauseNote:
    return ClauseNote(id=name, requirement="R", line=1, text=name, state=state, reason=reason)


ENTITY = Entity(
    name="Boat",
    key="boat_id",
    fields=(Field(name="boat_id", type=UUID), Field(name="name", type=TEXT, clauses=("A",))),
    clauses=("A",),
)


def boats(*operations: Listing | Delete | Workflow, notes: str = "") -> Specification:
    clauses = (noted("A"), noted("B"), noted("C"))
    if notes:
        clauses = tuple(
            replace(each, state=State.OPEN, reason="not understood: sunset")
            if each.id in notes
            else each
            for each in clauses
        )
    return Specification(
        title="Boats", package="boats", clauses=clauses, entities=(ENTITY,), operations=operations
    )


def state(specification: Specification, name: str) -> tuple[State, str]:
    found = next(each for each in specification.clauses if each.id == name)
    return found.state, found.reason


LIST = Listing(name="list_boats", entity="Boat", clauses=("B",))


def test_an_operation_of_open_clauses_goes() -> None:
    assert settled(boats(LIST, notes="B")).operations == ()


def test_a_workflow_goes_with_its_step() -> None:
    run = Workflow(name="run_it", clauses=("C",), steps=(Step(name="one", operation="list_boats"),))
    found = settled(boats(LIST, replace(run, clauses=("B",)), notes="B"))
    assert found.operations == ()
    kept = settled(boats(LIST, run, notes="B"))
    assert [each.name for each in kept.operations] == ["list_boats", "run_it"]


def test_what_does_not_check_goes_and_says_why() -> None:
    wrong = replace(LIST, where=Expression("colour == 'red'"))
    found = settled(boats(wrong))
    assert not list(problems(found))
    assert state(found, "B")[0] is State.OPEN
    assert "does not check" in state(found, "B")[1]


def test_a_clause_that_no_element_names_is_open() -> None:
    assert state(settled(boats(LIST)), "C")[0] is State.OPEN


def test_a_clause_that_repeats_another_is_context() -> None:
    found = settled(boats(replace(LIST, clauses=("B", "C"))))
    assert {state(found, each)[0] for each in "BC"} == {State.READ, State.CONTEXT}


def test_an_open_clause_is_no_reason_beside_a_read_one() -> None:
    found = settled(boats(replace(LIST, clauses=("B", "C")), notes="C"))
    assert found.operations[0].clauses == ("B",)


def test_implied_fields_go_with_their_operation() -> None:
    implied = Field(name="told_at", type=TEXT.maybe, clauses=("B",))
    entity = replace(ENTITY, fields=(*ENTITY.fields, implied))
    specification = replace(boats(LIST, notes="B"), entities=(entity,))
    found = settled(specification, frozenset({("Boat", "told_at")}))
    assert found.entities[0].field("told_at") is None


SENTENCES = [
    "The system shall list the berths of a skipper, newest first.",
    "When a stay is confirmed, send a mail to the skipper.",
    "A stay cannot be cancelled unless it is requested.",
    "Calculate the total as nights times fee minus discount.",
    "Count stays per pier and sum the revenue per day.",
    "If a berth is full, the stay is refused with the error `berth_full`.",
    "Only administrators can delete skippers.",
    "A stay moves through these states: requested → confirmed → left.",
    "Run the nightly job: list stays, delete stays, notify the manager by e-mail.",
    "Given a full berth, when a skipper books it, then the stay is rejected.",
    "Alert the owner on Slack when a berth is silent for more than 2 days.",
    "Remove stays where note is NULL or fee is ≤0.",
    "Import berths from CSV and JSON files every 6 hours.",
    "POST /api/stays returns 201",
    "No permit without a confirmed stay.",
    "Convert stays into kWh",
    "| a | b |\n|---|---|\n| x | y |",
    "### Stay\n\n- stay_id: integer\n- nights: text, unique",
    'Users can (de)activate `x{y}` as "{z}" formatted as "{a}-{b}"',
]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(SENTENCES), max_size=14), st.booleans())
def test_any_mix_of_clauses_checks(sentences: list[str], data: bool) -> None:
    text = (DATA if data else "# Mix\n\n") + "## Functional requirements\n\n"
    text += "\n".join(f"- {each}" if each[0] not in "|#" else f"\n{each}\n" for each in sentences)
    specification = check(read_document(parse_document(text), "mix"))
    named = {clause for _, each in elements(specification) for clause in each.clauses}
    for clause in specification.clauses:
        assert clause.state is not State.READ or clause.id in named
        assert clause.state is State.READ or clause.reason


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    check(read_document(parse_document(f"# T\n\n## Requirements\n\n- FR-1: {text}"), "any"))


@pytest.mark.parametrize("size", [200, 400])
def test_a_long_document_is_read(size: int) -> None:
    lines = [f"- FR-{n}: The system shall list the berths of pier {n}." for n in range(size)]
    text = DATA + "## Functional requirements\n\n" + "\n".join(lines)
    assert len(read_document(parse_document(text), "long").clauses) > size
