"""Files of one sample each, in the format of their modality, with labels from the names of their folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...errors import SettingError, ShapeError
from ...registry import MODALITIES, Modality
from ...text import _
from .choices import Choices
from .images import SUFFIXES as PICTURES
from .images import folder_labels
from .rows import Rows, check_room, of_files
from .sources import File, Given, Skipped, unread
from .table_files import SUFFIXES as TABLES

ELSEWHERE = (*PICTURES, *TABLES, ".npy", ".npz")  # files with a reader of their own, whatever they contain
Progress = Callable[[int, int], object]


def of_modality(files: Sequence[File], choices: Choices) -> tuple[Modality, list[File]] | None:
    """The modality whose file format some of the files have, and those files; or None. Tables are another matter, see
    `sample_tables`: a single one contains many samples."""
    for m in MODALITIES.all().values():
        if not m.from_bytes or choices.kind not in ("auto", m.name) or m.suffix in PICTURES:
            continue
        own = [f for f in files if f.suffix == m.suffix]
        if own and m.suffix not in ELSEWHERE:
            return m, own
    return None


def read_samples(found: Given, modality: Modality, progress: Progress = lambda done, n: None) -> Rows:
    """Every readable file whose sample has the shape of the first one; every other file is listed as skipped, with the
    reason.

    Raises: SettingError: no file can be read, or together they exceed the memory limit.
    """
    read = modality.from_bytes
    assert read is not None  # or it would not have been chosen
    samples: list[np.ndarray] = []
    files: list[File] = []
    skipped: list[Skipped] = []
    for i, file in enumerate(found.files):
        try:
            x = read(file.read(), samples[0].shape if samples else None)
        except (SettingError, ShapeError) as error:
            skipped.append(Skipped(file.name, str(error).rstrip(".")))
        else:
            samples.append(x)
            files.append(file)
            check_room(len(found.files), x.size, x.itemsize)
        progress(i + 1, len(found.files))
    if not samples:
        raise unread(found, skipped)
    notes: list[str] = []
    labels, test = folder_labels([f.folders for f in files], notes)
    what = _("{samples}, one per file", samples=_(modality.plural))
    return Rows(
        what,
        modality.name,
        np.stack(samples),
        labels,
        test,
        metadata=of_files(files),
        notes=tuple(notes),
        skipped=tuple(skipped),
    )
