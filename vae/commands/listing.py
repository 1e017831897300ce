"""python -m vae list families|datasets|checkpoints."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from ..data.published.store import availability
from ..errors import ZscopeError
from ..metrics.active import card_warnings
from ..registry import datasets, families
from ..saved import cards, checkpoint
from ..settings import knobs
from ..text import _, significant
from ..training.trainer import TrainHparams


def show(args: Namespace) -> None:
    rows = {"families": _families, "datasets": _datasets, "checkpoints": _checkpoints}[args.what]()
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        _print(row)
    if args.what == "families":
        print(_("settings of the trainer, for every family"))
        _print_settings(_settings(TrainHparams))
    if not rows:
        print(_("none yet: {command}", command="python -m vae train vae digits"))


def _families() -> list[dict[str, Any]]:
    return [
        {"name": f.name, "title": f.title, "paper": f.paper, "settings": _settings(f.Hparams)}
        for f in families().values()
    ]


def _settings(cls: type) -> dict[str, dict[str, Any]]:
    return {name: {**k, "type": k["type"].__name__} for name, k in knobs(cls).items()}


def _datasets() -> list[dict[str, Any]]:
    return [
        {
            "name": d.name,
            "title": d.title,
            "modality": d.modality,
            "shape": list(d.shape),
            "classes": list(d.classes),
            "licence": d.licence,
            "origin": d.origin,
            "cite": d.cite,
            "found": availability(d.name),
        }
        for d in datasets().values()
    ]


def _checkpoints() -> list[dict[str, Any]]:
    rows = []
    for name, path in checkpoint.checkpoints().items():
        try:
            c = cards.readable(path, skip=())
            rows.append(
                {
                    "name": name,
                    "family": c["family"],
                    "dataset": c["dataset"],
                    "epochs": c.get("epochs_done"),
                    "seed": c["seed"],
                    "hparams": c["hparams"],
                    "metrics": c["metrics"],
                    **({"warnings": said} if (said := card_warnings(c)) else {}),
                }
            )
        except ZscopeError as e:
            rows.append({"name": name, "error": str(e)})
    return rows


def _print(row: dict[str, Any]) -> None:
    print(row["name"])
    for key, value in row.items():
        if key == "settings":
            _print_settings(value)
        elif key == "metrics":
            plain = {k: v for k, v in value.items() if not isinstance(v, list) and v is not None}
            print(
                "  metrics: "
                + ", ".join(f"{k} {significant(v, 5) if isinstance(v, float) else v}" for k, v in plain.items())
            )
        elif isinstance(value, dict):
            print(f"  {key}: " + ", ".join(f"{k}={v}" for k, v in value.items()))
        elif key == "title":
            print(f"  {key}: {_(value)}")
        elif key == "warnings":
            print(*(f"  {warning}" for warning in value), sep="\n")
        elif key != "name":
            print(f"  {key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


def _print_settings(settings: dict[str, dict[str, Any]]) -> None:
    for name, k in settings.items():
        span = "|".join(k["choices"]) if k["choices"] else _("{low} to {high}", low=k["low"], high=k["high"])
        print(f"  --set {name}={k['default']}  ({span})  {_(k['help'])}")
