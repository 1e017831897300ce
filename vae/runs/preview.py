"""A look at a training that is not done: its last saved epoch as a checkpoint of its own, with a small map."""

from __future__ import annotations

import json
from typing import Any

from ..errors import SettingError
from ..saved import checkpoint
from ..text import _
from . import os_process
from .folder import LOG, Run, find, lock, write

NOTE, POINTS = "preview.json", 2_000


def name_of(run: Run, epoch: int) -> str:
    """Of the checkpoint that shows that epoch; as long as names may be."""
    end = f"-epoch{epoch}"
    return run.name[: 64 - len(end)] + end


def ask(id: str) -> str:
    """Begin to draw the map of what is saved now, in a process of its own; the name of the checkpoint to be.

    Raises: SettingError: no epoch is saved yet. CheckpointError: the checkpoint cannot be read.
    """
    run = find(id)
    epoch = epochs_saved(run)
    name = name_of(run, epoch)
    with lock():
        process = os_process.detached(["-m", "vae", "runs", "map", run.id], run.folder / LOG)
        started = {"pid": process.pid, "began": os_process.began(process.pid)}
        write(run.folder / NOTE, {"name": name, "epoch": epoch, **started})
    os_process.reap(process)
    return name


def asked(run: Run) -> dict[str, Any] | None:
    """What was asked for last: name, epoch, `ready`: can be opened, `drawing`: its process lives."""
    path = run.folder / NOTE
    if not path.exists():
        return None
    note = json.loads(path.read_text("utf-8"))
    drawing = os_process.Process(note["pid"], note["began"]).alive()
    return note | {"ready": note["name"] in checkpoint.checkpoints(), "drawing": drawing}


def epochs_saved(run: Run) -> int:
    if run.name not in checkpoint.checkpoints():
        raise SettingError(_("run {id} has no saved epoch yet: there is nothing to map.", id=run.id))
    return checkpoint.card(run.name).get("epochs_done", 0)
