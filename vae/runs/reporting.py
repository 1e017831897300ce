"""The trainer's side of a run: it says where it is, does what was asked of it, and how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..data.as_evaluated import of_card
from ..disk.one_step import replacing
from ..disk.saving import saving
from ..errors import SaveError, SettingError
from ..forming import snapshots
from ..forming.recording import Snapshots
from ..saved import checkpoint
from ..text import _
from ..training import experiment
from ..training.job import Job
from ..training.plan import Plan
from . import os_process
from .diagnosis import of_error
from .folder import (
    DONE,
    EPOCHS,
    FAILED,
    PAUSED,
    PROGRESS,
    REQUEST,
    RUNNING,
    STOPPED,
    Run,
    change,
    fail,
    home,
    lock,
    read,
    requested,
    write,
)
from .preview import Watched, over

EVERY_S = 0.5  # between two notes of where it is
SPARE, SPARE_BYTES = ".spare", 1 << 15


def train(
    plan: Plan,
    id: str,
    *,
    resume: bool,
    say: Callable[[str], Any],
    figures: Callable[[Mapping[str, Any]], Iterator[str]],
) -> int:
    """Train a plan as that run: notes for whoever looks, snapshots, pause and stop when asked. Its exit status.

    Raises: SettingError: no such run, or another process trains it. ZscopeError: as vae.training.experiment.train.
    """
    with claimed(home() / id) as run:
        try:
            end = _train(plan, run, resume, say, figures)
        except BaseException as error:
            with contextlib.suppress(SaveError):  # why the training failed matters more
                _conclude(run, FAILED, error)
            raise
        _conclude(run, end)
        if end != PAUSED:
            over(run)
    return 0


def _train(plan: Plan, run: Run, resume: bool, say, figures) -> str:
    notes = Notes(run, resume, say)
    job = Job.of(plan)
    if resume and plan.checkpoint_name() in checkpoint.checkpoints():
        saved = checkpoint.read(checkpoint.find(plan.checkpoint_name()), skip=checkpoint.FILES)
        job = job.as_edited(saved.config)  # what the run began with
    shots, watched = Snapshots(run.folder, job), Watched(run)
    with contextlib.closing(experiment.train(job, resume=resume, report=notes.stage, watch=shots.take)) as events:
        for event in events:
            notes.event(event)
            if event.kind == "epoch":
                epoch = _("epoch {epoch}/{epochs}", epoch=event.epoch, epochs=event.epochs)
                say("  ".join([epoch, *figures(event.metrics)]))
            watched.after(event)
            asked = requested(run.folder)
            last = event.kind == "done" or (event.kind == "epoch" and event.epoch == event.epochs)
            if asked and not last and (asked == "stop" or event.kind == "epoch"):
                break
        else:
            return DONE
    if asked == "pause":  # the epoch at which it pauses was saved when the events were closed
        return PAUSED
    _map(job, notes)
    return STOPPED


def _map(job: Job, notes: Notes) -> None:
    """Of what a stopped training left, so that it can be explored."""
    plan = job.plan
    if plan.checkpoint_name() not in checkpoint.checkpoints():
        return
    saved = checkpoint.read(checkpoint.find(plan.checkpoint_name()))
    experiment.add_atlas(saved, of_card(saved.config), n=plan.points, device=plan.device, report=notes.stage)


@contextmanager
def claimed(folder: Path) -> Iterator[Run]:
    """The run as this process's own, until it ends; the system frees it should the process be killed.

    Raises: SettingError: there is no such run, or another process has it.
    """
    run = read(folder)
    if run is None:
        raise SettingError(_("run {name!r} was deleted.", name=folder.name))
    held = FileLock(folder / ".trainer.lock", thread_local=False)
    try:
        with saving(folder):
            held.acquire(timeout=0)
    except Timeout:
        raise SettingError(_("run {name} is already being trained by another process.", name=folder.name)) from None
    try:
        with replacing(folder / SPARE) as partial:  # room on the disk for the last note, should it become full
            partial.write_bytes(os.urandom(SPARE_BYTES))
        with lock():  # it may have been begun by a worker that was killed before it could write this
            me = os_process.own()
            run = change(run, RUNNING, pid=me.pid, began=me.began)
        yield run
    finally:
        (folder / SPARE).unlink(missing_ok=True)
        held.release()


def _conclude(run: Run, name: str, error: BaseException | None = None) -> None:
    (run.folder / SPARE).unlink(missing_ok=True)
    with lock():
        (run.folder / REQUEST).unlink(missing_ok=True)
        if error is None:
            change(run, name)
        else:
            fail(run, of_error(error, run.plan))


class Notes:
    """progress.json and epochs.jsonl."""

    def __init__(self, run: Run, resume: bool, say: Callable[[str], Any]):
        self.folder, self.say = run.folder, say
        self.now: dict[str, Any] = {"stage": "starting", "epoch": 0, "epochs": run.plan["epochs"]}
        self.now |= {"stages_s": {}, "stages_bytes": {}}
        self.before_s = float(run.progress.get("elapsed_s", 0.0)) if resume else 0.0
        self.began = self.entered = time.monotonic()
        self.noted = 0.0
        self._take_up(run.name if resume else "")
        self._note()

    def _take_up(self, name: str) -> None:
        """The finished epochs are those of the checkpoint: one may have been saved and not told before a kill, and
        others told and not saved."""
        history = checkpoint.read(checkpoint.find(name)).history() if name else []
        write(self.folder / EPOCHS, "".join(json.dumps(record) + "\n" for record in history))
        if history:
            self.now |= {"epoch": history[-1]["epoch"], "metrics": history[-1]}
            snapshots.forget_after(self.folder, history[-1]["epoch"])

    def stage(self, text: str) -> None:
        """What it does when it does not train, as vae.training.experiment reports it."""
        self.say(text)
        self._enter(text)
        self.now |= {"seconds_left": None}
        self._note()

    def event(self, event: Any) -> None:
        """Of vae.training.trainer."""
        self._enter("training" if event.kind != "done" else "done")
        self.now |= {
            "epoch": event.epoch,
            "epochs": event.epochs,
            "step": event.step,
            "steps": event.steps,
            "metrics": event.metrics,
            "images_per_s": event.images_per_s,
            "seconds_left": event.seconds_left,
        }
        if event.kind == "epoch":
            record = {"epoch": event.epoch, "step": event.step, **event.metrics}
            kept = _("The checkpoint saved before is unchanged.")
            with saving(self.folder / EPOCHS, kept=kept), open(self.folder / EPOCHS, "a", encoding="utf-8") as f:
                f.write(json.dumps(record) + "\n")
        if event.kind != "step" or time.monotonic() - self.noted > EVERY_S:
            self._note()

    def _enter(self, stage: str) -> None:
        """What the stage before took is kept: the next run is foretold from it."""
        if stage != (before := self.now["stage"]):
            self.now["stages_s"] |= {before: self.now["stages_s"].get(before, 0.0) + time.monotonic() - self.entered}
            self.now["stages_bytes"] |= {before: peak_bytes()}
            self.now["stage"], self.entered = stage, time.monotonic()

    def _note(self) -> None:
        self.noted = time.monotonic()
        self.now |= {"elapsed_s": self.before_s + self.noted - self.began, "peak_bytes": peak_bytes()}
        with contextlib.suppress(SaveError):  # the next note may be written, and a training goes on without
            write(self.folder / PROGRESS, self.now, flush=False)


def peak_bytes() -> int:
    """The most memory that this process has had so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
