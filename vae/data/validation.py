"""The validation set: training samples that a training measures itself on and never learns from.

It is drawn from the training samples alone, so that the test set is measured once, at the end. Which samples it has
depends on the data set and the share, and not on the seed of a training: models of one data set are compared on the
same samples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..types import Samples
from . import edits, splits
from .binarise import validated
from .metadata import taken
from .rows_on_disk import some

LEAST = 10  # samples: the mean of fewer says next to nothing
MOST = 5_000  # samples: more would take time in every epoch and hardly lower the standard error
SEED = 0


def split(samples: Samples, share: float) -> Samples:
    """The samples with that share of the training set as the validation set, MOST at most: drawn at random, of each
    class its share to within one sample and never the last one, or of windows of series the last share of each, while a
    window across the border is in neither set. Samples of which that share is fewer than LEAST, and samples that have a
    validation set already, are returned as they are."""
    n = len(samples.x_train)
    share = min(share, MOST / max(1, n))
    if round(share * n) < LEAST or samples.x_validation is not None:
        return samples
    y = samples.y_train
    if samples.spans_train is not None:
        trains, held_out = splits.by_time(samples.spans_train, share)
    else:
        classes = np.zeros(n, int) if y is None else np.unique(y, return_inverse=True)[1]
        held_out, _counts = splits.stratified(classes, share, np.random.default_rng(SEED))
        trains = ~held_out
    train, validation = np.flatnonzero(trains), np.flatnonzero(held_out)
    if len(validation) < LEAST or len(train) < LEAST:
        return samples

    def both(a: np.ndarray | None) -> tuple[np.ndarray | None, np.ndarray | None]:
        return (None, None) if a is None else (a[train], a[validation])

    (y_train, y_validation), (c_train, c_validation) = both(y), both(samples.c_train)
    return dataclasses.replace(
        samples,
        x_train=some(samples.x_train, train),
        y_train=y_train,
        c_train=c_train,
        factors_train=both(samples.factors_train)[0],
        spans_train=both(samples.spans_train)[0],
        metadata_train=taken(samples.metadata_train, train),
        x_validation=samples.x_train[validation],
        y_validation=y_validation,
        c_validation=c_validation,
        rows_train=train,
        rows_validation=validation,
    )


def as_trained(samples: Samples, card: Mapping[str, Any]) -> Samples:
    """The samples of its data set as the model of that card had them: without a validation set for one that was trained
    without, and with the edits of that time."""
    if card.get("validation", {}).get("n"):
        samples = validated(split(samples, card["train"].get("validation", 0.0)), card.get("binarisation"))
    return edits.on_train(samples, edits.of_card(card), card.get("classes", ()))


def numbers(samples: Samples, rows: np.ndarray) -> np.ndarray:
    """The numbers in the data set of these rows of the training samples."""
    return rows if samples.rows_train is None else samples.rows_train[rows]


def rows_of(samples: Samples, numbers: np.ndarray) -> np.ndarray:
    """The rows of the training samples with these numbers in the data set."""
    return numbers if samples.rows_train is None else np.searchsorted(samples.rows_train, numbers)
