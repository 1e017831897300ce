"""What the models of a sweep make of the same samples: snapshots stored with the sweep, for forming.model_sequence.

Beside the snapshots and their maps stands of.json: the weights that they are of.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
from filelock import FileLock

from ..errors import SettingError
from ..forming import model_sequence, snapshots
from ..forming.model_sequence import Frames
from ..forming.recording import Look, source
from ..runs.folder import DONE, write
from ..saved import checkpoint
from ..saved.restoring import restore
from ..text import _
from ..training.job import Job
from ..training.plan import Plan
from . import sweep
from .sweep import Disk, Ladder, find

OF = "of.json"
MEASURED = ("elbo_nats", "distortion_nats", "rate_nats", "active_units")  # on the test set, as the card has them


def frames_of(ladder: Ladder) -> Frames | None:
    """The rungs that are trained, as frames of one set of samples; their figures are the test set's. None: `look` must
    look through the models first."""
    if not ready(ladder):
        return None
    done = seen(ladder)
    values = [value for value, rung in zip(ladder.values, ladder.rungs, strict=True) if rung in done]
    found = model_sequence.of_folder(ladder.folder, name=ladder.name, axis=ladder.setting, values=values)
    assert found is not None  # `ready` has seen what was stored
    return model_sequence.captioned(found, ladder.family, ladder.dataset)


def ready(ladder: Ladder, disk: Disk | None = None) -> bool:
    """Whether all models that are trained were looked through, as they are now."""
    done = seen(ladder)
    return len(done) > 1 and done == _trained(ladder, disk or sweep.read())


def look(name: str, report: Callable[[str], Any] = lambda stage: None) -> Frames:
    """Look through the models that are trained at the same samples and keep what they make of them with the ladder: a
    moment for each, nothing where it is kept and no model was trained anew. Their maps are laid out by `frames.lay`.

    Raises: SettingError: fewer than 2 are trained. DataNotFound: the samples are not on this machine.
    """
    ladder = find(name)
    if (kept := frames_of(ladder)) is not None:
        return kept  # also where the folder cannot be written to
    with FileLock(ladder.folder / ".looking.lock"):
        if (kept := frames_of(ladder)) is not None:
            return kept
        done = _trained(ladder, sweep.read())
        if len(done) < 2:
            raise SettingError(
                _(
                    "ladder {name}: {done} of its {rungs} models are trained, expected 2 at least.",
                    name=name,
                    done=len(done),
                    rungs=len(ladder.rungs),
                )
            )
        _look(ladder, done, report)
        found = frames_of(ladder)
    assert found is not None  # it was stored just now
    return found


def _look(ladder: Ladder, done: dict[str, str], report: Callable[[str], Any]) -> None:
    folder, sources = ladder.folder / snapshots.FOLDER, set()
    look: Look | None = None
    shutil.rmtree(folder, ignore_errors=True)
    for i, rung in enumerate(done):
        report(_("looking at {rung}", rung=rung))
        saved = checkpoint.read(checkpoint.find(rung), skip=(checkpoint.RESUME,))
        if look is None:
            c = saved.config
            job = Job.of(Plan(c["family"], c["dataset"], c["hparams"], seed=c["seed"], name=rung))
            look = Look(job, job.data.load())
        model, _ = restore(saved, look.device)
        measured = saved.config["metrics"]
        figures = {name: np.float64(measured[name]) for name in MEASURED if measured.get(name) is not None}
        snapshots.write(folder / f"{i:06d}.npz", look.at(model) | figures)
        sources.add(source(model))
    assert look is not None  # there are at least two models
    drawn_from = sources.pop() if len(sources) == 1 else ""
    snapshots.write_fixed(folder, dataclasses.replace(look.fixed, drawn_from=drawn_from))
    write(folder / OF, done)  # the last: until then there is nothing to read


def _trained(ladder: Ladder, disk: Disk) -> dict[str, str]:
    """The rungs that are done, in order, with what their weights hash to."""
    found = {}
    for rung, state in ladder.states(disk).items():
        if state == DONE and rung in disk.checkpoints:
            config = json.loads((disk.checkpoints[rung] / "config.json").read_text("utf-8"))
            found[rung] = config["files"][checkpoint.MODEL]
    return found


def seen(ladder: Ladder) -> dict[str, str]:
    """The rungs that were looked through last, in the order of the frames, with what their weights hashed to."""
    kept = ladder.folder / snapshots.FOLDER / OF
    return json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
