"""Frames: the same samples encoded by a sequence of models, such as the epochs of a run or the models of a sweep.

They are read, without torch, from a folder with snapshots (see snapshots.py). Their maps are stored beside the
snapshots; each starts from the one before, and only new ones are computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from ..disk import guarded_arrays
from ..disk.saving import saving
from ..latent.aligned import FIRST_EPOCHS, NEXT_EPOCHS, after
from ..modalities import chart_scale
from ..registry import DATASETS, MODALITIES, about
from . import snapshots
from .snapshots import Fixed, Snapshot

MAPS, LAYING = "maps.npz", ".laying.lock"


@dataclass(frozen=True)
class Frames:
    """k models that encode the same n samples.

    axis: what differs between the models ("epoch", "beta", "d"); values (k,): its values, in the order of snapshots.
    maps (m, n, 2) float32: aligned maps of the first m models; the others are not computed yet. If all latents have two
    dimensions, they are the maps. history: records with "epoch" and metrics of every epoch of a run, not only of the
    snapshots; otherwise empty. until: the last value still to come, None if all are there. about: family and data set,
    for a caption; classes: names of the labels. charts: whether the pictures are charts, which may be
    stretched; scale: what their height and width stand for, in words.
    """

    name: str
    axis: str
    values: tuple[float, ...]
    snapshots: tuple[Snapshot, ...]
    fixed: Fixed
    maps: np.ndarray
    history: tuple[Mapping[str, Any], ...] = ()
    until: float | None = None
    about: str = ""
    classes: tuple[str, ...] = ()
    charts: bool = False
    scale: str = ""

    def __post_init__(self):
        if not len(self.maps) <= len(self.snapshots) == len(self.values):
            raise ValueError(
                f"frames {self.name!r}: {len(self.values)} values, {len(self.snapshots)} snapshots, {len(self.maps)} "
                "maps; expected a value for each snapshot, and no more maps than snapshots."
            )


def captioned(frames: Frames, family: str, dataset: str) -> Frames:
    """The frames with the details of their family and data set; either may be gone, for example your data."""
    data = DATASETS.all().get(dataset)
    kind = MODALITIES.get(data.modality) if data else None
    return replace(
        frames,
        about=about(family, dataset),
        classes=tuple(data.classes) if data else (),
        charts=kind is not None and kind.charts,
        scale=chart_scale.scale(data.variables, data.shape) if data and kind and kind.has_variables else "",
    )


def of_folder(folder: Path, *, name: str, axis: str = "epoch", values: Sequence[float | int] = ()) -> Frames | None:
    """The frames of any folder with numbered snapshots, written by `vae.forming.snapshots.write`.

    values: one for each snapshot; empty: their numbers. Returns None if there is no snapshot.
    """
    fixed, shots = snapshots.fixed(folder), _snapshots(folder)
    if fixed is None or not shots:
        return None
    values = tuple(map(float, values)) or tuple(float(s.epoch) for s in shots)
    return Frames(name, axis, values, shots, fixed, _laid(folder, shots))


def _snapshots(folder: Path) -> tuple[Snapshot, ...]:
    return tuple(snapshots.load(path) for path in snapshots.kept(folder).values())


# ---------------------------------------------------------------- maps


def lay(folder: Path, report: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Compute the missing maps one after the other, saving each at once, and return their number. The first takes
    seconds and each further one a fraction of a second: call it in the background.

    Returns 0 if another process is computing them. report: called with the number of maps so far and in all. After a
    snapshot that was replaced, all maps are computed again. Raises: SaveError: the maps so far are kept.
    """
    if snapshots.fixed(folder) is None:
        return 0
    lock = FileLock(folder / snapshots.FOLDER / LAYING, thread_local=False)
    try:
        with saving(folder / snapshots.FOLDER / MAPS):
            lock.acquire(timeout=0)
    except Timeout:
        return 0
    try:
        shots = _snapshots(folder)
        marks = _marks(shots)
        maps = list(_laid(folder, shots, marks))
        before = len(maps)
        for shot in shots[before:]:
            last = maps[-1] if maps else None
            maps.append(after(shot.mu, last, n_epochs=FIRST_EPOCHS if last is None else NEXT_EPOCHS))
            arrays = {"maps": np.stack(maps).astype(np.float32), "marks": np.array(marks[: len(maps)])}
            snapshots.write(folder / snapshots.FOLDER / MAPS, arrays)
            report(len(maps), len(shots))
        return len(maps) - before
    finally:
        lock.release()


def unlaid(folder: Path) -> int:
    """The number of snapshots that have no map yet."""
    shots = _snapshots(folder)
    return len(shots) - len(_laid(folder, shots))


def _marks(shots: Sequence[Snapshot]) -> list[str]:
    """For each snapshot a digest of its latents and of all before it, which its map depends on."""
    digest, marks = hashlib.blake2b(digest_size=12), []
    for shot in shots:
        digest.update(shot.mu.tobytes())
        marks.append(digest.hexdigest())
    return marks


def _laid(folder: Path, shots: Sequence[Snapshot], marks: Sequence[str] = ()) -> np.ndarray:
    """(m, n, 2): the stored maps, up to the first of other latents. marks: of the snapshots, if known."""
    if shots and all(shot.mu.shape[1] == 2 for shot in shots):
        return np.stack([shot.mu for shot in shots])
    path = folder / snapshots.FOLDER / MAPS
    if not path.exists():
        return np.zeros((0, 0, 2), np.float32)
    stored = guarded_arrays.npz(path)
    same = [a == b for a, b in zip(stored["marks"].tolist(), marks or _marks(shots), strict=False)]
    return stored["maps"][: same.index(False) if False in same else len(same)]
