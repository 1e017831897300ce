"""The training sample nearest to a generated sample, and whether the generated one may be a copy of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import UInt8

from ..data.as_evaluated import of_card
from ..data.published.store import here
from ..data.validation import as_trained, numbers
from ..engine.engine import Engine
from ..metrics.copies import SUSPECT, Copies
from ..text import N_, _, number, percent
from ..types import Samples
from .path import sample_name

HELP = N_(
    "The training sample with the smallest mean squared difference. Whether the difference is suspiciously small is "
    "decided by reconstructions of test samples, which the model has never seen and cannot have copied."
)


@dataclass(frozen=True)
class Training:
    """The training samples of a model, indexed for search. index: their numbers in the data set. whole: all of them,
    not just those of the map."""

    search: Copies
    labels: np.ndarray | None
    classes: tuple[str, ...]
    index: np.ndarray
    whole: bool


@dataclass(frozen=True)
class Nearest:
    """For each generated sample: the nearest training sample as a picture, its name, a sentence on whether the
    generated one may be a copy, and the same as a flag (None: cannot be decided)."""

    pictures: UInt8[np.ndarray, "n c h w"]
    names: tuple[str, ...]
    words: tuple[str, ...]
    suspect: tuple[bool | None, ...]


def training(engine: Engine) -> Training | None:
    """The training samples of a model with the distances of test reconstructions; takes seconds. Without the data set
    on this machine, the thumbnails of its map without those distances, or None if thumbnails are not the samples."""
    atlas = engine.atlas
    if here(engine.card):
        s = as_trained(of_card(engine.card), engine.card)
        search = Copies.of_model(s.x_train, len(s.x_test), partial(_reconstructed, engine, s))
        return Training(search, s.y_train, atlas.classes, numbers(s, np.arange(len(s.x_train))), True)
    if not engine.modality.thumbnail_is_sample:
        return None
    thumbnails = atlas.thumbnails(np.arange(atlas.n_thumbnails), engine.shape[0])
    if thumbnails.shape[1:] != tuple(engine.shape):
        return None
    return Training(Copies(thumbnails), atlas.labels, atlas.classes, atlas.index, False)


def _reconstructed(engine: Engine, s: Samples, rows: np.ndarray) -> np.ndarray:
    """Reconstructions of rows of the test set: encoded with their own condition, if there is one, and decoded with that
    of the nearest reference sample, like generated samples."""
    given = {"c": s.c_test[rows]} if engine.conditioned and s.c_test is not None else {}
    z = engine.encode(s.x_test[rows], **given)[0]
    return engine.decode(z, c=engine.condition_at(z))


def nearest(engine: Engine, known: Training, x: np.ndarray) -> Nearest:
    """The training sample nearest to each of the decoded samples x (n, *shape)."""
    found = known.search.find(x)
    samples = known.search.train[found.rows].reshape(x.shape)
    samples = samples.astype(np.float32) / 255 if samples.dtype == np.uint8 else samples
    names = tuple(sample_name(known.classes, known.labels, int(row), int(known.index[row])) for row in found.rows)
    words, suspect = zip(
        *(_verdict(float(rms), float(share)) for rms, share in zip(found.rms, found.share, strict=True)), strict=True
    )
    return Nearest(engine.modality.pictures(samples), names, words, suspect)


def _verdict(rms: float, share: float) -> tuple[str, bool | None]:
    distance = number(rms, 3)
    if np.isnan(share):
        message = _(
            "RMS distance {rms}. Without the data set on this machine, copies cannot be recognised.", rms=distance
        )
        return message, None
    if share < SUSPECT:
        message = _(
            "Possibly a copy of a training sample (RMS distance {rms}; only {share} of test reconstructions are as "
            "close to theirs)",
            rms=distance,
            share=percent(share, 1),
        )
        return message, True
    message = _(
        "Not a copy of a training sample (RMS distance {rms}; {share} of test reconstructions are closer to theirs)",
        rms=distance,
        share=percent(share),
    )
    return message, False
