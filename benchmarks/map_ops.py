"""The map both ways against umap-learn, both sides in one run: python -m benchmarks.map_ops [--quick].

Latents are the checkpoint's own of its training split, held-out latents those of its test split. umap-learn is stock,
UMAP(random_state=0), on the same latents. Everything runs on one thread, after a warm-up fit of each side.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.machine import machine, write
from vae.latent.projector import Projector, fit_map
from vae.latent.trust import auroc_of, calibrate, round_trip

BATCHES = (1, 16, 256)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class Table:
    """Rows to print and the same figures, with units in their names, to write."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []
        self.figures: dict[str, object] = {}

    def add(self, what: str, stock: str, ours: str, result: str, wanted: str, ok: bool | None) -> None:
        verdict = "" if ok is None else ("yes" if ok else "**no**")
        self.rows.append((what, stock, ours, result, wanted, verdict))
        print("  " + " | ".join(self.rows[-1]), flush=True)

    def text(self) -> str:
        head = ("what", "umap-learn", "zscope", "result", "wanted", "met")
        lines = [head, tuple("---" for _ in head), *self.rows]
        return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def timed(call: Callable[[], object], repeats: int) -> tuple[list[float], object]:
    taken, result = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        taken.append(time.perf_counter() - start)
    return taken, result


def spread(seconds: list[float]) -> str:
    """Median (min-max) in a readable unit."""
    unit, factor = next(
        (u, f) for u, f in (("s", 1.0), ("ms", 1e3), ("us", 1e6)) if np.median(seconds) * f >= 1 or u == "us"
    )
    low, middle, high = (f"{v * factor:.3g}" for v in (min(seconds), np.median(seconds), max(seconds)))
    return f"{middle} {unit} ({low}-{high})"


def figures(seconds: list[float]) -> dict[str, float]:
    return {"median_s": float(np.median(seconds)), "min_s": min(seconds), "max_s": max(seconds), "n": len(seconds)}


def stock_umap(z: np.ndarray, **options):
    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return umap.UMAP(random_state=0, **options).fit(z)


def relative_error(z: np.ndarray, found: np.ndarray, centre: np.ndarray) -> float:
    return float(np.sqrt(((z - found) ** 2).sum(1).mean() / ((z - centre) ** 2).sum(1).mean()))


def measure(table: Table, z: np.ndarray, held: np.ndarray, quick: bool) -> None:
    """Fit, forward and inverse on these latents."""
    from sklearn.manifold import trustworthiness

    n, label = len(z), f"{len(z):,}".replace(",", " ")
    big = n > 20_000
    some = np.random.default_rng(0).permutation(n)[:5000]
    ours_s, first = timed(lambda: fit_map(z, seed=0), 1)
    more_s, fitted = timed(lambda: fit_map(z, seed=0), 1 if quick else 2)
    stock_s, stock = timed(lambda: stock_umap(z), 1 if quick or big else 3)
    ours_s += more_s
    table.figures[f"fit_{n}"] = {"ours": figures(ours_s), "umap": figures(stock_s)}
    ratio = np.median(stock_s) / np.median(ours_s)
    wanted = ">= 3 x" if big else ""
    table.add(
        f"fit, {label}", spread(stock_s), spread(ours_s), f"{ratio:.1f} x faster", wanted, ratio >= 3 if big else None
    )
    quality = [float(trustworthiness(z[some], xy[some], n_neighbors=15)) for xy in (stock.embedding_, fitted.xy)]
    table.figures[f"trustworthiness_15_{n}"] = {"umap": quality[0], "ours": quality[1], "n": len(some)}
    worse = quality[0] - quality[1]
    table.add(
        f"trustworthiness, {label}",
        f"{quality[0]:.4f}",
        f"{quality[1]:.4f}",
        f"{-worse:+.4f}",
        ">= -.005",
        worse <= 0.005,
    )
    same = np.array_equal(first.xy, fitted.xy)
    digest = hashlib.sha256(fitted.xy.tobytes()).hexdigest()[:12]
    table.figures[f"same_seed_same_map_{n}"] = same
    table.add(
        f"same seed, same map, {label}", "", f"sha {digest}", "bit-equal" if same else "differs", "bit-equal", same
    )

    own = Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b, landmarks=fitted.landmarks)
    shared = Projector.build(z, stock.embedding_, a=stock._a, b=stock._b)  # ours, on stock umap-learn's own map
    forward(table, stock, shared, held, label, quick)
    inverse(table, stock, shared, own, z, held, label, quick)


def forward(table: Table, stock, shared: Projector, held: np.ndarray, label: str, quick: bool) -> None:
    n = len(shared.z)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "stock.pickle").write_bytes(pickle.dumps(stock))
        np.savez(Path(folder) / "ours.npz", **shared.state())
        np.save(Path(folder) / "z.npy", held[:1])
        cold = {side: [_cold(side, folder) for _ in range(1 if quick else 3)] for side in ("stock", "ours")}
    ratio = np.median(cold["stock"]) / np.median(cold["ours"])
    table.figures[f"forward_first_call_{n}"] = {side: figures(taken) for side, taken in cold.items()}
    row = (spread(cold["stock"]), spread(cold["ours"]), f"{ratio:,.0f} x faster", ">= 1000 x", ratio >= 1000)
    table.add(f"latent -> map, first call, {label}", *row)
    for b in BATCHES:
        batch = held[:b]
        stock.transform(batch), shared.to_map(batch)
        taken: dict[str, list[float]] = {"umap": [], "ours": []}
        for _ in range(5 if quick else 21):  # in turn: the machine's other work hits both
            taken["umap"] += timed(lambda batch=batch: stock.transform(batch), 1)[0]
            taken["ours"] += timed(lambda batch=batch: shared.to_map(batch), 1)[0]
        ratio = np.median(taken["umap"]) / np.median(taken["ours"])
        table.figures[f"forward_{b}_points_{n}"] = {side: figures(t) for side, t in taken.items()}
        row = (spread(taken["umap"]), spread(taken["ours"]), f"{ratio:.1f} x faster", ">= 2 x", ratio >= 2)
        table.add(f"latent -> map, {b} points, {label}", *row)
    few = held[:1000]
    theirs = stock.transform(few)
    alone = np.concatenate([stock.transform(row[None]) for row in few[:200]])
    gap = np.linalg.norm(shared.to_map(few) - theirs, axis=1) / shared.width * 100
    noise = np.linalg.norm(alone - theirs[:200], axis=1) / shared.width * 100
    table.figures[f"forward_gap_to_transform_{n}"] = {
        "median_percent_of_width": float(np.median(gap)),
        "p90_percent_of_width": float(np.quantile(gap, 0.9)),
        "transform_batch_noise_median_percent_of_width": float(np.median(noise)),
        "n": len(few),
    }
    table.add(
        f"distance to transform's position, {label}",
        f"own batch noise {np.median(noise):.2f} %",
        f"{np.median(gap):.2f} % (p90 {np.quantile(gap, 0.9):.2f} %)",
        "of the width",
        "<= 1 %",
        bool(np.median(gap) <= 1),
    )


def inverse(
    table: Table, stock, shared: Projector, own: Projector, z: np.ndarray, held: np.ndarray, label: str, quick: bool
) -> None:
    n, points = len(z), held[: 64 if quick else 256]
    p = np.asarray(stock.transform(points), np.float32)
    np.random.seed(0)
    stock_all_s, theirs = timed(lambda: stock.inverse_transform(p), 1)  # the first call also compiles: not timed below
    stock_s, _ = timed(lambda: stock.inverse_transform(p[:1]), 1 if quick else 3)
    shared.from_map(p[:1])
    ours_s, _ = timed(lambda: shared.from_map(p[:1]), 201)
    ours_all_s, found = timed(lambda: shared.from_map(p)[0], 201)
    centre = z.mean(axis=0)
    errors = {
        "umap": relative_error(points, theirs, centre),
        "ours_same_map": relative_error(points, found, centre),
        "ours_own_map": relative_error(points, own.from_map(own.to_map(points))[0], centre),
    }
    ratio = np.median(stock_s) / np.median(ours_s)
    table.figures[f"inverse_1_point_{n}"] = {"umap": figures(stock_s), "ours": figures(ours_s)}
    table.figures[f"inverse_{len(p)}_points_{n}"] = {"umap_first": figures(stock_all_s), "ours": figures(ours_all_s)}
    table.figures[f"inverse_relative_error_{n}"] = errors | {"n": len(points)}
    row = (spread(stock_s), spread(ours_s), f"{ratio:,.0f} x faster", ">= 10 000 x", ratio >= 10_000)
    table.add(f"map -> latent, a call, {label}", *row)
    worse = max(errors["ours_same_map"], errors["ours_own_map"]) - errors["umap"]
    table.add(
        f"relative latent error, {len(points)} held out, {label}",
        f"{errors['umap']:.3f}",
        f"{errors['ours_same_map']:.3f} (own map {errors['ours_own_map']:.3f})",
        f"{worse:+.3f}",
        "<= +.02",
        worse <= 0.02,
    )


def trust(table: Table, projector: Projector, decode, encode, held: np.ndarray, quick: bool) -> None:
    """AUROC of the shipped trust on fresh positions; the bounds of the fact come from the test split."""
    x0, y0, x1, y1 = projector.box
    n = 1000 if quick else 4000
    random = np.random.default_rng(20_240)
    p = (np.array([x0, y0]) + random.random((n, 2)) * [x1 - x0, y1 - y0]).astype(np.float32)
    real = held[:1000]
    moved, _ = round_trip(projector, decode, encode, projector.to_map(real))
    changed = np.linalg.norm((encode(decode(real)) - real) * projector.scale, axis=1)
    tau_map, tau_latent = float(np.quantile(moved, 0.95)), float(np.quantile(changed, 0.95))
    on_map, in_latent = round_trip(projector, decode, encode, p)
    said, covered = projector.trust(p), projector.coverage(p) >= 1
    facts = {
        "map and latent": (on_map <= tau_map) & (in_latent <= tau_latent),
        "map alone": on_map <= tau_map,
        "latent alone": in_latent <= tau_latent,
        "map within 5 % of the width": on_map <= 0.05 * projector.width,
    }
    table.figures["trust"] = {
        "n": n,
        "bound_map_percent_of_width": 100 * tau_map / projector.width,
        "bound_latent": tau_latent,
        "covered_share": float(covered.mean()),
        "own_report": projector.trust_report,
        "auroc": {name: auroc_of(said, fact) for name, fact in facts.items()},
        "comes_back_share": {name: float(fact.mean()) for name, fact in facts.items()},
        "auroc_covered": auroc_of(said[covered], facts["map and latent"][covered]),
    }
    for name, fact in facts.items():
        value = auroc_of(said, fact)
        row = (f"{value:.3f}", f"{fact.mean() * 100:.0f} % come back", ">= .85", value >= 0.85)
        table.add(f"trust AUROC, comes back: {name}, n = {n}", "", *row)
    value = table.figures["trust"]["auroc_covered"]
    table.add("the same, map and latent, covered positions only", "", f"{value:.3f}", f"n = {covered.sum()}", "", None)
    taken, _ = timed(lambda: calibrate(projector, decode, encode), 1)
    table.figures["trust_calibration"] = figures(taken)
    table.add("trust, calibration of an atlas", "", spread(taken), "", "<= 30 s", taken[0] <= 30)


def latents(name: str) -> tuple[np.ndarray, np.ndarray, object]:
    """Training and held-out latents of the checkpoint, and its engine."""
    import vae
    from vae.errors import DataNotFound
    from vae.registry import DATASETS

    engine = vae.load(name)
    try:
        samples = DATASETS.get(engine.card["dataset"]).load()
    except DataNotFound as error:
        print(f"{error}\nWithout the data: measured on the atlas alone, every 10th row held out, no run on 60 000.\n")
        last = np.arange(engine.atlas.n) % 10 == 9
        return engine.atlas.z[~last], engine.atlas.z[last], engine
    return engine.encode(samples.x_train)[0], engine.encode(samples.x_test[:2000])[0], engine


def _cold(side: str, folder: str) -> float:
    command = [sys.executable, "-m", "benchmarks.map_ops", "--cold", side, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | ONE_THREAD)
    return float(done.stdout.split()[-1])


def _first_call(side: str, folder: Path) -> None:
    """In a process of its own: load what was fitted, then time the first placement."""
    z = np.load(folder / "z.npy")
    warnings.simplefilter("ignore")
    if side == "stock":
        place = pickle.loads((folder / "stock.pickle").read_bytes()).transform
    else:
        with np.load(folder / "ours.npz") as state:
            place = Projector.from_state(dict(state)).to_map
    print(timed(lambda: place(z), 1)[0][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="fashion-vae")
    parser.add_argument("--quick", action="store_true", help="10 000 latents only, fewer repeats")
    parser.add_argument("--cold", nargs=2, metavar=("SIDE", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.cold:
        return _first_call(args.cold[0], Path(args.cold[1]))
    import numba

    numba.set_num_threads(1)
    with threadpool_limits(1):
        run(args.checkpoint, args.quick)
    return None


def run(checkpoint: str, quick: bool) -> None:
    table, info = Table(), machine()
    z, held, engine = latents(checkpoint)
    print(f"{checkpoint}, d = {z.shape[1]}; {info}\n")
    trust(table, engine.atlas.projector, engine.decode, lambda x: engine.encode(x)[0], held, quick)
    stock_umap(z[:5000], n_epochs=5).transform(z[:2])  # both sides compile before anything is timed
    fit_map(z[:1000], n_epochs=5)
    for n in (10_000,) if quick or len(z) < 60_000 else (10_000, 60_000):
        rows = np.sort(np.random.default_rng(0).permutation(len(z))[:n])
        measure(table, z[rows], held, quick)
    path = write("map_ops", table.figures)
    print(f"\n{checkpoint}, d = {z.shape[1]}; {info['cpu']}, {info['cores']} cores; {info['versions']}.")
    print(f"Medians (min-max), one thread.\n\n{table.text()}\n\nWritten: {path}")


if __name__ == "__main__":
    main()
