"""The app in a process beside the program that holds the model."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from ..errors import ZscopeError
from ..saved.folders import ATTACHED_VARIABLE
from ..text import _

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
START_S, STOP_S = 60.0, 5.0


def started(folder: Path, port: int) -> tuple[subprocess.Popen, str]:
    """The app beside this program, and its address. Its standard input is a pipe that ends with this program, however
    that ends: so it learns of it (`app.live.orphan`)."""
    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    with (folder / "log.txt").open("wb") as log:
        app = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(MAIN), *options],
            env=os.environ | {ATTACHED_VARIABLE: str(folder)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a notebook interrupts a cell and not the app
        )
    assert app.stdin is not None  # a pipe
    if hasattr(os, "register_at_fork"):  # a worker that outlives the program would hold the pipe open
        os.register_at_fork(after_in_child=app.stdin.close)
    return app, f"http://localhost:{port}"


def wait(app: subprocess.Popen, url: str, folder: Path) -> None:
    """Return once the app answers. Raises: ZscopeError: it did not start."""
    health = url.partition("/?")[0] + "/_stcore/health"
    end = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except OSError:
            if app.poll() is not None or time.monotonic() > end:
                last = (folder / "log.txt").read_text(errors="replace").strip().splitlines()[-5:]
                raise ZscopeError(_("the app did not start: {reason}", reason=" ".join(last))) from None
            time.sleep(0.1)


def ended(app: subprocess.Popen) -> None:
    """End the app, within a few seconds."""
    app.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        app.wait(STOP_S)
    app.kill()
    if app.stdin is not None:
        app.stdin.close()
