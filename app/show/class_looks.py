"""What the points of each class look like in a file, as on the live map: class_looks.js, shapes.js, colours.js and
placing.js of app/browser/latent_map are the same in the browser."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from app.show.palette import LIGHT

SHAPES = 7
TINTS = (0.0, 0.38, -0.32)  # of the palette's second and third round
CELLS = 40  # a side, of the grid in which density is counted
# Corners in radii of the circle in whose place each shape stands, y down; a circle has none.
OUTLINES: tuple[tuple[tuple[float, float], ...], ...] = (
    (),
    ((-0.886, -0.886), (0.886, -0.886), (0.886, 0.886), (-0.886, 0.886)),
    ((0, -1.4), (1.212, 0.7), (-1.212, 0.7)),
    ((0, -1.253), (1.253, 0), (0, 1.253), (-1.253, 0)),
    ((-0.38, -1.2), (0.38, -1.2), (0.38, -0.38), (1.2, -0.38), (1.2, 0.38), (0.38, 0.38), (0.38, 1.2), (-0.38, 1.2),
     (-0.38, 0.38), (-1.2, 0.38), (-1.2, -0.38), (-0.38, -0.38)),
    ((0, -0.537), (0.58, -1.117), (1.117, -0.58), (0.537, 0), (1.117, 0.58), (0.58, 1.117), (0, 0.537),
     (-0.58, 1.117), (-1.117, 0.58), (-0.537, 0), (-1.117, -0.58), (-0.58, -1.117)),
    ((0, 1.4), (-1.212, -0.7), (1.212, -0.7)),
)  # fmt: skip


@dataclass(frozen=True)
class Looks:
    """shapes: whether classes have shapes; None, as long as nobody chose: where there are more classes than colours.
    names: whether each class has its name on the map."""

    shapes: bool | None = None
    names: bool = True

    def shaped(self, count: int) -> bool:
        return count > len(LIGHT) if self.shapes is None else self.shapes


def class_colours(count: int, shaped: bool) -> list[str]:
    """The palette, then the same lighter, then darker; with shapes it serves one round for each of them first."""
    return [_tinted(LIGHT[k % len(LIGHT)], _tint(k, shaped)) for k in range(count)]


def outline(k: int, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """The corners of the shape of class k around a place; none for a circle."""
    return [(x + radius * dx, y + radius * dy) for dx, dy in OUTLINES[k % SHAPES]]


def densest(xy: Float[np.ndarray, "n 2"], labels: Int[np.ndarray, " n"], count: int) -> list[int]:
    """The row of the sample in the middle of each class's densest part, -1 for a class without samples."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    cells = np.minimum(CELLS - 1, ((xy - low) / np.maximum(high - low, 1e-9) * CELLS).astype(int))
    return [_middle(xy, cells, np.flatnonzero(labels == k)) for k in range(count)]


def _middle(xy: np.ndarray, cells: np.ndarray, rows: np.ndarray) -> int:
    if not len(rows):
        return -1
    counted = np.zeros((CELLS + 2, CELLS + 2))  # with an empty margin
    np.add.at(counted, tuple(cells[rows].T + 1), 1.0)
    for axis in (0, 1):  # each cell and, with half its weight, those around it
        counted = 2 * counted + np.roll(counted, 1, axis) + np.roll(counted, -1, axis)
    inner = counted[1:-1, 1:-1]
    occupied = np.unique(cells[rows], axis=0)
    peak = occupied[np.argmax(inner[tuple(occupied.T)])]
    near = rows[(np.abs(cells[rows] - peak) <= 1).all(axis=1)]
    return int(near[np.argmin(((xy[near] - np.median(xy[near], axis=0)) ** 2).sum(axis=1))])


def _tint(k: int, shaped: bool) -> float:
    return TINTS[k // (len(LIGHT) * (SHAPES if shaped else 1)) % len(TINTS)]


def _tinted(colour: str, tint: float) -> str:
    towards = 255 if tint > 0 else 0
    return "#" + "".join(
        f"{round(v + abs(tint) * (towards - v)):02x}" for v in (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    )
