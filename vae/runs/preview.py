"""A look at a training that is not done: its last saved epoch as a checkpoint of its own, with a small map. One is made
when it is asked for, named by its epoch; another by the training itself, soon after its start and again from time to
time, always under the same name, so that who explores it sees it improve."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

from ..errors import SettingError, ZscopeError
from ..saved import checkpoint
from ..text import _
from . import os_process
from .folder import LOG, Run, find, lock, write
from .map_time import map_seconds

NOTE, POINTS = "preview.json", 2_000
SO_FAR = "-so-far"  # how the names of the models end that a training itself makes
FIRST_S, NEXT = 5.0, 3.0  # of training before the first one; how many times as long before each further one
LEFT_S = 20.0  # until the finished model has its map: where less is left, it comes as soon
MAP_S = 30.0  # that fitting a map takes, until it has been measured on this machine


def name_of(run: Run, epoch: int) -> str:
    """Of the checkpoint that shows that epoch; as long as names may be."""
    end = f"-epoch{epoch}"
    return run.name[: 64 - len(end)] + end


def so_far(name: str) -> str:
    """Of the model that a training of that name makes itself; as long as names may be."""
    return name[: 64 - len(SO_FAR)] + SO_FAR


def ask(id: str, *, again: bool = False) -> str:
    """Begin to draw the map of what is saved now, in a process of its own; the name of the checkpoint to be. again: it
    replaces the one before.

    Raises: SettingError: no epoch is saved yet. CheckpointError: the checkpoint cannot be read.
    """
    run = find(id)
    epoch = epochs_saved(run)
    name = so_far(run.name) if again else name_of(run, epoch)
    with lock():
        words = ["-m", "vae", "runs", "map", run.id, *["--so-far"] * again]
        process = os_process.detached(words, run.folder / LOG)
        started = {"pid": process.pid, "began": os_process.began(process.pid)}
        write(run.folder / NOTE, {"name": name, "epoch": epoch, **started})
    os_process.reap(process)
    return name


def asked(run: Run) -> dict[str, Any] | None:
    """What was asked for last: name, epoch (of what can be opened, or will be), `ready`: can be opened, `drawing`: its
    process lives."""
    path = run.folder / NOTE
    if not path.exists():
        return None
    note = json.loads(path.read_text("utf-8"))
    drawing = os_process.Process(note["pid"], note["began"]).alive()
    ready = note["name"] in checkpoint.checkpoints()
    if ready:
        with contextlib.suppress(ZscopeError):  # it may be replaced just now
            note["epoch"] = checkpoint.card(note["name"]).get("epochs_done", note["epoch"])
    return note | {"ready": ready, "drawing": drawing}


def epochs_saved(run: Run) -> int:
    if run.name not in checkpoint.checkpoints():
        raise SettingError(_("run {id} has no saved epoch yet: there is nothing to map.", id=run.id))
    return checkpoint.card(run.name).get("epochs_done", 0)


class Watched:
    """Makes the model SO_FAR of a run: call `after` with every event. Made no more often than that its cost stays small
    beside the training, and not where the finished model will soon have its map: a training of seconds is followed by a
    map that takes longer."""

    def __init__(self, run: Run):
        self.run, self.began, self.next_s = run, time.monotonic(), FIRST_S

    def after(self, event: Any) -> None:
        """Begin to draw the last saved epoch if it is time."""
        trained_s = time.monotonic() - self.began
        if event.kind != "epoch" or trained_s < self.next_s or self._left_s(event) < LEFT_S:
            return
        note = asked(self.run)
        if note and note["drawing"]:
            return
        self.next_s = NEXT * trained_s
        with contextlib.suppress(ZscopeError):  # a training goes on without being seen
            ask(self.run.id, again=True)

    def _left_s(self, event: Any) -> float:
        """Until the finished model can be explored."""
        return event.seconds_left + (map_seconds(self.run.plan["points"]) or MAP_S)


def over(run: Run) -> None:
    """The finished model of a run stands for the one so far."""
    with contextlib.suppress(ZscopeError):
        checkpoint.delete(so_far(run.name))
