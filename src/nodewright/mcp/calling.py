"""Calls of tools: in a thread, with progress, and stopped when the client cancels them."""

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from nodewright.errors import NodewrightError
from nodewright.mcp.workspace import Workspace
from nodewright.runs.referee import Court
from nodewright.runs.run import Progress
from nodewright.spec.verdicts import AGENT

Ctx = Context[Any, Any]


async def quick[R](work: Callable[[], R]) -> R:
    """``work()`` in a thread; what the user can mend becomes the tool's error."""
    try:
        return await anyio.to_thread.run_sync(work)
    except (NodewrightError, OSError) as error:
        raise ToolError(str(error)) from error


async def judged[R](ctx: Ctx, workspace: Workspace, work: Callable[[Court], R]) -> R:
    """``work(court)`` in a thread, telling the client of progress.

    A client that cancels, or goes away, ends the processes that work for it.
    """
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[Progress] = asyncio.Queue()

    def on_progress(progress: Progress) -> None:
        loop.call_soon_threadsafe(told.put_nowait, progress)

    court, stop = workspace.court(on_progress)

    async def tell() -> None:
        count = 0
        while True:
            progress = await told.get()
            count += 1
            total = float(progress.total) if progress.total else None
            await ctx.report_progress(float(max(progress.done, count)), total, progress.message)

    telling = asyncio.create_task(tell())
    try:
        return await anyio.to_thread.run_sync(lambda: work(court), abandon_on_cancel=True)
    except (NodewrightError, OSError) as error:
        raise ToolError(str(error)) from error
    finally:
        stop()
        telling.cancel()


def author(ctx: Ctx) -> str:
    """Who calls, as it says of itself."""
    params = ctx.session.client_params
    name = params.client_info.name if params is not None else "unnamed"
    shown = "".join(char if char.isprintable() else "?" for char in name)[:60]
    return f"{AGENT}{shown or 'unnamed'}"
