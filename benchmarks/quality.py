"""How good every picture family is with the same nets, data and seeds: python -m benchmarks.quality [--cpu|--full].

Without a flag it measures the shipped checkpoints that share one recipe on Fashion-MNIST, and trains nothing.
--smoke trains each family for one epoch on the 8x8 digits: a minute or two, to see that all of it runs. --cpu trains
each on Fashion-MNIST and MNIST for 5 epochs, with three seeds where those take under 20 minutes of processor time and
else with one; --full for 40 epochs with three seeds: hours on a CPU. The figures are those of `vae eval --metrics`.
Nothing is chosen by them: the recipe was set beforehand and is the same for all. No validation set is held out, so that
every model trains on all training samples and the figures of RESULTS.md can be repeated.

Each row is written when it is finished, cheapest family first, to benchmarks/out/quality-MODE.jsonl; started again, the
same command goes on from there and trains only what is missing or was made by other settings. It does not know which
code made a row: delete the file after changing a family. --families and --datasets choose among them, --seeds 1 trains
one seed of each before the others are asked for, --table nothing: it prints the rows that are there.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine import OUT, machine, write
from vae.engine.engine import load
from vae.errors import NotMeasurable
from vae.metrics.estimate import Estimate
from vae.metrics.subject import Subject, measured
from vae.models.conditions import told
from vae.registry import DATASETS, FAMILIES, METRICS, families
from vae.saved import checkpoint
from vae.settings import knobs
from vae.sweeps import sweeps
from vae.training import experiment
from vae.training.plan import split_settings
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

RECIPE = {"d": 16, "net": "mlp", "width": 144}
LONGER = RECIPE | {"lr": 2e-3, "lr_end": 0.02}
WITHOUT_MLP = {"vq_vae": {"width": 12, "depth": 3}}  # its nets are convolutions: as in the shipped one
GROUPS = ("bounds", "use", "samples", "detect")
NLL_SAMPLES = 100
REFERENCE = 2000  # training samples whose codes a family without a prior draws from
COLUMNS = {  # key of a figure -> head of its column, digits
    "elbo_nats": ("elbo, nats", 1),
    "nll_nats": ("nll, nats", 1),
    "rate_nats": ("rate, nats", 1),
    "mse": ("mse", 4),
    "active_units_by_rate": ("active by rate", 0),
    "active_units": ("by variance", 0),
    "knn_accuracy": ("k-NN acc.", 3),
    "linear_probe_accuracy": ("probe acc.", 3),
    "frechet_distance": ("Frechet", 1),
    "auroc_reconstruction_error": ("AUROC", 3),
}


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What is trained, by what; limit_s: processor time above which a family gets one seed, None: never."""

    name: str
    datasets: tuple[str, ...]
    epochs: int
    seeds: int
    settings: dict[str, Any]
    limit_s: float | None = None

    @property
    def path(self) -> Path:
        """The finished rows, a line of JSON each."""
        return OUT / f"quality-{self.name}.jsonl"

    def settings_of(self, family: str) -> dict[str, Any]:
        """Those that the family has."""
        known = knobs(FAMILIES.get(family).Hparams)
        own = {k: v for k, v in self.settings.items() if k in known or k in knobs(TrainHparams)}
        return own | WITHOUT_MLP.get(family, {})

    def made_by(self, family: str, dataset: str, seed: int) -> dict[str, Any]:
        """What a row must say of itself to count as this one."""
        by = {"family": family, "dataset": dataset, "seed": seed, "epochs": self.epochs}
        return by | {"settings": self.settings_of(family), "nll_samples": NLL_SAMPLES}

    def rows(self) -> list[dict[str, Any]]:
        """The finished rows that were made as this protocol makes them."""
        lines = self.path.read_text("utf-8").splitlines() if self.path.exists() else []
        found = [json.loads(line) for line in lines]
        return [r for r in found if r["made_by"] == self.made_by(r["family"], r["dataset"], r["seed"])]


SHORT = {"adversary_width": 128, "capacity_steps": 2000}  # cheaper adversaries; a capacity that is reached in 5 epochs
PROTOCOLS = (
    Protocol("smoke", ("digits",), 1, 1, RECIPE | {"width": 32}),
    Protocol("cpu", ("fashion_mnist", "mnist"), 5, 3, LONGER | SHORT, limit_s=20 * 60),
    Protocol("full", ("fashion_mnist", "mnist"), 40, 3, LONGER),
)


def measure(name: str) -> dict[str, Any]:
    """Every figure of one checkpoint, those that it cannot have left out."""
    subject = Subject.of(load(name), NLL_SAMPLES)
    found: dict[str, Any] = {"checkpoint": name, "family": subject.engine.card["family"], "seed": subject.seed}
    for group in GROUPS:
        try:
            found |= measured(METRICS.get(group), subject)
        except NotMeasurable as e:
            print(f"  {name}: {e}", file=sys.stderr)
    return {k: v.value if isinstance(v, Estimate) else v for k, v in found.items()}


def train(protocol: Protocol, chosen: list[str], datasets: list[str]) -> None:
    """Adds the missing rows of the chosen families and data sets, each as soon as it is measured."""
    done = {(r["family"], r["dataset"], r["seed"]): r for r in protocol.rows()}
    for dataset in datasets:
        for family in sorted(chosen, key=lambda name: step_seconds(protocol, name, dataset)):
            for seed in range(protocol.seeds):
                first = done.get((family, dataset, 0))
                if seed and protocol.limit_s and first["seconds"] * protocol.seeds > protocol.limit_s:
                    break
                if (family, dataset, seed) in done:
                    continue
                row = trained(protocol, family, dataset, seed)
                done[family, dataset, seed] = row
                OUT.mkdir(exist_ok=True)
                with protocol.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(f"{dataset} {family} {seed}: {row['seconds']:.0f} s of processor time", file=sys.stderr)


def trained(protocol: Protocol, family: str, dataset: str, seed: int) -> dict[str, Any]:
    """Trains one model in a folder that is thrown away, and measures it. seconds: processor time of both."""
    began = time.process_time()
    settings = protocol.settings_of(family) | {"validation": 0}
    plan = experiment.Plan(family, dataset, settings, protocol.epochs, seed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZSCOPE_CHECKPOINTS"] = folder
        for event in experiment.train(plan):
            if event.kind == "epoch" and event.epoch == event.epochs:
                break  # saved; what follows is a map, and figures that are taken below
        training = time.process_time() - began
        saved = checkpoint.read(checkpoint.find(plan.checkpoint_name()))
        if not load(saved.path.name).has_prior:
            experiment.add_atlas(saved, DATASETS.get(dataset).load(), n=REFERENCE)
        found = measure(saved.path.name)
    seconds = {"seconds": time.process_time() - began, "training_seconds": training}
    return found | {"dataset": dataset, **seconds, "made_by": protocol.made_by(family, dataset, seed)}


def step_seconds(protocol: Protocol, family: str, dataset: str, steps: int = 5) -> float:
    """Processor time of a training step on noise, median after two that are not counted."""
    data = DATASETS.get(dataset)
    h, t = split_settings(family, protocol.settings_of(family))
    model, objective = FAMILIES.get(family).build(Spec(data.shape, 60_000, len(data.classes), data.modality), h)
    trainer, times = Trainer(model, objective, t, 0, steps + 2), []
    for _ in range(steps + 2):
        x, y = torch.rand(t.batch_size, *data.shape), torch.randint(len(data.classes), (t.batch_size,))
        began = time.process_time()
        trainer.train_step(x, told(model, y))
        times.append(time.process_time() - began)
    return statistics.median(times[2:])


def shipped(chosen: list[str]) -> Iterator[dict[str, Any]]:
    """The checkpoints of this copy that were trained on Fashion-MNIST with the net of RECIPE, or one of their own."""
    for name, path in checkpoint.checkpoints().items():
        card = checkpoint.read(path, skip=(checkpoint.RESUME,)).config
        fits = card["dataset"] == "fashion_mnist" and card["hparams"].get("net", "mlp") == RECIPE["net"]
        fits = fits and sweeps.of_model(name) is None  # a model is no example of its family
        if name not in chosen if chosen else not fits:
            continue
        yield measure(name)
        print(f"  {name} measured", file=sys.stderr)


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


def pictures() -> list[str]:
    """Families that model pictures."""
    return [name for name, family in families().items() if family.fits("image")]


def named(text: str | None, known: list[str]) -> list[str]:
    """The names of a flag, separated by commas; all that are known without one. Exits where one is not known."""
    names = text.split(",") if text else known
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"{unknown[0]!r} is not among: {', '.join(known)}.")
    return names


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = p.add_mutually_exclusive_group()
    mode.add_argument("--smoke", "--quick", dest="mode", action="store_const", const="smoke")
    mode.add_argument("--cpu", dest="mode", action="store_const", const="cpu")
    mode.add_argument("--full", dest="mode", action="store_const", const="full")
    p.add_argument("--families", help="these alone, separated by commas")
    p.add_argument("--datasets", help="these alone, separated by commas")
    p.add_argument("--seeds", type=int, help="these many at most")
    p.add_argument("--table", action="store_true", help="train nothing: the rows that are there")
    p.add_argument("checkpoints", nargs="*", help="measure these alone")
    args = p.parse_args()
    torch.manual_seed(0)
    by_dataset: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if args.mode:
        protocol = next(each for each in PROTOCOLS if each.name == args.mode)
        if args.mode == "smoke":
            protocol.path.unlink(missing_ok=True)
        if args.seeds is not None:
            protocol = dataclasses.replace(protocol, seeds=min(args.seeds, protocol.seeds))
        if not args.table:
            train(protocol, named(args.families, pictures()), named(args.datasets, list(protocol.datasets)))
        for row in protocol.rows():
            by_dataset[row["dataset"]].append(row)
    else:
        by_dataset["fashion_mnist"] = list(shipped(args.checkpoints))
    print("  ".join(f"{k}: {v}" for k, v in machine().items()))
    for dataset, rows in by_dataset.items():
        print(f"\n{dataset}\n\n{table(rows)}")
    print(f"\nwritten to {write('quality', by_dataset)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
