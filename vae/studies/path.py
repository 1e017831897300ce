"""A walk through latents, with the evidence for every step. Numpy; asks an engine, knows no widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.typing import ArrayLike

from ..engine.engine import Engine
from ..latent.paths import OVERSHOOT, along
from .point import Point, point_of

FRAMES = 10  # steps between the pictures of a film strip, about: as many a leg
PLACES = 63  # steps between the places that a walk is measured at, at least: as many a frame
BEYOND = 2  # pictures beyond either end, half a leg in all
HOP = 0.08  # of the map's width: a longer step between two places means that the map is torn there
OFF_DATA = (  # what Walk.off_data is, for people
    "Mean over the way of 1 - reach / (latent distance to the 15th nearest sample), never below 0. "
    "0: as near to real samples as they are to each other; 0.5: twice as far."
)
DENSITY = (  # what Walk.frame_density is, and the lines below the frames, for people
    "Percent: the share of real samples that stand in emptier places, by the distance to their 15th neighbour; 50 % is "
    "usual, 0 % is off the cloud. It means the same in few dimensions and in many, as a count of neighbours would not. "
    "Below: that density along the way (green), and how much the picture changes from place to place (line)."
)


@dataclass(frozen=True)
class Walk:
    """A way measured at p places from the first waypoint (t 0) to the last (t 1), and shown in f frames, the first and
    the last BEYOND of which lie past its ends.

    density: share of the reference rows that have emptier surroundings (`Surroundings`), 0-1. change: root mean square
    of what every pixel, 0-1, changes by from place to place, s = p - 1, or a place's share of that from frame to frame.
    length: in the map's latent metric. off_data: mean of `Surroundings.off_data`. rows: nearest reference row of each
    frame; frame_density: as density.
    """

    t: Float[np.ndarray, " p"]
    z: Float[np.ndarray, "p d"]
    line: tuple[tuple[float, float] | None, ...]  # on the map, None where it hops
    density: Float[np.ndarray, " p"]
    change: Float[np.ndarray, " s"]
    length: float
    off_data: float
    frame_t: Float[np.ndarray, " f"]
    frames: UInt8[np.ndarray, "f c h w"]
    rows: Int[np.ndarray, " f"]
    frame_density: Float[np.ndarray, " f"]


def places(legs: int) -> tuple[np.ndarray, np.ndarray]:
    """t (p,) of the places of a walk of so many legs, and of its frames (f,).

    Every waypoint is a frame, and every frame between the ends a place, so that it need not be decoded again.
    """
    frames = max(1, round(FRAMES / legs))  # a leg
    steps = legs * frames * math.ceil(PLACES / (legs * frames))
    beyond = OVERSHOOT / legs * np.arange(1, BEYOND + 1) / BEYOND
    shown = np.concatenate([-beyond[::-1], np.arange(legs * frames + 1) / (legs * frames), 1 + beyond])
    return np.arange(steps + 1) / steps, shown


def walk(
    engine: Engine,
    waypoints: ArrayLike,
    method: str,
    label: int | None = None,
    fine: bool = True,
    *,
    condition: np.ndarray | None = None,
) -> Walk:
    """The way through waypoints (w, d) by one of the methods of vae.latent.paths, decoded, placed and weighed.

    label: what a conditional model decodes with; None: that of the nearest sample. condition: without a label, one
    for all, for a model that is told one. fine: every place is decoded to
    see what changes; otherwise the frames alone, several times as fast.
    """
    atlas, projector = engine.atlas, engine.atlas.projector
    waypoints = np.asarray(waypoints, np.float32)
    t, shown = places(len(waypoints) - 1)
    geodesics = atlas.geodesics if method == "geodesic" else None
    z = along(waypoints, np.concatenate([t, shown[:BEYOND], shown[-BEYOND:]]), method, geodesics)
    around, p = projector.surroundings(z), len(t)
    every = (p - 1) // (len(shown) - 2 * BEYOND - 1)  # places from frame to frame
    decoded = np.concatenate([np.arange(0, p, 1 if fine else every), np.arange(p, len(z))])
    c = engine.condition_at(z[decoded], label) if condition is None or label is not None else condition
    pictures = engine.decode_uint8(z[decoded], c=c)
    on_way, past = pictures[: -2 * BEYOND], pictures[-2 * BEYOND :]
    film = np.concatenate([np.arange(p, p + BEYOND), np.arange(0, p, every), np.arange(p + BEYOND, len(z))])
    pixels = on_way.reshape(len(on_way), -1).astype(np.float32) / 255
    inside = on_way[::every] if fine else on_way
    seen = projector.seen(z[:p]) * projector.scale
    return Walk(
        t=t,
        z=z[:p],
        line=broken(engine.to_map(z[:p]), HOP * float(np.ptp(atlas.xy[:, 0]))),
        density=around.density[:p],
        change=np.sqrt(np.mean(np.diff(pixels, axis=0) ** 2, axis=1)) / (1 if fine else every),
        length=float(np.linalg.norm(np.diff(seen, axis=0), axis=1).sum()),
        off_data=float(around.off_data[:p].mean()),
        frame_t=shown,
        frames=np.concatenate([past[:BEYOND], inside, past[BEYOND:]]),
        rows=around.row[film],
        frame_density=around.density[film],
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
