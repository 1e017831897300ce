"""Shortest ways through a set of latents, where a step costs more the farther it leads from the data."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from .fit import landmark_rows
from .neighbours import Index
from .rows import rows, vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEIGHBOURS = 15  # edges a row, and the neighbour whose distance is a place's radius
POWER = 4  # of the radius in what a step costs
LEAST = 0.5  # of the reach: among rows that lie much closer than this a step gets no cheaper
STEP = 0.25  # of the reach: between two places of a way
STEPS = (16, 160)  # of a way, at least and at most
ROUNDS, RATE = 16, 0.4  # of shortening; an explicit step of the flow is stable below .5
LOOK = 4  # rounds from one search for the nearest rows to the next: places move little in between
KEEP = 64  # ways remembered


class Geodesics:
    """Ways between any two latents that keep to where the reference latents are dense. Read only, so threads share it.

    The metric is conformal: a step of length l costs l c, c = ((r / reach)^2 + 1/4)^2, with r the distance to the 15th
    nearest reference row and reach its median over the rows. r^d goes as 1 / density, so that far out this is a power
    -4/d of the density: a density-based distance (Bousquet, Chapelle and Hein, 2003; Sajama and Orlitsky, 2005). The
    cheapest way along the edges of the 15-nearest-neighbour graph says where to go, since no local search finds the way
    round a hole; a few steps of curve shortening in the same metric then turn its corners, which are those of single
    samples, into a geodesic. Parts of the graph that do not touch are joined by their shortest bridge to the largest.
    The decoder's pull-back metric is not in it: see docs/map.md.
    """

    def __init__(self, z: ArrayLike, place: Callable[[np.ndarray], np.ndarray] = np.asarray):
        """z (n, d): reference latents; of more than 20 000, as many at random. place: (b, d) -> (b, m), linear: the
        coordinates whose straight distance is meant (default: z itself).

        Raises: ShapeError: no rows, NaN or infinity.
        """
        z = rows(z, name="reference latents")
        chosen = landmark_rows(len(z))
        self._z = z if chosen is None else z[chosen]
        self._place = place
        self._points = place(self._z)
        self._index = Index(self._points, np.ones(self._points.shape[1], np.float32))
        self._k = max(1, min(NEIGHBOURS, self._index.n - 1))
        distance, row = self._index.query_points(self._k + 1)
        self._radius = distance[:, -1]
        self.reach = float(np.median(self._radius))
        self._graph = self._joined(distance[:, 1:], row[:, 1:])
        self._remembered = lru_cache(KEEP)(self._way)

    def at(self, za: ArrayLike, zb: ArrayLike, t: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n d"]:
        """Places of the way from za to zb, float64, t even in length (of `place`) from 0 at za to 1 at zb, both exact.

        Before 0 and beyond 1 it goes straight on as it left, as fast as the straight line from za to zb would.
        The way back is the same way. Raises: ShapeError: ends of another width or not finite.
        """
        za, zb = vector(za, self._z.shape[1], "za"), vector(zb, self._z.shape[1], "zb")
        if za.tobytes() > zb.tobytes():
            return self.at(zb, za, 1.0 - np.asarray(t, np.float64))
        t = np.asarray(t, np.float64)
        length, way = self._remembered(za.tobytes(), zb.tobytes())
        inside = np.clip(t, 0.0, 1.0) * length[-1]
        out = np.stack([np.interp(inside, length, way[:, j]) for j in range(way.shape[1])], axis=1)
        if length[-1] > 0:
            straight = float(np.linalg.norm(np.diff(self._place(np.stack([za, zb])), axis=0)))
            near = max(1, int(np.searchsorted(length, min(self.reach, length[-1]))))  # a step alone is short to aim by
            start = (way[near] - way[0]) / length[near]
            end = (way[-1] - way[-1 - near]) / (length[-1] - length[-1 - near])
            out += straight * (np.minimum(t, 0.0)[:, None] * start + np.maximum(t - 1.0, 0.0)[:, None] * end)
        out[t == 0.0], out[t == 1.0] = za, zb
        return out

    def rows_between(self, za: Float[np.ndarray, " d"], zb: Float[np.ndarray, " d"]) -> Int[np.ndarray, " r"]:
        """Rows of the set that the cheapest way from za to zb passes, none if going straight costs no more."""
        from scipy.sparse import csr_matrix  # here: half of what else it takes to open a model
        from scipy.sparse.csgraph import dijkstra

        ends = self._place(np.stack([za, zb]))
        distance, row = self._index.query(ends, self._k + 1)
        radius = distance[:, -1]
        costs = self._cost(distance, (radius[:, None] + self._radius[row]) / 2)
        graph, n = self._graph, self._index.n
        started = csr_matrix(
            (
                np.concatenate([graph.data, costs[0]]),
                np.concatenate([graph.indices, row[0]]),
                np.append(graph.indptr, graph.nnz + row.shape[1]),
            ),
            shape=(n + 1, n + 1),
        )
        total, before = dijkstra(started, indices=n, return_predecessors=True)
        arrival = total[row[1]] + costs[1]
        last = int(np.argmin(arrival))
        straight = self._cost(np.linalg.norm(ends[1:] - ends[:1], axis=1), radius.mean(keepdims=True))
        if straight[0] <= arrival[last]:
            return np.empty(0, np.int64)
        passed = [int(row[1][last])]
        while (previous := int(before[passed[-1]])) != n:
            passed.append(previous)
        return np.array(passed[::-1])

    def _way(self, za: bytes, zb: bytes) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, "p d"]]:
        """Length so far, and the places of the way between two latents as float32 bytes."""
        a, b = (np.frombuffer(end, np.float32) for end in (za, zb))
        way = np.concatenate([a[None], self._z[self.rows_between(a, b)], b[None]]).astype(np.float64)
        if (total := self._length(way)[-1]) == 0:
            return np.zeros(len(way)), way
        steps = int(np.clip(np.ceil(total / max(STEP * self.reach, 1e-12)), *STEPS))
        way = self._even(way, steps)
        row = np.empty(0, np.int64)
        for turn in range(ROUNDS):
            if turn % LOOK == 0:
                row = self._index.query(self._place(way[1:-1]), self._k)[1]
            way = self._even(self._shortened(way, row), steps)
        return self._length(way), way

    def _shortened(self, way: Float[np.ndarray, "p d"], row: Int[np.ndarray, "q k"]) -> Float[np.ndarray, "p d"]:
        """One explicit step of the flow dz/ds = z'' - |z'|^2 grad log c, which rests on geodesics of the metric (its
        part along the way only slides places along it, and they are spread evenly again).

        row: nearest to each inner place. r is here the mean distance to them, which is smooth. Its gradient is taken in
        z, as the mean of (z - row) / distance, whose image under `place` is the gradient there: no inverse is needed,
        and dead dimensions follow their neighbours'.
        """
        inner, reach = way[1:-1], max(self.reach, 1e-12)
        distance = np.linalg.norm(self._place(inner)[:, None] - self._points[row], axis=2)
        apart = np.maximum(distance, LEAST * reach)  # the way past a single row says nothing
        away = ((inner[:, None] - self._z[row]) / apart[..., None]).mean(axis=1)
        radius = distance.mean(axis=1)
        slope = (POWER * radius / (radius**2 + (LEAST * reach) ** 2))[:, None] * away  # of log c
        speed = self._place((way[2:] - way[:-2]) / 2)
        squared = np.einsum("pm,pm->p", speed, speed)[:, None]
        squared = np.minimum(squared, (STEP * reach) ** 2)  # long steps are unstable
        moved = way.copy()
        moved[1:-1] += RATE * (way[:-2] - 2 * inner + way[2:] - squared * slope)
        return moved

    def _even(self, way: Float[np.ndarray, "p d"], steps: int) -> Float[np.ndarray, "s d"]:
        """The same polygon by places at even lengths; its ends exactly."""
        length = self._length(way)
        even = np.linspace(0.0, length[-1], steps + 1)
        out = np.stack([np.interp(even, length, column) for column in way.T], axis=1)
        out[0], out[-1] = way[0], way[-1]
        return out

    def _length(self, way: Float[np.ndarray, "p d"]) -> Float[np.ndarray, " p"]:
        return np.append(0.0, np.cumsum(np.linalg.norm(np.diff(self._place(way), axis=0), axis=1)))

    def _cost(self, length: np.ndarray, radius: np.ndarray) -> np.ndarray:
        """Of steps from row to row, radius: mean of both; the middle of a long step is at best half of it from data."""
        reach = max(self.reach, 1e-12)
        relative = np.maximum(radius, length / 2) / reach
        return np.maximum(length, 1e-9 * reach) * (relative**2 + LEAST**2) ** (POWER / 2)  # copies: no step is free

    def _joined(self, distance: Float[np.ndarray, "n k"], row: Int[np.ndarray, "n k"]) -> csr_matrix:
        """The graph, either way the same; a part of its own gets one edge to the largest."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        n, k = distance.shape
        start, end, length = np.repeat(np.arange(n), k), row.ravel(), distance.ravel()

        def graph() -> csr_matrix:
            cost = self._cost(length, (self._radius[start] + self._radius[end]) / 2)
            one_way = csr_matrix((cost, (start, end)), shape=(n, n))
            return one_way.maximum(one_way.T)

        count, part = connected_components(graph(), directed=False)
        if count > 1:
            main = np.flatnonzero(part == np.bincount(part).argmax())
            rest = np.flatnonzero(part != part[main[0]])
            points = self._index.points
            gap, nearest = Index(points[main], np.ones(points.shape[1], np.float32)).query(points[rest], 1)
            order = np.lexsort((rest, gap[:, 0]))
            shortest = order[np.unique(part[rest][order], return_index=True)[1]]
            start = np.append(start, rest[shortest])
            end = np.append(end, main[nearest[shortest, 0]])
            length = np.append(length, gap[shortest, 0])
        return graph()
