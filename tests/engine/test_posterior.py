"""Draws of q(z|x): of the form that the model says, whatever its kind, and refused where the code is a point."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import vae
from vae.errors import SettingError, ShapeError

CERTAIN = 1e-6  # chance that a sound sampler fails a test of all its figures
N = 4000


@pytest.fixture
def x() -> np.ndarray:
    return vae.list_datasets()["digits"].load().x_test[:1]


def test_a_gaussian_posterior_has_its_mean_spread_and_shape(tiny_checkpoint, x):
    engine = vae.load("tiny-vae")
    assert engine.has_width
    mu, std = engine.encode(x)
    z = engine.posterior(x, N, seed=3)
    assert z.shape == (N, engine.d)
    far = norm.ppf(1 - CERTAIN / 2)
    unit = (z - mu) / std
    assert np.abs(unit.mean(0)).max() < far / np.sqrt(N)
    assert np.abs(unit.std(0) - 1).max() < far / np.sqrt(2 * N)
    assert np.abs((np.abs(unit) < 1).mean(0) - 0.6827).max() < far * np.sqrt(0.6827 * 0.3173 / N)
    off = np.corrcoef(unit.T) - np.eye(engine.d)
    assert np.abs(off).max() < far / np.sqrt(N)


def test_draws_repeat_with_their_seed_and_leave_the_random_state_alone(tiny_checkpoint, x):
    import torch

    engine = vae.load("tiny-vae")
    state = torch.random.get_rng_state()
    first = engine.posterior(x, 5, seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert np.array_equal(engine.posterior(x, 5, seed=1), first)
    assert not np.array_equal(engine.posterior(x, 5, seed=2), first)


def test_a_point_is_not_drawn_from(tiny_checkpoint, x):
    engine = vae.load("tiny-ae")
    assert not engine.has_width
    with pytest.raises(SettingError, match="one point"):
        engine.posterior(x, 5)


def test_levels_are_drawn_from_the_top_and_a_codebook_is_a_point(structured_root, monkeypatch, x):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(structured_root))
    ladder = vae.load("tiny-ladder-vae")
    z = ladder.posterior(x, 500)
    assert z.shape == (500, ladder.d)
    assert (z.std(0) > 0).all()
    with pytest.raises(SettingError, match="one point"):
        vae.load("tiny-vq-vae").posterior(x, 5)


def test_a_label_shifts_the_posterior_of_a_conditional_model(conditional, x):
    engine = vae.load(conditional)
    draws = [engine.posterior(x, 300, y=label).mean(0) for label in (0, 7)]
    for mean, label in zip(draws, (0, 7), strict=True):
        mu, std = engine.encode(x, label)
        assert np.abs((mean - mu[0]) / std[0]).max() < 5 / np.sqrt(300)


def test_what_is_refused(tiny_checkpoint, x):
    engine = vae.load("tiny-vae")
    with pytest.raises(SettingError, match="n=0"):
        engine.posterior(x, 0)
    with pytest.raises(ShapeError, match="one sample"):
        engine.posterior(np.concatenate([x, x]), 3)
    with pytest.raises(ShapeError, match="expected samples of shape"):
        engine.posterior(x[0], 3)
