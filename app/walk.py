"""A walk from one latent to another, with the evidence for every step. Numpy; asks an engine, knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from app.studio import Point, point_of
from vae.latent.paths import path

FRAMES = 11  # pictures of a film strip
STEPS = 61  # places of the line on the map, and of the off-data score
HOP = 0.08  # of the map's width: a longer step between two places means that the map is torn there
OFF_DATA = (  # what Walk.off_data is, for people
    "Mean over the way of 1 - reach / (latent distance to the 15th nearest sample), never below 0. "
    "0: as near to real samples as they are to each other; 0.5: twice as far."
)
NEAR = 15  # the neighbour whose distance says how far from the data a latent is


@dataclass(frozen=True)
class Walk:
    """frames: decoded at evenly spaced t; rows: nearest reference row of each; reach: rows within reach of each.

    off_data: mean over the way of 1 - reach / (distance to the 15th nearest row), 0 where that is nearer than reach:
    0 says that every place is as near to real samples as those are to each other, .5 that it is twice as far.
    """

    z: Float[np.ndarray, "f d"]
    frames: UInt8[np.ndarray, "f c h w"]
    rows: Int[np.ndarray, " f"]
    reach: Int[np.ndarray, " f"]
    line: tuple[tuple[float, float] | None, ...]  # on the map, None where it hops
    off_data: float


def walk(engine, a: Float[np.ndarray, " d"], b: Float[np.ndarray, " d"], method: str) -> Walk:
    """The way from a to b by one of the methods of vae.latent.paths, decoded, placed and weighed."""
    atlas, z, way = engine.atlas, path(a, b, FRAMES, method), path(a, b, STEPS, method)
    far = np.array([atlas.neighbours(place, NEAR)[1][-1] for place in way])
    return Walk(
        z=z,
        frames=engine.decode_uint8(z, engine.labels_at(z)),
        rows=np.array([atlas.neighbours(place, 1)[0][0] for place in z]),
        reach=atlas.within_reach(z),
        line=broken(engine.to_map(way), HOP * float(np.ptp(atlas.xy[:, 0]))),
        off_data=float(np.mean(1 - atlas.reach / np.maximum(far, max(atlas.reach, 1e-12)))),
    )


def broken(xy: Float[np.ndarray, "n 2"], longest: float) -> tuple[tuple[float, float] | None, ...]:
    """The places of a line, with None between two that lie further apart than `longest`."""
    out: list[tuple[float, float] | None] = []
    for i, (x, y) in enumerate(xy):
        if i and np.hypot(x - xy[i - 1, 0], y - xy[i - 1, 1]) > longest:
            out.append(None)
        out.append((float(x), float(y)))
    return tuple(out)


def default_pair(atlas) -> tuple[Point, Point]:
    """Two typical samples to start from: of the first and the last class, or without classes the map's two ends."""
    if atlas.labels is None or len(np.unique(atlas.labels)) < 2:
        low, high = int(atlas.xy[:, 0].argmin()), int(atlas.xy[:, 0].argmax())
    else:
        low, high = (_typical(atlas, label) for label in (atlas.labels.min(), atlas.labels.max()))
    return row_point(atlas, low), row_point(atlas, high)


def random_pair(atlas, rng: np.random.Generator) -> tuple[Point, Point]:
    """Two reference samples, of different classes if there are any."""
    first = int(rng.integers(atlas.n))
    others = np.arange(atlas.n) != first
    if atlas.labels is not None and len(np.unique(atlas.labels)) > 1:
        others = atlas.labels != atlas.labels[first]
    return row_point(atlas, first), row_point(atlas, int(rng.choice(np.flatnonzero(others))))


def describe(atlas, point: Point) -> str:
    """What to call a point: its class and its number in the training set, or where it is."""
    if point.row is None:
        return "between samples"
    name = atlas.classes[atlas.labels[point.row]] if atlas.labels is not None and atlas.classes else "sample"
    return f"{name} #{atlas.index[point.row]}"


def _typical(atlas, label: int) -> int:
    """The row of a class that is nearest to the class's mean latent."""
    rows = np.flatnonzero(atlas.labels == label)
    return int(rows[np.linalg.norm(atlas.z[rows] - atlas.z[rows].mean(0), axis=1).argmin()])


def row_point(atlas, row: int) -> Point:
    """A reference row as a Point."""
    return point_of(atlas.z[row], atlas.xy[row], row)
