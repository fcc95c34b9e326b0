"""``durability="disk"`` says that an event is on disk only when it is."""

import asyncio
import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest
from tests.integration.events.behaviour import config, happenings

from nodewright.events import EventOptimizer, SpoolError


async def test_no_call_succeeds_whose_sync_has_failed(
    mock_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = f"s-{uuid4().hex[:12]}"
    disk = config(durable=True, durability="disk", spool_dir=tmp_path)
    async with EventOptimizer(mock_bootstrap, disk) as optimizer:
        await optimizer.publish_event(happenings(service, 1)[0])
        with monkeypatch.context() as broken:

            def fail(_file: int) -> None:
                raise OSError(errno.EIO, "broken disk")

            broken.setattr(os, "fdatasync", fail)
            calls = [optimizer.publish_event(event) for event in happenings(service, 50)]
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(result) for result in results] == [SpoolError] * 50
            with pytest.raises(SpoolError, match="broken disk"):
                await optimizer.publish_batch(happenings(service, 3000))
        await optimizer.publish_event(happenings(service, 1)[0])
