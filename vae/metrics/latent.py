"""What a latent is used for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

ACTIVE_VARIANCE = 0.01


def active_units(mu: Float[np.ndarray, "n d"]) -> np.ndarray:
    """Which dimensions are active: Var_x(E[z_j|x]) > 0.01, (d,) bool. Burda et al., 2016, section 5.2."""
    return mu.var(axis=0) > ACTIVE_VARIANCE


def pca_mse(x_train: np.ndarray, x_test: np.ndarray, d: int) -> float:
    """Mean squared error per pixel of the best linear code of width d (fitted on train), x in 0-1."""
    a = x_train.reshape(len(x_train), -1).astype(np.float32) / 255.0
    b = x_test.reshape(len(x_test), -1).astype(np.float32) / 255.0
    mean = a.mean(0)
    _, vectors = np.linalg.eigh((a - mean).T @ (a - mean))
    basis = vectors[:, -d:]
    rest = (b - mean) - (b - mean) @ basis @ basis.T
    return float((rest**2).mean())
