"""A path through latent space, with the evidence for every point. NumPy and an engine, no widgets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.typing import ArrayLike

from ..engine.engine import Engine
from ..latent.paths import OVERSHOOT, along
from ..text import N_, _
from .point import Point, point_of

FRAMES = 10  # steps between the frames of a path, about; the same number on every leg
POINTS = 63  # steps between the points at which a path is measured, at least; the same number between frames
BEYOND = 2  # frames beyond either end, half a leg in all
HOP = 0.08  # of the map's width: a longer step between two points means that the map is torn there
OFF_DATA = N_(  # help on MeasuredPath.off_data
    "Mean along the path of 1 − reach / (latent distance to the 15th nearest sample), at least 0. "
    "0: as close to real samples as they are to each other; 0.5: twice as far."
)
DENSITY = N_(  # help on MeasuredPath.frame_density and the curves below the frames
    "Percent: share of the real samples in less dense surroundings, by the distance to their 15th neighbour. 50% is "
    "typical, 0% is far from the data. Unlike a count of neighbours, it means the same in few dimensions and in many. "
    "Below: this density along the path (green), and how much the picture changes from point to point (line)."
)


@dataclass(frozen=True)
class MeasuredPath:
    """A path measured at p points from the first waypoint (t 0) to the last (t 1), and shown in f frames, the first and
    the last BEYOND of which lie beyond its ends.

    density: share of the reference rows in less dense surroundings (`Surroundings`), 0-1. change: root mean square
    change of a pixel, 0-1, from point to point, s = p - 1, or from frame to frame divided by the points between them.
    length: in the map's latent metric. off_data: mean of `Surroundings.off_data`. rows: nearest reference row of each
    frame; frame_density: as density.
    """

    t: Float[np.ndarray, " p"]
    z: Float[np.ndarray, "p d"]
    line: tuple[tuple[float, float] | None, ...]  # on the map, None where the map is torn
    density: Float[np.ndarray, " p"]
    change: Float[np.ndarray, " s"]
    length: float
    off_data: float
    frame_t: Float[np.ndarray, " f"]
    frames: UInt8[np.ndarray, "f c h w"]
    values: Float[np.ndarray, "f ..."] | None
    rows: Int[np.ndarray, " f"]
    frame_density: Float[np.ndarray, " f"]


def t_values(legs: int) -> tuple[np.ndarray, np.ndarray]:
    """t (p,) of the points of a path with that many legs, and t (f,) of its frames.

    Every waypoint is a frame, and every frame between the ends is a point, so that it need not be decoded again.
    """
    frames = max(1, round(FRAMES / legs))  # per leg
    steps = legs * frames * math.ceil(POINTS / (legs * frames))
    beyond = OVERSHOOT / legs * np.arange(1, BEYOND + 1) / BEYOND
    shown = np.concatenate([-beyond[::-1], np.arange(legs * frames + 1) / (legs * frames), 1 + beyond])
    return np.arange(steps + 1) / steps, shown


def measured_path(
    engine: Engine,
    waypoints: ArrayLike,
    method: str,
    label: int | None = None,
    fine: bool = True,
    *,
    condition: np.ndarray | None = None,
) -> MeasuredPath:
    """The path through waypoints (w, d) by one of the methods of vae.latent.paths, decoded, placed and measured.

    label: the label that a conditional model decodes with; None: that of the nearest sample. condition: used without a
    label, one condition for all points of a conditioned model. fine: decode every point to measure the change;
    otherwise only the frames, which is several times as fast.
    """
    atlas, projector = engine.atlas, engine.atlas.projector
    waypoints = np.asarray(waypoints, np.float32)
    t, shown = t_values(len(waypoints) - 1)
    geodesics = atlas.geodesics if method == "geodesic" else None
    z = along(waypoints, np.concatenate([t, shown[:BEYOND], shown[-BEYOND:]]), method, geodesics)
    around, p = projector.surroundings(z), len(t)
    every = (p - 1) // (len(shown) - 2 * BEYOND - 1)  # points from frame to frame
    decoded = np.concatenate([np.arange(0, p, 1 if fine else every), np.arange(p, len(z))])
    c = engine.condition_at(z[decoded], label) if condition is None or label is not None else condition
    x = engine.decode(z[decoded], c=c)
    pictures = engine.modality.pictures(x)
    on_path = pictures[: -2 * BEYOND]
    framed = np.concatenate([np.arange(p, p + BEYOND), np.arange(0, p, every), np.arange(p + BEYOND, len(z))])
    pixels = on_path.reshape(len(on_path), -1).astype(np.float32) / 255
    shown_at = np.concatenate(
        [np.arange(-2 * BEYOND, -BEYOND), np.arange(0, len(on_path), every if fine else 1), np.arange(-BEYOND, 0)]
    )  # of what is decoded, the frames
    seen = projector.seen(z[:p]) * projector.scale
    return MeasuredPath(
        t=t,
        z=z[:p],
        line=broken(engine.to_map(z[:p]), HOP * float(np.ptp(atlas.xy[:, 0]))),
        density=around.density[:p],
        change=np.sqrt(np.mean(np.diff(pixels, axis=0) ** 2, axis=1)) / (1 if fine else every),
        length=float(np.linalg.norm(np.diff(seen, axis=0), axis=1).sum()),
        off_data=float(around.off_data[:p].mean()),
        frame_t=shown,
        frames=pictures[shown_at],
        values=None if engine.variables is None else x[shown_at],
        rows=around.row[framed],
        frame_density=around.density[framed],
    )


def broken(xy: Float[np.ndarray, "n 2"], longest: float) -> tuple[tuple[float, float] | None, ...]:
    """The positions of a line, with None between two that are farther apart than `longest`."""
    out: list[tuple[float, float] | None] = []
    for i, (x, y) in enumerate(xy):
        if i and np.hypot(x - xy[i - 1, 0], y - xy[i - 1, 1]) > longest:
            out.append(None)
        out.append((float(x), float(y)))
    return tuple(out)


def default_pair(atlas) -> tuple[Point, Point]:
    """Two typical samples to start with: one of the first and one of the last class; without classes, the leftmost and
    the rightmost sample of the map."""
    if atlas.labels is None or len(np.unique(atlas.labels)) < 2:
        low, high = int(atlas.xy[:, 0].argmin()), int(atlas.xy[:, 0].argmax())
    else:
        low, high = (_typical(atlas, int(label)) for label in (atlas.labels.min(), atlas.labels.max()))
    return row_point(atlas, low), row_point(atlas, high)


def random_pair(atlas, rng: np.random.Generator) -> tuple[Point, Point]:
    """Two reference samples, of different classes if there are any."""
    first = int(rng.integers(atlas.n))
    others = np.arange(atlas.n) != first
    if atlas.labels is not None and len(np.unique(atlas.labels)) > 1:
        others = atlas.labels != atlas.labels[first]
    return row_point(atlas, first), row_point(atlas, int(rng.choice(np.flatnonzero(others))))


def describe(atlas, point: Point) -> str:
    """The name of a point: its class and its number in the training set; of other points, that they are no sample."""
    if point.row is None:
        return _("between samples")
    return sample_name(atlas.classes, atlas.labels, point.row, int(atlas.index[point.row]))


def sample_name(classes: Sequence[str], labels: np.ndarray | None, row: int, index: int) -> str:
    """The name of a sample: its class, or "sample", and its number in the training set. labels: of all rows."""
    name = classes[labels[row]] if labels is not None and classes else _("sample")
    return f"{name} #{index}"


def _typical(atlas, label: int) -> int:
    """The row of a class whose latent is nearest to the class mean."""
    rows = np.flatnonzero(atlas.labels == label)
    return int(rows[np.linalg.norm(atlas.z[rows] - atlas.z[rows].mean(0), axis=1).argmin()])


def row_point(atlas, row: int) -> Point:
    """A reference row as a Point."""
    return point_of(atlas.z[row], atlas.xy[row], row)
