"""Images per second of training, zscope against pythae, both in one run: python -m benchmarks.train_throughput.

Three nets, the same modules on both sides: A, an MLP (784-512, d = 10); B, pythae's ConvNet for MNIST (17 million
parameters, d = 16); D, the net of Burgess et al., 2018, for 32 x 32 pictures (d = 10). Fashion-MNIST, for D with a
border of two pixels; Adam 1e-3, batch 128, the gaussian likelihood with sigma 1 (pythae's "mse" up to a constant).
Each library runs its own training loop, without set-up and saving. Mode "same": float32 on both sides; "best":
zscope's bfloat16 against the only mode that pythae has on a CPU. The sides take turns, in an order that turns too.
Test elbos after whole epochs, the time to the lowest of the last ones, and the peak memory of a process of its own.
pythae is no dependency of zscope: `make bench` installs it, or `pip install -r requirements-bench.txt`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import summary, write
from benchmarks.peer import BATCH, LR, NETS, begin, ours, pictures, their_elbo, theirs
from vae.metrics.bounds import evaluate
from vae.registry import FAMILIES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

WANTED = {
    ("A", "same"): 1.5,
    ("A", "best"): 2,
    ("B", "same"): 1.2,
    ("B", "best"): 1.8,
    ("D", "same"): 1.5,
    ("D", "best"): 2,
}
ROOFLINE_BATCH, ROOFLINE = 512, 0.6
MODES = {"same": "float32", "best": "bfloat16"}
WHOLE = (
    "A",
    "D",
)  # trained on the whole training set, for elbo, time and memory; B takes a quarter of an hour an epoch


def throughput(name: str, repeats: int, device: str) -> dict[str, list[float]]:
    """Images/s of every turn, by side."""
    net = NETS[name]
    x = pictures(net.side, device)[0][: net.images]
    sides = {
        "same": lambda seed: ours(net, "float32", x, 1, seed)[0],
        "best": lambda seed: ours(net, "bfloat16", x, 1, seed)[0],
        "peer": lambda seed: theirs(net, x, 1, seed)[0],
    }
    speeds: dict[str, list[float]] = {side: [] for side in sides}
    for seed in range(repeats + 1):
        for side in (order := list(sides))[seed % 3 :] + order[: seed % 3]:
            speed = sides[side](seed)
            if seed:  # the first round warms up
                speeds[side].append(speed)
    return speeds


def courses(name: str, epochs: int, device: str) -> dict[str, list[tuple[float, float]]]:
    """(seconds of training, test elbo in nats) after every epoch of the training set, by side; one seed."""
    net = NETS[name]
    x, x_test = pictures(net.side, device)
    found: dict[str, list[tuple[float, float]]] = {"same": [], "best": [], "peer": []}
    for mode, precision in MODES.items():
        note = found[mode].append
        ours(net, precision, x, epochs, 0, lambda s, m, note=note: note((s, evaluate(m, x_test)["elbo_nats"])))
    theirs(net, x, epochs, 0, lambda s, m: found["peer"].append((s, their_elbo(m, x_test))))
    return found


def seconds_to(elbo: float, course: list[tuple[float, float]]) -> float | None:
    """Seconds of training until the test elbo is reached, straight between epochs; None if it is not."""
    for (s0, e0), (s1, e1) in pairwise([(0.0, -math.inf), *course]):
        if e1 >= elbo:
            return s1 if e0 == -math.inf else s0 + (s1 - s0) * (elbo - e0) / (e1 - e0)
    return None


def peak_mb(name: str, side: str) -> float:
    """The most main memory that a process held which trained for one epoch, or one turn of net B, MB."""
    command = [sys.executable, "-m", "benchmarks.train_throughput", "--nets", name, "--peak", side]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1])


def peak(name: str, side: str, device: str) -> float:
    """That of this process, MB."""
    net = NETS[name]
    x = pictures(net.side, device)[0]
    x = x if name in WHOLE else x[: net.images].clone()
    if side == "peer":
        theirs(net, x, 1, 0)
    else:
        ours(net, MODES[side], x, 1, 0)
    told = Path("/proc/self/status")
    if told.exists():  # not getrusage: a process inherits the peak of the one that started it
        line = next(v for v in told.read_text().splitlines() if v.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def roofline(repeats: int, device: str) -> list[float]:
    """Share of the machine's own rate of float32 products that a training step of net A reaches, of each turn."""
    net, b = NETS["A"], ROOFLINE_BATCH
    x = pictures(28, device)[0]
    flops = (
        2 * b * (2 * 784 * 512 + 3 * 512 * 784 + 3 * 512 * 2 * net.d + 3 * net.d * 512)
    )  # the input needs no gradient
    shares = []
    for seed in range(repeats):
        h = configure(FAMILIES.get("vae").Hparams, {"net": "mlp", "width": 512, "d": net.d, "sigma": 1.0})
        model, objective = FAMILIES.get("vae").build(Spec((1, 28, 28), len(x)), h)
        trainer = Trainer(model.to(device), objective, configure(TrainHparams, {"batch_size": b, "lr": LR}), seed, 100)
        step = _seconds(lambda t=trainer: t.train_step(x[:b].float() / 255), device)
        a, w = torch.randn(b, 784, device=device), torch.randn(784, 512, device=device)
        product = _seconds(lambda a=a, w=w: a @ w, device)
        shares.append(flops / step / (2 * b * 784 * 512 / product))
    return shares


def _seconds(call: Callable, device: str, n: int = 40) -> float:
    """Median seconds of a call."""
    taken = []
    for _ in range(n):
        began = time.perf_counter()
        call()
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _ends(mode: str, course: dict, target: float, memory: dict[str, float]) -> dict[str, float | None]:
    """What either side came to: test elbo, seconds to an elbo that all sides reach, peak memory."""
    found: dict[str, float | None] = {}
    for name, side in (("ours", mode), ("peer", "peer")):
        if course:
            found[f"{name}_test_elbo_nats"] = course[side][-1][1]
            found[f"{name}_seconds_to_elbo"] = seconds_to(target, course[side])
        if memory:
            found[f"{name}_peak_mb"] = memory[side]
    return found | ({"target_elbo_nats": target} if course else {})


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--repeats", type=int, default=7)
    p.add_argument("--nets", nargs="+", default=list(NETS), choices=NETS)
    p.add_argument("--epochs", type=int, default=2, help="to compare elbos, times to one, memory; 0 leaves them out")
    p.add_argument("--peak", choices=("same", "best", "peer"), help="only the peak memory of this process, training so")
    p.add_argument("--quick", action="store_true", help="2 repeats, no elbos")
    p.add_argument("--json", action="store_true")
    args = p.parse_args()
    repeats, epochs = (2, 0) if args.quick else (args.repeats, args.epochs)
    if args.peak:
        with contextlib.redirect_stdout(sys.stderr):
            device, _ = begin("peak memory", True)
        print(peak(args.nets[0], args.peak, device))
        return 0
    device, say = begin(f"training on Fashion-MNIST, batch {BATCH}", args.json)
    rows = []
    for name in args.nets:
        speeds = throughput(name, repeats, device)
        course = courses(name, epochs, device) if epochs and name in WHOLE else {}
        target = min(c[-1][1] for c in course.values()) if course else math.nan
        memory = {side: peak_mb(name, side) for side in speeds} if epochs else {}
        for mode in ("same", "best"):
            ratios = [a / b for a, b in zip(speeds[mode], speeds["peer"], strict=True)]
            row = {"net": name, "device": device, "mode": mode, "n": repeats, "ratios": ratios}
            row |= {"ours": statistics.median(speeds[mode]), "peer": statistics.median(speeds["peer"])}
            row |= {"ratio": statistics.median(ratios), "wanted": WANTED[name, mode]}
            row |= _ends(mode, course, target, memory)
            rows.append(row)
            say(
                f"net {name}, {mode}: zscope {summary(speeds[mode])}, pythae {summary(speeds['peer'])} images/s, "
                f"ratio {summary(ratios)}, wanted >= {WANTED[name, mode]}"
            )
            for key in [key for key in row if key.startswith(("ours_", "peer_", "target_"))]:
                say(f"  {key}: {row[key]:.2f}")
    result = {"rows": rows, "unit": "images/s"}
    if "A" in args.nets:
        shares = roofline(repeats, device)
        result["roofline_share"] = {
            "net": "A",
            "batch": ROOFLINE_BATCH,
            "share": float(np.median(shares)),
            "all": shares,
        }
        say(f"net A, batch {ROOFLINE_BATCH}: {summary(shares)} of its largest product alone, wanted >= {ROOFLINE}")
    write("train_throughput", result)
    if args.json:
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
