"""How far apart two points are, in the latent space and in what is decoded there, beside the data's own distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..atlas.fidelity import baselines_of
from ..engine.engine import Engine
from .point import Point

SAMPLED = 500  # rows whose nearest neighbours give the typical distance


@dataclass(frozen=True)
class Distance:
    """latent: in the metric of the map; latent_typical: the median distance of a row to its nearest other row. decoded:
    root mean squared difference of the decoded values, standardised ones or of 0-1; decoded_typical: that of samples
    and their nearest other samples, None if it was not measured with the map."""

    latent: float
    latent_typical: float
    decoded: float
    decoded_typical: float | None


def between(engine: Engine, a: Point, b: Point) -> Distance:
    """The distance of two points of a model. A conditional model decodes each with the label of its nearest sample."""
    projector, z = engine.atlas.projector, np.array([a.z, b.z], np.float32)
    seen = projector.seen(z) * projector.scale
    x = engine.decode(z, c=engine.condition_at(z))
    return Distance(
        latent=float(np.linalg.norm(seen[0] - seen[1])),
        latent_typical=typical(engine),
        decoded=float(np.sqrt(np.square(x[0] - x[1], dtype=np.float64).mean())),
        decoded_typical=baselines_of(engine.card)["neighbour"],
    )


def typical(engine: Engine) -> float:
    """The median latent distance of a row of the map to its nearest other row, in the metric of the map, from 500 rows
    at most."""
    atlas = engine.atlas
    rows = np.random.default_rng(0).permutation(atlas.n)[:SAMPLED]
    distances, found = atlas.search.query(atlas.projector.seen(atlas.z[rows]), min(2, atlas.n))
    return float(np.median(np.where(found == rows[:, None], np.inf, distances).min(1)))
