"""Works the queue: one training at a time, each a process of its own that goes on if this one is killed."""

from __future__ import annotations

import shlex
import subprocess
import time

from filelock import Timeout

from ..disk.saving import reason
from ..errors import SaveError
from ..saved import checkpoint
from ..text import _
from . import os_process
from .control import forget, worker_lock
from .diagnosis import Diagnosis, of_exit
from .folder import LOG, QUEUED, RUNNING, STOPPED, Run, change, fail, lock, read, runs, waiting

POLL_S = 0.2
FULL_S = 5.0  # between two looks whether a full disk has room again
HANDOVER_S = 5.0  # another worker that found the queue empty needs no longer to end


def work() -> None:
    """Train what waits, in order, and return when nothing does. Of several workers of one folder one works."""
    held = worker_lock()
    try:
        held.acquire(timeout=HANDOVER_S)
    except Timeout:
        return
    try:
        while True:
            try:
                with lock():  # whoever queues a run does so before, or finds that nobody works
                    every = runs()
                    begun, queue = any(run.state.name == RUNNING for run in every), waiting(every)
                    if not begun and not queue:
                        held.release()
                        return
                    process = None if begun else _launch(queue[0])
                if process is not None:
                    _told(queue[0], process.wait())
            except SaveError:  # a full disk: what waits is begun once there is room
                time.sleep(FULL_S)
            time.sleep(POLL_S)  # or one that a worker before us began still runs
    finally:
        held.release()


def _launch(run: Run) -> subprocess.Popen | None:
    arguments = shlex.split(run.plan["command"])[1:]  # of `python -m vae train ...`
    device = ["--device", run.plan["device"]] if run.plan["device"] else []
    change(run, QUEUED, queued=run.state.queued)  # or the disk is full, and a training could not say how it ended
    saved = run.name in checkpoint.checkpoints()  # a new run begins where no such one is
    if not saved:
        forget(run)
    resume = ["--resume"] if saved else []
    try:
        process = os_process.detached([*arguments, *device, *resume, "--run", run.id], run.folder / LOG)
    except OSError as error:
        fail(
            run,
            Diagnosis(
                _("The training could not be started: {reason}", reason=reason(error, run.folder)),
                _("Resume to try again."),
            ),
        )
        return None
    change(run, RUNNING, pid=process.pid, began=os_process.began(process.pid))
    return process


def _told(run: Run, code: int) -> None:
    """A process that ended without a word of its own is given one."""
    with lock():
        now = read(run.folder)
        if now is None or not now.lost:
            return
        if now.request == "stop":
            change(now, STOPPED)
        else:
            fail(now, of_exit(code, now.log(), now.plan, now.folder))
