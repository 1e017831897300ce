"""From names to a checkpoint: build, train, evaluate, map, save. The command line and the app both run this."""

from __future__ import annotations

import dataclasses
import datetime
import json
import platform
from collections.abc import Callable, Generator, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..atlas import building
from ..atlas.fidelity import baselines
from ..atlas.measured import STABILITY, measure, stored
from ..data import binarise, edits
from ..data.principal import components_to_start
from ..data.published.store import check_same
from ..data.validation import LEAST, as_trained, rows_of
from ..engine.device import leave_one_core, repeatable
from ..engine.engine import Engine
from ..errors import CheckpointError, SettingError
from ..metrics.active import collapse_warning
from ..metrics.bounds import evaluate, not_tight
from ..metrics.energy import for_card
from ..modalities.variables import fitting
from ..models.energy import EnergyModel
from ..models.model import VAE
from ..models.semi_supervised import keep_labels
from ..models.tensors import resident
from ..registry import Dataset
from ..saved import checkpoint
from ..saved.checkpoint import HISTORY, MODEL, RESUME, Checkpoint
from ..settings import knobs
from ..text import N_, _, ngettext, number, percent
from ..types import Samples, Spec
from ..version import __version__
from . import augment, distributed, held_out, stream
from .autosave import Autosave
from .job import Job
from .plan import Plan
from .resuming import changes, continued, told
from .resuming import resume as resumed
from .trainer import Event, Trainer, fit

NLL_SAMPLES = 100
LEARNT = 0.2  # of the epochs: before, most of a latent may still be on its way into use
TOO_FEW = N_(
    "No validation set: {share} of the training samples (n = {n}) are fewer than {least}. All of them are trained on."
)
ROUNDED = 2.0**-10  # of a latent coordinate that is stored as float16
MOVED = 0.05  # of a latent coordinate: farther from what is stored, it is another sample's
Report = Callable[[str], Any]
Watch = Callable[[Trainer, Samples, Event], Any]  # called after each epoch; leaves the trainer as it is


def train(
    plan: Plan | Job,
    *,
    resume: bool = False,
    overwrite: bool = False,
    report: Report = lambda stage: None,
    watch: Watch = lambda trainer, samples, event: None,
) -> Generator[Event]:
    """Train a plan, or its job, into `checkpoints/<name>`, saving on the way; then evaluate, map and save again.

    Close the generator (or interrupt it) at any time: at most the current epoch is lost, or where the process is
    killed, those since the last save (see Autosave). `resume` goes on from there bit for bit on the same device, or
    with another learning rate, say after a NaN (`resuming.changes`). The last event has kind "done" and the final
    metrics.

    Started by torchrun, several processes train together: all yield events, the first alone measures and saves.

    Raises: SettingError: a bad name or setting, or the checkpoint exists and neither resume nor overwrite was asked.
    """
    plan, given = (plan.plan, plan) if isinstance(plan, Job) else (plan, None)
    plan.check()
    job = None if resume else given or Job.of(plan)  # a setting that is wrong is said before a name that is taken
    name = plan.checkpoint_name()
    exists = name in checkpoint.checkpoints()
    if exists and not (resume or overwrite):
        raise SettingError(
            _(
                "checkpoint {name!r} already exists: choose another --name, continue it with --resume, or replace it "
                "with --overwrite.",
                name=name,
            )
        )
    if resume and not exists:
        raise SettingError(_("nothing to resume: there is no checkpoint {name!r}.", name=name))
    saved = checkpoint.read(checkpoint.find(name)) if resume else None
    if saved:
        check_same(saved.config)  # first: it says more of a data set that is gone than that there is none of its name
    job = job or given or Job.of(plan)
    job = continued(job, saved) if saved else job
    with distributed.group(job.device):
        report(_("loading data"))
        samples = distributed.in_turn(job.load)
        if job.trainer.validation and samples.x_validation is None:
            report(_(TOO_FEW, share=percent(job.trainer.validation, 1), n=number(len(samples.x_train)), least=LEAST))
        if job.edits:
            report(edits.told(job.edits.card(), _all(samples, job)))
            if gone := edits.emptied(samples, job.data.classes):
                report(gone)
        if job.binary and job.binarisation is None and binarise.is_grey(samples.x_train):
            report(_(binarise.GREY))
        job = _streamed(job, samples, saved)
        trainer, spec = prepare(job, samples)
        config, history = _config(job, spec), []
        if saved:
            if changed := changes(saved, job):
                config["changes"] = changed
                if changed != saved.config.get("changes"):
                    report(told(changed[-1]))
            history = resumed(trainer, saved)
        yield from _epochs(job, trainer, samples, config, history, report=report, watch=watch)
    if distributed.speaks():
        yield from _finish(job, trainer, samples, config, history, report=report)


def _all(samples: Samples, job: Job) -> int:
    """Training samples of the data set, without its edits."""
    held = 0 if samples.x_validation is None else len(samples.x_validation)
    return len(samples.x_train) + held + len(job.edits.train.dropped)


def _streamed(job: Job, samples: Samples, saved: Checkpoint | None) -> Job:
    """The job with its stream, if it has any, in numbers: a resumed run's own, as the order of samples depends on it.

    Raises: SettingError: another one is asked for.
    """
    asked = job.plan.stream_mb
    if saved:
        was = saved.config.get("stream_mb", 0)
        if asked not in (None, was):
            raise SettingError(
                _(
                    "cannot resume {name}: it streams {was} MB at a time, not {asked}.",
                    name=saved.path.name,
                    was=was,
                    asked=asked,
                )
            )
        asked = was
    chosen = distributed.agreed(stream.megabytes(asked, samples.x_train, job.device), job.device)
    return dataclasses.replace(job, plan=dataclasses.replace(job.plan, stream_mb=chosen or job.plan.stream_mb))


def prepare(job: Job, samples: Samples) -> tuple[Trainer, Spec]:
    """A trainer before its first step, with a net built for these samples."""
    plan, t, spec = job.plan, job.trainer, job.spec(samples)
    repeatable(job.device)
    leave_one_core(job.device)
    torch.manual_seed(plan.seed)
    model, objective = job.family.build(spec, job.hparams)
    for part in model.modules():
        if isinstance(part, VAE) and part.starts_as_pca:
            part.start(components_to_start(samples.x_train, part.d, **augment.moves(t.augment)))
    if isinstance(model, EnergyModel):
        model.start(samples.x_train)
    steps = plan.epochs * -(-spec.n_data // min(t.batch_size, spec.n_data))
    return Trainer(model.to(job.device), objective.to(job.device), t, plan.seed, steps), spec


def _epochs(
    job: Job,
    trainer: Trainer,
    samples: Samples,
    config: dict[str, Any],
    history: list[dict[str, Any]],
    *,
    report: Report,
    watch: Watch,
) -> Iterator[Event]:
    """Those that are left; of several processes one measures, reports and saves them."""
    plan, device, speaks = job.plan, job.device, distributed.speaks()
    given = conditions(job, samples)
    if plan.stream_mb:
        x, given = stream.Stream(samples.x_train, given, device, plan.stream_mb), None
        report(_("streaming the training set, {mb} MB at a time", mb=plan.stream_mb))
    else:
        x = resident(samples.x_train, device)
    seen = held_out.after_each_epoch(job, samples) if speaks else {"x_validation": None}
    said, autosave = None, Autosave(_folder(job))
    try:
        for event in fit(trainer, x, given, epochs=plan.epochs, **seen):
            if event.kind == "epoch" and speaks:
                warning = _collapse(job, trainer, event.metrics) if event.epoch >= LEARNT * plan.epochs else None
                if warning != said:
                    report(warning or _("The posterior has recovered from its collapse."))
                    said = warning
                history.append({"epoch": event.epoch, "step": event.step, **event.metrics})
                status = {"epochs_done": event.epoch, "created": _now(), "metrics": {}, **_clipped(history)}
                going_on = len(history) > 1  # the first epoch of a new training takes over no note of what it replaces
                status |= held_out.of_card(samples, history)
                autosave.take(config | status, model_files(trainer, history), keep_note=going_on)
                watch(trainer, samples, event)
            yield event
    finally:  # also when the generator is closed, interrupted or fails
        autosave.flush()


def _clipped(history: list[dict[str, Any]]) -> dict[str, float]:
    """For the card: the share of all steps whose gradient was clipped; nothing of a training that did not count them
    from its first epoch on."""
    shares = [record.get("clipped_share") for record in history]
    known = [share for share in shares if share is not None]
    return {"clipped_share": sum(known) / len(known)} if known and len(known) == len(shares) else {}


def _folder(job: Job) -> Path:
    return checkpoint.root() / job.plan.checkpoint_name()


def _collapse(job: Job, trainer: Trainer, metrics: dict[str, Any]) -> str | None:
    return collapse_warning(metrics, trainer.model.d, knobs(job.family.Hparams))


def conditions(job: Job, samples: Samples) -> torch.Tensor | None:
    """What the model is told of the training samples, on the device: their conditions, or labels, -1 where a model that
    learns from a few does not see them."""
    if job.conditioned:
        assert samples.c_train is not None  # a set with a condition has it for every split
        return resident(samples.c_train, job.device)
    y = samples.y_train
    if y is not None and "semi_supervised" in job.family.traits:
        y = keep_labels(y, job.hparams.labelled, job.plan.seed)
    return None if y is None else resident(y, job.device)


def _finish(
    job: Job,
    trainer: Trainer,
    samples: Samples,
    config: dict[str, Any],
    history: list[dict[str, Any]],
    *,
    report: Report,
) -> Iterator[Event]:
    plan = job.plan
    report(_("evaluating on the test set"))
    x, y, c = held_out.on_device(job, samples, "test")
    assert x is not None  # every data set has a test set
    metrics = evaluate(trainer.model, x, y, c=c, k=NLL_SAMPLES, seed=plan.seed)
    if said := not_tight(metrics):
        report(said)
    config = config | {"epochs_done": trainer.epoch, "created": _now(), "metrics": metrics, **_clipped(history)}
    config |= held_out.of_card(samples, history) | for_card(trainer.model, x, plan.seed)
    saved = checkpoint.save(_folder(job), config, model_files(trainer, history), keep_note=True)
    add_atlas(saved, samples, n=plan.points, report=report, device=plan.device)
    figures = metrics | _clipped(history)
    yield Event("done", trainer.epoch, plan.epochs, trainer.step, trainer.step, figures, 0.0, 0.0)


def add_atlas(
    saved: Checkpoint,
    samples: Samples,
    *,
    n: int = building.N_REFERENCE,
    device: str | None = None,
    report: Report = lambda stage: None,
) -> Checkpoint:
    """Build the map of a checkpoint, of the samples that it was trained on, and save it with the folder. The same seed
    gives the same map. samples: of its data set."""
    engine = Engine(saved, device)
    built = building.build(
        as_trained(samples, saved.config),
        tuple(saved.config["classes"]),
        *_both_ways(engine),
        engine.modality.pictures,
        n=n,
        seed=saved.config["seed"],
        view=engine.map_view(),
        discrete="discrete" in engine.traits,
        measure=lambda x, told: measure(engine.model, engine.seen(x), told),
        conditioned=engine.conditioned,
        report=report,
    )
    card = {**built.summary, "split": "train", "seed": saved.config["seed"]}
    config = saved.config | {"atlas": card | {"baselines": _baselines(engine, samples, built.index)}}
    if built.warning:
        report(built.warning)
    return checkpoint.save(saved.path, config, {**saved.files, **built.files()}, keep_note=True)


def measure_atlas(saved: Checkpoint, samples: Samples, *, device: str | None = None) -> Checkpoint:
    """Measure the rows of a checkpoint's map, its trust and the baselines of its fidelity anew and save that with the
    folder, and the mixture fitted on its latents where an older map has none; all positions stay bit for bit.

    Raises: CheckpointError: it has no map, or these samples are not those that it was built from.
    """
    engine = Engine(saved, device)
    atlas = engine.atlas
    if atlas.index.max() >= len(samples.x_train):
        raise CheckpointError(
            ngettext(
                "{name}: its map refers to sample {row}, but the data set has {n} sample.",
                "{name}: its map refers to sample {row}, but the data set has {n} samples.",
                len(samples.x_train),
                name=engine.name,
                row=atlas.index.max(),
            )
        )
    x = samples.x_train[atlas.index]
    told = atlas.conditions if engine.conditioned else atlas.labels if engine.conditional else None
    first = {engine.condition_name: None if told is None else told[:64]}
    moved = np.abs(engine.encode(x[:64], **first)[0] - atlas.z[:64])
    if (moved > MOVED + ROUNDED * np.abs(atlas.z[:64])).any():
        raise CheckpointError(
            _(
                "{name}: these are not the samples of its map; rebuild the map with `python -m vae atlas {name}`.",
                name=engine.name,
            )
        )
    seen = engine.seen(x)
    measured = stored(measure(engine.model, seen, told), atlas.z, atlas.std, samples, atlas.index)
    measured |= {name: atlas.measured[name] for name in {STABILITY} & atlas.measured.keys()}  # of positions, which stay
    trusted = building.with_trust(atlas.projector, atlas.search, told, *_both_ways(engine), seed=saved.config["seed"])
    files = dataclasses.replace(atlas, projector=trusted, measured=measured, stored_mixture=atlas.mixture).files()
    card = saved.config["atlas"] | {"baselines": _baselines(engine, samples, atlas.index)}
    return checkpoint.save(saved.path, saved.config | {"atlas": card}, {**saved.files, **files}, keep_note=True)


def _both_ways(engine: Engine) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """encode(x, told) and decode(z, told) of an engine; told: labels or conditions."""
    return (
        lambda x, told: engine.encode(x, **{engine.condition_name: told}),
        lambda z, told: engine.decode(z, **{engine.condition_name: told}),
    )


def _baselines(engine: Engine, samples: Samples, index: np.ndarray) -> dict[str, float | int]:
    """Of the samples that the model was trained on. index: of the rows of the map in the data set."""
    trained = as_trained(samples, engine.card)
    x = trained.x_train if engine.binarisation is None else engine.seen(np.asarray(trained.x_train))
    return baselines(x, rows_of(trained, index), d=engine.d, discrete="discrete" in engine.traits)


def model_files(trainer: Trainer, history: list[dict[str, Any]]) -> dict[str, bytes]:
    """What a checkpoint keeps of a trainer: the model, what resumes it, and a line an epoch."""
    from safetensors.torch import save as save_tensors

    tensors = {k: v.detach().cpu().contiguous() for k, v in trainer.model.state_dict().items()}
    lines = "".join(json.dumps(record) + "\n" for record in history)
    return {MODEL: save_tensors(tensors), RESUME: save_tensors(trainer.state()), HISTORY: lines.encode()}


def _config(job: Job, spec: Spec) -> dict[str, Any]:
    plan, data = job.plan, job.data
    return {
        "name": plan.checkpoint_name(),
        "title": f"{job.family.title} on {data.title}",
        "family": plan.family,
        "hparams": dataclasses.asdict(job.hparams),
        "train": dataclasses.asdict(job.trainer),
        "epochs": plan.epochs,
        "dataset": plan.dataset,
        "seed": plan.seed,
        "stream_mb": plan.stream_mb or 0,
        **({} if job.binarisation is None else {"binarisation": job.binarisation}),
        **({"edits": job.edits.card()} if job.edits else {}),
        "spec": dataclasses.asdict(spec) | {"shape": list(spec.shape)},
        "classes": list(data.classes),
        **_variables(data),
        "data_title": data.title,
        "data_licence": data.licence,
        "data_origin": data.origin,
        "data_cite": data.cite,
        "command": plan.command(),
        "versions": {
            "zscope": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "umap-learn": metadata.version("umap-learn"),
        },
        "trained_on": job.device.type,
    }


def _variables(data: Dataset) -> dict[str, Any]:
    """The entry of the card with names, units and means; none if nothing is known of them."""
    known = fitting(data.variables, data.shape[0])
    entries = {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(known).items() if v}
    return {"variables": entries} if entries else {}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
