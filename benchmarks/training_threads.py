"""python -m benchmarks.training_threads: milliseconds of a training step with all cores, and with one left to others.

Each net in turns with either number of threads, on random 28x28 pictures. Wall time and processor time, both of the
best step: on a busy machine the best one is that which other work disturbed least.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
import torch

from benchmarks.machine import machine, write
from vae.training.experiment import prepare
from vae.training.job import Job
from vae.training.plan import Plan
from vae.training.trainer import Trainer
from vae.types import Samples

NETS = {"mlp": (512, 64), "conv2d": (32, 128), "pca_refine": (48, 16)}  # width, batch
STEPS, ROUNDS = 5, 4


def trainer(net: str) -> Trainer:
    width, batch = NETS[net]
    settings = {"net": net, "width": width, "batch_size": batch, "validation": 0.0, "d": 16}
    x = np.random.default_rng(0).integers(0, 255, (batch, 1, 28, 28), dtype=np.uint8)
    return prepare(Job.of(Plan("vae", "fashion_mnist", settings, 1, device="cpu")), Samples(x, None, x, None))[0]


def best_ms(one: Trainer, x: torch.Tensor, threads: int, steps: int) -> tuple[float, float]:
    """(wall, processor) milliseconds of the best of some steps, after one that is not counted."""
    torch.set_num_threads(threads)
    taken = []
    for _ in range(steps + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        one.train_step(x)
        taken.append((1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)))
    return min(w for w, _ in taken[1:]), min(c for _, c in taken[1:])


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m benchmarks.training_threads")
    p.add_argument("--quick", action="store_true", help="one round")
    rounds = 1 if p.parse_args().quick else ROUNDS
    cores = os.cpu_count() or 1
    print(machine(), f"load {os.getloadavg()[0]:.1f}, best of {rounds * STEPS} steps, seed 0")
    result = {}
    for net, (_width, batch) in NETS.items():
        one, x = trainer(net), torch.rand(batch, 1, 28, 28)
        for threads in sorted({max(1, cores - 1), cores}):
            result[f"{net}, {threads}"] = (float("inf"), float("inf"))
        for _ in range(rounds):
            for threads in sorted({max(1, cores - 1), cores}):
                before = result[f"{net}, {threads}"]
                now = best_ms(one, x, threads, STEPS)
                result[f"{net}, {threads}"] = (min(before[0], now[0]), min(before[1], now[1]))
    for name, (wall, cpu) in result.items():
        print(f"  {name} threads: {wall:.1f} ms, processor {cpu:.1f} ms")
    write("training_threads", result)


if __name__ == "__main__":
    main()
