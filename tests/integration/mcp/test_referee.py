"""Submissions: what is proven is delivered whole, all else refused, and nothing is written."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.mcp.conftest import contents

from nodewright.delivery.delivery import undo
from nodewright.errors import NodewrightError
from nodewright.runs.submissions import submissions
from nodewright.submitting import Judgement
from nodewright.workflow import clauses_of

PRICE = """
operations:
  calculate_price:
    compute: {price: {is: number = base + extras - discount, from: [FR-4.2]}}
    inputs:
      base: {type: number, from: [FR-4.2]}
      extras: {type: number, from: [FR-4.2]}
      discount: {type: number, from: [FR-4.2]}
    from: [FR-4.2]
"""
NODE = "node_booking_effect"
HANDLER = f"src/room_booking/nodes/{NODE}/handlers/handler_booking_effect.py"
TEST = '''"""The custom of the house."""

import pytest
from world import World


@pytest.mark.clause("FR-3.2")
async def test_nobody_gets_room_13(world: World) -> None:
    """FR-3.2: the house has no room 13."""
    usual = await world.call("create_booking", room="12", guest_email="a@example.org", seats=2)
    unlucky = await world.call("create_booking", room="13", guest_email="a@example.org", seats=2)
    assert usual["status"] == "ok"
    assert unlucky["error_code"] == "room_unlucky"
    assert len(world.records("booking")) == 1
'''
Propose = Callable[..., Judgement]
Submit = Callable[..., Judgement]


def written(folder: Path) -> str:
    """The handler as it lies, with the custom of the house put in."""
    code = (folder / "out" / HANDLER).read_text(encoding="utf-8")
    start = code.index("def create_booking")
    place = code.index('"""', code.index('"""', start) + 3) + 3
    custom = (
        '\n        if request.room == "13":'
        '\n            raise Refused("room_unlucky", "the house has no room 13")'
    )
    return code[:place] + custom + code[place:]


def state(folder: Path, clause: str) -> tuple[str, str]:
    found = next(each for each in clauses_of(folder / "out") if each.id == clause)
    return found.state.value, found.by


def test_elements_are_proven_delivered_and_taken_back(folder: Path, propose: Propose) -> None:
    before = contents(folder)
    judgement = propose(PRICE, "FR-4.2", by="agent:t")
    assert (judgement.accepted, judgement.reason) == (True, "")
    assert "Calculate price" in judgement.sentences[0]
    assert state(folder, "FR-4.2") == ("proven", "agent:t")
    assert state(folder, "FR-1.2") == ("proven", "rule")
    (kept,) = submissions(folder / "out")
    assert (kept.by, kept.accepted, kept.clauses) == ("agent:t", True, ("FR-4.2",))
    assert "+  calculate_price:" in kept.diff
    undo(folder / "out")
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        (
            "operations: {price_of: {compute: {}}}",
            "no element that a node carries out names FR-4.2",
        ),
        (PRICE.replace("number =", "nmber ="), "line"),
        (PRICE.replace("base + extras", "base + xtras"), "xtras"),
        ("operations: {create_booking: {inputs: {x: text}}}", "no element"),
        ("operations: {list_bookings: {where: room == 'a'}}", "changes what FR-2.2 says"),
        ("operations: {create_booking: null}", "changes what FR-1.2 says"),
        ("entities: {Booking: {fields: {seats: {rules: []}}}}", "changes what FR-1.3 says"),
        (
            (
                "operations: {create_booking: {guards: "
                "[{require: seats > 9999, error: no, from: [FR-4.2]}]}}"
            ),
            "fails",
        ),
        ("clauses: {FR-4.2: {state: context}}", "cannot be proposed"),
        ("package: other", "cannot be proposed"),
        ("{", "not YAML"),
        ("", "is empty"),
    ],
)
def test_what_is_not_proven_is_refused(
    folder: Path, propose: Propose, elements: str, said: str
) -> None:
    before = contents(folder)
    judgement = propose(elements, "FR-4.2")
    assert not judgement.accepted
    assert said in judgement.reason
    assert contents(folder) == before
    (kept,) = submissions(folder / "out")
    assert (kept.accepted, kept.reason) == (False, judgement.reason)


def test_comments_of_the_user_stay(folder: Path, propose: Propose) -> None:
    spec = folder / "out" / "spec.yaml"
    spec.write_text("# mine\n" + spec.read_text(encoding="utf-8"), encoding="utf-8")
    assert propose(PRICE, "FR-4.2").accepted
    text = spec.read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert "calculate_price" in text


def test_a_folder_without_a_package_is_an_error(folder: Path, court: object) -> None:
    from nodewright.submitting import propose

    with pytest.raises(NodewrightError, match="generate one there"):
        propose(folder / "prd.md", folder / "none", PRICE, ["FR-4.2"], court)  # type: ignore[arg-type]


def test_code_is_proven_delivered_and_taken_back(folder: Path, submit: Submit) -> None:
    before = contents(folder)
    judgement = submit(NODE, written(folder), TEST, "FR-3.2")
    assert (judgement.accepted, judgement.reason) == (True, "")
    assert judgement.tests > 1
    assert state(folder, "FR-3.2") == ("proven", "agent:t")
    undo(folder / "out")
    assert contents(folder) == before


def edit(old: str, new: str) -> Callable[[str, str], tuple[str, str]]:
    return lambda code, test: (code.replace(old, new), test)


def weakened(old: str, new: str) -> Callable[[str, str], tuple[str, str]]:
    return lambda code, test: (code, test.replace(old, new))


CUSTOM = 'if request.room == "13":'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(edit("from ", "import socket\nfrom "), "imports socket", id="network"),
        pytest.param(edit(CUSTOM, f"open('/tmp/x', 'w')\n        {CUSTOM}"), "open", id="write"),
        pytest.param(edit("from ", "import os\nfrom "), "imports os", id="environment"),
        pytest.param(edit(CUSTOM, f"().__class__\n        {CUSTOM}"), "__class__", id="around"),
        pytest.param(
            edit(CUSTOM, f"while True:\n            pass\n        {CUSTOM}"),
            "stopped",
            id="endless",
        ),
        pytest.param(edit(CUSTOM, 'if request.room != "12":'), "fails", id="breaks another clause"),
        pytest.param(edit("def list_bookings", "def listing"), "drops", id="drops a method"),
        pytest.param(edit(CUSTOM, "if request.rom:"), "rom", id="does not type"),
        pytest.param(edit(CUSTOM, 'if request.room == "14":'), "fails", id="does nothing of it"),
        pytest.param(
            weakened(
                '    assert unlucky["error_code"] == "room_unlucky"\n'
                '    assert len(world.records("booking")) == 1\n',
                "",
            ),
            "passes with the generated code too",
            id="weak test",
        ),
        pytest.param(
            weakened(
                '    assert usual["status"] == "ok"\n    assert unlucky["error_code"] == '
                '"room_unlucky"\n    assert len(world.records("booking")) == 1\n',
                '    assert usual or unlucky["error_code"] == "room_unlucky"\n'
                '    assert unlucky["error_code"] == "room_unlucky"\n',
            ),
            "stub",
            id="passes on a stub",
        ),
        pytest.param(
            weakened("assert usual", "assert True\n    assert usual"), "always", id="true"
        ),
        pytest.param(weakened("FR-3.2", "FR-1.2"), "FR-3.2", id="another clause"),
        pytest.param(
            weakened("import pytest", "import pytest\nimport os"), "imports os", id="test os"
        ),
    ],
)
def test_hostile_code_is_refused(
    folder: Path,
    submit: Submit,
    change: Callable[[str, str], tuple[str, str]],
    said: str,
    request: pytest.FixtureRequest,
) -> None:
    before = contents(folder)
    code, test = change(written(folder), TEST)
    assert (code, test) != (written(folder), TEST)
    judgement = submit(NODE, code, test, "FR-3.2")
    assert not judgement.accepted, request.node.name
    assert said in judgement.reason
    assert contents(folder) == before


def test_a_node_or_clause_that_is_not_there_is_refused(submit: Submit) -> None:
    assert "there is no node" in submit("../x", "x = 1", TEST, "FR-3.2").reason
    assert "there is no clause" in submit(NODE, "x = 1", TEST, "FR-9.9").reason
    assert "names no clause" in submit(NODE, "x = 1", TEST).reason
