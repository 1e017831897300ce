"""Frames: one set of samples seen by a row of models, as the epochs of a run or the models of a sweep. Without torch.

A folder with snapshots (see snapshots.py) holds them; their maps are stored beside the snapshots, each begun at the one
before, and only what is new is laid out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from ..latent.aligned import FIRST_EPOCHS, NEXT_EPOCHS, after
from ..registry import DATASETS, MODALITIES, about
from . import snapshots
from .snapshots import Fixed, Snapshot

MAPS, LAYING = "maps.npz", ".laying.lock"


@dataclass(frozen=True)
class Frames:
    """k models that see the same n samples.

    axis: what tells the models apart ("epoch", "beta", "d"); values (k,): theirs of it, in the order of snapshots.
    maps (m, n, 2) float32: aligned, of the first m; the others are not laid out yet. Where all latents have two
    dimensions, they are the map. history: records of "epoch" and figures, of every epoch of a run, not only those of
    the snapshots; empty elsewhere. until: the last value that is still to come, None where all are there. about:
    family and data set, for a caption; classes: of labels. charts: the pictures are charts, which may be stretched.
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

    def __post_init__(self):
        if not len(self.maps) <= len(self.snapshots) == len(self.values):
            counts = f"{len(self.values)} values, {len(self.snapshots)} snapshots, {len(self.maps)} maps"
            raise ValueError(f"frames {self.name!r}: {counts}; expected a value each, and no more maps.")


def captioned(frames: Frames, family: str, dataset: str) -> Frames:
    """With what family and data set tell of them; either may be gone, as somebody's own data."""
    data = DATASETS.all().get(dataset)
    return replace(
        frames,
        about=about(family, dataset),
        classes=tuple(data.classes) if data else (),
        charts=data is not None and MODALITIES.get(data.modality).charts,
    )


def of_folder(folder: Path, *, name: str, axis: str = "epoch", values: Sequence[float | int] = ()) -> Frames | None:
    """Of any folder that has snapshots, numbered in their order, as `vae.forming.snapshots.write` puts them there.

    values: one each; empty: their numbers. None: there is no snapshot.
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
    """Lay out what is not laid out yet, one map after the other, each kept at once; how many were. Takes seconds for
    the first and a fraction of one for each other: not for a thread that somebody waits for.

    0, too, where another process is at it. report: told how many are laid out, and of how many. Where an earlier
    snapshot was replaced, what followed it is laid out anew.
    """
    if snapshots.fixed(folder) is None:
        return 0
    held = FileLock(folder / snapshots.FOLDER / LAYING, thread_local=False)
    try:
        held.acquire(timeout=0)
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
            kept = {"maps": np.stack(maps).astype(np.float32), "marks": np.array(marks[: len(maps)])}
            snapshots.write(folder / snapshots.FOLDER / MAPS, kept)
            report(len(maps), len(shots))
        return len(maps) - before
    finally:
        held.release()


def unlaid(folder: Path) -> int:
    """How many snapshots have no map yet."""
    shots = _snapshots(folder)
    return len(shots) - len(_laid(folder, shots))


def _marks(shots: Sequence[Snapshot]) -> list[str]:
    """Of each snapshot a digest of its latents and of all before: what its map depends on."""
    digest, marks = hashlib.blake2b(digest_size=12), []
    for shot in shots:
        digest.update(shot.mu.tobytes())
        marks.append(digest.hexdigest())
    return marks


def _laid(folder: Path, shots: Sequence[Snapshot], marks: Sequence[str] = ()) -> np.ndarray:
    """(m, n, 2): the maps that are kept, up to the first that was of other latents. marks: of the shots, if known."""
    if shots and all(shot.mu.shape[1] == 2 for shot in shots):
        return np.stack([shot.mu for shot in shots])
    path = folder / snapshots.FOLDER / MAPS
    if not path.exists():
        return np.zeros((0, 0, 2), np.float32)
    with np.load(path, allow_pickle=False) as kept:
        same = [a == b for a, b in zip(kept["marks"].tolist(), marks or _marks(shots), strict=False)]
        return kept["maps"][: same.index(False) if False in same else len(same)]
