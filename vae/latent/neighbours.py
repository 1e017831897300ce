"""Exact nearest neighbours in a metric that ignores inactive latent dimensions."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..errors import ShapeError
from ..text import N_, _
from .rows import rows
from .threads import one_thread

FAR = 1e4  # a squared norm is far beyond that many medians: then float32 could not tell the other points apart
CROWDED = 20  # candidates for each neighbour from which copies are looked for among them
BLOCK = 128  # queries per block: bounds memory at BLOCK x n distances
LIVE_STD = 0.3  # std of the posterior means below which a dimension counts less and less
_ROUNDING = 4e-6  # float32 error of |q|^2 - 2 q.p + |p|^2, relative to |q|^2 + |p|^2 (some 30 ulp)


def metric_scale(z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " d"]:
    """Weight of each dimension in distances, min(1, std_j / .3): 1 for active dimensions, near 0 for inactive ones.

    In an inactive dimension a draw from the prior is unit noise while all means are near 0: unweighted, 87 % of prior
    draws would seem far from the data. Latents on a smaller scale (those of an autoencoder) are measured against their
    largest std.
    """
    std = z.std(axis=0, dtype=np.float64)
    full = LIVE_STD * min(1.0, float(std.max()))
    return (np.minimum(1.0, std / full) if full > 0 else np.ones_like(std)).astype(np.float32)


def middle(z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " d"]:
    """The mean of each dimension; its median if the mean, drawn away by a few values, lies beyond all middle ones."""
    mean = z.mean(axis=0, dtype=np.float64)
    low, median, high = np.quantile(z, (0.05, 0.5, 0.95), axis=0)
    return np.where((mean < low) | (mean > high), median, mean).astype(np.float32)


def is_far(points: Float[np.ndarray, "n d"]) -> np.ndarray:
    """Which rows are more than 100 times as far from 0 as the median row, (n,) bool."""
    norms = np.square(points.astype(np.float64)).sum(axis=1)
    return norms > FAR * np.median(norms)


class Index:
    """Finds the k nearest of n points (n, d) to a query under the distance |s * (q - p)|, s = scale.

    Exact and independent of the batch: a float32 matrix product selects candidates, with a margin above its rounding
    error, and the distances of these few are computed again in float64 and ordered by (distance, row). Candidates are
    found by a bound instead of sorting: if the n distances are split into groups, the k-th smallest group minimum is at
    least the k-th smallest distance. Points that are far away from most are always candidates, as their norms would
    drown those of the others. Faster than a k-d tree from about 8 dimensions at n <= 20 000, and not much slower
    below.
    """

    def __init__(self, z: ArrayLike, scale: ArrayLike | None = None):
        z = rows(z, name=N_("reference latents"))
        if len(z) == 0:
            raise ShapeError(_("reference latents: given 0 rows, expected at least 1."))
        self.n, self.d = z.shape
        self.scale = metric_scale(z) if scale is None else rows(np.asarray(scale)[None], self.d, "scale")[0]
        self._centre = middle(z)
        self.points = (z - self._centre) * self.scale  # (n, d), centred: rounding errors grow with the norm
        self._groups = max(1, min(self.n, max(64, self.n // 100)))
        pad = -self.n % self._groups
        self._columns = np.zeros((self.d, self.n + pad), np.float32)
        self._columns[:, : self.n] = -2.0 * self.points.T
        self._far = np.flatnonzero(is_far(self.points))
        self._columns[:, self._far] = 0.0
        self._norms = np.full(self.n + pad, np.inf, np.float32)
        self._norms[: self.n] = np.square(self._columns[:, : self.n] / 2).sum(axis=0)
        self._largest = float(self._norms[: self.n].max())
        self._norms[self._far] = np.inf

    def query(self, z: ArrayLike, k: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """Distances (b, k) float64, ascending, and row numbers (b, k) int64; k is limited to n.

        Raises: ShapeError: wrong width, NaN or infinity, or k < 1.
        """
        z = rows(z, self.d)
        if k < 1:
            raise ShapeError(_("k: given {k}, expected at least 1 neighbour.", k=k))
        return self.nearest_points((z - self._centre) * self.scale, k)

    def nearest_points(self, q: Float[np.ndarray, "b d"], k: int) -> tuple[np.ndarray, np.ndarray]:
        """As `query`, for rows that are already centred and scaled like `points`."""
        k, q = min(int(k), self.n), q.astype(np.float64)
        distances, indices = np.empty((len(q), k)), np.empty((len(q), k), np.int64)
        for start in range(0, len(q), BLOCK):
            part = slice(start, start + BLOCK)
            distances[part], indices[part] = self._nearest(q[part], k)
        return distances, indices

    def query_points(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances and rows (n, k) of the k nearest points to each point, itself first; k is limited to n."""
        distances, indices = self.nearest_points(self.points, k)
        own = np.arange(self.n)
        at = np.where((indices == own[:, None]).any(axis=1), np.argmax(indices == own[:, None], axis=1), -1)
        indices[own, at], distances[own, at] = indices[:, 0], distances[:, 0]  # exact copies may have come first
        indices[:, 0], distances[:, 0] = own, 0.0
        return distances, indices

    @functools.cached_property
    def _copy(self) -> Int[np.ndarray, " n"]:
        """How many rows before each are exact copies of it: of copies, only the first k can be among the k nearest."""
        order = np.lexsort(self.points.T)
        new = np.concatenate([[True], (np.diff(self.points[order], axis=0) != 0).any(axis=1)])
        copy = np.empty(self.n, np.int64)
        copy[order] = np.arange(self.n) - np.maximum.accumulate(np.where(new, np.arange(self.n), 0))
        return copy

    def _nearest(self, q: Float[np.ndarray, "b d"], k: int) -> tuple[np.ndarray, np.ndarray]:
        size = np.einsum("bd,bd->b", q, q)
        remote = size > 1e6 * (self._largest + 1e-12)  # so far away that float32 could not distinguish the points
        distances, indices = np.empty((len(q), k)), np.empty((len(q), k), np.int64)
        everything = np.arange(self.n)
        for i in np.flatnonzero(remote):
            distances[i], indices[i] = _order(q[i : i + 1], self.points, np.zeros_like(everything), everything, k)
        if not remote.all():
            distances[~remote], indices[~remote] = self._nearest_here(q[~remote], size[~remote], k)
        return distances, indices

    def _nearest_here(self, q: np.ndarray, size: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        with one_thread():
            squared = q.astype(np.float32) @ self._columns
        squared += self._norms  # |q - p|^2 - |q|^2
        groups = self._groups
        minima = squared.reshape(len(q), -1, groups).min(axis=1)
        bound = np.partition(minima, k - 1, axis=1)[:, k - 1] if k <= groups else np.partition(squared, k - 1)[:, k - 1]
        bound = bound + _ROUNDING * max(1.0, self.d / 32) * (size + self._largest)
        squared[:, self._far], squared[:, self.n :] = -np.inf, np.nan
        found = np.flatnonzero(squared <= bound[:, None].astype(np.float32))
        row, column = np.divmod(found, squared.shape[1])
        if len(found) > CROWDED * k * len(q):
            kept = self._copy[column] < k
            row, column = row[kept], column[kept]
        return _order(q, self.points, row, column, k)


def _order(
    q: np.ndarray, points: np.ndarray, row: Int[np.ndarray, " c"], column: Int[np.ndarray, " c"], k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of each query's candidates (row ascending, at least k candidates for each row)."""
    gap = q[row] - points[column]
    distance = np.sqrt(np.einsum("cd,cd->c", gap, gap))
    order = np.lexsort((column, distance, row))
    first = np.searchsorted(row, np.arange(len(q)))
    chosen = order[first[:, None] + np.arange(k)]
    return distance[chosen], column[chosen]
