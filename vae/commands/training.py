"""python -m vae train | eval | atlas."""

from __future__ import annotations

import dataclasses
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from tqdm import tqdm

from ..atlas.building import N_REFERENCE
from ..atlas.measured import STABILITY
from ..data.as_evaluated import of_card
from ..engine.engine import Engine
from ..errors import SaveError
from ..latent.compact import lossless, rounded
from ..registry import DATASETS
from ..runs import reporting
from ..runs.guards import unneeded
from ..saved import checkpoint
from ..saved.checkpoint import Checkpoint
from ..saved.names import check_not_packaged
from ..studies import stability
from ..text import _, duration, ngettext, number, percent, significant
from ..training import distributed, experiment
from ..training.job import Job
from ..training.plan import Plan
from ..training.presets import preset, suited, trained_on
from ..training.trainer import Diverged, Event
from .options import INTERRUPTED, next_steps, settings

EPOCHS = 20
NICE = 10  # for trainings in the background, so that the app stays responsive


def train(args: Namespace) -> int:
    plan = plan_of(args)
    if args.follow:
        if hasattr(os, "nice"):
            os.nice(NICE)
        return reporting.train(plan, args.follow, resume=args.resume, say=_report, figures=_figures)
    events = experiment.train(plan, resume=args.resume, overwrite=args.overwrite, report=_report)
    has_epoch = args.resume  # whether the checkpoint holds an epoch of this run
    with tqdm(
        total=None, unit=_("step"), dynamic_ncols=True, disable=None if distributed.speaks() else True, file=sys.stderr
    ) as bar:
        try:
            for event in events:
                has_epoch = has_epoch or event.kind == "epoch"
                _draw(bar, event)
        except Diverged as e:
            if not has_epoch:
                raise
            raise Diverged(
                _("{error} The last good epoch is saved. {advice}", error=e, advice=_with_smaller_lr(plan))
            ) from e
        except SaveError as e:
            bar.close()
            raise SaveError(str(e), advice=_sentence(_how_to_continue(plan))) from e
        except KeyboardInterrupt:
            events.close()
            bar.close()
            _say(_("interrupted: {advice}", advice=_how_to_continue(plan)))
            return INTERRUPTED
    _say(_("saved {path}", path=checkpoint.root() / plan.checkpoint_name()))
    _say(next_steps(plan.checkpoint_name()))
    return 0


def _with_smaller_lr(plan: Plan) -> str:
    """How to resume after a NaN, with a tenth of the learning rate."""
    lr = Job.of(plan).trainer.lr / 10
    less = dataclasses.replace(plan, settings=plan.settings | {"lr": f"{lr:g}"})
    return _("To resume with a smaller learning rate: {command}", command=f"{less.command()} --resume")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _how_to_continue(plan: Plan) -> str:
    if plan.checkpoint_name() not in checkpoint.checkpoints():
        return _("no epoch was finished, so nothing is saved. To start again: {command}", command=plan.command())
    done = checkpoint.card(plan.checkpoint_name()).get("epochs_done", 0)
    return ngettext(
        "{n} finished epoch is saved. To resume: {command}",
        "{n} finished epochs are saved. To resume: {command}",
        done,
        command=f"{plan.command()} --resume",
    )


def plan_of(args: Namespace) -> Plan:
    """The plan of a training: arguments first, then the preset, then defaults."""
    chosen, epochs, points = settings(args.settings), args.epochs, args.points
    if args.preset:
        data = DATASETS.get(args.dataset)
        x = trained_on(data, edited=args.edits).x_train
        given = preset(args.preset, args.family, data, len(x), suited(data, x))
        for name, reason in given.reasons.items():
            if name not in chosen:
                _say(reason)
        chosen = {k: str(v) for k, v in given.settings.items()} | chosen
        epochs, points = (given.epochs if epochs is None else epochs), (given.points if points is None else points)
    return Plan(
        args.family,
        args.dataset,
        chosen,
        EPOCHS if epochs is None else epochs,
        args.seed,
        args.name,
        args.device,
        N_REFERENCE if points is None else points,
        args.stream,
        args.edits,
    )


def _draw(bar: tqdm, event: Event) -> None:
    m = event.metrics
    if event.kind == "done" or not distributed.speaks():
        return
    bar.total = event.steps
    bar.n = event.step
    bar.set_description(_("epoch {epoch}/{epochs}", epoch=event.epoch, epochs=event.epochs), refresh=False)
    figures = "  ".join(_figures(m))
    bar.set_postfix_str(
        _(
            "{metrics}  {speed} samples/s  {time} left",
            metrics=figures,
            speed=number(event.images_per_s),
            time=duration(event.seconds_left),
        )
    )
    if event.kind == "epoch":
        line = _(
            "epoch {epoch}/{epochs}  {metrics}  {speed} samples/s",
            epoch=event.epoch,
            epochs=event.epochs,
            metrics=figures,
            speed=number(m["images_per_s"]),
        )
        bar.write(line, file=sys.stderr)


def _figures(m: Mapping[str, Any]) -> Iterator[str]:
    """The metrics known so far, as text; a model without a prior has no ELBO and no rate."""
    names = {"elbo": "ELBO", "validation_elbo": _("validation ELBO")}
    names |= {"distortion": _("distortion"), "rate": _("rate")}
    for name, words in names.items():
        if (key := f"{name}_nats") in m:
            yield _("{name} {value} nats", name=words, value=number(m[key], 2))
    if "validation_mse" in m:
        yield _("validation MSE {value}", value=significant(m["validation_mse"], 4))
    if "validation_accuracy" in m:
        yield _("validation accuracy {value}", value=percent(m["validation_accuracy"], 1))
    if "active_units_by_rate" in m:
        yield ngettext("{n} unit active by rate", "{n} units active by rate", m["active_units_by_rate"])
    if "active_units" in m:
        yield ngettext("{n} unit active by variance", "{n} units active by variance", m["active_units"])


def rebuild_atlas(args: Namespace) -> None:
    path = checkpoint.find(args.checkpoint)
    check_not_packaged(path)
    with unneeded(model=path.name):
        saved = checkpoint.read(
            path
        )  # a run that trains it would save newer weights meanwhile, which this would overwrite
    if args.stability:
        print(stability.words(_measure_stability(saved)))
        return
    samples = of_card(saved.config)
    if args.measure:
        experiment.measure_atlas(saved, samples, device=args.device)
    else:
        experiment.add_atlas(saved, samples, n=args.n, device=args.device, report=_report)
    _say(_("saved {path}", path=saved.path))


def _measure_stability(saved: Checkpoint) -> stability.Stability:
    """Fit the map again, and save with the checkpoint how far it holds; all positions stay."""
    atlas, seed = Engine(saved).atlas, saved.config["atlas"].get("seed", 0)
    with tqdm(total=stability.REFITS, unit=_("map"), file=sys.stderr, disable=None) as bar:
        each, found = stability.measure(atlas, seed=seed, report=lambda done: bar.update(done - bar.n))
    files = dataclasses.replace(atlas, measured=atlas.measured | {STABILITY: lossless(rounded(each))}).files()
    card = saved.config["atlas"] | {"stability": dataclasses.asdict(found)}
    checkpoint.save(saved.path, saved.config | {"atlas": card}, {**saved.files, **files}, keep_note=True)
    return found


def _report(stage: str) -> None:
    """A stage of a training, by its stable English name."""
    _say(_(stage))


def _say(text: str) -> None:
    if distributed.speaks():
        tqdm.write(text, file=sys.stderr)
