"""Map -> latent: kernel regression at several widths, tabulated once and interpolated bilinearly."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from .threads import one_thread

CELLS = 256
PADDING = 0.05  # of the map's width, on each side
FINEST = 0.6  # kernel std, cells
LEVELS = 7
SUPPORT = 16.0  # points under a kernel from which its estimate has full weight


class Grid:
    """Values on a regular lattice over a box, values[row y, column x]; bilinear between nodes, clamped outside."""

    def __init__(self, values: Float[np.ndarray, "g g c"], box: tuple[float, float, float, float]):
        self.values, self.box = values, box
        self._flat = np.ascontiguousarray(values).reshape(-1, values.shape[2])
        side = values.shape[0]
        self._side = side
        self._origin = np.array([box[0], box[1]], np.float64)
        self._per_unit = (side - 1) / np.array([box[2] - box[0], box[3] - box[1]], np.float64)

    def at(self, xy: Float[np.ndarray, "b 2"]) -> Float[np.ndarray, "b c"]:
        """Values at map positions."""
        p = np.minimum(np.maximum((xy - self._origin) * self._per_unit, 0.0), self._side - 1.0)
        cell = np.minimum(p.astype(np.int64), self._side - 2)
        t = (p - cell).astype(np.float32)
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


def box_around(xy: Float[np.ndarray, "n 2"]) -> tuple[float, float, float, float]:
    """(x0, y0, x1, y1) of a square around all points, with a margin of 5 % of the width."""
    low, high = xy.min(axis=0).astype(np.float64), xy.max(axis=0).astype(np.float64)
    half = max(float((high - low).max()), 1e-3) * (0.5 + PADDING)
    x, y = (low + high) / 2
    return (float(x - half), float(y - half), float(x + half), float(y + half))


def build_lattice(z: Float[np.ndarray, "n d"], xy: Float[np.ndarray, "n 2"], cells: int = CELLS) -> tuple[Grid, Grid]:
    """E[z | map position] on a lattice, and the number of reference points under the narrowest kernel there.

    Nadaraya-Watson with Gaussian kernels of std .6 * 2^l cells, l = 6 ... 0: each finer estimate m_l replaces the
    coarser one with weight smoothstep(min(1, n_l / 16)), n_l the points under its kernel. Smoothing over some 16
    points reproduces held-out latents better than interpolation through every point, and does not flicker.
    """
    box = box_around(xy)
    splat = _splat(z, xy, box, cells)
    node = np.arange(cells, dtype=np.float32)
    estimate = count = None
    for level in reversed(range(LEVELS)):
        width = FINEST * 2.0**level
        kernel = np.exp(-0.5 * np.square((node[:, None] - node) / width)) / (width * np.sqrt(2.0 * np.pi))
        kernel = kernel.astype(np.float32)
        with one_thread():
            blurred = kernel @ splat @ kernel  # (1 + d, g, g): on so few nodes a matrix product beats a filter
        count = blurred[:1] * (4.0 * np.pi * width**2)
        mean = blurred[1:] / np.maximum(blurred[:1], 1e-12)
        if estimate is None:  # the widest kernel alone, and the mean of all latents where it has no points either
            estimate, share = np.broadcast_to(z.mean(axis=0)[:, None, None], mean.shape), 1.0
        else:
            share = np.minimum(1.0, count / SUPPORT)
            share = share * share * (3.0 - 2.0 * share)
        estimate = np.where(blurred[:1] > 1e-12, share * mean + (1.0 - share) * estimate, estimate)
    assert estimate is not None  # there is at least one level
    assert count is not None
    return Grid(_last(estimate), box), Grid(_last(count), box)


def _last(channels: Float[np.ndarray, "c g g"]) -> Float[np.ndarray, "g g c"]:
    return np.ascontiguousarray(np.moveaxis(channels, 0, 2), dtype=np.float32)


def _splat(
    z: Float[np.ndarray, "n d"], xy: Float[np.ndarray, "n 2"], box: tuple[float, float, float, float], cells: int
) -> Float[np.ndarray, "c g g"]:
    """[1, z] of each point distributed bilinearly to the four nodes around it."""
    x0, y0, x1, y1 = box
    p = (xy.astype(np.float64) - [x0, y0]) * [(cells - 1) / (x1 - x0), (cells - 1) / (y1 - y0)]
    cell = np.clip(p.astype(np.int64), 0, cells - 2)
    t = p - cell
    channels = np.concatenate([np.ones((1, len(z))), z.T])
    out = np.zeros((len(channels), cells * cells), np.float32)
    for dx in (0, 1):
        for dy in (0, 1):
            share = (t[:, 0] if dx else 1 - t[:, 0]) * (t[:, 1] if dy else 1 - t[:, 1])
            node = (cell[:, 1] + dy) * cells + cell[:, 0] + dx
            for c in range(len(channels)):
                out[c] += np.bincount(node, weights=share * channels[c], minlength=cells * cells)
    return out.reshape(-1, cells, cells)
