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
from ..text import _
from ..training.plan import Plan

POLL_S = 0.5


def train(args: Namespace) -> int:
    """Queue it, wait until all are trained, draw its frames. Interrupted, the trainings go on in the background."""
    base, setting, values = _asked(args)
    ladder = sweep.start(base, setting, values)
    print(
        _(
            "ladder {name}: {rungs} models queued, {setting} {listed}",
            name=ladder.name,
            rungs=len(ladder.rungs),
            setting=setting,
            listed=_listed(ladder.values),
        )
    )
    if args.background:
        print(_("See it with: python -m vae ladder show {name}", name=ladder.name))
        return 0
    try:
        _wait(ladder)
    except KeyboardInterrupt:
        print(_("The trainings go on. See them with: python -m vae ladder show {name}", name=ladder.name))
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
        what = _(
            "{family} on {dataset}, {setting} {listed}",
            family=ladder.family,
            dataset=ladder.dataset,
            setting=ladder.setting,
            listed=_listed(ladder.values),
        )
        print(
            _(
                "{name:<24} {done} of {rungs} trained  {what}",
                name=ladder.name,
                done=done,
                rungs=len(ladder.rungs),
                what=what,
            )
        )
    if not every:
        print(_("none yet: python -m vae ladder train beta_vae digits"))


def show(args: Namespace) -> None:
    """The rungs with their figures; what is trained and not drawn yet is drawn."""
    control.tend()
    ladder, disk = sweep.find(args.name), sweep.read()
    if args.json:
        print(json.dumps(_record(ladder, disk), indent=1))
        return
    print(ladder.command)
    for rung in _record(ladder, disk)["rungs"]:
        line = _(
            "{setting} {value:<8g} {name:<32} {state:<8}",
            setting=ladder.setting,
            value=rung["value"],
            name=rung["name"],
            state=rung["state"],
        )
        print(
            "  ".join(
                [
                    line,
                    *(
                        _("{removesuffix} {v:.2f}", removesuffix=k.removesuffix("_nats"), v=v)
                        for k, v in rung["metrics"].items()
                    ),
                ]
            ).rstrip()
        )
        if rung["state"] == FAILED:
            print(_("  cause: {cause}", cause=ladder.runs(disk)[rung["name"]].state.cause))
    if not ladder.climbing(disk):
        _draw(ladder)


def delete(args: Namespace) -> None:
    sweep.delete(args.name, models=args.models)
    print(
        _(
            "ladder {name}: deleted{value}",
            name=args.name,
            value=" with its models" if args.models else "; its models stay",
        )
    )


def _asked(args: Namespace) -> tuple[Plan, str, tuple[float, ...]]:
    """What is said with --over; without, what is proposed for the family."""
    from .training import plan_of

    base = plan_of(args)
    setting, _, values = args.over.partition("=")
    setting = setting or sweep.offered(args.family)[0]
    if not values and setting not in sweep.OVER:
        raise SettingError(
            _(
                "--over {setting}: expected values too, for example --over {setting}=1,2,4.",
                setting=setting,
            )
        )
    return base, setting, sweep.parse(values) if values else sweep.OVER[setting]


def _draw(ladder: Ladder) -> None:
    try:
        comparison.look(ladder.name, report=print)
    except SettingError as error:  # fewer than two are trained, as their states say
        print(error)
    else:
        model_sequence.lay(
            ladder.folder,
            lambda done, of: print(
                _(
                    "laid out map {done} of {of}",
                    done=done,
                    of=of,
                )
            ),
        )


def _wait(ladder: Ladder) -> None:
    told: dict[str, str] = {}
    while True:
        control.tend()
        disk = sweep.read()
        states = ladder.states(disk)
        for name, state in states.items():
            if told.get(name, state) != state:
                print(_("{name}: {state}", name=name, state=state), flush=True)
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
