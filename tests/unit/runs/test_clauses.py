"""What became of clauses, who closed them, and where a node may differ."""

from dataclasses import replace

from nodewright.planning.plan import Plan, plan_specification
from nodewright.proving.model import Check, ClauseProof, NodeReport
from nodewright.runs.clauses import Authors, ClauseState, clause_verdicts, excused
from nodewright.runs.edits import changed_functions, clauses_of_methods
from nodewright.spec.annotated import annotated
from nodewright.spec.yaml_form import load

SPEC = load("""title: Bakery
package: bakery
clauses:
  A-1.1: {requirement: A-1, line: 3, text: The system shall keep orders., state: read}
  A-1.2: {requirement: A-1, line: 4, text: Sold out at noon., state: open, reason: not understood}
  A-2.1: {requirement: A-2, line: 6, text: It answers at once., state: open, reason: not understood}
  A-3.1: {requirement: '', line: 8, text: Bread is good., state: context, reason: a hope}
entities:
  Order:
    key: order_id
    fields: {order_id: uuid, loaves: {type: integer, from: [A-1.1], assumed: bread comes in loaves}}
operations:
  create_order: {create: Order, from: [A-1.1]}
""")
PLAN: Plan = plan_specification(SPEC)
SLUG = PLAN.nodes[0].slug
HANDLER = "src/bakery/nodes/node_order_effect/handlers/handler_order_effect.py"
PASSED = Check("agrees", passed=True)
DISAGREES = Check("agrees", passed=False, detail="create_order answers no")


def report(*checks: Check, proofs: tuple[ClauseProof, ...] = ()) -> dict[str, NodeReport]:
    return {SLUG: NodeReport(SLUG, "EFFECT", checks, (), proofs)}


PROOF = ClauseProof("A-1.1", proven=True)


def test_proven_open_and_context_with_test_reason_and_place() -> None:
    found = clause_verdicts(PLAN, report(PASSED, proofs=(PROOF,)), [SLUG])
    first, near, far, context = found
    assert (first.state, first.by, first.test) == (
        ClauseState.PROVEN,
        "rule",
        f"tests/test_{SLUG}.py::test_a_1_1",
    )
    # Code for an open clause goes where the rest of its requirement is, else into spec.yaml.
    assert (near.state, near.reason, near.place) == (ClauseState.OPEN, "not understood", HANDLER)
    assert (far.state, far.place) == (ClauseState.OPEN, "spec.yaml")
    assert (context.state, context.reason) == (ClauseState.CONTEXT, "a hope")


def test_a_clause_of_a_node_that_is_not_there_is_open_with_the_reason() -> None:
    (first, *_) = clause_verdicts(PLAN, report(PASSED, proofs=(PROOF,)), [])
    assert (first.state, first.reason) == (ClauseState.OPEN, f"its node {SLUG} was not delivered")
    broken = report(Check("parses", passed=False, detail="line 3"))
    (first, *_) = clause_verdicts(PLAN, broken, [])
    assert first.reason == f"its node {SLUG} fails: parses: line 3"


def test_who_closed_a_clause_is_kept() -> None:
    reports = report(PASSED, proofs=(PROOF,))
    for authors, who in (
        (Authors(frozenset({"A-1.1"})), "person"),
        (Authors(frozenset({"A-1.1"}), author="agent:baker"), "agent:baker"),
        (Authors(frozenset({"A-1.1"}), before={"A-1.1": "agent:baker"}), "agent:baker"),
        (Authors(before={"A-1.1": "person"}), "rule"),
    ):
        (first, *_) = clause_verdicts(PLAN, reports, [SLUG], authors=authors)
        assert first.by == who


def test_a_test_of_the_users_closes_what_is_open_and_nothing_that_is_refuted() -> None:
    own = {
        "A-1.1": ClauseProof("A-1.1", proven=True, test="tests/test_m.py::test_a"),
        "A-1.2": ClauseProof("A-1.2", proven=True, test="tests/test_m.py::test_b"),
        "A-2.1": ClauseProof(
            "A-2.1", proven=False, reason="it fails", test="tests/test_m.py::test_c"
        ),
    }
    refuted = ClauseProof("A-1.1", proven=False, reason="stored [], not [1]")
    first, near, far, _ = clause_verdicts(
        PLAN, report(PASSED, proofs=(refuted,)), [SLUG], shown_by_user=own
    )
    assert (first.state, first.reason) == (ClauseState.OPEN, "stored [], not [1]")
    assert (near.state, near.by, near.test) == (
        ClauseState.PROVEN,
        "person",
        "tests/test_m.py::test_b",
    )
    assert (far.state, far.reason) == (ClauseState.OPEN, "it fails")
    untried = replace(refuted, tried=False, reason="no test can show it")
    (first, *_) = clause_verdicts(
        PLAN, report(PASSED, proofs=(untried,)), [SLUG], shown_by_user=own
    )
    assert (first.state, first.by) == (ClauseState.PROVEN, "person")


def test_a_node_may_differ_where_the_users_code_closes_a_clause() -> None:
    shown = {"A-1.2": ClauseProof("A-1.2", proven=True)}
    assert excused(PLAN, report(DISAGREES), shown, {SLUG})[SLUG].passed
    assert not excused(PLAN, report(DISAGREES), shown, set())[SLUG].passed
    assert not excused(PLAN, report(DISAGREES), {}, {SLUG})[SLUG].passed
    unproven = {"A-1.2": ClauseProof("A-1.2", proven=False)}
    assert not excused(PLAN, report(DISAGREES), unproven, {SLUG})[SLUG].passed
    more = Check("contract", passed=False)
    assert not excused(PLAN, report(DISAGREES, more), shown, {SLUG})[SLUG].passed


def test_only_the_functions_that_differ_are_the_users() -> None:
    one = b"class H:\n    def create_order(self): return 1\n    def other(self): return 2\n"
    assert changed_functions(one, one.replace(b"return 1", b"return 3")) == {"create_order"}
    assert changed_functions(one, one + b"\nX = 1\n") == {""}
    assert "new" in changed_functions(one, one + b"\ndef new(): ...\n")
    assert clauses_of_methods(PLAN, {(SLUG, "create_order")}) == {"A-1.1"}
    assert clauses_of_methods(PLAN, {(SLUG, "other")}) == frozenset()


def test_the_specification_is_shown_with_a_sentence_for_each_element() -> None:
    verdicts = clause_verdicts(PLAN, report(PASSED, proofs=(PROOF,)), [SLUG])
    text = annotated(SPEC, {each.id: each for each in verdicts})
    assert load(text) == SPEC
    assert "  # Create order makes a new Order.\n" in text
    assert f"# Proven by rule: tests/test_{SLUG}.py::test_a_1_1" in text
    assert text.startswith(
        "# Assumed, where the document is silent:\n# - bread comes in loaves (A-1.1)"
    )
