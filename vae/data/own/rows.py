"""What a reader returns: all samples in one array, before the split."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import SettingError
from ...text import _, number, size
from ...types import NO_VARIABLES, Variables
from ..metadata import FILE, column
from .decisions import Decision
from .sources import File, Skipped

FEWEST = 8  # samples of a data set
CLASSES_MAX = 1000
BYTES_MAX = 4 * 2**30  # of all samples together
UNSORTED = "unsorted"  # the class of samples without a label if others have one


@dataclass(frozen=True)
class Rows:
    """x (n, *shape): uint8, or float32 0-1, of pictures; float64, not yet standardised, of series and vectors.

    what: the kind of source in words. labels: (n,) names or None. test: (n,) bool if the source has a split of its own.
    when: (n, 2) first and last time step of each sample, for windows of series, which are split by time; source: (n,)
    the series that each is cut from. metadata: what is known of the samples beside their values, see vae.data.metadata.
    notes: sentences on what was changed or left out; decisions: what had to be decided.
    """

    what: str
    modality: str
    x: np.ndarray
    labels: np.ndarray | None = None
    test: np.ndarray | None = None
    when: np.ndarray | None = None
    source: np.ndarray | None = None
    taken: np.ndarray | None = None  # the row of the table that each sample is from, for windows its first
    metadata: dict[str, np.ndarray] = field(default_factory=dict)
    columns: tuple[str, ...] = ()  # names of a vector's values, of a series' channels
    measured: Variables = NO_VARIABLES  # their units, and the time axis of series
    step: float = 0.0  # between two time steps, in seconds or in the numbers of the time column
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    decisions: tuple[Decision, ...] = ()


def check_room(n: int, values: int, item: int) -> None:
    """Raises: SettingError: n samples of that many values of `item` bytes exceed the memory limit."""
    if n * values * item > BYTES_MAX:
        raise SettingError(
            _(
                "{n} samples of {values} values take {size}; the limit is {limit}. Choose a smaller size or fewer "
                "files.",
                n=number(n),
                values=number(values),
                size=size(n * values * item),
                limit=size(BYTES_MAX),
            )
        )


def of_files(files: Sequence[File]) -> dict[str, np.ndarray]:
    """The metadata of samples of one file each: its name."""
    return {FILE: column([file.name for file in files])}


def fewer_classes(labels: np.ndarray | None, notes: list[str]) -> np.ndarray | None:
    """The labels, with composed accents (NFC); or None, with a note, if they do not divide the samples into classes."""
    if labels is None:
        return None
    known, codes = np.unique(labels, return_inverse=True)
    labels = np.array([unicodedata.normalize("NFC", str(name)) for name in known.tolist()])[codes]
    n = len(np.unique(labels))
    if n > CLASSES_MAX or (n > 20 and n > len(labels) / 2):
        notes.append(
            _(
                "The labels were left out: {n} different ones for {samples} samples are names, not classes.",
                n=number(n),
                samples=number(len(labels)),
            )
        )
        return None
    if n == 1:
        notes.append(_("The labels were left out: all samples have the same one, {label!s}.", label=labels[0]))
        return None
    return labels


def natural(name: str) -> list:
    """A sort key that puts 2 before 10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
