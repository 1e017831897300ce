"""Are the defaults of the families any good: python -m benchmarks.defaults [--datasets ...] [--families ...].

Trains every family at its defaults, one thread, on a part of the training set of the digits and of Fashion-MNIST, and
the families of series on heartbeats; measures it on another part, and flags what lies far behind the plain VAE *at the
rate that it spends* (benchmarks/at_rate.py says how that is compared, and how far is far). Nothing here sees a test
set, so that defaults may be chosen by it. Not at its default is what sets the size of a training: the net, an mlp of
128 units (with convolutions, Fashion-MNIST alone would take hours on one core; those of `vq_vae` get narrower), and
`capacity_steps`, half of the training here as it is by default in 20 epochs of Fashion-MNIST.

--set name=value,value,... trains the chosen families at these values instead of the default, in addition to it.
Every row is written when it is finished to benchmarks/out/defaults.jsonl; the same command goes on from there and
trains only what is missing or was made with other settings. It does not know which code made a row: delete the file
after changing a family. --table trains nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.at_rate import MEASURES, Reference, Row
from benchmarks.held_out import measured, nothing, parts_of
from benchmarks.machine import OUT, machine, write
from benchmarks.quality import named
from vae.models.semi_supervised import keep_labels
from vae.models.tensors import resident
from vae.registry import DATASETS, FAMILIES, families
from vae.settings import knobs
from vae.training.plan import split_settings
from vae.training.trainer import Trainer, fit
from vae.types import Spec

PATH = OUT / "defaults.jsonl"
BETAS = (0.01, 0.1, 0.4, 1.0, 2.0, 4.0, 10.0, 40.0)
SEEDS = 3  # of the plain VAE, to see how far apart trainings of one setting end
SEED = 0
COLUMNS = {"elbo_nats": 1, "rate_nats": 1, "mse": 4, "clipped_share": 2}  # and their digits
MLP = {"net": "mlp", "width": 128}
WITHOUT_MLP = {"vq_vae": {"width": 12}}


@dataclasses.dataclass(frozen=True)
class Case:
    """Rows of the training set that are learned and measured on, and for how long."""

    dataset: str
    learned: int
    measured: int
    epochs: int
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    kinds: str = "plain"  # or "sequential": the families whose samples have an order

    def families(self) -> list[str]:
        """Those compared here; the plain ones are the reference in every case."""
        fitting = {name: f for name, f in families().items() if f.fits(DATASETS.get(self.dataset).modality)}
        if self.kinds == "sequential":
            return ["ae", *(name for name, f in fitting.items() if "sequential" in f.traits)]
        return list(fitting)


CASES = {
    case.dataset: case
    for case in (
        Case("digits", 1150, 287, 60, MLP),
        Case("fashion_mnist", 3000, 1000, 20, MLP),
        Case("ecg_beats", 1362, 340, 20, MLP, kinds="sequential"),
    )
}


@dataclasses.dataclass(frozen=True)
class Run:
    """One training: what is not in `settings` is at its default."""

    case: Case
    family: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    seed: int = SEED

    @property
    def title(self) -> str:
        return " ".join([f"`{self.family}`", *(f"{k}={v}" for k, v in self.settings.items())])

    @property
    def steps(self) -> int:
        return self.case.epochs * -(-self.case.learned // self.hparams()[1].batch_size)

    def hparams(self) -> tuple[Any, Any]:
        known = knobs(FAMILIES.get(self.family).Hparams)
        own = {k: v for k, v in self.case.settings.items() if k in known} | WITHOUT_MLP.get(self.family, {})
        return split_settings(self.family, own | self.settings)

    def made_by(self) -> dict[str, Any]:
        """What a row must say of itself to count as this run, with every default as it is now."""
        h, t = (dataclasses.asdict(each) for each in self.hparams())
        case = {"dataset": self.case.dataset, "learned": self.case.learned, "epochs": self.case.epochs}
        asked = {"family": self.family, "settings": self.settings, "seed": self.seed}
        return json.loads(json.dumps(case | asked | {"hparams": h, "train": t}))


def trained(run: Run) -> dict[str, Any]:
    """The figures of one run on the part of the training set that it did not learn."""
    began = time.process_time()
    of, case = DATASETS.get(run.case.dataset), run.case
    parts = parts_of(case.dataset, case.learned, case.measured)
    h, t = run.hparams()
    if "capacity_steps" in knobs(type(h)):
        h = dataclasses.replace(h, capacity_steps=max(1, run.steps // 2))
    torch.manual_seed(run.seed)
    model, objective = FAMILIES.get(run.family).build(Spec(of.shape, case.learned, len(of.classes), of.modality), h)
    y = parts["y"]
    if "semi_supervised" in FAMILIES.get(run.family).traits:
        y = keep_labels(y, h.labelled, run.seed)
    cpu = torch.device("cpu")
    trainer = Trainer(model, objective, t, run.seed, run.steps)
    last: dict[str, Any] = {}
    for event in fit(trainer, resident(parts["x"], cpu), torch.from_numpy(y), None, case.epochs):
        last = event.metrics
    found = measured(model, parts) | {"clipped_share": last.get("clipped_share")}
    return {"family": run.family, **found, "seconds": time.process_time() - began, "made_by": run.made_by()}


# ---------------------------------------------------------------- what is trained, and the table


def runs(case: Case, chosen: list[str], values: dict[str, list[str]]) -> Iterator[Run]:
    """First the reference, then each of the chosen families, at its defaults and at the other values asked for."""
    yield Run(case, "ae")
    yield from (Run(case, "vae", seed=seed) for seed in range(SEEDS))
    yield from (Run(case, "beta_vae", {"beta": beta}) for beta in BETAS)
    for family in chosen:
        if family not in case.families():
            continue
        yield Run(case, family)
        if set(values) <= set(knobs(FAMILIES.get(family).Hparams)):
            for combination in itertools.product(*values.values()):
                if values:
                    yield Run(case, family, split_named(family, dict(zip(values, combination, strict=True))))


def split_named(family: str, given: dict[str, str]) -> dict[str, Any]:
    """Settings read from text."""
    h, t = (dataclasses.asdict(each) for each in split_settings(family, given))
    return {name: (h | t)[name] for name in given}


def finished() -> list[dict[str, Any]]:
    return [json.loads(line) for line in PATH.read_text("utf-8").splitlines()] if PATH.exists() else []


def train(wanted: list[Run]) -> None:
    """Adds the missing rows, each as soon as it is measured."""
    done = [row["made_by"] for row in finished()]
    for run in wanted:
        if (by := run.made_by()) in done:
            continue
        done.append(by)
        row = trained(run)
        OUT.mkdir(exist_ok=True)
        with PATH.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{run.case.dataset} {run.family} {run.settings or ''} {row['seconds']:.0f} s", file=sys.stderr)


def reference(case: Case, rows: list[dict[str, Any]]) -> Reference:
    """What families are compared with. Raises: LookupError: a row is missing."""

    def row(run: Run) -> Row:
        return next(r for r in rows if r["made_by"] == run.made_by())

    curve = [row(Run(case, "beta_vae", {"beta": beta})) for beta in BETAS]
    seeds = [row(Run(case, "vae", seed=seed)) for seed in range(SEEDS)]
    empty = nothing(parts_of(case.dataset, case.learned, case.measured))
    return Reference(row(Run(case, "ae")), curve, seeds, empty)


def table(case: Case, wanted: list[Run], rows: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """Markdown, a line a run, and the runs that lie far behind."""
    against, far = reference(case, rows), []
    head = ["family", "elbo", "rate", "mse", "clipped", *(f"lost: {name}" for name in MEASURES), ""]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 2) + " --- |"]
    for run in {str(each.made_by()): each for each in wanted}.values():
        row = next((r for r in rows if r["made_by"] == run.made_by()), None)
        if row is None:
            continue
        lost = against.lost(row)
        behind = [measure for measure, each in lost.items() if each.far]
        far += [f"{case.dataset} {run.title}: {', '.join(behind)}"] if behind else []
        cells = [_cell(row[key], digits) for key, digits in COLUMNS.items()]
        cells += [str(lost[measure]) if measure in lost else "–" for measure in MEASURES]
        lines.append(f"| {run.title} | " + " | ".join([*cells, "far" if behind else ""]) + " |")
    return "\n".join(lines), far


def _cell(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--families", help="these alone, separated by commas")
    p.add_argument("--datasets", help="these alone, separated by commas")
    p.add_argument("--set", action="append", default=[], metavar="NAME=VALUE,...", help="also at these values")
    p.add_argument("--table", action="store_true", help="train nothing: the rows that are there")
    args = p.parse_args()
    torch.set_num_threads(1)
    values = {name: text.split(",") for name, text in (each.split("=", 1) for each in args.set)}
    chosen = named(args.families, list(families()))
    out, far = {}, []
    print("  ".join(f"{k}: {v}" for k, v in machine().items()))
    for name in named(args.datasets, list(CASES)):
        case = CASES[name]
        wanted = list(runs(case, chosen, values))
        if not args.table:
            train(wanted)
        text, behind = table(case, wanted, finished())
        out[name], far = finished(), far + behind
        print(f"\n{name}\n\n{text}")
    print("\nfar behind:\n" + "\n".join(far or ["none"]))
    print(f"\nwritten to {write('defaults', out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
