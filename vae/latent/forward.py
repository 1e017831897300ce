"""Latent -> map: a new latent is placed where UMAP's attraction pulls it, by fixed-point steps."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from .neighbours import BLOCK, Index

NEIGHBOURS = 15
STEPS = 5
_SOFTEN = 0.01  # squared map units added to every squared distance: keeps the gradient bounded at a reference point
TINY = 1e-300  # against 0 / 0 where all latents are equal
_QUANTILES = 401  # stored of the distances within the reference set


class Forward:
    """Places latents on the map of reference points. Deterministic, and independent of the batch.

    The k = 15 nearest reference points get weights w_i ~ exp(-(d_i - d_1) / (mean_i (d_i - d_1) / 2)), much as UMAP's
    fuzzy set weighs neighbours: UMAP finds the scale in the denominator by bisection (McInnes et al., 2018, algorithm
    3); ours, in closed form, is about .81 of it and as accurate, at a fifth of the time (benchmarks/map_weights.py).
    The start is the position of their medoid under the map's similarity 1 / (1 + a r^2b); then follow 5 steps of
    y <- sum_i c_i y_i / sum_i c_i, c_i = w_i r_i^(2b-2) / (1 + a r_i^2b), whose fixed point is a stationary point of
    UMAP's attraction sum_i w_i log(1 + a r_i^2b). A latent of the reference set gets its own position.
    """

    def __init__(self, index: Index, xy: Float[np.ndarray, "n 2"], a: float, b: float):
        self.index, self.xy, self.a, self.b = index, np.asarray(xy, np.float64), float(a), float(b)
        self.k = min(NEIGHBOURS, index.n)
        self._exact = 1e-6 * float(np.sqrt(np.median(np.sum(index.points.astype(np.float64) ** 2, axis=1))))
        self._reach: np.ndarray | None = None

    def place(self, z: ArrayLike) -> Float[np.ndarray, "b 2"]:
        """Map positions, float32. Raises: ShapeError: wrong width, NaN or infinity."""
        distance, row = self.index.query(z, self.k)
        out = np.empty((len(row), 2), np.float32)
        for start in range(0, len(row), BLOCK):
            part = slice(start, start + BLOCK)
            out[part] = self.settle(distance[part], row[part], self.weights(distance[part]))
        return out

    def confidence(self, z: ArrayLike) -> Float[np.ndarray, " b"]:
        """Share of reference points at least as far from their 15th neighbour as z, 0-1; below .01 z lies outside the
        data, and its map position means little."""
        distance, _ = self.index.query(z, self.k)
        return self.rank(distance[:, -1])

    def rank(self, distance: Float[np.ndarray, " b"]) -> Float[np.ndarray, " b"]:
        """Share of reference points whose 15th neighbour is at least that far away, 0-1."""
        return (1.0 - np.searchsorted(self.reach, distance, side="left") / _QUANTILES).astype(np.float32)

    @property
    def reach(self) -> Float[np.ndarray, " q"]:
        """Quantiles, ascending, of the distance of a reference point to its 15th neighbour, over at most 2 000."""
        if self._reach is None:
            some = np.unique(np.linspace(0, self.index.n - 1, 2000).astype(np.int64))
            distance, _ = self.index.nearest_points(self.index.points[some], min(self.k + 1, self.index.n))
            self._reach = np.quantile(distance[:, -1], np.linspace(0.0, 1.0, _QUANTILES))
        return self._reach

    def weights(self, distance: Float[np.ndarray, "b k"]) -> Float[np.ndarray, "b k"]:
        """Of reference points at these distances, ascending, in the map's metric; the nearest gets 1."""
        excess = distance - distance[:, :1]
        return np.exp(-excess / (0.5 * excess.mean(axis=1, keepdims=True) + self._exact + TINY))

    def settle(
        self, distance: Float[np.ndarray, "b k"], row: np.ndarray, w: Float[np.ndarray, "b k"]
    ) -> Float[np.ndarray, "b 2"]:
        """Positions, float32, by reference points `row` (b, k) at these distances with weights w of any sum."""
        w = w / w.sum(axis=1, keepdims=True)
        at = self.xy[row]  # (b, k, 2)
        x, y = at[..., 0], at[..., 1]
        apart = (x[:, :, None] - x[:, None, :]) ** 2 + (y[:, :, None] - y[:, None, :]) ** 2
        closeness = np.einsum("bj,bij->bi", w, 1.0 / (1.0 + self.a * apart**self.b))
        medoid = np.argmax(closeness, axis=1)
        each = np.arange(len(row))
        px, py = x[each, medoid], y[each, medoid]
        for _ in range(STEPS):
            r2 = (px[:, None] - x) ** 2 + (py[:, None] - y) ** 2 + _SOFTEN
            c = w * r2 ** (self.b - 1.0) / (1.0 + self.a * r2**self.b)
            total = c.sum(axis=1)
            px, py = (c * x).sum(axis=1) / total, (c * y).sum(axis=1) / total
        own = distance[:, 0] <= self._exact
        px, py = np.where(own, x[:, 0], px), np.where(own, y[:, 0], py)
        return np.stack([px, py], axis=1).astype(np.float32)
