"""What watching a training costs it, how well its estimate held, and how far points move between its maps.

    python -m benchmarks.snapshots [--fashion]

The same training with and without snapshots by turns, n times; the snapshots' own share is also timed inside the
trainer. The estimate is of the same plan, measured before. Maps: of the snapshots of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.machine import write
from vae.forming import recording, snapshots
from vae.latent.aligned import aligned, onto
from vae.latent.fit import fit_map
from vae.runs import forecast
from vae.runs.reporting import peak_bytes
from vae.training import experiment
from vae.training.job import Job
from vae.training.plan import Plan

N = 5


def plans(fashion: bool) -> dict[str, Plan]:
    found = {"digits, the Train page's first plan": Plan("vae", "digits", {}, 20, name="bench")}
    if fashion:
        small = {"width": "8", "d": "8", "batch_size": "256"}
        found["fashion_mnist, a small net"] = Plan("vae", "fashion_mnist", small, 2, name="bench")
    return found


def trained(plan: Plan, shots: recording.Snapshots | None) -> tuple[float, int]:
    """Seconds of the epochs, first to last, CPU's as the process counts them; how many snapshots were taken."""
    taken = []

    def watch(trainer, samples, event) -> None:
        if shots is not None and shots.take(trainer, samples, event):
            taken.append(event.epoch)

    events, began = experiment.train(plan, overwrite=True, watch=watch), None
    for event in events:
        if began is None:  # the first step is done: data and net are there
            began = time.process_time()
        if event.kind == "epoch" and event.epoch == plan.epochs:
            events.close()
    return time.process_time() - began, len(taken)


def cost(plan: Plan, folder: Path) -> dict:
    """Both sides by turns."""
    seconds: dict[str, list[float]] = {"without": [], "with": []}
    shares, taken = [], 0
    trained(plan, None)  # what is loaded and compiled on the way is so for both
    for i in range(N):
        for side in ("without", "with") if i % 2 else ("with", "without"):
            shots = recording.Snapshots(folder / str(i), Job.of(plan)) if side == "with" else None
            took, n = trained(plan, shots)
            seconds[side].append(took)
            if shots is not None:
                shares.append(shots.spent_s / (time.perf_counter() - shots.began))
                taken = n
    extra = statistics.median(w / o - 1 for w, o in zip(seconds["with"], seconds["without"], strict=True))
    return {
        "cpu_s": {k: [round(s, 3) for s in v] for k, v in seconds.items()},
        "slower": extra,
        "share_timed_inside": [round(s, 4) for s in shares],
        "taken": taken,
        "bytes_each": next(iter(snapshots.kept(folder / "0").values())).stat().st_size,
    }


def estimated(plan: Plan) -> dict:
    """The estimate of an epoch and of memory beside what the epochs then took, wall clock."""
    found, times = forecast.of(plan), []
    events, last = experiment.train(plan, overwrite=True), time.perf_counter()
    for event in events:
        if event.kind == "epoch":
            times.append(time.perf_counter() - last)
            last = time.perf_counter()
            if event.epoch == plan.epochs:
                events.close()
    mean = statistics.mean(times[1:] or times)
    return {"estimated_epoch_s": found.epoch_s, "epoch_s": mean, "error": found.epoch_s / mean - 1,
            "estimated_peak_mb": found.peak_bytes / 1e6, "this_process_peak_mb": peak_bytes() / 1e6}  # fmt: skip


def movement() -> dict:
    """Of 20 epochs of digits, each with its snapshot: displacement as a share of a map's width, trustworthiness."""
    from sklearn.manifold import trustworthiness

    plan, share = Plan("vae", "digits", {"d": 8}, 20, name="bench"), recording.SHARE
    with tempfile.TemporaryDirectory() as folder:
        recording.SHARE = 1.0
        trained(plan, recording.Snapshots(Path(folder), Job.of(plan)))
        recording.SHARE = share
        latents = [snapshots.load(path).mu for path in snapshots.kept(Path(folder)).values()]
    own = [fit_map(z).xy for z in latents]
    laid = own[:1]
    for xy in own[1:]:
        laid.append(onto(xy, laid[-1]))
    found = {}
    for name, maps in (("independent", own), ("independent, laid on", laid), ("aligned", list(aligned(latents)))):
        steps = [float(np.linalg.norm(a - b, axis=1).mean() / np.ptp(b, axis=0).max()) for a, b in pairwise(maps)]
        trust = [trustworthiness(z, xy, n_neighbors=15) for z, xy in zip(latents, maps, strict=True)]
        found[name] = {"moved": statistics.mean(steps), "moved_last_ten": statistics.mean(steps[-10:]),
                       "trustworthiness": statistics.mean(trust), "worst": min(trust), "maps": len(maps)}  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fashion", action="store_true", help="also 2 epochs of Fashion-MNIST, minutes")
    args = parser.parse_args()
    out: dict = {"n": N}
    with tempfile.TemporaryDirectory() as root:
        os.environ["ZSCOPE_CHECKPOINTS"] = root
        for name, plan in plans(args.fashion).items():
            out[name] = {"estimate": estimated(plan), "snapshots": cost(plan, Path(root) / f".shots-{len(out)}")}
            print(json.dumps({name: out[name]}, indent=1), flush=True)
        out["maps"] = movement()
    print(write("snapshots", out))


if __name__ == "__main__":
    main()
