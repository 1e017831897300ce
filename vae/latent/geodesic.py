"""Geodesics: shortest paths in latent space, where a step costs more the farther it is from the data."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..text import N_
from .fit import landmark_rows
from .neighbours import Index
from .rows import rows, vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEIGHBOURS = 15  # edges of a row, and the neighbour whose distance is the radius at a point
POWER = 4  # exponent of the radius in the cost of a step
LEAST = 0.5  # of the reach: among rows that lie much closer together, a step gets no cheaper
STEP = 0.25  # of the reach: between two points of a path
STEPS = (16, 160)  # of a path, at least and at most
ROUNDS, RATE = 16, 0.4  # of curve shortening; an explicit step of the flow is stable below .5
SEARCH_EVERY = 4  # rounds between two searches for the nearest rows: points move little in between
CACHED = 64  # paths


class Geodesics:
    """Paths between any two latents that stay where the reference latents are dense. Read only, so threads share it.

    The metric is conformal: a step of length l costs l c, c = ((r / reach)^2 + 1/4)^2, with r the distance to the 15th
    nearest reference row and reach its median over the rows. r^d is proportional to 1 / density, so that far from the
    data c is a power -4/d of the density: a density-based distance (Bousquet, Chapelle and Hein, 2003; Sajama and
    Orlitsky, 2005). The cheapest path along the edges of the 15-nearest-neighbour graph gives the route, since no local
    search finds a way around a hole; a few steps of curve shortening in the same metric then smooth its corners, which
    are single samples, into a geodesic. Components of the graph are joined to the largest by their shortest edge. The
    decoder's pull-back metric is not used: see docs/map.md.
    """

    def __init__(self, z: ArrayLike, coordinates: Callable[[np.ndarray], np.ndarray] = np.asarray):
        """z (n, d): reference latents; of more than 20 000, a random 20 000. coordinates: a linear map (b, d) -> (b, m)
        to the coordinates in which distances are Euclidean (default: z itself).

        Raises: ShapeError: no rows, NaN or infinity.
        """
        z = rows(z, name=N_("reference latents"))
        chosen = landmark_rows(len(z))
        self._z = z if chosen is None else z[chosen]
        self._coordinates = coordinates
        self._points = coordinates(self._z)
        self._index = Index(self._points, np.ones(self._points.shape[1], np.float32))
        self._k = max(1, min(NEIGHBOURS, self._index.n - 1))
        distance, row = self._index.query_points(self._k + 1)
        self._radius = distance[:, -1]
        self.reach = float(np.median(self._radius))
        self._graph = self._joined(distance[:, 1:], row[:, 1:])
        self._cached_path = lru_cache(CACHED)(self._path)

    def at(self, za: ArrayLike, zb: ArrayLike, t: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n d"]:
        """Latents on the path from za to zb, float64; t is proportional to length (in `coordinates`), from 0 at za to 1
        at zb, both exact.

        Below 0 and above 1 the path continues straight in its end direction, at the speed of the straight line from za
        to zb. The path from zb to za is the same path. Raises: ShapeError: ends of a different width or not finite.
        """
        za, zb = vector(za, self._z.shape[1], "za"), vector(zb, self._z.shape[1], "zb")
        if za.tobytes() > zb.tobytes():
            return self.at(zb, za, 1.0 - np.asarray(t, np.float64))
        t = np.asarray(t, np.float64)
        length, path = self._cached_path(za.tobytes(), zb.tobytes())
        inside = np.clip(t, 0.0, 1.0) * length[-1]
        out = np.stack([np.interp(inside, length, path[:, j]) for j in range(path.shape[1])], axis=1)
        if length[-1] > 0:
            straight = float(np.linalg.norm(np.diff(self._coordinates(np.stack([za, zb])), axis=0)))
            near = max(1, int(np.searchsorted(length, min(self.reach, length[-1]))))  # one step is too short a tangent
            start = (path[near] - path[0]) / length[near]
            end = (path[-1] - path[-1 - near]) / (length[-1] - length[-1 - near])
            out += straight * (np.minimum(t, 0.0)[:, None] * start + np.maximum(t - 1.0, 0.0)[:, None] * end)
        out[t == 0.0], out[t == 1.0] = za, zb
        return out

    def rows_between(self, za: Float[np.ndarray, " d"], zb: Float[np.ndarray, " d"]) -> Int[np.ndarray, " r"]:
        """Rows on the cheapest path from za to zb in the graph; none if the straight line costs no more."""
        from scipy.sparse import csr_matrix  # here: its import takes half as long as opening a model
        from scipy.sparse.csgraph import dijkstra

        ends = self._coordinates(np.stack([za, zb]))
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

    def _path(self, za: bytes, zb: bytes) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, "p d"]]:
        """Cumulative length and points of the path between two latents, which are given as float32 bytes."""
        a, b = (np.frombuffer(end, np.float32) for end in (za, zb))
        path = np.concatenate([a[None], self._z[self.rows_between(a, b)], b[None]]).astype(np.float64)
        if (total := self._length(path)[-1]) == 0:
            return np.zeros(len(path)), path
        steps = int(np.clip(np.ceil(total / max(STEP * self.reach, 1e-12)), *STEPS))
        path = self._even(path, steps)
        row = np.empty(0, np.int64)
        for turn in range(ROUNDS):
            if turn % SEARCH_EVERY == 0:
                row = self._index.query(self._coordinates(path[1:-1]), self._k)[1]
            path = self._even(self._shortened(path, row), steps)
        return self._length(path), path

    def _shortened(self, path: Float[np.ndarray, "p d"], row: Int[np.ndarray, "q k"]) -> Float[np.ndarray, "p d"]:
        """One explicit step of the flow dz/ds = z'' - |z'|^2 grad log c, whose stationary curves are the geodesics of
        the metric (its tangential part only moves points along the path, and they are then spaced evenly again).

        row: the nearest rows of each inner point. Here r is the mean distance to them, which is smooth. Its gradient is
        taken in z, as the mean of (z - row) / distance, whose image under `coordinates` is the gradient there: no
        inverse is needed, and inactive dimensions follow those of the neighbours.
        """
        inner, reach = path[1:-1], max(self.reach, 1e-12)
        distance = np.linalg.norm(self._coordinates(inner)[:, None] - self._points[row], axis=2)
        apart = np.maximum(distance, LEAST * reach)  # the direction away from a row that is this close means nothing
        away = ((inner[:, None] - self._z[row]) / apart[..., None]).mean(axis=1)
        radius = distance.mean(axis=1)
        slope = (POWER * radius / (radius**2 + (LEAST * reach) ** 2))[:, None] * away  # of log c
        speed = self._coordinates((path[2:] - path[:-2]) / 2)
        squared = np.einsum("pm,pm->p", speed, speed)[:, None]
        squared = np.minimum(squared, (STEP * reach) ** 2)  # long steps are unstable
        moved = path.copy()
        moved[1:-1] += RATE * (path[:-2] - 2 * inner + path[2:] - squared * slope)
        return moved

    def _even(self, path: Float[np.ndarray, "p d"], steps: int) -> Float[np.ndarray, "s d"]:
        """The same polygonal path, resampled at even lengths; its ends stay exact."""
        length = self._length(path)
        even = np.linspace(0.0, length[-1], steps + 1)
        out = np.stack([np.interp(even, length, column) for column in path.T], axis=1)
        out[0], out[-1] = path[0], path[-1]
        return out

    def _length(self, path: Float[np.ndarray, "p d"]) -> Float[np.ndarray, " p"]:
        return np.append(0.0, np.cumsum(np.linalg.norm(np.diff(self._coordinates(path), axis=0), axis=1)))

    def _cost(self, length: np.ndarray, radius: np.ndarray) -> np.ndarray:
        """Cost of steps between rows. radius: mean of both ends; the middle of a long step may be as far from the data
        as half its length."""
        reach = max(self.reach, 1e-12)
        relative = np.maximum(radius, length / 2) / reach
        return np.maximum(length, 1e-9 * reach) * (relative**2 + LEAST**2) ** (POWER / 2)  # > 0 between copies, too

    def _joined(self, distance: Float[np.ndarray, "n k"], row: Int[np.ndarray, "n k"]) -> csr_matrix:
        """The symmetric neighbour graph; every other component gets one edge to the largest."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        n, k = distance.shape
        start, end, length = np.repeat(np.arange(n), k), row.ravel(), distance.ravel()

        def graph() -> csr_matrix:
            cost = self._cost(length, (self._radius[start] + self._radius[end]) / 2)
            directed = csr_matrix((cost, (start, end)), shape=(n, n))
            return directed.maximum(directed.T)

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
