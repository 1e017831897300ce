"""Whether chains have converged: split R-hat and effective sample size of every coordinate, and of the worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..errors import ShapeError
from ..text import _

R_HAT = 1.05  # above this the chains have not converged
LEAST = 8  # draws of a chain from which both halves have a variance and a few lags


@dataclass(frozen=True)
class Convergence:
    """r_hat and ess (d,): of every coordinate. A coordinate in which no chain moves has an r_hat of infinity and an ess
    of 1: nothing is known about it."""

    r_hat: Float[np.ndarray, " d"]
    ess: Float[np.ndarray, " d"]

    @property
    def worst(self) -> int:
        """The coordinate with the largest R-hat; of several, the one with the least effective sample size."""
        return int(np.lexsort((self.ess, -self.r_hat))[0])

    @property
    def converged(self) -> bool:
        return bool(self.r_hat.max() <= R_HAT)


def convergence(draws: Float[np.ndarray, "chains draws d"]) -> Convergence:
    """Split R-hat and effective sample size of m chains of n draws each.

    R-hat compares the variance of all draws with that within half chains: 1 where all chains have seen the same. Gelman
    et al., 2013, Bayesian Data Analysis, section 11.4. The effective sample size sums autocorrelations by Geyer's
    initial monotone sequence. Vehtari et al., 2021, Rank-normalization, folding, and localization, section 3, without
    ranks. Both equal arviz-stats with method "split" and "mean".

    Raises: ShapeError: fewer than LEAST draws, or values that are not finite: a chain that diverged.
    """
    m, n, d = draws.shape
    if m < 1 or n < LEAST:
        raise ShapeError(
            _("{m} chains of {n} draws: expected at least 1 chain of {least} draws.", m=m, n=n, least=LEAST)
        )
    bad = int((~np.isfinite(draws)).any((1, 2)).sum())
    if bad:
        raise ShapeError(
            _("{bad} of {m} chains diverged: their values are not finite. Take smaller steps.", bad=bad, m=m)
        )
    half = n // 2
    split = np.concatenate([draws[:, :half], draws[:, n - half :]]).astype(np.float64)
    m, n = split.shape[:2]
    within = split.var(1, ddof=1).mean(0)
    pooled = (n - 1) / n * within + split.mean(1).var(0, ddof=1)
    stuck = within <= 1e-12 * np.maximum(np.square(split).mean((0, 1)), 1e-30)
    with np.errstate(divide="ignore", invalid="ignore"):
        r_hat = np.where(stuck, np.inf, np.sqrt(pooled / within))
        rho = 1 - (within - _autocovariance(split).mean(0)) / pooled  # (n, d)
    rho[0] = 1.0
    ess = [1.0 if stuck[j] else m * n / max(_time(rho[:, j]), 1 / np.log10(m * n)) for j in range(d)]
    return Convergence(r_hat, np.array(ess))


def _autocovariance(x: Float[np.ndarray, "m n d"]) -> Float[np.ndarray, "m n d"]:
    """At lags 0 to n - 1, divided by n."""
    n = x.shape[1]
    f = np.fft.rfft(x - x.mean(1, keepdims=True), 2 * n, axis=1)
    return np.fft.irfft(f * f.conj(), 2 * n, axis=1)[:, :n] / n


def _time(rho: Float[np.ndarray, " n"]) -> float:
    """The integrated autocorrelation time: sums of two neighbouring lags while they are positive, never rising, and the
    lag after them if it is positive. Geyer, 1992, section 3.3."""
    pairs = rho[: (len(rho) - 1) // 2 * 2].reshape(-1, 2).sum(1)
    ends = np.flatnonzero(pairs < 0)
    end = int(ends[0]) if len(ends) else len(pairs) - 1
    return float(-1 + 2 * np.minimum.accumulate(pairs[:end]).sum() + max(rho[2 * end], 0.0))
