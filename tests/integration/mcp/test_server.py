"""The server with the official client, over standard input and output, and over HTTP."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from tests.integration.mcp.conftest import contents
from tests.integration.mcp.test_referee import HANDLER, NODE, PRICE, TEST, written

Connect = Callable[..., AbstractAsyncContextManager[Client]]
TOKEN = "a-token-for-the-tests"  # noqa: S105
TOOLS = {
    "analyze", "clauses", "clause", "specification", "language", "schema", "explain",
    "plan", "diff",
    "propose", "submit_code", "prove", "generate", "undo",
}  # fmt: skip


async def answer(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def refusal(client: Client, tool: str, /, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)  # type: ignore[union-attr]


async def test_an_agent_closes_a_clause(client: Connect, folder: Path) -> None:
    before = contents(folder)
    told: list[str | None] = []

    async def progress(_: float, __: float | None, message: str | None) -> None:
        told.append(message)

    async with client() as agent:
        tools = (await agent.list_tools()).tools
        assert {tool.name for tool in tools} == TOOLS
        assert all(tool.output_schema and tool.description for tool in tools)
        found = await answer(agent, "clauses")
        assert [each["id"] for each in found["clauses"]] == ["FR-3.2", "FR-4.2"]
        page = await answer(agent, "clauses", state="all", limit=5)
        assert (len(page["clauses"]), page["next_offset"]) == (5, 5)
        context = await answer(agent, "clause", id="FR-4.2")
        assert "The system shall calculate the price" in context["around"]
        assert "measures" in (await answer(agent, "language", name="aggregate"))["text"]
        wrong = await answer(agent, "propose", elements="operations: {x: 1}", clauses=["FR-4.2"])
        assert not wrong["accepted"]
        right = await agent.call_tool(
            "propose", {"elements": PRICE, "clauses": ["FR-4.2"]}, progress_callback=progress
        )
        assert right.structured_content is not None
        assert right.structured_content["accepted"], right.structured_content["reason"]
        assert any(message and "judged" in message for message in told)
        explained = await answer(agent, "explain", id="FR-4.2")
        assert (explained["state"], len(explained["history"])) == ("proven", 2)
        assert "+  calculate_price" in (await answer(agent, "diff"))["text"]
        proof = await answer(agent, "prove")
        assert proof["succeeded"], proof
        assert "spec.yaml" in (await answer(agent, "undo"))["files"]
    assert contents(folder) == before


async def test_an_agent_submits_code(client: Connect, folder: Path) -> None:
    async with client() as agent:
        uri = f"nodewright://files/{HANDLER}"
        text = (await agent.read_resource(uri)).contents[0].text  # type: ignore[union-attr]
        assert text == (folder / "out" / HANDLER).read_text(encoding="utf-8")
        ruling = await answer(
            agent, "submit_code", node=NODE, code=written(folder), test=TEST, clauses=["FR-3.2"]
        )
        assert ruling["accepted"], ruling["reason"]
        assert (await answer(agent, "generate"))["succeeded"]
        assert (await answer(agent, "clauses"))["open"] == 1


async def test_resources_and_prompts(client: Connect) -> None:
    async with client() as agent:

        async def text(name: str) -> str:
            found = await agent.read_resource(f"nodewright://{name}")
            return str(found.contents[0].text)  # type: ignore[union-attr]

        assert "    1  # Room booking" in await text("document")
        assert "create_booking" in await text("specification")
        assert "$defs" in json.loads(await text("schema"))
        assert any(each["id"] == "FR-4.2" for each in json.loads(await text("verdicts")))
        prompts = {each.name for each in (await agent.list_prompts()).prompts}
        assert prompts == {"read the open clauses", "implement the open clauses of a node"}
        shown = await agent.get_prompt("implement the open clauses of a node", {"node": NODE})
        assert NODE in str(shown.messages[0].content)


@pytest.mark.parametrize("path", ["../other", "/etc", "out/../../x", "link"])
async def test_paths_stay_in_the_folder(client: Connect, folder: Path, path: str) -> None:
    (folder / "link").symlink_to("/etc")
    async with client() as agent:
        assert "is outside" in await refusal(agent, "clauses", output=path)
        assert "is outside" in await refusal(agent, "analyze", document=path)
        for tool in ("propose", "undo", "generate", "prove"):
            given = {"elements": PRICE, "clauses": ["FR-4.2"]} if tool == "propose" else {}
            assert "is outside" in await refusal(agent, tool, output=path, **given)
        with pytest.raises(Exception, match=r"[Uu]nknown|no path|no file"):
            await agent.read_resource(f"nodewright://files/{path}/passwd")


async def test_a_server_that_only_reads(client: Connect, folder: Path) -> None:
    before = contents(folder)
    async with client("--read-only") as agent:
        assert (await answer(agent, "clauses"))["open"] == 2
        for tool, given in (
            ("propose", {"elements": PRICE, "clauses": ["FR-4.2"]}),
            ("submit_code", {"node": NODE, "code": "x", "test": "x", "clauses": ["FR-3.2"]}),
            ("generate", {}),
            ("undo", {}),
        ):
            assert "reads only" in await refusal(agent, tool, **given)
    assert contents(folder) == before


async def test_two_clients_at_once(client: Connect, folder: Path) -> None:
    other = PRICE.replace("calculate_price", "work_out_price")
    async with client() as one, client() as two:
        rulings = await asyncio.gather(
            answer(one, "propose", elements=PRICE, clauses=["FR-4.2"]),
            answer(two, "propose", elements=other, clauses=["FR-4.2"]),
        )
    assert [each["accepted"] for each in rulings] == [True, True]
    text = (folder / "out" / "spec.yaml").read_text(encoding="utf-8")
    assert "calculate_price" in text
    assert "work_out_price" in text


def started(folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "nodewright", "mcp", str(folder), "--document", "prd.md"]
    command += ["-o", "out", "--transport", "http", "--port", "0"]
    environment = os.environ | {"NODEWRIGHT_MCP_TOKEN": TOKEN}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.fixture
def address(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    server = started(folder)
    assert server.stderr is not None
    line = server.stderr.readline()
    found = re.search(r"http://\S+", line)
    assert found, line
    yield found.group(), server
    server.send_signal(signal.SIGINT)
    server.wait(30)


async def test_by_http_with_the_token_only(address: tuple[str, Any], folder: Path) -> None:
    url, _ = address
    async with httpx2.AsyncClient() as bare:
        assert (await bare.post(url, json={})).status_code == 401
        wrong = {"Authorization": "Bearer nothing-of-the-kind"}
        assert (await bare.post(url, json={}, headers=wrong)).status_code == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http)) as agent,
    ):
        assert (await answer(agent, "clauses"))["open"] == 2
        assert (await answer(agent, "propose", elements=PRICE, clauses=["FR-4.2"]))["accepted"]
    assert b"calculate_price" in contents(folder)["spec.yaml"]


def test_a_client_that_dies_leaves_nothing(folder: Path) -> None:
    """The client is killed in the middle of a proposal: its server and their workers end."""
    before = contents(folder)
    script = Path(__file__).with_name("dying_client.py")
    client = subprocess.Popen(
        [sys.executable, str(script), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "judging\n"
    client.kill()
    client.wait()
    deadline = time.monotonic() + 60
    while running(folder):
        assert time.monotonic() < deadline, running(folder)
        time.sleep(0.1)  # the processes are not this one's: nothing tells of their end
    after = contents(folder)
    assert after == before or b"calculate_price" in after["spec.yaml"]
    assert not list((folder / "out" / ".nodewright").glob("staging-*"))


def running(folder: Path) -> list[str]:
    """The processes whose commands name the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"mcp {folder}" in command:
            found.append(command)
    return found


async def test_a_call_is_cancelled(client: Connect, folder: Path) -> None:
    before = contents(folder)
    judging = asyncio.Event()

    async def progress(_: float, __: float | None, ___: str | None) -> None:
        judging.set()

    async with client() as agent:
        call = asyncio.create_task(
            agent.call_tool(
                "propose",
                {"elements": PRICE, "clauses": ["FR-4.2"]},
                progress_callback=progress,
            )
        )
        await judging.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await answer(agent, "clauses"))["open"] in {1, 2}
        assert contents(folder) == before
        assert (await answer(agent, "propose", elements=PRICE, clauses=["FR-4.2"]))["accepted"]
