"""How good every picture family is with the same nets, data and seeds: python -m benchmarks.quality [--smoke|--full].

Without a flag it measures the shipped checkpoints that share one recipe on Fashion-MNIST, and trains nothing.
--smoke trains each family for one epoch on the 8x8 digits: a minute or two, to see that all of it runs. --full trains
each on MNIST and Fashion-MNIST with three seeds: hours on a CPU. The figures are those of `vae eval --metrics`.
Nothing is chosen by them: the recipe was set beforehand and is the same for all.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from typing import Any

import torch

from benchmarks.machine import machine, write
from vae import checkpoint, experiment
from vae.engine import Engine, choose_device, restore
from vae.errors import NotMeasurable
from vae.metrics.estimate import Estimate
from vae.metrics.subject import Subject
from vae.registry import DATASETS, METRICS, families, knobs

RECIPE = {"d": 16, "net": "mlp", "width": 144}
GROUPS = ("bounds", "use", "samples", "detect")
NLL_SAMPLES = 100
COLUMNS = {  # key of a figure -> head of its column, digits
    "elbo_nats": ("elbo, nats", 1),
    "nll_nats": ("nll, nats", 1),
    "rate_nats": ("rate, nats", 1),
    "mse": ("mse", 4),
    "active_units": ("active", 0),
    "knn_accuracy": ("k-NN acc.", 3),
    "linear_probe_accuracy": ("probe acc.", 3),
    "frechet_distance": ("Frechet", 1),
    "auroc_reconstruction_error": ("AUROC", 3),
}


def measure(name: str) -> dict[str, Any]:
    """Every figure of one checkpoint, those that it cannot have left out."""
    saved = checkpoint.read(checkpoint.find(name), skip=(checkpoint.RESUME,))
    device = choose_device()
    model, _ = restore(saved, device)
    samples = DATASETS.get(saved.config["dataset"]).load()
    subject = Subject(Engine(saved), model.eval(), device, samples, saved.config["seed"], NLL_SAMPLES)
    found: dict[str, Any] = {"checkpoint": name, "family": saved.config["family"], "seed": saved.config["seed"]}
    for group in GROUPS:
        try:
            found |= METRICS.get(group).measure(subject)
        except NotMeasurable as e:
            print(f"  {name}: {e}", file=sys.stderr)
    return {k: v.value if isinstance(v, Estimate) else v for k, v in found.items()}


def trained(dataset: str, epochs: int, seeds: int, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Trains every picture family with every seed in a folder that is thrown away, and measures each."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZSCOPE_CHECKPOINTS"] = folder
        for name, family in families().items():
            if getattr(family, "modalities", ()) and "image" not in family.modalities:
                continue
            known = knobs(family.Hparams)
            for seed in range(seeds):
                own = {k: v for k, v in settings.items() if k in known or k in ("lr", "lr_end")}
                plan = experiment.Plan(name, dataset, own, epochs, seed, f"{dataset}-{name}-{seed}", points=500)
                for _ in experiment.train(plan):
                    pass
                rows.append(measure(plan.checkpoint_name()))
                print(f"  {plan.checkpoint_name()} measured", file=sys.stderr)
    return rows


def shipped(chosen: list[str]) -> list[dict[str, Any]]:
    """The checkpoints of this copy that were trained on Fashion-MNIST with the net of RECIPE, or one of their own."""
    rows = []
    for name, path in checkpoint.checkpoints().items():
        card = checkpoint.read(path, skip=(checkpoint.RESUME,)).config
        fits = card["dataset"] == "fashion_mnist" and card["hparams"].get("net", "mlp") == RECIPE["net"]
        if name not in chosen if chosen else not fits:
            continue
        rows.append(measure(name))
        print(f"  {name} measured", file=sys.stderr)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: a line a family, mean over its seeds, +- the spread between them where there are several."""
    by_family: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_family[row["family"]].append(row)
    lines = ["| family | seeds | " + " | ".join(head for head, _ in COLUMNS.values()) + " |"]
    lines.append("| --- |" + " ---: |" * (len(COLUMNS) + 1))
    for family, runs in sorted(by_family.items()):
        cells = []
        for key, (_, digits) in COLUMNS.items():
            values = [run[key] for run in runs if run.get(key) is not None]
            spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
            cells.append(f"{statistics.mean(values):.{digits}f}{spread}" if values else "–")
        lines.append(f"| `{family}` | {len(runs)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--smoke", "--quick", action="store_true")
    p.add_argument("--full", action="store_true")
    p.add_argument("checkpoints", nargs="*", help="measure these alone")
    args = p.parse_args()
    torch.manual_seed(0)
    if args.smoke:
        rows = {"digits": trained("digits", 1, 1, RECIPE | {"width": 32})}
    elif args.full:
        settings = RECIPE | {"lr": 2e-3, "lr_end": 0.02}
        rows = {dataset: trained(dataset, 40, 3, settings) for dataset in ("mnist", "fashion_mnist")}
    else:
        rows = {"fashion_mnist": shipped(args.checkpoints)}
    print("  ".join(f"{k}: {v}" for k, v in machine().items()))
    for dataset, found in rows.items():
        print(f"\n{dataset}\n\n{table(found)}")
    print(f"\nwritten to {write('quality', rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
