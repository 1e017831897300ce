"""Snapshots of a latent space during training: small files of a run, each written in one step and read without torch.

They are taken of at most `MOST` epochs, evenly spaced. A snapshot has the latents of 2 000 samples, reconstructions of
16 samples that were held out, the pictures decoded from a fixed set of latents, the rate of each dimension, and the
ELBO, distortion and rate. All snapshots of a run use the same samples and latents.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..disk import guarded_arrays, one_step
from ..disk.saving import saving

FOLDER, FIXED = "snapshots", "fixed.npz"
MOST, N_LATENTS, N_PICTURES, SIDE = 40, 2_000, 16, 8  # SIDE: of the manifold grid
SOURCES = GRID, PRIOR, CODES = (
    "grid",
    "prior",
    "codes",
)  # quantiles of the prior, draws from it, a Gaussian on codes
VALIDATION, TEST = "validation", "test"  # the samples that a model is shown at work on
NATS = ("elbo_nats", "distortion_nats", "rate_nats")
FIGURES = (
    *NATS,
    *(f"{VALIDATION}_{name}" for name in NATS),
    *(f"{TEST}_{name}" for name in NATS),  # of sweeps, and of trainings from before there was a validation set
    "active_units_by_rate",
    "active_units",
)


@dataclass(frozen=True)
class Snapshot:
    """One epoch. mu (n, d) float32: latents of the fixed rows; again (16, c, h, w) uint8: reconstructions of the fixed
    pictures; drawn (64, c, h, w) uint8: the fixed latents decoded; rate_per_dim_nats (d,), None if the rate is not
    a sum over dimensions; figures: those of FIGURES that the family has."""

    epoch: int
    mu: np.ndarray
    again: np.ndarray
    drawn: np.ndarray
    rate_per_dim_nats: np.ndarray | None
    figures: dict[str, float]


@dataclass(frozen=True)
class Fixed:
    """What all snapshots of a run have in common. rows (n,): numbers of training samples in their data set; labels (n,)
    of these, or None; shown (16, c, h, w) uint8: samples of `split`, VALIDATION or, without such a set, TEST;
    shown_labels (16,) or None. drawn_from: the source of the latents of `drawn`, one of SOURCES; "" if it was not
    recorded."""

    rows: np.ndarray
    labels: np.ndarray | None
    shown: np.ndarray
    shown_labels: np.ndarray | None
    drawn_from: str = ""
    split: str = TEST


# ---------------------------------------------------------------- reading


def kept(run: Path) -> dict[int, Path]:
    """epoch -> file for the snapshots in a run's folder, in order."""
    return {int(p.stem): p for p in sorted((run / FOLDER).glob("[0-9]*.npz"))}


def forget_after(run: Path, epoch: int) -> None:
    """Delete the snapshots of later epochs: those of a killed process that had not saved them, and which now come
    again, perhaps with another learning rate. Raises: SaveError."""
    with saving(run / FOLDER):
        for later, path in kept(run).items():
            if later > epoch:
                path.unlink(missing_ok=True)


def load(path: Path) -> Snapshot:
    """Reads one of the files that `kept` lists."""
    a = _read(path)
    return Snapshot(
        epoch=int(path.stem),
        mu=a["mu"].astype(np.float32),
        again=a["again"],
        drawn=a["drawn"],
        rate_per_dim_nats=a.get("rate_per_dim_nats"),
        figures={name: float(a[name]) for name in FIGURES if name in a},
    )


def fixed(run: Path) -> Fixed | None:
    """What the snapshots of a run have in common; None before the first one."""
    path = run / FOLDER / FIXED
    if not path.exists():
        return None
    a = _read(path)
    shown = TEST if TEST in a else "shown"  # older versions showed test samples
    drawn_from, split = str(a.get("drawn_from", "")), str(a.get("split", TEST))
    return Fixed(a["rows"], a.get("labels"), a[shown], a.get(f"{shown}_labels"), drawn_from, split)


def epochs_wanted(epochs: int) -> set[int]:
    """The epochs to take snapshots of: the first, the last, and evenly spaced ones between them."""
    return {round(e) for e in np.linspace(1, epochs, min(MOST, epochs))}


def _read(path: Path) -> dict[str, np.ndarray]:
    return guarded_arrays.npz(path)


# ---------------------------------------------------------------- writing


def write_fixed(folder: Path, fixed: Fixed) -> None:
    """Writes what `fixed` reads into a folder of snapshots."""
    write(folder / FIXED, {name: np.asarray(a) for name, a in vars(fixed).items() if a is not None})


def write(path: Path, arrays: Mapping[str, Any]) -> None:
    """Writes an npz in one step; uncompressed, as compression would take longer than the rest of a snapshot.
    Raises: SaveError."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    with saving(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        one_step.write(path, buffer.getbuffer())
