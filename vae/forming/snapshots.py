"""Snapshots of a latent space while it forms: small files of a run, each written in one step, read without torch.

Of at most `MOST` epochs, evenly spread: where 2 000 samples lie, what 16 of the test set come back as, what a fixed set
of latents decodes to, the rate of each dimension, elbo, distortion and rate. The same samples and latents every time.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER, FIXED = "snapshots", "fixed.npz"
MOST, N_LATENTS, N_PICTURES, SIDE = 40, 2_000, 16, 8  # SIDE: of the manifold grid
SOURCES = GRID, PRIOR, CODES = "grid", "prior", "codes"  # the prior's mass evenly, its draws, a Gaussian on the codes
FIGURES = (
    "elbo_nats",
    "distortion_nats",
    "rate_nats",
    "test_elbo_nats",
    "test_distortion_nats",
    "test_rate_nats",
    "active_units",
)


@dataclass(frozen=True)
class Snapshot:
    """One epoch. mu (n, d) float32: of the fixed rows; again (16, c, h, w) uint8: the fixed test samples decoded;
    drawn (64, c, h, w) uint8: the fixed latents decoded; rate_per_dim_nats (d,), None where the rate is no sum over
    dimensions; figures: of FIGURES those that the family has."""

    epoch: int
    mu: np.ndarray
    again: np.ndarray
    drawn: np.ndarray
    rate_per_dim_nats: np.ndarray | None
    figures: dict[str, float]


@dataclass(frozen=True)
class Fixed:
    """What stays the same in a run. rows (n,): of the training set; labels (n,) or None: theirs; test (16, c, h, w)
    uint8: the test samples; test_labels (16,) or None. drawn_from: one of SOURCES, of the latents of `drawn`; "" where
    that was not noted."""

    rows: np.ndarray
    labels: np.ndarray | None
    test: np.ndarray
    test_labels: np.ndarray | None
    drawn_from: str = ""


# ---------------------------------------------------------------- reading


def kept(run: Path) -> dict[int, Path]:
    """epoch -> file of the snapshots of a run's folder, in order."""
    return {int(p.stem): p for p in sorted((run / FOLDER).glob("[0-9]*.npz"))}


def load(path: Path) -> Snapshot:
    """One of the files that `kept` names."""
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
    """None: no snapshot was taken yet."""
    path = run / FOLDER / FIXED
    if not path.exists():
        return None
    a = _read(path)
    drawn_from = str(a.get("drawn_from", ""))
    return Fixed(a["rows"], a.get("labels"), a["test"], a.get("test_labels"), drawn_from)


def epochs_wanted(epochs: int) -> set[int]:
    """Which epochs are to be kept: the first, the last, and between them evenly."""
    return {round(e) for e in np.linspace(1, epochs, min(MOST, epochs))}


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as npz:
        return {name: npz[name] for name in npz.files}


# ---------------------------------------------------------------- writing


def write_fixed(folder: Path, fixed: Fixed) -> None:
    """What `fixed` reads, into a folder of snapshots."""
    write(folder / FIXED, {name: np.asarray(a) for name, a in vars(fixed).items() if a is not None})


def write(path: Path, arrays: Mapping[str, Any]) -> None:
    """An npz in one step; not compressed, which would take longer than all else of a snapshot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(buffer.getbuffer())
    os.replace(partial, path)
