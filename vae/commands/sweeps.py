"""python -m vae sweep train | list | show | delete."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from typing import Any

from ..errors import SettingError
from ..forming import model_sequence
from ..forming.snapshots import NATS
from ..registry import about
from ..runs import control
from ..runs.folder import DONE, FAILED
from ..saved import cards, schema
from ..sweeps import comparison, sweeps
from ..sweeps.sweeps import Disk, Sweep
from ..text import _, ngettext, number
from ..training.plan import Plan

POLL_S = 0.5


def train(args: Namespace) -> int:
    """Queue a sweep, wait until it is trained, compare its models. If interrupted, the trainings go on."""
    base, setting, values = _asked(args)
    sweep = sweeps.start(base, setting, values)
    queued = ngettext(
        "sweep {name}: {n} model queued, {setting} = {values}",
        "sweep {name}: {n} models queued, {setting} = {values}",
        len(sweep.models),
        name=sweep.name,
        setting=setting,
        values=_listed(sweep.values),
    )
    print(queued)
    if args.background:
        print(_("Show it with: python -m vae sweep show {name}", name=sweep.name))
        return 0
    try:
        _wait(sweep)
    except KeyboardInterrupt:
        print(
            _("The trainings go on in the background. Show them with: python -m vae sweep show {name}", name=sweep.name)
        )
        raise
    show(Namespace(name=sweep.name, json=False))
    return int(set(sweep.states().values()) != {DONE})


def show_all(args: Namespace) -> None:
    control.tend()
    every, disk = list(sweeps.known().values()), sweeps.read()
    if args.json:
        print(json.dumps([_record(sweep, disk) for sweep in every], indent=1))
        return
    for sweep in every:
        done = list(sweep.states(disk).values()).count(DONE)
        what = f"{about(sweep.family, sweep.dataset)}, {sweep.setting} {_listed(sweep.values)}"
        trained = _("{done} of {all} trained", done=number(done), all=number(len(sweep.models)))
        print(f"{sweep.name:<24} {trained}  {what}")
    if not every:
        print(_("No sweeps yet. Train one: python -m vae sweep train beta_vae digits"))


def show(args: Namespace) -> None:
    """The models with their metrics; compares them first where that was not done yet."""
    control.tend()
    sweep, disk = sweeps.find(args.name), sweeps.read()
    if args.json:
        print(json.dumps(_record(sweep, disk), indent=1))
        return
    record = _record(sweep, disk)
    print(record["command"])
    for model in record["models"]:
        metrics = [f"{k.removesuffix('_nats')} {v:.2f}" for k, v in model["metrics"].items()]
        if "validation_elbo_nats" in model:
            validation = _("validation ELBO {value} nats", value=number(model["validation_elbo_nats"], 2))
            metrics = [validation, _("on the test set:"), *metrics]
        line = f"{sweep.setting} {model['value']:<8g} {model['name']:<32} {model['state']:<8}"
        print("  ".join([line, *metrics]).rstrip())
        if "error" in model:
            print("  " + model["error"])
        if model["state"] == FAILED:
            print("  " + _("cause: {cause}", cause=sweep.runs(disk)[model["name"]].state.cause))
    if not sweep.running(disk):
        _draw(sweep)


def delete(args: Namespace) -> None:
    sweeps.delete(args.name, models=args.models)
    if args.models:
        print(_("sweep {name}: deleted with its models", name=args.name))
    else:
        print(_("sweep {name}: deleted; its models are kept", name=args.name))


def _asked(args: Namespace) -> tuple[Plan, str, tuple[float, ...]]:
    """The plan, the setting and the values of --over, or those proposed for the family."""
    from .training import plan_of

    base = plan_of(args)
    setting, _equals, values = args.over.partition("=")
    setting = setting or sweeps.offered(args.family)[0]
    if not values and setting not in sweeps.OVER:
        raise SettingError(
            _("--over {setting}: expected values as well, for example --over {setting}=1,2,4.", setting=setting)
        )
    return base, setting, sweeps.parse(values) if values else sweeps.OVER[setting]


def _draw(sweep: Sweep) -> None:
    try:
        comparison.look(sweep.name, report=print)
    except SettingError as error:  # fewer than two are trained, as their states say
        print(error)
    else:
        model_sequence.lay(
            sweep.folder,
            lambda done, of: print(_("laid out map {done} of {of}", done=done, of=of)),
        )


def _wait(sweep: Sweep) -> None:
    told: dict[str, str] = {}
    while True:
        control.tend()
        disk = sweeps.read()
        states = sweep.states(disk)
        for name, state in states.items():
            if told.get(name, state) != state:
                print(_("{name}: {state}", name=name, state=state), flush=True)
        told = states
        if not sweep.running(disk):
            return
        time.sleep(POLL_S)


def _record(sweep: Sweep, disk: Disk) -> dict[str, Any]:
    states, known, records, before = sweep.states(disk), disk.checkpoints, [], False
    for value, name in zip(sweep.values, sweep.models, strict=True):
        card, problem = cards.look(known[name]) if name in known else ({}, "")
        before = before or (bool(card.get("train")) and "validation" not in card["train"])
        measured, validation = card.get("metrics", {}), card.get("validation", {}).get("elbo_nats")
        metrics = {k: measured[k] for k in NATS if measured.get(k) is not None}
        chosen_by = {} if validation is None else {"validation_elbo_nats": validation}
        record = {"value": value, "name": name, "state": states[name], "metrics": metrics, **chosen_by}
        records.append(record | ({"error": problem} if problem else {}))
    return {
        "name": sweep.name,
        "title": about(sweep.family, sweep.dataset),
        "setting": sweep.setting,
        "command": schema.without_validation(sweep.command) if before else sweep.command,
        "models": records,
    }


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
