"""A client that says when its proposal is being judged, and is then killed by the test."""

import asyncio
import sys
from pathlib import Path

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

PRICE = """
operations:
  calculate_price:
    compute: {price: {is: number = base, from: [FR-4.2]}}
    inputs: {base: {type: number, from: [FR-4.2]}}
    from: [FR-4.2]
"""


async def main(folder: Path) -> None:
    async def progress(_: float, __: float | None, ___: str | None) -> None:
        print("judging", flush=True)  # noqa: T201

    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "nodewright", "mcp", str(folder), "--document", "prd.md", "-o", "out"],
    )
    async with Client(server) as client:
        given = {"elements": PRICE, "clauses": ["FR-4.2"]}
        await client.call_tool("propose", given, progress_callback=progress)


asyncio.run(main(Path(sys.argv[1])))
