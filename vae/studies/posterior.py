"""The posterior of the point under study as it is: draws, their places and their pictures. Asks an engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, UInt8

from ..data.published.store import here
from ..engine.engine import Engine
from ..registry import DATASETS
from .point import Point

DRAWS, WALL = 200, 24


@dataclass(frozen=True)
class Posterior:
    """z: the first WALL draws, or the mean alone where there is no width, and their pictures; xy: places of all draws.
    mean, spread: the picture of the mean, and the standard deviation of all draws' pictures, pixel by pixel, 0-255.

    width: standard deviation of q(z|x), mean over dimensions, as a share of that of all codes; extent: of the draws on
    the map, as a share of its width, from edge to edge. said: what this is, in words.
    """

    z: Float[np.ndarray, "w d"]
    xy: Float[np.ndarray, "n 2"]
    pictures: UInt8[np.ndarray, "w c h v"]
    mean: UInt8[np.ndarray, "c h v"]
    spread: UInt8[np.ndarray, "c h v"]
    width: float
    extent: float
    said: str


def posterior(engine: Engine, point: Point, name: str, y: int | None, seed: int) -> Posterior:
    """DRAWS draws for a point. name: what it is called, in words; y: what a conditional model decodes with.

    A point that is no sample has no posterior of its own: its picture is encoded again.
    """
    x, said = sample_of(engine, point, name, y)
    c = engine.condition_at(np.array([point.z], np.float32), y)
    mu, std = engine.encode(x, c=c)
    if engine.has_width:
        z = engine.posterior(x, DRAWS, seed, c=c)
        said = f"{DRAWS} draws of q(z|x), x being {said}."
    else:
        z = mu
        kind = "rounds every place of its code to one vector" if engine.n_codes else "encodes a sample as one point"
        said = f"{engine.name} {kind}: the posterior has no width, and this is all of it. x is {said}."
    xy, decoded = engine.to_map(z), engine.decode_uint8(z, c=None if c is None else c[0])
    used = engine.atlas.active if engine.atlas.active.any() else slice(None)
    return Posterior(
        z=z[:WALL],
        xy=xy,
        pictures=decoded[:WALL],
        mean=engine.decode_uint8(mu, c=c)[0],
        spread=np.rint(decoded.astype(np.float32).std(0)).astype(np.uint8),
        width=float((std[0] / np.maximum(engine.atlas.z_std, 1e-6))[used].mean()),
        extent=float(np.ptp(xy, axis=0).max() / np.ptp(engine.atlas.xy[:, 0])),
        said=said,
    )


def sample_of(engine: Engine, point: Point, name: str, y: int | None) -> tuple[np.ndarray, str]:
    """What to encode for a point, (1, *shape), and what that is, in words."""
    atlas, dataset = engine.atlas, engine.card["dataset"]
    c = engine.condition_at(np.array([point.z], np.float32), y)
    if point.row is None:
        return engine.decode([point.z], c=c), "the picture of this point, which is no sample, encoded again"
    if here(engine.card):
        return _train(dataset, engine.card.get("data_origin", ""))[atlas.index[point.row]][None].copy(), name
    if engine.modality.thumbnail_is_sample and engine.shape[1:] == atlas.thumb_size and point.row < atlas.n_thumbnails:
        x = atlas.thumbnails(np.array([point.row]), engine.shape[0])
        return x, f"the thumbnail of {name} (the data set is not on this machine)"
    return engine.decode([point.z], c=c), f"what {engine.name} makes of {name} (the data set is not on this machine)"


@lru_cache(2)
def _train(dataset: str, origin: str) -> np.ndarray:
    """origin: one of the user's own may have been replaced by another of its name."""
    return DATASETS.get(dataset).load().x_train
