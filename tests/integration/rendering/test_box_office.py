"""A package that uses the whole language, rendered, imported and run."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.integration.rendering.agreement import Calls, Pair
from tests.integration.rendering.packages import PACK, importable, write_package, write_plan
from tests.unit.rendering.box_office import SPECIFICATION

from nodewright.planning.plan import KINDS, plan_specification, undescribed_node
from nodewright.proving.lint import lint_package
from nodewright.proving.model import Verify
from nodewright.proving.node import verify_node
from nodewright.rendering.files import render_node
from nodewright.spec.calls import Caller
from nodewright.spec.checks import check
from nodewright.spec.model import Specification

STAFF = Caller("a@b.de", "staff")
SEAT = {
    "event_name": "Gig",
    "seat": "A-1",
    "holder_email": "a@b.de",
    "price": Decimal("99.995"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("box")
    write_package(SPECIFICATION, path)
    return path


@pytest.fixture
def pair(folder: Path) -> Iterator[Pair]:
    with importable(folder, SPECIFICATION.package):
        yield Pair(SPECIFICATION)


async def reserved(pair: Pair, **more: Any) -> Any:
    answer = await pair.call("reserve_ticket", SEAT | more)
    assert answer.item is not None
    return answer.item["ticket_id"]


def test_the_specification_is_right() -> None:
    assert check(SPECIFICATION) is SPECIFICATION


@pytest.mark.parametrize("seed", range(12))
async def test_agrees_with_the_interpreter_on_random_calls(pair: Pair, seed: int) -> None:
    await reserved(pair)
    assert await Calls(pair, seed).make(60) > 5


async def test_a_life_of_a_ticket(pair: Pair) -> None:
    ticket = await reserved(pair)
    paid = await pair.call("pay_ticket", {"ticket_id": ticket})
    assert paid.item is not None
    assert paid.item["status"] == "paid"
    again = await pair.call("pay_ticket", {"ticket_id": ticket})
    assert again.error_code == "transition_not_allowed"
    assert (await pair.call("use_ticket", {"ticket_id": ticket})).error_code == "forbidden"
    assert (await pair.call("use_ticket", {"ticket_id": ticket}, STAFF)).ok
    mail = pair.compiled.ports.mail.sent
    assert [message.subject for message in mail] == ["Ticket A-1"]
    topics = [topic for topic, _ in pair.compiled.publisher.published]
    assert topics == ["onex.evt.box-office.ticket-paid.v1"]


async def test_a_port_is_asked_again_and_then_refuses(pair: Pair) -> None:
    ticket = await reserved(pair)
    pair.fail("mail", 2)
    assert (await pair.call("pay_ticket", {"ticket_id": ticket})).ok
    other = await reserved(pair, seat="B-2")
    pair.fail("mail", 3)
    assert (await pair.call("pay_ticket", {"ticket_id": other})).error_code == "mail_failed"
    read = await pair.call("read_ticket", {"ticket_id": other})
    assert read.item is not None
    assert read.item["status"] == "reserved"


async def test_a_failed_step_takes_the_steps_before_it_back(pair: Pair) -> None:
    pair.fail("stripe", 9)
    answer = await pair.call("purchase_ticket", SEAT)
    assert (answer.failed_step, answer.error_code) == ("charge", "stripe_failed")
    assert [each.status for each in pair.compiled.stores.ticket.all()] == ["cancelled"]


async def test_a_repeated_request_is_answered_and_not_done_again(pair: Pair) -> None:
    visitor = {"visitor_id": "v1", "name": "Ann"}
    assert (await pair.call("register_visitor", visitor)).ok
    assert (await pair.call("register_visitor", visitor | {"name": "Bob"})).ok
    assert [each.name for each in pair.compiled.stores.visitor.all()] == ["Ann"]


async def test_what_was_not_understood_is_refused(pair: Pair) -> None:
    described = SEAT | {"fee": Decimal(1), "reserved_at": pair.now}
    answer = await pair.call("validate_ticket", described)
    assert answer.error_code == "not_implemented"


@pytest.mark.parametrize("node", plan_specification(SPECIFICATION).nodes, ids=lambda n: n.slug)
def test_the_judges_of_nodes_accept(folder: Path, node: Any) -> None:
    checks = verify_node(
        folder,
        SPECIFICATION.package,
        folder / f"src/{SPECIFICATION.package}/nodes/{node.slug}",
        node.kind,
        node.class_name,
        Verify.RUN,
        linted=lint_package(folder, [node.slug])[node.slug],
    )
    assert [each for each in checks if not each.passed] == []


def test_ruff_accepts_all(folder: Path) -> None:
    checks = lint_package(folder, [node.slug for node in plan_specification(SPECIFICATION).nodes])
    assert [each for each in checks.values() if not each.passed] == []


async def test_nodes_of_a_process_share_their_stores(folder: Path) -> None:
    with importable(folder, SPECIFICATION.package):
        nodes = f"{SPECIFICATION.package}.nodes"
        effect = import_module(f"{nodes}.node_ticket_effect.node")
        reducer = import_module(f"{nodes}.node_ticket_reducer.node")
        surroundings = import_module(f"{SPECIFICATION.package}.surroundings")
        surroundings.reset_surroundings()
        made = await effect.run_once(
            effect.ModelTicketEffectInput.model_validate({"operation": "reserve_ticket", **SEAT})
        )
        moved = await reducer.run_once(
            reducer.ModelTicketReducerInput.model_validate(
                {"operation": "pay_ticket", "ticket_id": made.item.ticket_id}
            )
        )
        assert (moved.status, moved.item.status) == ("ok", "paid")
        surroundings.reset_surroundings()
        assert surroundings.shared_surroundings().stores.ticket.all() == []


def test_the_local_runtime_of_onex_runs_a_contract(folder: Path, tmp_path: Path) -> None:
    from omnibase_core.runtime.runtime_local import RuntimeLocal

    asked = tmp_path / "in.json"
    asked.write_text('{"operation": "calculate_total_price", "base": "10", "fees": "2"}')
    name = "node_total_price_compute"
    with importable(folder, SPECIFICATION.package):
        runtime = RuntimeLocal(
            folder / f"src/{SPECIFICATION.package}/nodes/{name}/contract.yaml",
            state_root=tmp_path,
            input_path=asked,
            timeout=20,
        )
        runtime.run()
    assert '"total": "12.00"' in (tmp_path / "workflow_result.json").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_that_nothing_is_said_of_refuses(kind: str, tmp_path: Path) -> None:
    plan = replace(
        plan_specification(Specification(title="Alone", package="alone")),
        nodes=(undescribed_node("UserService", kind, "nothing is said of it"),),
    )
    [node] = plan.nodes
    assert node.class_name == f"NodeUserService{kind.capitalize()}"
    write_plan(plan, tmp_path)
    folder = tmp_path / f"src/alone/nodes/{node.slug}"
    checks = verify_node(tmp_path, "alone", folder, kind, node.class_name, Verify.RUN)
    assert [each for each in checks if not each.passed] == []
    with importable(tmp_path, "alone"):
        module = import_module(f"alone.nodes.{node.slug}.node")
        request = getattr(module, f"Model{node.pascal}Input").model_validate(
            {"operation": node.operations[0].name}
        )
        answer = asyncio.run(module.run_once(request))
    assert (answer.error_code, answer.error_message) == ("not_implemented", "nothing is said of it")


def test_mixins_stand_after_the_base_of_the_node() -> None:
    plan = plan_specification(SPECIFICATION)
    node = replace(plan.nodes[0], mixins=("omnibase_core.mixins.mixin_metrics.MixinMetrics",))
    files = render_node(plan, node, PACK)
    shell = next(each.content for each in files if each.path.endswith("/node.py"))
    assert "class NodeTicketEffect(NodeEffect, MixinMetrics):" in shell
    assert "from omnibase_core.mixins.mixin_metrics import MixinMetrics\n" in shell


async def test_what_is_due_runs_by_itself(pair: Pair) -> None:
    schedules = import_module(f"{SPECIFICATION.package}.schedules")
    timetable = schedules.Timetable(pair.compiled)
    await reserved(pair)
    for minutes in (0, 1, 14, 1, 600, 600, 1440, 10):
        pair.now += timedelta(minutes=minutes)
        expected = [(name, answer.status) for name, answer in pair.interpreter.tick()]
        ran = [(name, answered.status) for name, answered in await timetable.run_due()]
        assert ran == expected
        assert len(pair.compiled.stores.ticket.all()) == len(pair.interpreter.state["Ticket"])
    assert pair.compiled.stores.ticket.all() == []


async def test_an_event_starts_its_operations(pair: Pair) -> None:
    consumers = import_module(f"{SPECIFICATION.package}.consumers")
    payload = {"ticket_id": await reserved(pair), "amount": Decimal(3)}
    [(name, answer)] = pair.interpreter.deliver("ticket_paid", payload)
    [(started, answered)] = await consumers.consume("ticket_paid", payload, pair.compiled)
    assert (started, answered.status) == (name, answer.status)
    assert [each.subject for each in pair.compiled.ports.mail.sent] == ["Thanks"]
    assert await consumers.consume("unknown", payload, pair.compiled) == []


async def test_a_call_by_name_refuses_what_it_does_not_know(pair: Pair) -> None:
    operations = pair.compiled.operations
    assert (await operations.call("fly", {})).error_code == "unknown_operation"
    wrong = await operations.call("read_ticket", {"ticket_id": "nine"})
    assert (wrong.error_code, wrong.error_message[:9]) == ("invalid_request", "ticket_id")


@pytest.mark.parametrize("caller", [None, Caller("a", "guest"), STAFF])
@pytest.mark.parametrize("operation", ["use_ticket", "list_my_seats", "read_ticket"])
async def test_who_may_not_ask_is_told_so_first(
    pair: Pair, operation: str, caller: Caller | None
) -> None:
    model = import_module(f"{SPECIFICATION.package}.model_caller").ModelCaller
    asks = model(**caller.names) if caller else None
    answered = await pair.compiled.operations.call(operation, {"wrong": 1}, asks)
    expected = pair.interpreter.call(operation, {"wrong": 1}, caller)
    assert answered.error_code == expected.error_code
