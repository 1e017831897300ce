"""The app of an attached model ends after its program, and takes its folder with it."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from app.live import orphan


@pytest.mark.parametrize(
    ("grace_s", "open_pages"),
    [
        (60.0, [False, False]),
        (60.0, [True, True, False, True, False, False]),  # one is reloaded, then closed
        (0.0, [True]),  # until the time is up
    ],
)
def test_it_ends_after_its_program_and_the_last_page(tmp_path, monkeypatch, grace_s, open_pages):
    folder, seen = tmp_path / "attached", []
    folder.mkdir()
    read, write = os.pipe()
    monkeypatch.setattr(orphan, "STDIN", read)
    monkeypatch.setattr(orphan, "EVERY_S", 0.01)
    monkeypatch.setattr(orphan, "GRACE_S", grace_s)
    monkeypatch.setattr(os, "kill", lambda pid, sent: seen.append((pid, sent)))
    pages = iter(open_pages)

    async def lives_and_ends():
        ending = asyncio.create_task(orphan.end_after_program(folder, lambda: next(pages)))
        await asyncio.sleep(0.2)
        assert not ending.done()
        assert folder.exists(), "the program lives"
        os.close(write)
        await ending

    asyncio.run(lives_and_ends())
    os.close(read)
    assert list(pages) == (open_pages if grace_s == 0 else []), "looked as often as that"
    assert seen == [(os.getpid(), signal.SIGTERM)]
    assert not folder.exists()
