"""python -m vae runs ... | estimate."""

from __future__ import annotations

import json
import time
from argparse import Namespace

from ..runs import control, preview_map, starting, worker
from ..runs.folder import FAILED, QUEUED, STOPPED, Run, find, waiting
from ..saved import checkpoint


def start(args: Namespace) -> None:
    run = starting.start(_plan(args))
    print(f"{run.id}: {run.state.name}. See it with: python -m vae runs show {run.name}")


def pause(args: Namespace) -> None:
    run = control.pause(args.id)
    print(f"{run.id}: {'will pause when its epoch is saved' if run.request else run.state.name}")


def resume(args: Namespace) -> None:
    anew = control.anew(find(args.id), checkpoint.checkpoints())
    run = starting.resume(args.id, settings={} if args.lr is None else {"lr": args.lr})
    if anew:
        print(f"checkpoint {run.name} is gone: {run.id} starts anew, from the first epoch")
    print(f"{run.id}: {run.state.name}")


def stop(args: Namespace) -> None:
    run = control.stop(args.id, now=args.now)
    print(f"{run.id}: {'will stop and draw the map of its last epoch' if run.request else run.state.name}")
    saved = checkpoint.checkpoints()
    if run.state.name == STOPPED and run.name in saved and checkpoint.ATLAS not in checkpoint.card(run.name)["files"]:
        print(f"its last epoch is saved and has no map; to explore it: python -m vae runs map {run.id}")


def delete(args: Namespace) -> None:
    control.delete(args.id, model=args.model)
    print(f"{args.id}: deleted")


def work(args: Namespace) -> None:
    worker.work()


def map(args: Namespace) -> None:

    print(f"saved {preview_map.draw(args.id, report=print).path}")


def show_all(args: Namespace) -> None:
    every = control.tend()
    if args.json:
        print(json.dumps([_record(run, every) for run in every], indent=1))
        return
    for run in every:
        print(f"{run.id:<40} {run.state.name:<8} {'  '.join(_told(run, every))}".rstrip())


def show(args: Namespace) -> None:
    control.tend()
    run = find(args.id)
    print(f"{run.id}: {run.state.name}  {'  '.join(_told(run, [run]))}".rstrip())
    print(run.plan["command"])
    known = checkpoint.checkpoints()
    if run.state.name == FAILED:
        print(f"cause: {run.state.cause}")
        if advice := control.advice(run, known):
            print(f"advice: {advice}")
    if control.anew(run, known):
        print(f"checkpoint {run.name} is gone: resumed, it starts anew, from the first epoch")
    if log := run.log(12):
        print(f"\n{log}")


def estimate(args: Namespace) -> None:
    from ..runs import forecast

    plan = _plan(args)
    found = forecast.of(plan)
    if args.json:
        print(json.dumps(found.record(plan.epochs), indent=1))
    else:
        print(found.told(plan.epochs))


def _plan(args: Namespace):
    from .training import plan_of

    return plan_of(args)


def _record(run: Run, every: list[Run]) -> dict:
    place = {"place_in_queue": waiting(every).index(run) + 1} if run.state.name == QUEUED else {}
    why = {"cause": run.state.cause, "advice": run.state.advice} if run.state.name == FAILED else {}
    return {"id": run.id, "name": run.name, "state": run.state.name, **place, **why, "progress": run.progress}


def _told(run: Run, every: list[Run]):
    p = run.progress
    if run.state.name == QUEUED and len(every) > 1:
        yield f"number {waiting(every).index(run) + 1} in the queue"
    if p.get("epoch"):
        yield f"epoch {p['epoch']} of {p['epochs']}"
    if (elbo := (p.get("metrics") or {}).get("elbo_nats")) is not None:
        yield f"elbo {elbo:.2f} nats"
    if p.get("elapsed_s"):
        yield f"{_clock(p['elapsed_s'])} elapsed"
    if run.active and p.get("seconds_left"):
        yield f"{_clock(p['seconds_left'])} left"
    if run.request:
        yield f"({run.request} asked)"


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M:%S" if seconds >= 3600 else "%M:%S", time.gmtime(seconds))
