"""Draws from a trained model: their distribution, seeds and limits."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

import vae
from vae.atlas import atlas
from vae.errors import SettingError, UnknownName
from vae.models.bottlenecks import Gaussian
from vae.sampling.draw import SOURCES, draw
from vae.sampling.mixture import COMPONENTS, Mixture

N = 40_000
SE = 5 / math.sqrt(N)  # 5 standard errors of a mean of unit variance: wrong once in 1.7 million


def normal(n: int, seed: int, temperature: float) -> np.ndarray:
    bottleneck = Gaussian(1, 3)
    return bottleneck.sample_prior(n, torch.Generator().manual_seed(seed), temperature).numpy()


def prior(n: int = N, **options) -> np.ndarray:
    return draw(n, **{"seed": 0, "temperature": 1.0, "source": "prior", "prior": normal, "atlas": None} | options)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0, 2.0])
def test_the_prior_is_a_standard_normal_scaled_by_temperature(temperature):
    z = prior(temperature=temperature)
    assert z.dtype == np.float32
    assert np.abs(z.mean(0)).max() <= temperature * SE
    assert np.abs(np.cov(z.T) - temperature**2 * np.eye(3)).max() <= 2 * temperature**2 * SE
    if temperature == 1:
        assert (np.abs(z) < 1.96).mean() == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["tiny-vae", "tiny-ae"])
def test_same_seed_same_draws(tiny_checkpoint, name, source):
    engine = vae.load(name)
    if source == "prior" and not engine.has_prior:
        pytest.skip("an autoencoder has no prior; test_engine holds that it says so")
    first, again, other = (engine.sample(50, seed=s, source=source) for s in (1, 1, 2))
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(engine.sample(50, seed=1, temperature=1.0, source=source), first)


def test_the_aggregate_is_the_mixture_of_all_posteriors(tiny_checkpoint):
    """Mean and covariance of q(z) = E_x q(z|x): those of the means, plus the mean posterior variance."""
    engine = vae.load("tiny-vae")
    a = engine.atlas
    z = engine.sample(N, source="aggregate")
    covariance = np.cov(a.z.T) + np.diag((a.std**2).mean(0))
    scale = np.sqrt(np.diag(covariance))
    assert (np.abs(z.mean(0) - a.z.mean(0)) < SE * scale).all()
    assert (np.abs(np.cov(z.T) - covariance) / np.outer(scale, scale)).max() < 2.5 * SE


def test_the_mixture_of_a_vae_has_the_moments_of_its_aggregate_and_lies_between_its_samples(tiny_checkpoint):
    engine = vae.load("tiny-vae")
    mixed, drawn = (engine.sample(N, source=source) for source in ("mixture", "aggregate"))
    scale = drawn.std(0)
    assert (np.abs(mixed.mean(0) - drawn.mean(0)) < 0.1 * scale).all()
    assert (np.abs(mixed.std(0) / scale - 1) < 0.1).all()
    assert engine.sources == ("prior", "aggregate", "mixture")
    assert vae.load("tiny-ae").sources == ("mixture",)


def test_the_mixture_is_kept_with_the_map(tiny_checkpoint):
    a = vae.load("tiny-vae").atlas
    again = atlas.load(a.files(), a.classes, "again")
    assert again.stored_mixture is not None
    first, second = (of.mixture.sample(5, np.random.default_rng(0)) for of in (a, again))
    assert np.array_equal(first, second)
    older = dataclasses.replace(again, stored_mixture=None)
    assert np.allclose(older.mixture.weights, a.mixture.weights, atol=1e-3)  # fitted again on the same draws


def test_at_temperature_0_the_aggregate_is_the_reference_rows(tiny_checkpoint):
    engine = vae.load("tiny-vae")
    known = {row.tobytes() for row in engine.atlas.z}
    drawn = engine.sample(200, temperature=0.0, source="aggregate")
    assert all(row.tobytes() in known for row in drawn)
    assert len({row.tobytes() for row in drawn}) > 150


def test_the_mixture_has_the_moments_of_what_it_was_fitted_on():
    """Two clusters, twenty times as far apart as wide, in units far from 1: as many, where, as wide, as leaning."""
    rng = np.random.default_rng(0)
    lean = np.array([[1.0, 0.0], [0.8, 0.6]])
    low = rng.standard_normal((3000, 2)) @ lean.T * 100 - 1000
    high = rng.standard_normal((1000, 2)) @ lean.T * 100 + 1000
    z = Mixture.fit(np.concatenate([low, high]).astype(np.float32)).sample(N, np.random.default_rng(1))
    upper = z[:, 0] > 0
    assert upper.mean() == pytest.approx(0.25, abs=0.02)
    for part, truth in ((z[upper], high), (z[~upper], low)):
        np.testing.assert_allclose(part.mean(0), truth.mean(0), atol=10)
        np.testing.assert_allclose(np.cov(part.T), np.cov(truth.T), rtol=0.1, atol=300)


def test_the_mixture_at_temperature_0_is_its_means():
    rng = np.random.default_rng(0)
    mixture = Mixture.fit(rng.standard_normal((500, 3)).astype(np.float32))
    assert len(mixture.weights) == COMPONENTS
    drawn = mixture.sample(100, rng, temperature=0.0)
    assert all((np.abs(mixture.means - row).sum(1) < 1e-5).any() for row in drawn)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_a_mixture_of_hardly_any_samples_is_finite(n):
    mixture = Mixture.fit(np.random.default_rng(0).standard_normal((n, 4)).astype(np.float32))
    assert np.isfinite(mixture.sample(50, np.random.default_rng(0))).all()


def test_a_mixture_survives_its_state():
    mixture = Mixture.fit(np.random.default_rng(0).standard_normal((90, 2)).astype(np.float32))
    again = Mixture.from_state(mixture.state())
    assert np.array_equal(*(m.sample(9, np.random.default_rng(3)) for m in (mixture, again)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 0}, "n=0: expected 1 to"),
        ({"n": 10**9}, "n=1000000000"),
        ({"temperature": -1.0}, "temperature=-1"),
        ({"temperature": 11.0}, "0 to 10"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"seed": -1}, "seed=-1"),
        ({"source": "aggregate"}, "vae atlas NAME"),
    ],
    ids=str,
)
def test_limits_are_stated(options, words):
    with pytest.raises(SettingError) as error:
        prior(**options)
    assert words in str(error.value)


def test_an_unknown_source_names_the_close_one():
    with pytest.raises(UnknownName, match="Did you mean 'prior'"):
        prior(source="priors")
