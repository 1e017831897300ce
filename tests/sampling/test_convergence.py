"""Split R-hat and effective sample size: those of arviz-stats, and what they say of chains that do not move."""

from __future__ import annotations

import numpy as np
import pytest

from vae.errors import ShapeError
from vae.sampling.convergence import LEAST, convergence


def autoregressive(rho: float, m: int = 8, n: int = 1000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    e = rng.standard_normal((m, n))
    x = np.empty((m, n))
    x[:, 0] = e[:, 0]
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * e[:, t]
    return x


def shifted() -> np.ndarray:
    x = autoregressive(0.5, seed=1)
    x[:2] += 1
    return x


@pytest.mark.parametrize(
    ("x", "r_hat", "ess"),
    [
        (autoregressive(0), 0.9999513827071672, 7812.360095700183),
        (autoregressive(0.5), 1.0018647178197022, 2461.429241293782),
        (autoregressive(0.95), 1.0316725507038476, 212.09004295208936),
        (autoregressive(-0.3), 0.9995108667106499, 14859.563649904989),
        (shifted(), 1.0998744941954115, 53.56013159146945),
        (autoregressive(0.9, m=3, n=101), 1.1692404753835872, 15.823623649031976),
    ],
    ids=["independent", "half", "slow", "alternating", "shifted", "odd"],
)
def test_both_equal_arviz_stats(x, r_hat, ess):
    """arviz-stats 0.8.0: rhat(method="split"), ess(method="mean")."""
    found = convergence(x[:, :, None])
    assert found.r_hat[0] == pytest.approx(r_hat, rel=1e-9)
    assert found.ess[0] == pytest.approx(ess, rel=1e-9)


def test_the_worst_coordinate_decides():
    found = convergence(np.stack([autoregressive(0), shifted(), autoregressive(0.95)], 2))
    assert found.worst == 1
    assert not found.converged
    assert convergence(autoregressive(0)[:, :, None]).converged


def test_a_coordinate_in_which_nothing_moves_is_not_converged():
    """All chains at one value, or each at its own: there is no variance to compare with."""
    still = np.repeat(np.arange(4.0)[:, None], 50, 1)
    for stuck in (still, np.full((4, 50), 7.0), np.zeros((4, 50))):
        found = convergence(np.stack([autoregressive(0, 4, 50), stuck], 2))
        assert found.r_hat[1] == np.inf
        assert found.ess[1] == 1
        assert found.worst == 1
        assert not found.converged


def test_too_few_draws_and_values_that_are_not_finite():
    with pytest.raises(ShapeError, match=f"4 chains of 7 draws: expected at least 1 chain of {LEAST} draws"):
        convergence(np.zeros((4, 7, 1)))
    x = autoregressive(0, 4, 50)[:, :, None]
    x[2, 10] = np.nan
    with pytest.raises(ShapeError, match="1 of 4 chains diverged"):
        convergence(x)
