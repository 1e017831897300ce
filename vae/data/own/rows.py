"""What a reader hands on: samples in one array, before they are split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import SettingError
from .sources import Skipped

CLASSES_MAX = 1000
BYTES_MAX = 4 * 2**30  # of all samples together
UNSORTED = "unsorted"  # the class of what has none where others have


@dataclass(frozen=True)
class Rows:
    """x (n, *shape): uint8, or float32 0-1, of pictures; float64, not yet standardised, of series and vectors.

    what: the kind of source in words. labels: (n,) names or None. test: (n,) bool where the source itself is split.
    when: (n, 2) first and last time step of each sample, for windows of series, which are split by time; source: (n,)
    which series each is cut from. notes: sentences on what was chosen or changed.
    """

    what: str
    modality: str
    x: np.ndarray
    labels: np.ndarray | None = None
    test: np.ndarray | None = None
    when: np.ndarray | None = None
    source: np.ndarray | None = None
    columns: tuple[str, ...] = ()  # names of a vector's values, of a series' channels
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def check_room(n: int, values: int, item: int) -> None:
    """Raises: SettingError: n samples of that many values of `item` bytes are more than is held at once."""
    if n * values * item > BYTES_MAX:
        raise SettingError(
            f"{n:,} samples of {values:,} values take {n * values * item / 2**30:.1f} GB; at most "
            f"{BYTES_MAX / 2**30:.0f} GB are held. Choose a smaller size, or fewer files."
        )


def fewer_classes(labels: np.ndarray | None, notes: list[str]) -> np.ndarray | None:
    """labels, or None, with a note, where they name hardly any two samples alike."""
    if labels is None:
        return None
    n = len(np.unique(labels))
    if n > CLASSES_MAX or (n > 20 and n > len(labels) / 2):
        notes.append(f"{n:,} different labels of {len(labels):,} samples: taken for names, and left out.")
        return None
    if n == 1:
        notes.append(f"All samples have the label {labels[0]!s}: it tells nothing, and is left out.")
        return None
    return labels
