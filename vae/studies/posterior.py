"""The posterior of a point: draws, their map positions and their pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, UInt8

from ..data.published.store import here
from ..engine.engine import Engine
from ..registry import DATASETS
from ..text import _, number
from .point import Point

DRAWS, WALL = 200, 24


@dataclass(frozen=True)
class Posterior:
    """z: the first WALL draws, or the mean alone if the posterior has no width; pictures: of these z; xy: map positions
    of all draws. mean, spread: the picture of the mean, and the standard deviation over the pictures of all draws,
    pixel by pixel, 0-255.

    width: standard deviation of q(z|x) relative to that of all codes, mean over active dimensions (all, if none is);
    extent: largest side of the draws' bounding box on the map, relative to the map's width. said: a sentence on what is
    shown.
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
    """DRAWS draws from the posterior of a point. name: the name of the point; y: the label that a conditional model
    decodes with.

    A point that is not a sample has no posterior: its decoded picture is encoded again.
    """
    x, sample = sample_of(engine, point, name, y)
    c = engine.condition_at(np.array([point.z], np.float32), y)
    mu, std = engine.encode(x, c=c)
    if engine.has_width:
        z = engine.posterior(x, DRAWS, seed, c=c)
        said = _("{draws} draws from q(z|x), where x is {sample}.", draws=number(DRAWS), sample=sample)
    elif engine.n_codes:
        z = mu
        said = _(
            "{model} quantises every position of its code: the posterior is a single point. x is {sample}.",
            model=engine.name,
            sample=sample,
        )
    else:
        z = mu
        said = _(
            "{model} encodes a sample as a point: the posterior has no width. x is {sample}.",
            model=engine.name,
            sample=sample,
        )
    xy, decoded = engine.to_map(z), engine.decode_uint8(z, c=None if c is None else c[0])
    used = engine.active if engine.active.any() else slice(None)
    return Posterior(
        z=z[:WALL],
        xy=xy,
        pictures=decoded[:WALL],
        mean=engine.decode_uint8(mu, c=c)[0],
        spread=np.rint(decoded.astype(np.float32).std(0)).astype(np.uint8),
        width=float((std[0] / np.maximum(engine.atlas.z_std, 1e-6))[used].mean()),
        extent=float(np.ptp(xy, axis=0).max() / max(np.ptp(engine.atlas.xy[:, 0]), 1e-3)),
        said=said,
    )


def sample_of(engine: Engine, point: Point, name: str, y: int | None) -> tuple[np.ndarray, str]:
    """The sample to encode for a point, (1, *shape), and a noun phrase for it."""
    atlas = engine.atlas
    c = engine.condition_at(np.array([point.z], np.float32), y)
    if point.row is None:
        return engine.decode([point.z], c=c), _("the decoded picture of this point, which is not a sample")
    if (x := real_sample(engine, point.row)) is not None:
        return x, name
    if engine.modality.thumbnail_is_sample and engine.shape[1:] == atlas.thumb_size and point.row < atlas.n_thumbnails:
        x = atlas.thumbnails(np.array([point.row]), engine.shape[0])
        return x, _("the thumbnail of {sample} (the data set is not on this machine)", sample=name)
    return engine.decode([point.z], c=c), _(
        "the reconstruction of {sample} (the data set is not on this machine)", sample=name
    )


def real_sample(engine: Engine, row: int) -> np.ndarray | None:
    """The sample of a row of the map, (1, *shape); None if its data set is not on this machine."""
    if not here(engine.card):
        return None
    train = _train(engine.card["dataset"], engine.card.get("data_origin", ""))
    return train[engine.atlas.index[row]][None].copy()


@lru_cache(2)
def _train(dataset: str, origin: str) -> np.ndarray:
    """origin: distinguishes your data from data that replaced it under the same name."""
    return DATASETS.get(dataset).load().x_train
