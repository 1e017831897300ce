"""What the neighbours' weights do to the placement of new latents: python -m benchmarks.map_weights [CHECKPOINT ...].

Our weights (vae/latent/forward.py) beside the two of umap-learn's smooth_knn_dist, solved by its own bisection in
NumPy: those of a fit (the nearest neighbour at distance 0) and those of its transform (nothing subtracted), and beside
equal weights. Everything else of the placement is the same. Two errors: each of 5 000 reference latents placed by the
others against the position that UMAP gave it (% of the map's width), and for latents of the test split the share of the
15 nearest reference latents that are among the 15 nearest on the map. One thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits
from umap.umap_ import smooth_knn_dist

from benchmarks.machine import machine, write
from vae.engine.engine import load
from vae.latent.forward import Forward
from vae.latent.neighbours import Index
from vae.registry import DATASETS

N = 5000
ITERATIONS = 64  # umap-learn's, of its bisection
CHECKPOINTS = ("fashion-vae", "mnist-vae", "digits-vae")
Weights = Callable[[Forward, np.ndarray], np.ndarray]  # of distances (b, k), ascending -> (b, k), sums 1


def umaps(distance: np.ndarray, subtracted: np.ndarray) -> np.ndarray:
    """exp(-(d - subtracted) / sigma). As in umap-learn, the latent itself is the first of its k neighbours, and the
    weights of the other k - 1 sum to log2 k. McInnes et al., 2018, algorithm 3."""
    excess = np.maximum(distance - subtracted, 0)
    wanted, low, high = np.log2(distance.shape[1]), np.zeros(len(distance)), np.full(len(distance), np.inf)
    sigma = np.ones(len(distance))
    for _ in range(ITERATIONS):
        above = np.exp(-excess[:, :-1] / sigma[:, None]).sum(1) > wanted
        low, high = np.where(above, low, sigma), np.where(above, sigma, high)
        sigma = np.where(np.isinf(high), 2 * sigma, (low + high) / 2)
    return np.exp(-excess / np.maximum(sigma, 1e-3 * distance.mean(1))[:, None])


VARIANTS: dict[str, Weights] = {
    "ours": lambda f, d: f.weights(d),
    "UMAP's, of a fit": lambda f, d: umaps(d, d[:, :1]),
    "UMAP's, of a transform": lambda f, d: umaps(d, np.zeros((len(d), 1))),
    "equal": lambda f, d: np.ones_like(d),
}


def measure(name: str) -> list[dict[str, object]]:
    engine = load(name)
    projector = engine.atlas.projector
    forward, samples = projector._forward, DATASETS.get(engine.card["dataset"]).load()
    held = projector.seen(engine.encode(samples.x_test)[0])[:N]
    chosen = np.random.default_rng(0).permutation(forward.index.n)[:N]
    distance, row = forward.index.nearest_points(forward.index.points[chosen], forward.k + 1)
    own = row == chosen[:, None]
    others = ~np.where(own.any(1, keepdims=True), own, np.arange(forward.k + 1) == forward.k)
    distance, row = distance[others].reshape(-1, forward.k), row[others].reshape(-1, forward.k)
    near, of = forward.index.query(held, forward.k)
    on_map = Index(forward.xy.astype(np.float32), np.ones(2))
    with_itself = np.pad(near[:, :-1], ((0, 0), (1, 0))).astype(np.float32)
    sigma = smooth_knn_dist(with_itself, float(forward.k))[0][:, None]
    gap = np.abs(np.exp(-(near - near[:, :1]) / sigma) - umaps(near, near[:, :1])).max()
    excess = near - near[:, :1]
    ratio = 0.5 * excess.mean(1) / sigma[:, 0]
    print(
        f"{name}: NumPy against umap-learn's weights, largest difference {gap:.1e}; our sigma / UMAP's, median "
        f"{np.median(ratio):.3f} (5-95 %: {np.quantile(ratio, 0.05):.2f}-{np.quantile(ratio, 0.95):.2f})"
    )
    found, reference = [], forward.settle(near, of, forward.weights(near))
    for label, weights in VARIANTS.items():
        at = forward.settle(distance, row, weights(forward, distance))
        error = np.linalg.norm(at - forward.xy[chosen], axis=1) / projector.width * 100
        placed = forward.settle(near, of, weights(forward, near))
        beside = on_map.query(placed, forward.k)[1]
        shared = np.mean([len(np.intersect1d(a, b)) for a, b in zip(of, beside, strict=True)]) / forward.k
        moved = np.linalg.norm(placed - reference, axis=1) / projector.width * 100
        taken = []
        for _ in range(201):
            start = time.perf_counter()
            forward.settle(near[:16], of[:16], weights(forward, near[:16]))
            taken.append(time.perf_counter() - start)
        found.append(
            {
                "checkpoint": name,
                "weights": label,
                "median_percent": float(np.median(error)),
                "mean_percent": float(error.mean()),
                "p95_percent": float(np.quantile(error, 0.95)),
                "neighbours_kept": float(shared),
                "moved_median_percent": float(np.median(moved)),
                "moved_p95_percent": float(np.quantile(moved, 0.95)),
                "settle_16_points_us": 1e6 * float(np.median(taken)),
                "n": len(chosen),
                "n_test": len(held),
            }
        )
        print("  ", {k: round(v, 3) if isinstance(v, float) else v for k, v in found[-1].items()}, flush=True)
    return found


def main() -> None:
    with threadpool_limits(1):
        rows = [row for name in sys.argv[1:] or CHECKPOINTS for row in measure(name)]
    write("map_weights", {"machine": machine(), "rows": rows})


if __name__ == "__main__":
    main()
