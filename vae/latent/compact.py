"""Latents in as few bytes as keep them: float16 where it moves nothing that a map shows, float32 otherwise.

float16 has 11 significant bits and ends at 65 504. Latents around 0 keep 99.8 % of their neighbours in it, at half the
bytes; at an offset of 10 000 std they become one point. So the neighbours are compared before latents are rounded.

The alternative, standardised values as float16 with an offset and a scale of each dimension, keeps neighbours at any
offset and takes half the bytes there; but it loses those within two clusters that are far apart, and the codes of a
codebook take 3.5 times the bytes (benchmarks/precision.py).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from .neighbours import Index

NEIGHBOURS, KEPT = 15, 0.992  # share of them that float16 has to keep: .99, and a margin for the sample
ERROR = 0.01  # rms error of float16, in std of a column
SAME = 1e-6  # see without_rounding
QUERIES = 500  # rows whose neighbours are compared: the share is known to about .0005


def rounded(a: np.ndarray) -> np.ndarray:
    """The values (n, ...) rounded to float16 if that changes no column by more than 1 % of its std (rms), else as they
    are; float32."""
    a = np.asarray(a, np.float32)
    half = _half(a)
    with np.errstate(invalid="ignore"):
        error = np.sqrt(np.square(half.astype(np.float64) - a).mean(axis=0))
        fits = (error <= ERROR * a.std(axis=0, dtype=np.float64)).all()
    return half if fits else a


def rounded_latents(z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """As `rounded`, if that also keeps 99 % of the 15 nearest neighbours."""
    z = np.asarray(z, np.float32)
    half = rounded(z)
    return half if half is z or np.array_equal(half, z) or neighbours_kept(z, half) >= KEPT else z


def without_rounding(z: Float[np.ndarray, "n d"], std: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """z; or the first row for all, if no row differs from another by more than float32 rounds: 1e-6 of a coordinate, or
    of the std of its posterior."""
    unit = np.maximum(np.abs(z), std).max(axis=0)
    return np.broadcast_to(z[:1], z.shape).copy() if (np.ptp(z, axis=0) <= SAME * unit).all() else z


def all_equal(z: Float[np.ndarray, "n d"]) -> bool:
    """Whether all rows are equal. No map can be drawn of them, and of two or more of them no neighbour is nearer."""
    return bool((z == z[:1]).all())


def neighbours_kept(z: Float[np.ndarray, "n d"], other: Float[np.ndarray, "n d"], queries: int = QUERIES) -> float:
    """The share, 0-1, of the 15 nearest rows to a row that are also nearest to it in the other array, over at most so
    many random rows."""
    some = np.random.default_rng(0).permutation(len(z))[:queries]
    near, again = (Index(a).query(a[some], NEIGHBOURS + 1)[1] for a in (z, other))
    if near.shape[1] == 1:
        return 1.0
    own = some[:, None]  # of copies, another row may come first
    both = (near[:, :, None] == again[:, None, :]).any(axis=2) & (near != own)
    return float((both.sum(axis=1) / (near != own).sum(axis=1)).mean())


def lossless(a: np.ndarray) -> np.ndarray:
    """The values as float16 if they are all values of float16, else as float32."""
    half = _half(a)
    return half.astype(np.float16) if np.array_equal(half, a) else np.asarray(a, np.float32)


def _half(a: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return a.astype(np.float16).astype(np.float32)
