"""What the models of a sweep make of the same samples: snapshots stored with the sweep, for forming.model_sequence.

Beside the snapshots and their maps stands of.json: the weights that they are of.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Mapping
from typing import Any

from filelock import FileLock

from ..data import as_evaluated, binarise
from ..data.validation import as_trained
from ..disk.saving import saving
from ..errors import SettingError
from ..forming import model_sequence, snapshots
from ..forming.model_sequence import Frames
from ..forming.recording import Look, source
from ..forming.snapshots import NATS, TEST, VALIDATION
from ..runs.folder import DONE, write
from ..saved import cards, checkpoint
from ..saved.restoring import restore
from ..text import _
from ..training.job import Job
from ..training.plan import Plan
from . import sweeps
from .sweeps import Disk, Sweep, find

OF = "of.json"


def frames_of(sweep: Sweep) -> Frames | None:
    """The trained models as frames over the same samples, with metrics of the validation set and, beside them, of the
    test set; of the test set alone where `fixed.split` is TEST. None until `look` has run."""
    if not ready(sweep):
        return None
    done = seen(sweep)
    values = [value for value, model in zip(sweep.values, sweep.models, strict=True) if model in done]
    found = model_sequence.of_folder(sweep.folder, name=sweep.name, axis=sweep.setting, values=values)
    assert found is not None  # `ready` has seen what was stored
    return model_sequence.captioned(found, sweep.family, sweep.dataset)


def ready(sweep: Sweep, disk: Disk | None = None) -> bool:
    """True if the stored comparison covers all trained models with their present weights."""
    done = seen(sweep)
    return len(done) > 1 and done == _trained(sweep, disk or sweeps.read())


def look(name: str, report: Callable[[str], Any] = lambda stage: None) -> Frames:
    """Encode the same samples with every trained model and store the result with the sweep. Takes a moment for each
    model; returns at once if it is stored and no model has changed. Maps are laid out later, by `frames.lay`.

    Raises: SettingError: fewer than 2 are trained. DataNotFound: the samples are not on this machine. SaveError.
    """
    sweep = find(name)
    if (stored := frames_of(sweep)) is not None:
        return stored  # before the lock, which needs a writable folder
    with saving(sweep.folder / snapshots.FOLDER):
        held = FileLock(sweep.folder / ".looking.lock")
        held.acquire()
    try:
        if (stored := frames_of(sweep)) is not None:
            return stored
        done = _trained(sweep, sweeps.read())
        if len(done) < 2:
            raise SettingError(
                _(
                    "sweep {name}: {done} of {models} models are trained, expected at least 2.",
                    name=name,
                    done=len(done),
                    models=len(sweep.models),
                )
            )
        _look(sweep, done, report)
        found = frames_of(sweep)
    finally:
        held.release()
    assert found is not None  # it was stored just now
    return found


def _look(sweep: Sweep, done: dict[str, str], report: Callable[[str], Any]) -> None:
    folder, sources = sweep.folder / snapshots.FOLDER, set()
    look: Look | None = None
    split = ""
    shutil.rmtree(folder, ignore_errors=True)
    for i, name in enumerate(done):
        report(_("encoding the samples with {model}", model=name))
        saved = checkpoint.read(checkpoint.find(name), skip=(checkpoint.RESUME,))
        if look is None:
            c = saved.config
            settings = c["hparams"] | {"binarise": c["train"].get("binarise", binarise.NONE)}
            job = Job.of(Plan(c["family"], c["dataset"], settings, seed=c["seed"], name=name)).as_edited(c)
            look = Look(job, as_trained(as_evaluated.of_card(c), c))
            split = look.fixed.split
        model, _device = restore(saved, look.device)
        snapshots.write(folder / f"{i:06d}.npz", look.at(model) | figures(saved.config, split))
        sources.add(source(model))
    assert look is not None  # there are at least two models
    drawn_from = sources.pop() if len(sources) == 1 else ""
    snapshots.write_fixed(folder, dataclasses.replace(look.fixed, drawn_from=drawn_from))
    write(folder / OF, done)  # the last: until then there is nothing to read


def figures(card: Mapping[str, Any], split: str) -> dict[str, float]:
    """The metrics by which the models of a sweep are compared, by snapshots.FIGURES: those of the validation set, with
    those of the test set beside them, or those of the test set alone where that is the split."""
    test = card["metrics"]
    found = card.get("validation", {}) if split == VALIDATION else test
    beside = {f"{TEST}_{key}": test.get(key) for key in NATS} if split == VALIDATION else {}
    every = {key: found.get(key) for key in (*NATS, "active_units_by_rate", "active_units")} | beside
    return {key: float(value) for key, value in every.items() if value is not None}


def _trained(sweep: Sweep, disk: Disk) -> dict[str, str]:
    """trained model -> SHA-256 of its weights, in the order of the values; without those that cannot be read."""
    found = {}
    for model, state in sweep.states(disk).items():
        if state == DONE and model in disk.checkpoints:
            card, _problem = cards.look(disk.checkpoints[model])
            if checkpoint.MODEL in card.get("files", {}):
                found[model] = card["files"][checkpoint.MODEL]
    return found


def seen(sweep: Sweep) -> dict[str, str]:
    """model -> SHA-256 of its weights, for the models in the stored comparison, in the order of the frames."""
    path = sweep.folder / snapshots.FOLDER / OF
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}
