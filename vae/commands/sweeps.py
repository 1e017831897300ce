"""python -m vae ladder train | list | show | delete."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from typing import Any

from ..errors import SettingError
from ..forming import model_sequence
from ..registry import about
from ..runs import control
from ..runs.folder import DONE, FAILED
from ..sweeps import comparison, sweep
from ..sweeps.sweep import Disk, Ladder
from ..training.plan import Plan

POLL_S = 0.5


def train(args: Namespace) -> int:
    """Queue it, wait until all are trained, draw its frames. Interrupted, the trainings go on in the background."""
    base, setting, values = _asked(args)
    ladder = sweep.start(base, setting, values)
    print(f"ladder {ladder.name}: {len(ladder.rungs)} models queued, {setting} {_listed(ladder.values)}")
    if args.background:
        print(f"See it with: python -m vae ladder show {ladder.name}")
        return 0
    try:
        _wait(ladder)
    except KeyboardInterrupt:
        print(f"The trainings go on. See them with: python -m vae ladder show {ladder.name}")
        raise
    show(Namespace(name=ladder.name, json=False))
    return int(set(ladder.states().values()) != {DONE})


def show_all(args: Namespace) -> None:
    control.tend()
    every, disk = list(sweep.ladders().values()), sweep.read()
    if args.json:
        print(json.dumps([_record(ladder, disk) for ladder in every], indent=1))
        return
    for ladder in every:
        done = list(ladder.states(disk).values()).count(DONE)
        what = f"{ladder.family} on {ladder.dataset}, {ladder.setting} {_listed(ladder.values)}"
        print(f"{ladder.name:<24} {done} of {len(ladder.rungs)} trained  {what}")
    if not every:
        print("none yet: python -m vae ladder train beta_vae digits")


def show(args: Namespace) -> None:
    """The rungs with their figures; what is trained and not drawn yet is drawn."""
    control.tend()
    ladder, disk = sweep.find(args.name), sweep.read()
    if args.json:
        print(json.dumps(_record(ladder, disk), indent=1))
        return
    print(ladder.command)
    for rung in _record(ladder, disk)["rungs"]:
        line = f"{ladder.setting} {rung['value']:<8g} {rung['name']:<32} {rung['state']:<8}"
        print("  ".join([line, *(f"{k.removesuffix('_nats')} {v:.2f}" for k, v in rung["metrics"].items())]).rstrip())
        if rung["state"] == FAILED:
            print(f"  cause: {ladder.runs(disk)[rung['name']].state.cause}")
    if not ladder.climbing(disk):
        _draw(ladder)


def delete(args: Namespace) -> None:
    sweep.delete(args.name, models=args.models)
    print(f"ladder {args.name}: deleted{' with its models' if args.models else '; its models stay'}")


def _asked(args: Namespace) -> tuple[Plan, str, tuple[float, ...]]:
    """What is said with --over; without, what is proposed for the family."""
    from .training import plan_of

    base = plan_of(args)
    setting, _, values = args.over.partition("=")
    setting = setting or sweep.offered(args.family)[0]
    if not values and setting not in sweep.OVER:
        raise SettingError(f"--over {setting}: expected values too, for example --over {setting}=1,2,4.")
    return base, setting, sweep.parse(values) if values else sweep.OVER[setting]


def _draw(ladder: Ladder) -> None:
    try:
        comparison.look(ladder.name, report=print)
    except SettingError as error:  # fewer than two are trained, as their states say
        print(error)
    else:
        model_sequence.lay(ladder.folder, lambda done, of: print(f"laid out map {done} of {of}"))


def _wait(ladder: Ladder) -> None:
    told: dict[str, str] = {}
    while True:
        control.tend()
        disk = sweep.read()
        states = ladder.states(disk)
        for name, state in states.items():
            if told.get(name, state) != state:
                print(f"{name}: {state}", flush=True)
        told = states
        if not ladder.climbing(disk):
            return
        time.sleep(POLL_S)


def _record(ladder: Ladder, disk: Disk) -> dict[str, Any]:
    states, known, records = ladder.states(disk), disk.checkpoints, []
    for value, name in zip(ladder.values, ladder.rungs, strict=True):
        config = json.loads((known[name] / "config.json").read_text("utf-8")) if name in known else {}
        measured = config.get("metrics") or {}
        metrics = {k: measured[k] for k in ("elbo_nats", "distortion_nats", "rate_nats") if measured.get(k) is not None}
        records.append({"value": value, "name": name, "state": states[name], "metrics": metrics})
    return {
        "name": ladder.name,
        "title": about(ladder.family, ladder.dataset),
        "setting": ladder.setting,
        "command": ladder.command,
        "rungs": records,
    }


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
