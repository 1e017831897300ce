"""Codes beside the ground-truth factors of the same samples, checked once for every metric that compares them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..errors import ShapeError


def check_codes(codes: ArrayLike, name: str = "codes") -> Float[np.ndarray, "n d"]:
    """codes (n, d) as float64. Raises: ShapeError: not two axes with at least one dimension, NaN or infinity."""
    codes = np.asarray(codes, np.float64)
    if codes.ndim != 2 or not codes.shape[1]:
        raise ShapeError(f"{name}: given {codes.shape}, expected (n, d): a row a sample, a column a latent dimension.")
    if not np.isfinite(codes).all():
        raise ShapeError(f"{name}: {np.count_nonzero(~np.isfinite(codes))} values are NaN or infinite.")
    return codes


def check_factors(factors: ArrayLike, n: int) -> Int[np.ndarray, "n f"]:
    """factors (n, f) with the values of each numbered 0, 1, ... in their order, none left out.

    Raises: ShapeError: not (n, f) whole numbers, or a factor with fewer than two values, about which no code can
    know anything: its entropy is 0, and every score divided by it is without meaning.
    """
    factors = np.asarray(factors)
    if factors.ndim != 2 or len(factors) != n or not factors.shape[1] or not np.issubdtype(factors.dtype, np.integer):
        raise ShapeError(f"factors: given {factors.dtype} {factors.shape}, expected whole numbers ({n}, f), as codes.")
    numbered = np.stack([np.unique(column, return_inverse=True)[1] for column in factors.T], axis=1)
    for k, size in enumerate(sizes(numbered)):
        if size < 2:
            raise ShapeError(
                f"factor {k} has one value only, {factors[:1, k].tolist()}, in {n} samples: expected at least 2. "
                "Leave it out, or give samples in which it varies."
            )
    return numbered


def sizes(numbered: Int[np.ndarray, "n f"]) -> list[int]:
    """How many values each checked factor has."""
    return [int(column.max(initial=-1)) + 1 for column in numbered.T]


def entropies(numbered: Int[np.ndarray, "n f"]) -> Float[np.ndarray, " f"]:
    """H(v_k) of each factor as it is distributed in these samples, nats."""
    shares = [np.bincount(column) / len(column) for column in numbered.T]
    return np.array([-(p[p > 0] * np.log(p[p > 0])).sum() for p in shares])


def gaps(scores: Float[np.ndarray, "d f"], floor: Float[np.ndarray, " f"]) -> Float[np.ndarray, " f"]:
    """What the best dimension scores above the second best, for each factor.

    floor: what a constant dimension scores. Two of these always compete, so that codes of one dimension or none have
    a gap too, and dead dimensions beside them change nothing.
    """
    ranked = np.sort(np.vstack([scores, floor, floor]), axis=0)
    return ranked[-1] - ranked[-2]
