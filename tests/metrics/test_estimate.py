"""The standard error that a bootstrap gives is the one known in closed form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vae.metrics.estimate import Estimate, apart, bootstrap_error, difference_error


def test_bootstrap_error_of_a_mean_is_the_deviation_over_root_n():
    """Within 5 of its own standard errors: 400 resamples know it to 1 / sqrt(800)."""
    x = np.random.default_rng(3).standard_exponential(500)
    found = bootstrap_error(lambda rows: float(x[rows].mean()), len(x), seed=0, resamples=400)
    assert found == pytest.approx(x.std() / np.sqrt(len(x)), rel=5 / np.sqrt(800))


def test_bootstrap_error_repeats_with_its_seed_only():
    x = np.arange(50.0)
    a, b, c = (bootstrap_error(lambda rows: float(x[rows].mean()), 50, seed=s) for s in (1, 1, 2))
    assert a == b != c


def test_an_estimate_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Estimate(0.5, 10, 0, None, "by hand").value = 1.0


def test_values_are_apart_by_more_than_two_standard_errors_of_their_difference():
    assert difference_error((0.5, 0.03), (0.6, 0.04)) == pytest.approx(0.05)
    assert apart((0.5, 0.03), (0.601, 0.04))
    assert apart((0.601, 0.04), (0.5, 0.03))
    assert not apart((0.5, 0.03), (0.599, 0.04))
    assert not apart((0.5, None), (0.9, 0.01)), "the error of one is unknown"
    assert not apart((1.0, None), (0.9, 0.04)), "as it is of a share of 1"


def test_a_bound_is_lower_or_upper():
    with pytest.raises(ValueError, match="expected one of"):
        Estimate(0.5, 10, 0, None, "by hand", "floor")
