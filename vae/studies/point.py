"""A point in latent space, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

WAYPOINTS_MAX = 12  # points that a path leads through


@dataclass(frozen=True)
class Point:
    """A latent z. xy: its map position, None until it is placed; row: the reference row whose latent it is, if any.

    A point that a link gives as a row has an empty z until `placed` fills it in.
    """

    z: tuple[float, ...] = ()
    xy: tuple[float, float] | None = None
    row: int | None = None


def point_of(z, xy=None, row: int | None = None) -> Point:
    """A Point from array-likes, with its numbers as Python floats."""
    position = None if xy is None else (float(xy[0]), float(xy[1]))
    return Point(tuple(float(v) for v in z), position, None if row is None else int(row))
