"""Values in standard deviations of the training set, and those that are out of all proportion."""

from __future__ import annotations

import numpy as np

from ...registry import MODALITIES
from ...text import _, ngettext, significant
from .rows import Rows

BEYOND = 1e4  # interquartile ranges from the median: a value there leaves the others no room
MOST = 1e18  # std: the square of such a value is a float32
SHOWN = 3  # columns that a note names
AT_ONCE = 20_000_000  # values whose quartiles are taken at a time


def standardised(x_train: np.ndarray, x_test: np.ndarray, modality: str) -> tuple:
    """Training and test samples, float32 with mean 0 and standard deviation 1 over the training set, per channel or
    column; and those means and standard deviations. Pictures unchanged, without the latter."""
    if MODALITIES.get(modality).bounded:
        return np.ascontiguousarray(x_train), np.ascontiguousarray(x_test), (), ()
    axes = (0, *range(2, x_train.ndim))
    most = np.abs(x_train).max(axes, keepdims=True)
    unit = np.exp2(np.clip(np.frexp(most)[1], -1000, 1000))  # a power of two changes no digit, and no square overflows
    scaled = x_train / unit
    mean, std = scaled.mean(axes, keepdims=True), scaled.std(axes, keepdims=True)
    std = np.where(std > 1e-12 * np.maximum(np.abs(mean), 1e-300), std, 1 / unit)
    both = (np.clip((x / unit - mean) / std, -MOST, MOST).astype(np.float32) for x in (x_train, x_test))
    return *both, tuple((mean * unit).ravel().tolist()), tuple((std * unit).ravel().tolist())


def outliers(rows: Rows) -> list[str]:
    """A note on the columns or channels with a value so far from the others that these nearly coincide once they are
    standardised; nothing of pictures, whose values have bounds."""
    if MODALITIES.get(rows.modality).bounded:
        return []
    found = []
    axes, width = (0, *range(2, rows.x.ndim)), max(1, AT_ONCE * rows.x.shape[1] // rows.x.size)
    for start in range(0, rows.x.shape[1], width):
        x = rows.x[:, start : start + width]
        low, middle, high = np.percentile(x, [25, 50, 75], axis=axes)
        least, most = x.min(axes), x.max(axes)
        worst = np.where(most / 2 - middle / 2 >= middle / 2 - least / 2, most, least)  # halves: no overflow
        for i in np.flatnonzero((high > low) & (np.abs(worst / BEYOND - middle / BEYOND) > high - low)).tolist():
            name = rows.columns[start + i] if rows.columns else str(start + i + 1)
            found.append(_("{name} ({value})", name=name, value=significant(float(worst[i]), 4)))
    if not found:
        return []
    return [
        ngettext(
            "{n} column has a value so far from the others that they nearly coincide when standardised: {columns}.",
            "{n} columns have a value so far from the others that they nearly coincide when standardised: {columns}.",
            len(found),
            columns=", ".join(found[:SHOWN]) + ", ..." * (len(found) > SHOWN),
        )
    ]
