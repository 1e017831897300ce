"""The app of an attached model ends after its program, and takes its folder with it."""

from __future__ import annotations

import asyncio
import os

from app.live import orphan


def test_it_ends_some_time_after_its_program(tmp_path, monkeypatch):
    seen, parents = [], iter([7, 7, 7, 1])
    folder = tmp_path / "attached"
    folder.mkdir()

    async def waits(seconds):
        seen.append(seconds)
        assert folder.exists()

    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    monkeypatch.setattr(os, "kill", lambda pid, _signal: seen.append(pid))
    monkeypatch.setattr(asyncio, "sleep", waits)
    asyncio.run(orphan.end_after_program(folder))
    assert seen == [orphan.EVERY_S, orphan.EVERY_S, orphan.GRACE_S, os.getpid()]
    assert not folder.exists()
