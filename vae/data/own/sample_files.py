"""Files of one sample each, in the format of their modality, with labels from the names of their folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...errors import SettingError, ShapeError
from ...registry import MODALITIES, Modality
from ...text import _, ngettext
from .choices import Choices
from .decisions import Decision
from .images import SUFFIXES as PICTURES
from .images import folder_labels
from .lists import evened
from .rows import Rows, check_room
from .sources import File, Given, Skipped
from .table_files import SUFFIXES as TABLES

ELSEWHERE = (*PICTURES, *TABLES, ".npy", ".npz")  # files with a reader of their own, whatever they contain
Progress = Callable[[int, int], object]


def of_modality(files: Sequence[File], choices: Choices) -> tuple[Modality, list[File]] | None:
    """The modality whose file format some of the files have, and those files; or None.

    Tables count only if several are given and a kind was chosen: a single table contains many samples.
    """
    for m in MODALITIES.all().values():
        if not m.from_bytes or choices.kind not in ("auto", m.name) or m.suffix in PICTURES:
            continue
        own = [f for f in files if f.suffix == m.suffix]
        if own and (m.suffix not in ELSEWHERE or (choices.kind == m.name and len(own) == len(files) > 1)):
            return m, own
    return None


def read_samples(found: Given, modality: Modality, choices: Choices, progress: Progress = lambda done, n: None) -> Rows:
    """Every readable file whose sample has the shape of the first one, but for the length of a series; every other file
    is listed as skipped, with the reason.

    Raises: SettingError: no file can be read, or together they exceed the memory limit.
    """
    read = modality.from_bytes
    assert read is not None  # or it would not have been chosen
    of_any_length = modality.layout == "line"
    samples: list[np.ndarray] = []
    files: list[File] = []
    skipped: list[Skipped] = []
    for i, file in enumerate(found.files):
        try:
            x = read(file.read(), samples[0].shape if samples and not of_any_length else None)
            if samples and x.shape[:1] != samples[0].shape[:1]:
                raise ShapeError(
                    _(
                        "the file contains a sample of shape {given}; expected {expected}.",
                        given=x.shape,
                        expected=samples[0].shape,
                    )
                )
        except (SettingError, ShapeError) as error:
            skipped.append(Skipped(file.name, str(error).rstrip(".")))
        else:
            samples.append(x)
            files.append(file)
            check_room(len(found.files), x.size, x.itemsize)
        progress(i + 1, len(found.files))
    if not samples:
        why = "; ".join(f"{s.name}: {s.reason}" for s in skipped[:3])
        raise SettingError(
            ngettext(
                "{name}: its {n} file cannot be read ({reasons}).",
                "{name}: none of its {n} files can be read ({reasons}).",
                len(found.files),
                name=found.name,
                reasons=why,
            )
        )
    notes: list[str] = []
    labels, test = folder_labels([f.folders for f in files], notes)
    made: list[Decision] = []
    x = evened(samples, choices, made, notes) if of_any_length else np.stack(samples)
    what = _("{samples}, one per file", samples=_(modality.plural))
    decisions = tuple(made)
    return Rows(what, modality.name, x, labels, test, notes=tuple(notes), skipped=tuple(skipped), decisions=decisions)
