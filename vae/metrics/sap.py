"""Separated attribute predictability (SAP): is a factor predicted by one dimension alone?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..errors import ShapeError
from ..text import _
from .estimate import Estimate, bootstrap_error, in_english
from .factors import check_active, check_codes, check_factors, gaps, sizes


def sap(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    categorical: Sequence[bool] | None = None,
    rate_per_dim_nats: ArrayLike | None = None,
    prior: bool = True,
    seed: int = 0,
) -> Estimate:
    """Separated attribute predictability: the best dimension's score minus the second best's, mean over factors.
    Kumar et al., 2018.

    Score of one dimension: for an ordered factor, the squared correlation with its value; for a categorical one, the
    best balanced accuracy of as many thresholds as it has values, less one. That is the paper's classifier; a linear
    one-vs-rest SVM, often used instead, cannot separate the middle one of three groups on a line. A perfect code thus
    gets 1 for an ordered factor and 1 - 1/values for a categorical one. categorical: (f,), default none. codes: (n, d)
    posterior means; factors: (n, f); rate_per_dim_nats: (d,), by which inactive dimensions are left out; None: by
    variance alone; prior: False for codes without one, whose variances are judged relative to the largest.
    standard_error: bootstrap over samples. Raises: ShapeError.
    """
    codes = check_codes(codes)
    factors = check_factors(factors, len(codes))
    kinds = np.zeros(factors.shape[1], bool) if categorical is None else np.asarray(categorical, bool)
    if kinds.shape != factors.shape[1:]:
        raise ShapeError(
            _(
                "categorical: given shape {given}, expected {expected}, True or False for each factor.",
                given=kinds.shape,
                expected=factors.shape[1:],
            )
        )
    active, counted = check_active(codes, rate_per_dim_nats, prior)
    seen, size = codes[:, active], sizes(factors)
    floor = np.where(kinds, 1 / np.array(size), 0.0)

    def score(rows: np.ndarray) -> float:
        scores = _squared_correlations(seen[rows], factors[rows])
        for k in np.flatnonzero(kinds):
            scores[:, k] = [threshold_accuracy(z, factors[rows, k], size[k]) for z in seen[rows].T]
        return float(gaps(scores, floor).mean())

    value, error = score(np.arange(len(codes))), bootstrap_error(score, len(codes), seed=seed)
    protocol = in_english(
        f"SAP: squared correlation for {int((~kinds).sum())} ordered factors, balanced accuracy of thresholds for "
        f"{int(kinds.sum())} categorical, {counted} (Kumar et al., 2018)"
    )
    return Estimate(value, len(codes), seed, error, protocol)


def threshold_accuracy(z: Float[np.ndarray, " n"], values: Int[np.ndarray, " n"], size: int) -> float:
    """The best balanced accuracy of up to size - 1 thresholds on z, each interval predicting one value. Exact.

    Dynamic programming over the cuts between unequal neighbours: best[i] is the largest gain of the rows before cut i
    in s intervals; the last interval, with value c from cut j on, adds gain[i, c] - gain[j, c].
    """
    order = np.argsort(z, kind="stable")
    share = 1 / (size * np.bincount(values, minlength=size).clip(min=1))  # of balanced accuracy, for each sample
    weight = np.eye(size)[values[order]] * share
    cuts = np.flatnonzero(np.diff(z[order], prepend=-np.inf, append=np.inf))
    gain = np.vstack([np.zeros(size), np.cumsum(weight, axis=0)])[cuts]
    best = np.where(np.arange(len(cuts)) == 0, 0.0, -np.inf)
    for _piece in range(size):
        best = (gain + np.maximum.accumulate(best[:, None] - gain, axis=0)).max(axis=1)
    return float(best[-1])


def _squared_correlations(codes: Float[np.ndarray, "n a"], factors: Int[np.ndarray, "n f"]) -> Float[np.ndarray, "a f"]:
    z, v = codes - codes.mean(axis=0), factors - factors.mean(axis=0)
    spread = np.outer((z**2).sum(axis=0), (v**2).sum(axis=0))
    return (z.T @ v) ** 2 / np.where(spread > 0, spread, 1)
