"""How far two pictures of the same samples agree: shared neighbours, centred kernel alignment, Procrustes analysis."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from ..errors import ShapeError
from ..text import _
from .neighbours import Index
from .threads import one_thread

K = 15  # neighbours that are looked at, as many as UMAP's


def nearest(points: Float[np.ndarray, "n m"], k: int = K) -> Int[np.ndarray, "n k"]:
    """The k nearest other rows of each row, Euclidean; of n - 1 at most."""
    n = len(points)
    found = Index(points, np.ones(points.shape[1], np.float32)).query(points, min(k, n - 1) + 1)[1]
    own = found == np.arange(n)[:, None]
    own[~own.any(1), -1] = True  # among copies of a row the row itself may not be found
    return found[~own].reshape(n, -1)


def shared(a: Int[np.ndarray, "n k"], b: Int[np.ndarray, "m k"]) -> Float[np.ndarray, " n"]:
    """The share of the neighbours of each row in one picture that are its neighbours in the other, 0 to 1."""
    _same_rows(a, b)
    return np.array([len(np.intersect1d(x, y, assume_unique=True)) for x, y in zip(a, b, strict=True)]) / a.shape[1]


def linear_cka(x: Float[np.ndarray, "n p"], y: Float[np.ndarray, "m q"]) -> float:
    """Linear centred kernel alignment of two codes of the same n samples: ||Y'X||^2 / (||X'X|| ||Y'Y||), columns
    centred, Frobenius norms. 1 for codes that differ by a rotation and one factor, 0 for codes without a linear
    relation; with few samples it comes out high. NaN for a constant code. Kornblith et al., 2019, equation 4 with
    linear kernels."""
    _same_rows(x, y)
    with one_thread():
        a, b = (v.astype(np.float64) - v.mean(0, dtype=np.float64) for v in (x, y))
        norm = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
        return float(np.square(b.T @ a).sum() / norm) if norm else float("nan")


def procrustes(x: Float[np.ndarray, "n p"], y: Float[np.ndarray, "m q"]) -> float:
    """The share of the variance of one code that is the other's after the best shift, rotation or reflection, and
    scaling, 0 to 1: (sum of the singular values of Y'X)^2, columns centred, of norm 1. It is symmetric; missing
    dimensions are 0. Schönemann, 1966; 1 minus it is the disparity of `scipy.spatial.procrustes`. NaN for a constant
    code."""
    _same_rows(x, y)
    with one_thread():
        a, b = (v.astype(np.float64) - v.mean(0, dtype=np.float64) for v in (x, y))
        norm = np.linalg.norm(a) * np.linalg.norm(b)
        return float((np.linalg.svd(b.T @ a, compute_uv=False).sum() / norm) ** 2) if norm else float("nan")


def _same_rows(a: np.ndarray, b: np.ndarray) -> None:
    if len(a) != len(b):
        raise ShapeError(_("given {a} and {b}, expected the same samples in both.", a=a.shape, b=b.shape))
