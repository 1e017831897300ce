"""Going on from a checkpoint: what may be another this time, and what of the run is kept."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from safetensors import SafetensorError

from ..errors import CheckpointError, SettingError
from ..saved.checkpoint import RESUME, Checkpoint
from ..saved.restoring import restore
from ..settings import configure
from ..text import _, number
from .job import Job
from .trainer import Trainer, TrainHparams

WITHOUT = 0.0  # the share of the validation set of runs from before there was any
FREE = ("lr", "lr_end", "clip", "precision")  # how a step is taken, but not of which samples


def changes(saved: Checkpoint, job: Job) -> list[dict[str, Any]]:
    """All changes of the run so far, each {"after_epoch": n, name: [old, new], ...}, with what this resume brings.

    Free are the settings in FREE and the number of epochs: none of them is part of the state, so that a run goes on
    from its last good epoch with another learning rate. Raises: SettingError: family, data set, seed, a setting of the
    family or the batch size is not the run's own. CheckpointError: what resumes a run is not kept with this one.
    """
    if RESUME not in saved.files:
        raise CheckpointError(
            _(
                "{name} has no {resume}: a checkpoint that comes with zscope cannot be resumed, only trained again.",
                name=saved.path.name,
                resume=RESUME,
            )
        )
    plan, now = job.plan, dataclasses.asdict(job.trainer)
    was = dataclasses.asdict(configure(TrainHparams, {"validation": WITHOUT} | saved.config["train"]))
    held = {k: v for k, v in was.items() if k not in FREE}
    for key, old, new in (
        ("family", saved.config["family"], plan.family),
        ("dataset", saved.config["dataset"], plan.dataset),
        ("seed", saved.config["seed"], plan.seed),
        ("hparams", saved.config["hparams"], dataclasses.asdict(job.hparams)),
        ("train", held, {k: v for k, v in now.items() if k not in FREE}),
        ("binarisation", saved.config.get("binarisation"), job.binarisation),
    ):
        if old != new:
            free = _("Only {settings} and --epochs may change.", settings=", ".join(FREE)) if key == "train" else ""
            raise SettingError(
                _(
                    "cannot resume {name}: its {key} is {old!r}, not {new!r}. {free}",
                    name=saved.path.name,
                    key=key,
                    old=old,
                    new=new,
                    free=free,
                )
            )
    pairs = {k: [was[k], now[k]] for k in FREE} | {"epochs": [saved.config["epochs"], plan.epochs]}
    changed = {k: pair for k, pair in pairs.items() if pair[0] != pair[1]}
    before = saved.config.get("changes", [])
    return [*before, {"after_epoch": saved.config.get("epochs_done", 0), **changed}] if changed else before


def continued(job: Job, saved: Checkpoint) -> Job:
    """The job with the edits of the run that it continues, and with its validation set unless it asks for one itself.

    Raises: SettingError: the plan is to train without edits, and the run began with some."""
    if saved.config.get("edits") and not job.plan.edits:
        raise SettingError(
            _(
                "cannot resume {name} without the edits of its data set: it began with them. Train it anew with "
                "--without-edits.",
                name=saved.path.name,
            )
        )
    job = job.as_edited(saved.config)
    share = saved.config["train"].get("validation", WITHOUT)
    if "validation" in job.plan.settings or share == job.trainer.validation:
        return job
    plan = dataclasses.replace(job.plan, settings=job.plan.settings | {"validation": share})
    return dataclasses.replace(job, plan=plan, trainer=dataclasses.replace(job.trainer, validation=share))


def told(change: dict[str, Any]) -> str:
    """One change in words: "from epoch 4 on: lr 0.001 -> 0.0001"."""
    pairs = ", ".join(f"{k} {v[0]} → {v[1]}" for k, v in change.items() if k != "after_epoch")
    return _("from epoch {epoch} on: {changes}", epoch=number(change["after_epoch"] + 1), changes=pairs)


def resume(trainer: Trainer, saved: Checkpoint) -> list[dict[str, Any]]:
    """Puts the trainer where the run stands; the history so far."""
    from safetensors.torch import load as load_tensors

    model = restore(saved, torch.device("cpu"))[0]
    trainer.model.load_state_dict(model.state_dict())
    try:
        trainer.restore(load_tensors(saved.files[RESUME]))
    except (SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as e:
        raise CheckpointError(
            _("{name}: {file} cannot be read: {error}", name=saved.path.name, file=RESUME, error=e)
        ) from e
    return saved.history()
