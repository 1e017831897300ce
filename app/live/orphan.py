"""The app that `vae.explore` starts ends some time after the program that it belongs to."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

EVERY_S = 5.0
GRACE_S = 600.0  # in which what is on the page can still be read and saved


async def end_after_program(folder: Path) -> None:
    """End this process and remove the folder of the map, once the program that started it has been gone for GRACE_S."""
    program = os.getppid()
    while os.getppid() == program:
        await asyncio.sleep(EVERY_S)
    await asyncio.sleep(GRACE_S)
    shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)
