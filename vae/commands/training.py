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
from ..registry import DATASETS
from ..runs import reporting
from ..runs.guards import unneeded
from ..saved import checkpoint
from ..saved.names import check_kept_apart
from ..training import distributed, experiment
from ..training.job import Job
from ..training.plan import Plan
from ..training.presets import preset
from ..training.trainer import Diverged, Event
from .options import INTERRUPTED, settings

EPOCHS = 20
NICE = 10  # of a training in the background: the page beside it must stay quick


def train(args: Namespace) -> int:
    plan = plan_of(args)
    if args.follow:
        if hasattr(os, "nice"):
            os.nice(NICE)
        return reporting.train(plan, args.follow, resume=args.resume, say=_say, figures=_figures)
    events = experiment.train(plan, resume=args.resume, overwrite=args.overwrite, report=_say)
    kept = args.resume  # whether the checkpoint of that name holds an epoch of this run
    with tqdm(
        total=None, unit="step", dynamic_ncols=True, disable=None if distributed.speaks() else True, file=sys.stderr
    ) as bar:
        try:
            for event in events:
                kept = kept or event.kind == "epoch"
                _draw(bar, event)
        except Diverged as e:
            if not kept:
                raise
            raise Diverged(f"{e} The last good epoch is saved. {_with_less(plan)}") from e
        except KeyboardInterrupt:
            events.close()
            bar.close()
            _say(f"interrupted: {_how_to_go_on(plan)}")
            return INTERRUPTED
    _say(f"saved {checkpoint.root() / plan.checkpoint_name()}")
    return 0


def _with_less(plan: Plan) -> str:
    """How to go on after a NaN, with a tenth of the learning rate."""
    lr = Job.of(plan).trainer.lr / 10
    less = dataclasses.replace(plan, settings=plan.settings | {"lr": f"{lr:g}"})
    return f"Go on from there with: {less.command()} --resume"


def _how_to_go_on(plan: Plan) -> str:
    if plan.checkpoint_name() not in checkpoint.checkpoints():
        return f"no epoch was finished, nothing is saved. Start again with: {plan.command()}"
    return f"every finished epoch is saved. Go on with: {plan.command()} --resume"


def plan_of(args: Namespace) -> Plan:
    """What was said counts, then the preset, then what every run has."""
    chosen, epochs, points = settings(args.settings), args.epochs, args.points
    if args.preset:
        data = DATASETS.get(args.dataset)
        given = preset(args.preset, args.family, data, len(data.load().x_train))
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
    )


def _draw(bar: tqdm, event: Event) -> None:
    m = event.metrics
    if event.kind == "done" or not distributed.speaks():
        return
    bar.total = event.steps
    bar.n = event.step
    bar.set_description(f"epoch {event.epoch}/{event.epochs}", refresh=False)
    figures = "  ".join(_figures(m))
    bar.set_postfix_str(f"{figures}  {event.images_per_s:,.0f} images/s  {_clock(event.seconds_left)} left")
    if event.kind == "epoch":
        line = f"epoch {event.epoch}/{event.epochs}  {figures}  {m['images_per_s']:,.0f} images/s"
        bar.write(line, file=sys.stderr)


def _figures(m: Mapping[str, Any]) -> Iterator[str]:
    """What is known so far, in words: a model without a prior has no elbo and no rate."""
    for name in ("elbo", "test_elbo", "distortion", "rate"):
        if (key := f"{name}_nats") in m:
            yield f"{name.replace('_', ' ')} {m[key]:.2f} nats"
    if "test_mse" in m:
        yield f"test mse {m['test_mse']:.5f}"
    if "test_accuracy" in m:
        yield f"test accuracy {m['test_accuracy']:.1%}"
    if "active_units" in m:
        yield f"{m['active_units']} active"


def rebuild_atlas(args: Namespace) -> None:
    path = checkpoint.find(args.checkpoint)
    check_kept_apart(path)
    with unneeded(model=path.name):
        saved = checkpoint.read(path)  # a run that trains it would save newer weights meanwhile, which we would undo
    samples = DATASETS.get(saved.config["dataset"]).load()
    if args.measure:
        experiment.measure_atlas(saved, samples, device=args.device)
    else:
        experiment.add_atlas(saved, samples, n=args.n, device=args.device, report=_say)
    _say(f"saved {saved.path}")


def _say(text: str) -> None:
    if distributed.speaks():
        tqdm.write(text, file=sys.stderr)


def _clock(seconds: float) -> str:
    return tqdm.format_interval(max(0, int(seconds)))
