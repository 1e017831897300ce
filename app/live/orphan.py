"""The app that `vae.explore` starts ends soon after the program that it belongs to, unless a page is still open."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

STDIN = 0  # a pipe, whose other end only that program holds and never writes to
EVERY_S = 4.0  # between looks at whether a page is open; two without one end the app, since a page may be reloading
GRACE_S = 600.0  # in which what is on an open page can still be read and saved


async def end_after_program(folder: Path, is_open: Callable[[], bool]) -> None:
    """Once the program that started it has ended, end this process and remove the folder of the map: within 10 s if no
    page is open, which `is_open` says, else once the last is closed, after GRACE_S at the latest."""
    await _program_ended()
    loop, unused = asyncio.get_running_loop(), 0
    end = loop.time() + GRACE_S
    while unused < 2 and loop.time() < end:
        await asyncio.sleep(EVERY_S)
        unused = 0 if is_open() else unused + 1
    shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)


async def _program_ended() -> None:
    """Return once the other end of the pipe is closed, as the system does however the program ends."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        while os.read(STDIN, 1):
            pass
        with contextlib.suppress(RuntimeError):  # the loop is closed: this process is ending already
            loop.call_soon_threadsafe(ended.set)

    # a daemon, which does not keep this process from ending while the program lives
    threading.Thread(target=read, name="zscope-program", daemon=True).start()
    await ended.wait()
