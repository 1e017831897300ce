"""Processes that outlive the one that starts them: begun detached, found again by number and start, ended by name."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Process:
    """pid, and when it began, in words of the system: a number is used again, a number with its start is not."""

    pid: int
    began: str

    def alive(self) -> bool:
        """Whether this very process runs; not so one that has ended and that nobody has asked about yet."""
        return bool(self.began) and began(self.pid) == self.began

    def end(self, grace_s: float = 5.0) -> None:
        """End it and those it started: asked first, then killed. Nothing happens to another of the same number."""
        for how in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            if not self.alive():
                return
            with contextlib.suppress(ProcessLookupError):
                _send(self.pid, how)
            deadline = time.monotonic() + grace_s
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.02)


def own() -> Process:
    """The one that asks."""
    return Process(os.getpid(), began(os.getpid()))


def began(pid: int) -> str:
    """When a process began, in words that only compare; "" where there is none, or only what is left of one."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()  # the name before it may hold anything
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] in "ZX" else f"{_boot()} {fields[19]}"
    asked = subprocess.run(["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, start = asked.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else start.strip()


def _boot() -> str:
    """Starts are counted from the boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]


def detached(arguments: Sequence[str], log: Path) -> subprocess.Popen:
    """Begin `python arguments` in a session of its own, its output appended to `log`; it survives this process. Where
    the disk has no room for a log there is none.

    Wait for it some time, in a thread if need be: until then its number stays taken when it ends.
    """
    with _appended(log) as out:
        return subprocess.Popen(
            [sys.executable, "-P", *arguments],  # -P: a folder vae/ where we stand is not ours
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=environment(),
        )


def _appended(log: Path) -> IO[bytes]:
    try:
        return open(log, "ab")
    except OSError:
        return open(os.devnull, "wb")


def reap(process: subprocess.Popen) -> None:
    """Wait for it beside us, so that no trace of it stays while we live."""
    threading.Thread(target=process.wait, name=f"waits-for-{process.pid}", daemon=True).start()


def environment() -> dict[str, str]:
    """Ours, in which `import vae` finds this one, from whatever folder."""
    path = os.pathsep.join(p for p in (str(PROJECT), os.environ.get("PYTHONPATH")) if p)
    return os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _send(pid: int, how: int) -> None:
    """To the whole group where the process leads one, as those begun here do."""
    if hasattr(os, "killpg") and os.getpgid(pid) == pid:
        os.killpg(pid, how)
    else:
        os.kill(pid, how)
