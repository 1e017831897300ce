"""Covariances of slow and of fast walks: what test_one_file.py drops in as a new data set."""

from __future__ import annotations

import numpy as np

from vae.registry import dataset
from vae.types import Samples

SIDE = 8


def covariances(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    steps = rng.standard_normal((n, SIDE, 20)) * (0.5 + y[:, None, None])
    walks = steps.cumsum(1) / SIDE
    x = walks @ walks.transpose(0, 2, 1) / 20
    return (x[:, None] - 0.5).astype(np.float32), y


@dataset(
    name="walks",
    title="Covariances of walks",
    summary="covariances of slow and fast walks, 8x8",
    size="200 / 40",
    comes="drawn at once, nothing to download",
    modality="matrix",
    shape=(1, SIDE, SIDE),
    classes=("slow", "fast"),
    licence="CC0 1.0",
    origin="made up",
    cite="nobody, 2026",
)
def load() -> Samples:
    return Samples(*covariances(200, 0), *covariances(40, 1))
