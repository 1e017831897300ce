"""Mutual information, aggregate posterior and codebook usage, where they are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vae.errors import ShapeError
from vae.metrics.latent import codebook_estimates, information_estimates


def normal_kl(mu: np.ndarray, std: np.ndarray) -> np.ndarray:
    return (0.5 * (mu**2 + std**2 - 1) - np.log(std)).sum(1)


def values(mu: np.ndarray, std: np.ndarray, kl: np.ndarray | None = None, **more) -> dict[str, float]:
    return {name: e.value for name, e in information_estimates(mu, std, kl, seed=0, **more).items()}


def test_posteriors_that_never_overlap_tell_which_sample_it_was():
    """I = log n exactly, whatever their widths; the aggregate is then as far from the prior as the rate less that."""
    mu = 1000.0 * np.arange(12.0)[:, None] * np.ones(3)
    std = np.linspace(0.1, 2, 36).reshape(12, 3)
    found = values(mu, std, normal_kl(mu, std))
    assert found["index_code_information_nats"] == pytest.approx(math.log(12), abs=1e-7)
    assert found["aggregate_kl_nats"] == pytest.approx(normal_kl(mu, std).mean() - math.log(12), rel=1e-9)


def test_a_collapsed_posterior_tells_nothing_and_is_its_own_aggregate():
    """q(z|x) = N(m, s^2) for every x: I = 0 exactly, KL(q(z) || p) is that of one posterior."""
    mu, std = np.tile([[0.5, -1.0]], (50, 1)).astype(np.float32), np.tile([[0.3, 2.0]], (50, 1)).astype(np.float32)
    found = values(mu, std, normal_kl(mu, std))
    assert found["index_code_information_nats"] == pytest.approx(0, abs=1e-9)
    assert found["aggregate_kl_nats"] == pytest.approx(normal_kl(mu, std)[0], rel=1e-6)


def test_gaussian_channel():
    """mu ~ N(0, 1 - s^2), std = s: q(z) is the prior itself, and I = -1/2 log(1 - rho^2) = -log s in each of two
    dimensions. Within 5 standard errors of each."""
    rng, s = np.random.default_rng(1), np.array([0.5, 0.8])
    mu = rng.standard_normal((3000, 2)) * np.sqrt(1 - s**2)
    std = np.tile(s, (3000, 1))
    found = information_estimates(mu, std, normal_kl(mu, std), seed=0, draws=2)
    information, aggregate = found["index_code_information_nats"], found["aggregate_kl_nats"]
    assert 0.005 < information.standard_error < 0.02
    assert information.value == pytest.approx(-np.log(s).sum(), abs=5 * information.standard_error)
    spread = normal_kl(mu, std).std() / math.sqrt(3000)
    assert aggregate.value == pytest.approx(0, abs=5 * (aggregate.standard_error + spread))


def test_two_posteriors_by_numeric_integration():
    """Unequal widths, so that the normalisers of the mixture count."""
    mu, std = np.array([[-1.0], [0.7]]), np.array([[0.4], [1.5]])
    z = np.linspace(-15, 15, 300_001)
    q = np.exp(-0.5 * ((z - mu) / std) ** 2) / (std * math.sqrt(2 * math.pi))
    mixed = q.mean(0)
    p = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    step = z[1] - z[0]
    aggregate = (mixed * np.log(np.maximum(mixed, 1e-300) / np.maximum(p, 1e-300))).sum() * step
    found = values(mu, std, normal_kl(mu, std), draws=8_000)
    assert found["aggregate_kl_nats"] == pytest.approx(aggregate, abs=0.03)
    assert found["index_code_information_nats"] == pytest.approx(normal_kl(mu, std).mean() - aggregate, abs=0.03)


def test_the_standard_error_is_the_spread_over_seeds():
    """Of 200 seeds, conditional on the posteriors it can only be smaller: the samples' own spread is in it too."""
    rng = np.random.default_rng(0)
    mu, std = rng.standard_normal((150, 2)), np.full((150, 2), 0.7)
    found = [information_estimates(mu, std, seed=s)["index_code_information_nats"] for s in range(1, 201)]
    spread = np.std([e.value for e in found], ddof=1)
    assert 0.8 * spread < np.mean([e.standard_error for e in found]) < 2 * spread


def test_the_error_of_the_aggregate_is_its_spread_over_test_sets():
    """Of 300 sets, where posteriors hardly overlap and their rates differ much: the rate's own spread is in it. Within
    4 standard errors of a spread of 300 (relative 1/sqrt(600))."""
    rng, found = np.random.default_rng(0), []
    for _ in range(300):
        mu, std = 5 * rng.standard_normal((40, 4)), rng.uniform(0.05, 0.5, (40, 4))
        found.append(information_estimates(mu, std, normal_kl(mu, std), seed=0)["aggregate_kl_nats"])
    spread = np.std([e.value for e in found], ddof=1)
    assert np.mean([e.standard_error for e in found]) == pytest.approx(spread, rel=0.16)


@pytest.mark.parametrize(("d", "n", "floor"), [(4, 1000, True), (3, 3000, False)])
def test_information_about_the_index_is_flagged_where_it_is_no_estimate_of_that_about_x(d, n, floor):
    """mu ~ N(0, 1), std .3: I(x; z) = d/2 log(1 + 1/.09). With 1 000 samples of 4 dimensions, I(i; z) is 2.2 nats below
    log n and .25 below 4.99, 5 of the standard errors it would claim; where it is not flagged, the error is small."""
    mu, std = np.random.default_rng(1).standard_normal((n, d)), np.full((n, d), 0.3)
    found, truth = information_estimates(mu, std, np.ones(n), seed=0), d / 2 * math.log(1 + 1 / 0.09)
    e = found["index_code_information_nats"]
    assert (e.standard_error is None) == floor == ("a floor of I(x; z)" in e.protocol)
    assert ("upper bound" in found["aggregate_kl_nats"].protocol) == floor
    assert e.value == pytest.approx(truth - (0.25 if floor else 0.04), abs=0.12)


def test_information_near_log_n_says_so_and_claims_no_precision():
    far, near = (information_estimates(s * np.eye(60), np.ones((60, 60)), np.ones(60), seed=0) for s in (99, 0.3))
    assert far["index_code_information_nats"].standard_error is None
    assert "too small" in far["index_code_information_nats"].protocol
    assert "upper bound" in far["aggregate_kl_nats"].protocol
    assert near["index_code_information_nats"].standard_error > 0
    assert not any("upper bound" in e.protocol or "too small" in e.protocol for e in near.values())


def test_chunks_do_not_change_the_figures(monkeypatch):
    rng = np.random.default_rng(0)
    mu, std = rng.standard_normal((50, 3)), rng.uniform(0.1, 1, (50, 3))
    whole = values(mu, std, normal_kl(mu, std))
    monkeypatch.setattr("vae.metrics.latent.PAIRS", 7 * 50)
    assert values(mu, std, normal_kl(mu, std)) == pytest.approx(whole, rel=1e-12)


def test_narrow_posteriors_far_from_the_origin_lose_no_precision():
    """std 1e-3 at 50: the squares multiplied out are 1e9, the answer is log n to nine digits."""
    mu = 50 + np.arange(40.0)[:, None]
    assert values(mu, np.full((40, 1), 1e-3))["index_code_information_nats"] == pytest.approx(math.log(40), abs=1e-5)


def test_what_the_estimates_say_of_themselves():
    mu, std = np.zeros((9, 2)), np.ones((9, 2))
    found = information_estimates(mu, std, seed=5)
    assert list(found) == ["index_code_information_nats"], "without a rate nothing is said of the prior"
    e = found["index_code_information_nats"]
    assert (e.n, e.seed) == (9, 5)
    assert "at most log n = 2.20 nats" in e.protocol
    with pytest.raises(ShapeError, match="2 of 9 posteriors have a std of 0"):
        information_estimates(mu, std * (np.arange(9) > 1)[:, None], seed=0)


def test_codebook_perplexity_counts_codes_as_if_equally_used():
    codes = np.array([[0, 1], [2, 3], [0, 1], [2, 3]])
    found = codebook_estimates(codes, 8, seed=1)
    assert found["codebook_perplexity"].value == pytest.approx(4)
    assert found["codebook_used_share"].value == 0.5
    assert (found["codebook_perplexity"].n, found["codebook_perplexity"].seed) == (4, 1)
    assert "2 a sample" in found["codebook_perplexity"].protocol
    assert codebook_estimates(np.full((5, 3, 3), 7), 8, seed=0)["codebook_perplexity"].value == pytest.approx(1)
    uneven = np.array([0] * 3 + [1])
    expected = math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    assert codebook_estimates(uneven, 2, seed=0)["codebook_perplexity"].value == pytest.approx(expected)


def test_codes_outside_the_book_are_refused():
    with pytest.raises(ShapeError, match="given 0 to 4, expected 0 to 3"):
        codebook_estimates(np.array([0, 4]), 4, seed=0)
    with pytest.raises(ShapeError, match="given none, expected"):
        codebook_estimates(np.zeros((0, 2), int), 4, seed=0)
