"""What a user does with runs: queue, pause, resume, stop, delete; and the worker of the queue. Light: without torch."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..data.published.store import check_same
from ..disk.saving import free, full, saving
from ..errors import SettingError
from ..forming.snapshots import FOLDER
from ..saved import checkpoint
from ..text import _, size
from . import os_process, preview
from .diagnosis import without_epoch
from .folder import (
    DONE,
    EPOCHS,
    FAILED,
    PAUSED,
    PLAN,
    PROGRESS,
    QUEUED,
    REQUEST,
    RUNNING,
    STATE,
    STATES,
    STOPPED,
    Run,
    State,
    change,
    find,
    home,
    lock,
    runs,
    waiting,
    write,
)

RESUMABLE = (PAUSED, STOPPED, FAILED)


def queue(plan: Any, *, work: bool = True) -> Run:
    """Queue a training, a vae.training.plan.Plan that was checked (see `starting.start`). work: start a worker if
    there is none. Raises: SettingError: a checkpoint or another run has its name. SaveError."""
    name = plan.checkpoint_name()
    with lock():
        refuse_taken(name)
        now = time.time()
        stamp = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{int(now % 1 * 1000):03d}"
        folder = home() / f"{stamp}-{name}"
        partial = _aside(folder)
        with saving(folder):
            try:
                partial.mkdir(parents=True)
                write(partial / PLAN, dataclasses.asdict(plan) | {"name": name, "command": plan.command()})
                write(partial / STATE, dataclasses.asdict(State(QUEUED, now, queued=now)))
                os.rename(partial, folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    if work:
        tend()
    return find(folder.name)


def taken(name: str) -> str:
    """Why a new training cannot have that name, because a checkpoint or an unfinished run has it; "" if it is free."""
    for run in runs():
        if run.name == name and run.state.name != DONE:
            return _("Run {run} trains {name!r} and is {state}.", run=run.id, name=name, state=_(run.state.name))
    return _("Checkpoint {name!r} already exists.", name=name) if name in checkpoint.checkpoints() else ""


def refuse_taken(name: str) -> None:
    """Raises: SettingError: the name is taken; the message proposes a free one."""
    if why := taken(name):
        free = free_name(name, {*checkpoint.checkpoints(), *(run.name for run in runs())})
        raise SettingError(_("{why} Choose another name, for example {free}.", why=why, free=free))


def free_name(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, with a number added if it is taken, at most 64 characters long."""
    if wanted not in taken:
        return wanted
    stem = re.sub(r"-\d+$", "", wanted)
    names = (f"{stem[: 64 - len(end)]}{end}" for end in (f"-{i}" for i in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def rename(name: str, new: str) -> None:
    """The run that trained a checkpoint, which is not active, goes by its new name too; only with the lock."""
    if trained := [run for run in runs() if run.name == name]:
        run = trained[-1]  # of one before it the model is gone
        command = re.sub(r"--name \S+", f"--name {new}", run.plan["command"])
        write(run.folder / PLAN, run.plan | {"name": new, "command": command})


def pause(id: str) -> Run:
    """Let it save its epoch and end, to be resumed; one that waits is taken out of the queue."""
    with lock():
        run = _may(id, "pause", QUEUED, RUNNING)
        return change(run, PAUSED) if run.state.name == QUEUED else _ask(run, "pause")


def resume(id: str, *, change_plan: Callable[[Run], Any] | None = None, work: bool = True) -> Run:
    """Queue it again: it goes on from its last saved epoch, bit for bit, or by another plan, change_plan(run), where a
    resumed training takes that (see `starting.resume`); `anew` says whether it cannot. Raises: SettingError: it is not
    paused, stopped or failed. DataNotFound: its data set is gone, or another has its name."""
    with lock():
        run = _may(id, "resume", *RESUMABLE)
        saved = run.name in checkpoint.checkpoints()
        check_same(checkpoint.card(run.name) if saved else run.plan)
        with saving(run.folder):
            (run.folder / REQUEST).unlink(missing_ok=True)
        if change_plan:
            changed = change_plan(run)
            write(run.folder / PLAN, dataclasses.asdict(changed) | {"command": changed.command()})
        if not saved:
            forget(run)
        change(run, QUEUED, queued=time.time())
    if work:
        tend()
    return find(run.id)


def anew(run: Run, known: Collection[str]) -> bool:
    """Whether it can only be resumed from its first epoch, though it had saved some: its checkpoint is not among those
    that are known."""
    return run.state.name in RESUMABLE and run.name not in known and bool(run.epochs())


def advice(run: Run, known: Collection[str]) -> str:
    """What to do about a failure, as it was told then; without a promise of a saved epoch where there is none now."""
    return run.state.advice if run.name in known else without_epoch(run.state.advice)


def forget(run: Run) -> None:
    """What is left of an attempt before one that begins at the first epoch: curves, snapshots, place; only with the
    lock. Its log stays."""
    with saving(run.folder):
        for name in (PROGRESS, EPOCHS, preview.NOTE):
            (run.folder / name).unlink(missing_ok=True)
        if (run.folder / FOLDER).exists():
            gone = _aside(run.folder / FOLDER)
            os.rename(run.folder / FOLDER, gone)  # in one step: somebody may look at them
            shutil.rmtree(gone, ignore_errors=True)


def stop(id: str, *, now: bool = False) -> Run:
    """End it; the checkpoint of its last epoch stays, and gets a map. now: at once, without one."""
    with lock():
        run = _may(id, "stop", QUEUED, RUNNING, PAUSED)
        if run.state.name != RUNNING:
            return change(run, STOPPED)
        run = _ask(run, "stop")
    if now:
        run.state.process.end()
    return find(run.id)


def delete(id: str, *, model: bool = False) -> None:
    """Forget a run: its plan, log, curves and snapshots. model: also the checkpoint it trained.

    Raises: SettingError: it is running.
    """
    with lock():
        run = _may(id, "delete", *(name for name in STATES if name != RUNNING))
        gone = _aside(run.folder)
        with saving(run.folder):
            os.rename(run.folder, gone)
    shutil.rmtree(gone, ignore_errors=True)
    if model and run.name in checkpoint.checkpoints():
        checkpoint.delete(run.name)


# ---------------------------------------------------------------- the queue


_begun: list[subprocess.Popen] = []  # the worker that this process began last


def tend() -> list[Run]:
    """All runs. If one waits and nobody works the queue, begin who does; it outlives us: `python -m vae runs work`."""
    every = runs()
    beginning = any(worker.poll() is None for worker in _begun)  # it takes a moment until it holds its lock
    if waiting(every) and not beginning and os.access(home(), os.W_OK) and not working():
        worker = os_process.detached(["-m", "vae", "runs", "work"], home() / ".work.log")
        _begun[:] = [worker]
        os_process.reap(worker)
    return every


def blocked(every: list[Run]) -> str:
    """A sentence on why runs that wait are not begun, "" where nothing keeps them."""
    if not waiting(every):
        return ""
    if full(home()):
        return _("The disk is full ({free} free): queued trainings wait for space.", free=size(free(home())))
    return "" if os.access(home(), os.W_OK) else _("{folder} is read-only: queued trainings wait.", folder=home())


def working() -> bool:
    """Whether somebody works the queue."""
    held = worker_lock()
    try:
        held.acquire(timeout=0)
    except Timeout:
        return True
    held.release()
    return False


def worker_lock() -> FileLock:
    """Held by the one worker of this folder for as long as it lives; the system frees it when it dies."""
    home().mkdir(parents=True, exist_ok=True)
    return FileLock(home() / ".work.lock", thread_local=False)


def _may(id: str, what: str, *allowed: str) -> Run:
    run = find(id)
    if run.state.name not in allowed:
        raise SettingError(
            _(
                "cannot {what} run {id}: it is {name}, expected {allowed}.",
                what=what,
                id=run.id,
                name=run.state.name,
                allowed=" or ".join(allowed),
            )
        )
    return run


def _ask(run: Run, wish: str) -> Run:
    write(run.folder / REQUEST, wish)
    return dataclasses.replace(run, request=wish)


def _aside(folder: Path) -> Path:
    """A hidden name beside it, free of what a killed process left there."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    return partial
