"""Map -> latent: kernel regression at several widths on a lattice, interpolated bilinearly; tabulated for latents of up
to TABLE dimensions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from .threads import one_thread

CELLS = 256
PADDING = 0.05  # of the map's width, on each side
FINEST = 0.6  # kernel std, cells
LEVELS = 7
SUPPORT = 16.0  # points under a kernel from which its estimate has full weight
TABLE = 256  # dimensions up to which latents are tabulated, in 4 s and 67 MB
MANY = 20_000  # positions from which tables of TABLE dimensions at a time are faster than sums
REACH = 7.0  # std of a kernel, beyond which it is below 2e-11 of its height
NEGLIGIBLE = 1e-8  # of the weights of all points together: beyond float32

Box = tuple[float, float, float, float]


class Grid:
    """Values on a regular lattice over a box, values[row y, column x]; bilinear between nodes, clamped outside."""

    def __init__(self, values: Float[np.ndarray, "g g c"], box: Box):
        self.values, self.box = values, box
        self._flat = np.ascontiguousarray(values).reshape(-1, values.shape[2])
        side = values.shape[0]
        self._side = side
        self._origin = np.array([box[0], box[1]], np.float64)
        self._per_unit = (side - 1) / np.array([box[2] - box[0], box[3] - box[1]], np.float64)

    def cells(self, xy: Float[np.ndarray, "b 2"]) -> Cells:
        """Where map positions lie."""
        p = np.minimum(np.maximum((xy - self._origin) * self._per_unit, 0.0), self._side - 1.0)
        cell = np.minimum(p.astype(np.int64), self._side - 2)
        return Cells(cell, p - cell)

    def at(self, xy: Float[np.ndarray, "b 2"]) -> Float[np.ndarray, "b c"]:
        """Values at map positions."""
        cell, t = self.cells(xy)
        t = t.astype(np.float32)
        i = cell[:, 1] * self._side + cell[:, 0]
        u, v = t[:, :1], t[:, 1:]
        low = self._flat[i] * (1 - u) + self._flat[i + 1] * u
        high = self._flat[i + self._side] * (1 - u) + self._flat[i + self._side + 1] * u
        return low * (1 - v) + high * v

    def nodes(self) -> Float[np.ndarray, "gg 2"]:
        """Map positions of the nodes, in the order of the values."""
        x0, y0, x1, y1 = self.box
        x, y = np.meshgrid(np.linspace(x0, x1, self._side), np.linspace(y0, y1, self._side))
        return np.stack([x.ravel(), y.ravel()], axis=1)


def box_around(xy: Float[np.ndarray, "n 2"]) -> Box:
    """(x0, y0, x1, y1) of a square around all points, with a margin of 5 % of the width."""
    low, high = xy.min(axis=0).astype(np.float64), xy.max(axis=0).astype(np.float64)
    half = max(float((high - low).max()), 1e-3) * (0.5 + PADDING)
    x, y = (low + high) / 2
    return (float(x - half), float(y - half), float(x + half), float(y + half))


class Levels(NamedTuple):
    """How the estimates of several widths add up at each node, from the widest to the narrowest."""

    kernels: Float[np.ndarray, "l g g"]
    weights: Float[np.ndarray, "l g g"]  # of the sum of the points under each kernel
    rest: Float[np.ndarray, "g g"]  # of the mean of all latents, where even the widest kernel has no points
    mass: Float[np.ndarray, "g g"]  # points under the narrowest kernel


class Cells(NamedTuple):
    """The cell of the lattice that each point lies in, x before y, and where in it, 0 to 1."""

    corner: Int[np.ndarray, "n 2"]
    t: Float[np.ndarray, "n 2"]


class Smoothing:
    """Latents at positions like those of a Grid, for latents of many dimensions: added up from the points when they are
    asked for. With d = 4096, 10 000 points and one core, a table would take 1 GB and 70 s, an answer takes some ms."""

    def __init__(self, z: Float[np.ndarray, "n d"], points: Cells, levels: Levels, box: Box):
        self.z, self.points, self.levels, self.box = z, points, levels, box
        self._nodes = Grid(np.zeros((*levels.mass.shape, 1), np.float32), box)
        self._mean = z.mean(axis=0)

    def at(self, xy: Float[np.ndarray, "b 2"]) -> Float[np.ndarray, "b d"]:
        """Values at map positions."""
        out = np.empty((len(xy), self.z.shape[1]), np.float32)
        if len(xy) >= MANY:
            for first in range(0, self.z.shape[1], TABLE):
                part = slice(first, first + TABLE)
                out[:, part] = _table(self.z[:, part], self.points, self.levels, self.box).at(xy)
            return out
        with one_thread():
            for i, (corner, t) in enumerate(zip(*self._nodes.cells(xy), strict=True)):
                share = np.outer((1 - t[1], t[1]), (1 - t[0], t[0]))
                weights = self._weights(corner, share)
                rows = np.flatnonzero(weights > NEGLIGIBLE / len(weights))
                few = len(rows) < len(weights) / 2
                out[i] = weights[rows] @ self.z[rows] if few else weights @ self.z
                (x, y), rest = corner, self.levels.rest
                out[i] += np.float32((rest[y : y + 2, x : x + 2] * share).sum()) * self._mean
        return out

    def _weights(self, corner: np.ndarray, share: Float[np.ndarray, "2 2"]) -> Float[np.ndarray, " n"]:
        """Of the points in the cell's estimate, whose nodes count by their shares."""
        x, y = corner
        away = np.abs(self.points.corner - corner).max(axis=1)
        out = np.zeros(len(away), np.float32)
        for level, kernel in enumerate(self.levels.kernels):
            weight = self.levels.weights[level, y : y + 2, x : x + 2] * share
            if not weight.any():  # narrower kernels have points enough
                continue
            near = np.flatnonzero(away <= REACH * FINEST * 2.0 ** (LEVELS - 1 - level) + 1)
            across, up = (self._under(kernel[at : at + 2], axis, near) for axis, at in enumerate((x, y)))
            out[near] += ((weight.T @ up) * across).sum(axis=0)
        return out

    def _under(self, kernel: Float[np.ndarray, "2 g"], axis: int, near: np.ndarray) -> Float[np.ndarray, "2 m"]:
        """What the kernels at two nodes give points along one axis."""
        at, t = self.points.corner[near, axis], self.points.t[near, axis]
        return kernel[:, at] * (1 - t) + kernel[:, at + 1] * t


def build_lattice(
    z: Float[np.ndarray, "n d"], xy: Float[np.ndarray, "n 2"], cells: int = CELLS
) -> tuple[Grid | Smoothing, Grid]:
    """E[z | map position], interpolated on a lattice, and the number of reference points under the narrowest kernel.

    Nadaraya-Watson with Gaussian kernels of std .6 * 2^l cells, l = 6 ... 0: each finer estimate m_l replaces the
    coarser one with weight smoothstep(min(1, n_l / 16)), n_l the points under its kernel. Smoothing over some 16
    points reproduces held-out latents better than interpolation through every point, and does not flicker. The estimate
    is a sum of the latents with weights that depend on the positions alone; up to TABLE dimensions it is tabulated.
    """
    box = box_around(xy)
    points = Grid(np.zeros((cells, cells, 1), np.float32), box).cells(xy)
    levels = _levels(_splat(np.ones((1, len(z))), points, cells)[0])
    count = Grid(levels.mass[..., None], box)
    if z.shape[1] > TABLE:
        return Smoothing(z, points, levels, box), count
    return _table(z, points, levels, box), count


def _table(z: Float[np.ndarray, "n d"], points: Cells, levels: Levels, box: Box) -> Grid:
    """The estimate at every node."""
    splat = _splat(z.T, points, len(levels.mass))
    estimate = levels.rest * z.mean(axis=0)[:, None, None]
    for kernel, weight in zip(levels.kernels, levels.weights, strict=True):
        with one_thread():
            estimate += weight * (kernel @ splat @ kernel)  # on so few nodes a matrix product beats a filter
    return Grid(np.ascontiguousarray(np.moveaxis(estimate, 0, 2), dtype=np.float32), box)


def _levels(mass: Float[np.ndarray, "g g"]) -> Levels:
    """mass: 1 of each point, distributed to the four nodes around it."""
    node = np.arange(len(mass), dtype=np.float32)
    kernels: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    rest, count = np.ones_like(mass), np.zeros_like(mass)
    for level in reversed(range(LEVELS)):
        width = FINEST * 2.0**level
        kernel = np.exp(-0.5 * np.square((node[:, None] - node) / width)) / (width * np.sqrt(2.0 * np.pi))
        kernel = kernel.astype(np.float32)
        with one_thread():
            under = kernel @ mass @ kernel
        count = under * np.float32(4.0 * np.pi * width**2)
        share = np.minimum(1.0, count / SUPPORT) if kernels else np.ones_like(mass)  # the widest alone
        share = np.where(under > 1e-12, share * share * (3.0 - 2.0 * share), 0).astype(np.float32)
        weights = [weight * (1 - share) for weight in weights] + [share / np.maximum(under, np.float32(1e-12))]
        kernels.append(kernel)
        rest = rest * (1 - share)
    return Levels(np.stack(kernels), np.stack(weights), rest, count)


def _splat(values: Float[np.ndarray, "c n"], points: Cells, cells: int) -> Float[np.ndarray, "c g g"]:
    """The values of each point distributed bilinearly to the four nodes around it."""
    out = np.zeros((len(values), cells * cells), np.float32)
    (x, y), (u, v) = points.corner.T, points.t.T
    for dx in (0, 1):
        for dy in (0, 1):
            share = (u if dx else 1 - u) * (v if dy else 1 - v)
            node = (y + dy) * cells + x + dx
            for c in range(len(values)):
                out[c] += np.bincount(node, weights=share * values[c], minlength=cells * cells)
    return out.reshape(-1, cells, cells)
