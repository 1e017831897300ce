"""One place of a latent space, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """One place of the latent space. row: the reference row it is, if any; xy: on the map, None until placed.

    A point that came from a link as a row has an empty z until `placed` fills it in.
    """

    z: tuple[float, ...] = ()
    xy: tuple[float, float] | None = None
    row: int | None = None


def point_of(z, xy=None, row: int | None = None) -> Point:
    """A Point from anything array-like, its numbers as Python floats."""
    place = None if xy is None else (float(xy[0]), float(xy[1]))
    return Point(tuple(float(v) for v in z), place, None if row is None else int(row))
