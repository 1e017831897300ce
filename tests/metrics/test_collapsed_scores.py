"""Scores against factors leave out the dimensions that have collapsed by their rates."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.test_disentangle import grid
from vae.errors import ShapeError
from vae.metrics.disentangle import dci, factor_vae_score
from vae.metrics.mig import mig_binned
from vae.metrics.sap import sap

SCORES = {
    "mig_binned": lambda z, v, rates=None, **prior: mig_binned(z, v, rate_per_dim_nats=rates, **prior),
    "factor_vae_score": lambda z, v, rates=None, **prior: factor_vae_score(z, v, rate_per_dim_nats=rates, **prior),
    "sap": lambda z, v, rates=None, **prior: sap(z, v, rate_per_dim_nats=rates, **prior),
    "dci_disentanglement": lambda z, v, rates=None, **prior: dci(z, v, rate_per_dim_nats=rates, **prior)[
        "dci_disentanglement"
    ],
}


@pytest.mark.parametrize("name", SCORES)
def test_a_dimension_collapsed_by_its_rate_tells_nothing_though_its_mean_varies(name):
    """.013 nats, 97 % of it noise: means with a std of .16, a variance above .01, that follow a factor perfectly."""
    factors = grid()
    codes = 0.16 * (factors - factors.mean(0)) / factors.std(0)
    score, rates = SCORES[name], np.full(3, 0.013)
    assert score(codes, factors).value == pytest.approx(1, abs=1e-3), "by variance alone"
    collapsed = score(codes, factors, rates)
    assert collapsed.value == 0
    assert "0 of 3 dimensions active by rate and variance" in collapsed.protocol
    one = score(np.hstack([codes[:, :1], 10 * codes]), factors, np.array([0.013, 2, 2, 2]))
    assert one.value == pytest.approx(1, abs=1e-3)
    assert "3 of 4 dimensions active by rate and variance" in one.protocol


@pytest.mark.parametrize("name", SCORES)
def test_a_small_code_without_a_prior_scores_as_a_large_one(name):
    """Means with a std of .01 are nothing beside a prior with std 1, and all there is to a code without a prior."""
    factors = grid()
    codes, score = 0.01 * (factors - factors.mean(0)) / factors.std(0), SCORES[name]
    assert score(codes, factors).value == 0
    small = score(codes, factors, prior=False)
    assert small.value == pytest.approx(1, abs=1e-3)
    assert "3 of 3 dimensions active by relative variance" in small.protocol
    beside = score(np.hstack([codes[:, :1] / 100, codes]), factors, prior=False)
    assert "3 of 4 dimensions active by relative variance" in beside.protocol
    assert beside.value == pytest.approx(1, abs=1e-3)


def test_rates_must_be_those_of_the_dimensions():
    factors = grid()
    with pytest.raises(ShapeError, match=r"rates: given shape \(2,\), expected \(3,\)"):
        sap(factors, factors, rate_per_dim_nats=[1.0, 1.0])
