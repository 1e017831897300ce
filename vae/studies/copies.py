"""What stands beside a drawn picture: the training sample it is nearest to, and whether it may be a copy of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import UInt8

from ..data.published.store import here
from ..engine.engine import Engine
from ..metrics.copies import SUSPECT, Copies
from ..registry import DATASETS
from ..types import Samples

HELP = (
    "The training sample with the smallest mean squared difference. Whether that is suspiciously small, "
    "reconstructions of test samples tell: the model has never seen those, so it cannot have copied them."
)


@dataclass(frozen=True)
class Training:
    """The training samples of a model, to be searched. whole: all of them, and not just those of the map."""

    search: Copies
    labels: np.ndarray | None
    classes: tuple[str, ...]
    index: np.ndarray
    whole: bool


@dataclass(frozen=True)
class Nearest:
    """Of each drawn sample: the nearest training sample drawn as a picture, its name, what to think of it in words, and
    whether it may be a copy (None: cannot be told)."""

    pictures: UInt8[np.ndarray, "n c h w"]
    names: tuple[str, ...]
    words: tuple[str, ...]
    suspect: tuple[bool | None, ...]


def training(engine: Engine) -> Training | None:
    """The training samples of a model with the yardstick for copies; takes seconds. Where the data set is not on this
    machine, the thumbnails of its map without a yardstick, and None where those are drawings of something else."""
    name, atlas = engine.card["dataset"], engine.atlas
    if here(engine.card):
        s = DATASETS.get(name).load()
        search = Copies.of_model(s.x_train, len(s.x_test), partial(_reconstructed, engine, s))
        return Training(search, s.y_train, atlas.classes, np.arange(len(s.x_train)), True)
    if not engine.modality.thumbnail_is_sample:
        return None
    thumbnails = atlas.thumbnails(np.arange(atlas.n_thumbnails), engine.shape[0])
    if thumbnails.shape[1:] != tuple(engine.shape):
        return None
    return Training(Copies(thumbnails), atlas.labels, atlas.classes, atlas.index, False)


def _reconstructed(engine: Engine, s: Samples, rows: np.ndarray) -> np.ndarray:
    """decode(encode(x)) of rows of the test set: encoded with their own condition, where the set has one, and decoded
    with that of the nearest reference sample, as drawn samples are."""
    given = {"c": s.c_test[rows]} if engine.conditioned and s.c_test is not None else {}
    z, _ = engine.encode(s.x_test[rows], **given)
    return engine.decode(z, c=engine.condition_at(z))


def nearest(engine: Engine, known: Training, x: np.ndarray) -> Nearest:
    """What each of the decoded samples x (n, *shape) is nearest to among the training samples."""
    found = known.search.find(x)
    samples = known.search.train[found.rows].reshape(x.shape)
    samples = samples.astype(np.float32) / 255 if samples.dtype == np.uint8 else samples
    names = []
    for row in found.rows:
        label = known.classes[known.labels[row]] if known.labels is not None and known.classes else "sample"
        names.append(f"{label} #{known.index[row]}")
    words, suspect = zip(*(_verdict(*pair) for pair in zip(found.rms, found.share, strict=True)), strict=True)
    return Nearest(engine.modality.pictures(samples), tuple(names), words, suspect)


def _verdict(rms: float, share: float) -> tuple[str, bool | None]:
    if np.isnan(share):
        return f"Differs by {rms:.3f} a value. Whether it is a copy only the data set itself could tell.", None
    if share < SUSPECT:
        return f"Perhaps a copy: {share:.1%} of reconstructed test samples come as near to one (rms {rms:.3f}).", True
    return f"No copy: {share:.0%} of reconstructed test samples come nearer to one (rms {rms:.3f}).", False
