"""Arrays of labels to a name for each sample: numbers, text, one column of them, or one-hot."""

from __future__ import annotations

import numpy as np

from ...errors import SettingError
from ...settings import flag
from ...text import _, ngettext
from .decisions import NONE


def class_names(y: np.ndarray, n: int, notes: list[str]) -> np.ndarray:
    """y (n,), (n, 1) or one-hot (n, k) as n names of classes.

    Raises: SettingError: another shape, or values that name no class.
    """
    if y.size == n and y.ndim:
        y = y.reshape(-1)
    elif y.ndim == 2 and len(y) == n and _one_hot(y):
        notes.append(_("Labels of shape {shape} are one-hot: a class is the column of its 1.", shape=y.shape))
        y = y.argmax(1)
    if y.shape != (n,):
        raise SettingError(
            ngettext(
                "labels of shape {shape}: expected one label for the {n} sample, or {flag} to leave them out.",
                "labels of shape {shape}: expected one label for each of the {n} samples, or {flag} to leave them out.",
                n,
                shape=y.shape,
                flag=f"{flag('labels')} {NONE}",
            )
        )
    if y.dtype.kind in "cVO":
        raise SettingError(_("labels of type {dtype}: expected whole numbers or text.", dtype=y.dtype.name))
    if y.dtype.kind == "f":
        return np.array([f"{v:g}" for v in y])
    if y.dtype.kind == "S":
        return np.array([v.decode("utf-8", "replace") for v in y.tolist()])
    return y.astype(str)


def _one_hot(y: np.ndarray) -> bool:
    return y.dtype.kind in "biuf" and bool(((y == 0) | (y == 1)).all() and (y.sum(1) == 1).all())
