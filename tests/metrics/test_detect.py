"""AUROC against counting every pair, and anomaly scores against models whose scores are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.metrics.test_metrics import SIGMA, data, linear_vae, with_true_posterior
from vae.errors import ShapeError
from vae.latent.auroc import auroc
from vae.metrics.bounds import BATCH, evaluate
from vae.metrics.detect import anomaly_auroc, anomaly_scores
from vae.models.bottlenecks import Deterministic


def counted(normal: np.ndarray, anomalous: np.ndarray) -> float:
    """Every pair looked at: the anomaly's score is higher, or half where they are equal."""
    return float(np.mean([(a > b) + 0.5 * (a == b) for a in anomalous for b in normal]))


@pytest.mark.parametrize("levels", [2, 5, 10_000])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (1, 7), (30, 4), (41, 41)])
def test_auroc_equals_counting_every_pair(levels, n, k):
    """Also where most scores are equal."""
    rng = np.random.default_rng(n + k)
    normal, anomalous = rng.integers(0, levels, n).astype(float), rng.integers(levels // 4, levels + 1, k).astype(float)
    value, error = auroc(normal, anomalous)
    assert value == pytest.approx(counted(normal, anomalous), abs=1e-12)
    assert auroc(anomalous, normal)[0] == pytest.approx(1 - value, abs=1e-12)
    assert (error is None) == (min(n, k) == 1)


def test_auroc_of_apart_equal_and_infinite_scores():
    low, high = np.arange(5.0), np.arange(10.0, 17.0)
    assert auroc(low, high) == (1.0, 0.0)
    assert auroc(high, low)[0] == 0
    assert auroc(np.ones(4), np.ones(9)) == (0.5, 0.0)
    assert auroc(low, np.array([np.inf, np.inf]))[0] == 1


@pytest.mark.parametrize(("n", "k"), [(20, 100), (100, 20)])
def test_the_error_of_an_auroc_is_its_spread_over_repeated_draws(n, k):
    """Of 400 pairs of sets: within 4 standard errors of a spread of 400 (relative 1/sqrt(800)); unequal sizes, so
    that either part of the error is the larger one once."""
    rng = np.random.default_rng(0)
    found = [auroc(rng.standard_normal(n), 2 * rng.standard_normal(k) + 1) for _ in range(400)]
    values, errors = np.transpose(found)
    assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.14)


def test_an_auroc_of_nothing_or_of_nan_is_refused():
    with pytest.raises(ShapeError, match="0 normal and 3 anomalous"):
        auroc(np.zeros(0), np.zeros(3))
    with pytest.raises(ShapeError, match="no NaN"):
        auroc(np.array([1.0, np.nan]), np.zeros(3))


def test_scores_average_to_what_evaluate_reports():
    """Over several batches, from the same seed; each row where its x is."""
    model, x = with_true_posterior(1.3), data(BATCH + 40)
    scores, m = anomaly_scores(model, x, seed=3), evaluate(model, x, seed=3)
    assert scores["negative_elbo"].shape == scores["reconstruction_error"].shape == (len(x),)
    assert scores["negative_elbo"].mean() == pytest.approx(-m["elbo_nats"], rel=1e-5)
    assert scores["reconstruction_error"].mean() == pytest.approx(m["mse"], rel=1e-5)
    with torch.inference_mode():
        each = (model.decode(model.infer(x).mu) - x).square().flatten(1).mean(1)
    assert scores["reconstruction_error"] == pytest.approx(each.numpy(), rel=1e-4)


def test_scores_are_repeatable_and_leave_the_random_state_alone():
    model, x = with_true_posterior(), data(20)
    before = torch.get_rng_state()
    first = anomaly_scores(model, x, seed=1)["negative_elbo"]
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(first, anomaly_scores(model, x, seed=1)["negative_elbo"])
    assert not np.array_equal(first, anomaly_scores(model, x, seed=2)["negative_elbo"])


def test_the_elbo_sees_what_the_reconstruction_does_not():
    """Points far out on the model's own plane are rebuilt well and are improbable; points off the plane are rebuilt
    badly; more of the same is neither."""
    g = torch.Generator().manual_seed(0)
    model, x = with_true_posterior(), data(300)
    with torch.inference_mode():
        far = model.decode(4 * torch.nn.functional.normalize(torch.randn(300, 2, generator=g)))
    far = far + SIGMA * torch.randn(far.shape, generator=g)
    found = anomaly_auroc(model, x, far, seed=0)
    assert found["auroc_negative_elbo"].value > 0.9 > 0.7 > found["auroc_reconstruction_error"].value
    off = x + 3 * SIGMA * torch.randn(x.shape, generator=g)
    assert anomaly_auroc(model, x, off)["auroc_reconstruction_error"].value > 0.9
    assert anomaly_auroc(model, x, data(300, seed=9))["auroc_negative_elbo"].value == pytest.approx(0.5, abs=0.1)


def test_a_model_without_a_bound_is_judged_by_its_reconstruction_alone():
    torch.manual_seed(0)
    model = linear_vae(Deterministic)
    model.encoder = nn.Flatten()
    found = anomaly_auroc(model, data(30), 2 * data(20), seed=4, protocol="small against large")
    assert list(found) == ["auroc_reconstruction_error"]
    e = found["auroc_reconstruction_error"]
    assert (e.n, e.seed) == (50, 4)
    assert "30 normal and 20 anomalous" in e.protocol
    assert e.protocol.endswith("small against large")
    assert 0 < e.standard_error < 0.2
