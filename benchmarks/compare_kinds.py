"""AE, VAE and GAN by measurement, a row of the usual table after the other: python -m benchmarks.compare_kinds.

Trains ae, vae, gan and cvae alike (`PROTOCOLS`: nets, d, optimiser steps and seeds, set before the first run and not
chosen by any figure) on the digits and on 10 000 pictures of Fashion-MNIST, once on all and once on 500 samples for as
many steps, and measures each, PCA with a Gaussian of equal d, and the training pictures themselves. About 12 minutes
of processor time (OMP_NUM_THREADS=1).

Every run is written when it is finished, to benchmarks/out/compare_kinds.jsonl; started again, the same command goes on
from there, and trains again what other settings made. It does not know which code made a row: delete the file after
changing a family. --smoke: two epochs, one seed, the digits, nothing kept. --ship: writes what the document and the
Compare page show, vae/studies/kinds.json (then `python -m vae docs`).
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import kinds_measures as measured
from benchmarks.kinds_measures import Codec, Data
from benchmarks.kinds_models import codec_of, pca, trained
from benchmarks.machine import OUT, machine
from vae.metrics.features import feature_space
from vae.registry import DATASETS
from vae.studies import kinds
from vae.training.plan import Plan
from vae.training.trainer import Diverged, Trainer
from vae.types import Samples

ROWS = OUT / "compare_kinds.jsonl"
TRAINED = ("ae", "vae", "gan", "cvae")
BASELINES = ("pca", "data")
FEW = 500  # training samples of the second training
SWINGS = 5  # last epochs over which the Frechet distance is watched


@dataclasses.dataclass(frozen=True)
class Protocol:
    """The same for every family. n, n_test: samples of each split, drawn with seed 0; None: all of them."""

    dataset: str
    d: int
    epochs: int
    width: int = 128
    seeds: int = 5
    n: int | None = None
    n_test: int | None = None
    batch_size: int = 64
    net: str = "mlp"

    def plan(self, family: str, seed: int, epochs: int) -> Plan:
        names = ("d", "width", "batch_size", "net")
        return Plan(family, self.dataset, {name: getattr(self, name) for name in names}, epochs, seed, device="cpu")

    def few_epochs(self, n: int) -> int:
        """Epochs of FEW samples with as many optimiser steps as the training on n has."""
        return round(self.epochs * -(-n // self.batch_size) / -(-FEW // self.batch_size))

    def made_by(self, kind: str, seed: int) -> dict[str, Any]:
        """What a row must say of itself to count as one of this protocol, however many seeds it asks for."""
        settings = dataclasses.asdict(self)
        return {"kind": kind, "seed": seed} | {k: v for k, v in settings.items() if k != "seeds"}


PROTOCOLS = (
    Protocol("digits", d=8, epochs=100),
    Protocol("fashion_mnist", d=16, epochs=15, seeds=3, n=10_000, n_test=1000),
)
SMOKE = Protocol("digits", d=4, width=16, epochs=2, seeds=1)


# ---------------------------------------------------------------- data


@functools.cache
def loaded(protocol: Protocol) -> tuple[Samples, Data]:
    """The samples, as they are trained on and as they are measured. The classifier learns from the whole data set."""
    whole, rng = DATASETS.get(protocol.dataset).load(), np.random.default_rng(0)
    train = rng.permutation(len(whole.x_train))[: protocol.n]
    test = rng.permutation(len(whole.x_test))[: protocol.n_test]
    some = Samples(whole.x_train[train], whole.y_train[train], whole.x_test[test], whole.y_test[test])
    return some, _data(some, feature_space(protocol.dataset, whole))


def _data(s: Samples, judge: Any) -> Data:
    x, x_test = (each.astype(np.float32) / 255 for each in (s.x_train, s.x_test))
    return Data(x, s.y_train, x_test, s.y_test, judge)


def few(s: Samples, seed: int) -> Samples:
    """FEW of the training samples, the same for every family."""
    rows = np.random.default_rng(seed).permutation(len(s.x_train))[:FEW]
    return Samples(s.x_train[rows], s.y_train[rows], s.x_test, s.y_test)


# ---------------------------------------------------------------- a row


def row(protocol: Protocol, kind: str, seed: int) -> dict[str, Any]:
    """The measures of one kind and seed. diverged: 1 if a loss was not a number, and then nothing else."""
    samples, data = loaded(protocol)
    by = {"made_by": protocol.made_by(kind, seed)}
    if kind == "data":
        return by | real(protocol, seed)
    if kind == "pca":
        began = time.process_time()
        codec = pca(data.x, protocol.d)
        by |= {"seconds": time.process_time() - began}
        return by | measured.measures(codec, data, seed) | gap(pca(_some(data, seed), protocol.d), data, seed)
    try:
        return by | _trained_row(protocol, kind, seed, samples, data)
    except Diverged:
        return by | {"diverged": 1}


def _trained_row(protocol: Protocol, family: str, seed: int, samples: Samples, data: Data) -> dict[str, Any]:
    seen: list[float] = []

    def watch(epoch: int, trainer: Trainer) -> None:
        if epoch > protocol.epochs - SWINGS:
            seen.append(measured.frechet(codec_of(trainer.model), data, seed))

    trainer, seconds = trained(protocol.plan(family, seed, protocol.epochs), samples, watch)
    found = measured.measures(codec_of(trainer.model), data, seed)
    found |= {"diverged": 0, "seconds": seconds, "parameters": sum(p.numel() for p in _parameters(trainer))}
    if len(seen) > 1:
        found["swing"] = statistics.stdev(seen) / statistics.mean(seen)
    if family != "cvae":
        epochs = protocol.few_epochs(len(samples.x_train))
        small, _s = trained(protocol.plan(family, seed, epochs), few(samples, seed))
        found |= gap(codec_of(small.model), data, seed)
    return found


def _parameters(trainer: Trainer) -> list[torch.nn.Parameter]:
    return trainer.parameters + trainer.adversary


def _some(data: Data, seed: int) -> np.ndarray:
    """The pictures of `few`."""
    return data.x[np.random.default_rng(seed).permutation(len(data.x))[:FEW]]


def gap(codec: Codec, data: Data, seed: int) -> dict[str, float]:
    """Of a model trained on FEW samples: the error on these, on test pictures, and how much larger the latter is."""
    train, test = (measured.mse(codec.decode(codec.encode(x)), x) for x in (_some(data, seed), data.x_test))
    return {"few_train": train, "few_test": test, "few_gap": test - train}


@functools.cache
def _from_pixels(protocol: Protocol) -> dict[str, float]:
    """The same for every seed, and slow."""
    data = loaded(protocol)[1]
    flat, flat_test = (x.reshape(len(x), -1) for x in (data.x, data.x_test))
    return measured.classified(flat, data.y, flat_test, data.y_test)


def real(protocol: Protocol, seed: int) -> dict[str, float]:
    """What real pictures reach: training pictures in the place of generated ones, labels read from pixels, and a
    cross-fade of two pictures in the place of a path."""
    data = loaded(protocol)[1]
    rows = np.random.default_rng(seed).permutation(len(data.x))[: len(data.x_test)]
    flat_test = data.x_test.reshape(len(data.x_test), -1)
    found = measured.generated(data.x[rows], data) | _from_pixels(protocol)
    faded = measured.between(flat_test, data.y_test, seed).reshape(-1, *data.x.shape[1:])
    agreed = float((data.judge.classify(data.x_test) == data.y_test).mean())
    return found | {"off_data_pictures": data.pictures.off_data(data.judge(faded)), "label_agreement": agreed}


# ---------------------------------------------------------------- all rows


def finished(protocol: Protocol) -> list[dict[str, Any]]:
    """The rows that were made as this protocol makes them, by kind and seed; of two the later one."""
    lines = ROWS.read_text("utf-8").splitlines() if ROWS.exists() else []
    rows = {(r["made_by"]["kind"], r["made_by"]["seed"], r["made_by"]["dataset"]): r for r in map(json.loads, lines)}
    mine = [(kind, seed, protocol.dataset) for seed in range(protocol.seeds) for kind in BASELINES + TRAINED]
    return [rows[key] for key in mine if key in rows and rows[key]["made_by"] == protocol.made_by(*key[:2])]


def run(protocol: Protocol) -> None:
    """Adds the rows that are missing, seed by seed."""
    for seed in range(protocol.seeds):
        for kind in BASELINES + TRAINED:
            if any(r["made_by"] == protocol.made_by(kind, seed) for r in finished(protocol)):
                continue
            began = time.process_time()
            made = row(protocol, kind, seed)
            OUT.mkdir(exist_ok=True)
            with ROWS.open("a", encoding="utf-8") as file:
                file.write(json.dumps(made) + "\n")
            print(f"{protocol.dataset} {kind} {seed}: {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)


def record(protocols: tuple[Protocol, ...]) -> dict[str, Any]:
    """What is shipped: protocols, machine, and every measure, rounded to 4 digits, of the seeds of which every kind is
    finished."""
    settings, judges, values = {}, {}, {}
    for protocol in protocols:
        rows, data = finished(protocol), loaded(protocol)[1]
        counts = Counter(r["made_by"]["seed"] for r in rows)
        seeds = [seed for seed, n in sorted(counts.items()) if n == len(BASELINES + TRAINED)]
        of_kind: dict[str, dict[str, list[float]]] = {}
        for r in rows:
            if r["made_by"]["seed"] in seeds:
                measured_here = of_kind.setdefault(r["made_by"]["kind"], {})
                for key in r.keys() - {"made_by"}:
                    measured_here.setdefault(key, []).append(float(f"{r[key]:.4g}"))
        for found in of_kind.values():
            if len(distances := found["frechet_distance"]) > 1:
                found["seed_spread"] = [float(f"{statistics.stdev(distances) / statistics.mean(distances):.4g}")]
        values[protocol.dataset] = {kind: dict(sorted(found.items())) for kind, found in of_kind.items()}
        sizes = {"n": len(data.x), "n_test": len(data.x_test)}
        settings[protocol.dataset] = dataclasses.asdict(protocol) | sizes | {"seeds": len(seeds)}
        judges[protocol.dataset] = data.judge.name
    return {"protocols": settings, "judges": judges, "few": FEW, "machine": machine(), "values": values}


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--smoke", "--quick", dest="smoke", action="store_true")
    p.add_argument("--ship", action="store_true")
    p.add_argument("--dataset", choices=[each.dataset for each in PROTOCOLS], help="this alone")
    p.add_argument("--table", action="store_true", help="train nothing: the rows that are there")
    args = p.parse_args()
    torch.set_num_threads(1)
    if args.smoke:
        made = [row(SMOKE, kind, 0) for kind in BASELINES + TRAINED]
        print(json.dumps(made, indent=1))
        return 0
    for protocol in PROTOCOLS if not args.table else ():
        if args.dataset in (None, protocol.dataset):
            run(protocol)
    found = record(PROTOCOLS)
    if args.ship:
        Path(kinds.SHIPPED).write_text(json.dumps(found, separators=(",", ":")) + "\n", "utf-8")
    print("  ".join(f"{k}: {v}" for k, v in found["machine"].items()))
    table = kinds.Compared(found)
    print(f"\n{kinds.markdown(table.claims())}")
    for dataset in found["values"]:
        print(f"\n{dataset}\n\n{kinds.markdown(table.measures(dataset))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
