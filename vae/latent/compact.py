"""Latents in as few bytes as keep them: float16 where it moves nothing that a map shows, float32 otherwise.

float16 has 11 significant bits and ends at 65 504: latents around 0 keep more than 99.8 % of their neighbours in half the
bytes, but at an offset of 10 000 std they become one point. Both are measured here on the latents themselves. The
standardised values in float16 with an offset and a scale of each dimension were measured as well (benchmarks/precision.py):
they keep the neighbours at any offset, but not in two clusters that are far apart, and take six times the bytes for the
codes of a codebook.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from .neighbours import Index

NEIGHBOURS, KEPT = 15, 0.995  # share of them that float16 has to keep; shipped maps keep .998 to 1
ERROR = 0.01  # rms error of float16, in std of a column
QUERIES = 256  # rows whose neighbours are compared: the share is known to about .001


def rounded(a: Float[np.ndarray, "n *k"]) -> Float[np.ndarray, "n *k"]:
    """The values rounded to float16 if that changes no column by more than 1 % of its std (rms), else themselves;
    float32."""
    a = np.asarray(a, np.float32)
    half = _half(a)
    with np.errstate(invalid="ignore"):
        error = np.sqrt(np.square(half.astype(np.float64) - a).mean(axis=0))
        fits = (error <= ERROR * a.std(axis=0, dtype=np.float64)).all()
    return half if fits else a


def rounded_latents(z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """As `rounded`, if that also keeps 99.5 % of the 15 nearest neighbours."""
    z = np.asarray(z, np.float32)
    half = rounded(z)
    return half if half is z or np.array_equal(half, z) or neighbours_kept(z, half) >= KEPT else z


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
