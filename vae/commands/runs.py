"""python -m vae runs ... | estimate."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator

from ..errors import ZscopeError
from ..runs import control, preview_map, starting, worker
from ..runs.folder import FAILED, QUEUED, RUNNING, STOPPED, Run, find, waiting
from ..saved import checkpoint
from ..text import _, duration, number


def start(args: Namespace) -> None:
    run = starting.start(_plan(args))
    print(
        _(
            "{id}: {state}. To see it: {command}",
            id=run.id,
            state=_(run.state.name),
            command=f"python -m vae runs show {run.name}",
        )
    )


def pause(args: Namespace) -> None:
    run = control.pause(args.id)
    if run.request:
        print(_("{id}: will pause after the current epoch", id=run.id))
    else:
        print(_state_line(run))


def resume(args: Namespace) -> None:
    restarts = control.anew(find(args.id), checkpoint.checkpoints())
    run = starting.resume(args.id, settings={} if args.lr is None else {"lr": args.lr})
    if restarts:
        print(_("checkpoint {name} no longer exists: {id} starts again from the first epoch", name=run.name, id=run.id))
    print(_state_line(run))


def stop(args: Namespace) -> None:
    run = control.stop(args.id, now=args.now)
    if run.request:
        print(_("{id}: will stop and draw the map of its last epoch", id=run.id))
    else:
        print(_state_line(run))
    if run.state.name == STOPPED and _lacks_map(run.name):
        print(
            _(
                "the last epoch is saved but has no map; to explore it: {command}",
                command=f"python -m vae runs map {run.id}",
            )
        )


def _lacks_map(name: str) -> bool:
    """Whether there is a checkpoint of that name, which can be read, without a map."""
    try:
        return checkpoint.ATLAS not in checkpoint.card(name)["files"]
    except ZscopeError:
        return False


def delete(args: Namespace) -> None:
    control.delete(args.id, model=args.model)
    print(_("deleted run {id}", id=args.id))


def work(args: Namespace) -> None:
    worker.work()


def map(args: Namespace) -> None:
    print(_("saved {path}", path=preview_map.draw(args.id, report=print, again=args.so_far).path))


def show_all(args: Namespace) -> None:
    every = control.tend()
    if args.json:
        print(json.dumps([_record(run, every) for run in every], indent=1))
        return
    if why := control.blocked(every):
        print(why)
    for run in every:
        print(f"{run.id:<40} {_(run.state.name):<8} {'  '.join(_facts(run, every))}".rstrip())


def show(args: Namespace) -> None:
    control.tend()
    run = find(args.id)
    print(f"{run.id}: {_(run.state.name)}  {'  '.join(_facts(run, [run]))}".rstrip())
    print(run.plan["command"])
    known = checkpoint.checkpoints()
    if run.state.name == FAILED:
        print(_("cause: {cause}", cause=run.state.cause))
        if advice := control.advice(run, known):
            print(_("advice: {advice}", advice=advice))
    if control.anew(run, known):
        print(
            _(
                "checkpoint {name} no longer exists: if resumed, the run starts again from the first epoch",
                name=run.name,
            )
        )
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


def _facts(run: Run, every: list[Run]) -> Iterator[str]:
    """What is known about a run: position in the queue, progress, ELBO, times."""
    p = run.progress
    if run.state.name == QUEUED and len(every) > 1:
        yield _("number {n} in the queue", n=waiting(every).index(run) + 1)
    if p.get("epoch"):
        yield _("epoch {epoch} of {epochs}", epoch=p["epoch"], epochs=p["epochs"])
    if (elbo := (p.get("metrics") or {}).get("elbo_nats")) is not None:
        yield _("ELBO {elbo} nats", elbo=number(elbo, 2))
    if p.get("elapsed_s"):
        yield _("{time} elapsed", time=duration(p["elapsed_s"]))
    if run.state.name == RUNNING and p.get("seconds_left"):
        yield _("{time} left", time=duration(p["seconds_left"]))
    if run.request:
        yield _("pause requested") if run.request == "pause" else _("stop requested")


def _state_line(run: Run) -> str:
    return f"{run.id}: {_(run.state.name)}"
