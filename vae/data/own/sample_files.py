"""Files of one sample each, in the format of their own modality, with labels from the folders they lie in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...errors import SettingError, ShapeError
from ...registry import MODALITIES, Modality
from .choices import Choices
from .images import SUFFIXES as PICTURES
from .images import folder_labels
from .rows import Rows, check_room
from .sources import File, Given, Skipped
from .tables import SUFFIXES as TABLES

ELSEWHERE = (*PICTURES, *TABLES, ".npy", ".npz")  # files that have a reader of their own, of whatever they hold
Progress = Callable[[int, int], object]


def of_modality(files: Sequence[File], choices: Choices) -> tuple[Modality, list[File]] | None:
    """The modality in whose own format files are, and those files; None: of none.

    Tables count only where several are given and a kind was chosen: one alone holds many samples.
    """
    for m in MODALITIES.all().values():
        if not m.from_bytes or choices.kind not in ("auto", m.name) or m.suffix in PICTURES:
            continue
        own = [f for f in files if f.suffix == m.suffix]
        if own and (m.suffix not in ELSEWHERE or (choices.kind == m.name and len(own) == len(files) > 1)):
            return m, own
    return None


def read_samples(found: Given, modality: Modality, progress: Progress = lambda done, n: None) -> Rows:
    """Every file that can be read and holds a sample of the shape that the first one has; each other one is named with
    the reason. Raises: SettingError: none can be read, or all together are too much."""
    read = modality.from_bytes
    assert read is not None  # it was chosen for the files that it reads
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
        why = "; ".join(f"{s.name}: {s.reason}" for s in skipped[:3])
        raise SettingError(f"{found.name}: none of its {len(found.files)} files can be read ({why}).")
    notes: list[str] = []
    labels, test = folder_labels([f.folders for f in files], notes)
    what = f"{modality.plural}, a file each"
    return Rows(what, modality.name, np.stack(samples), labels, test, notes=tuple(notes), skipped=tuple(skipped))
