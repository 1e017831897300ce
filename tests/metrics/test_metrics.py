"""Bounds against models whose marginal likelihood is known exactly, and averages over the whole test set."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vae.losses.objectives import Sum
from vae.metrics.active import (
    active_by_rate,
    active_dimensions,
    active_units,
    collapse_warning,
    least_variance,
    unit_counts,
)
from vae.metrics.bounds import BATCH, CACHED, evaluate, log_marginal
from vae.metrics.detect import anomaly_scores
from vae.metrics.latent import pca_mse
from vae.models.bottlenecks import Deterministic, Gaussian
from vae.models.bottlenecks.deterministic import PriorMatched
from vae.models.likelihoods import Gaussian as GaussianLikelihood
from vae.models.model import VAE, NetHparams
from vae.models.tensors import to_float
from vae.training import experiment
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Latent, Spec

D = 2
PIXELS = (1, 2, 3)
LOADINGS = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(4)))[0]
VARIANCES = (2.0, 0.8)  # of the data along the first two columns of LOADINGS
SIGMA = 0.4


def linear_vae(bottleneck=Gaussian, sigma: float | None = SIGMA) -> VAE:
    """Encoder features x itself, one linear layer either way: the VAE whose optimum is probabilistic PCA."""
    model = VAE(Spec(PIXELS, 1000), NetHparams(d=D, net="mlp", width=6), bottleneck)
    model.encoder = nn.Flatten()
    model.decoder = nn.Sequential(nn.Linear(D, 6), nn.Unflatten(1, PIXELS))
    model.likelihood = GaussianLikelihood(sigma, bounded=False)
    return model


@torch.no_grad()
def with_true_posterior(std_factor: float = 1.0, shift: float = 0.0) -> VAE:
    """The linear VAE at the maximum likelihood solution of data with covariance U diag(VARIANCES) U^T + SIGMA^2,
    q(z|x) being exactly p(z|x). Tipping and Bishop, 1999, equations 6-7. std_factor and shift spoil q."""
    model = linear_vae()
    w = LOADINGS[:, :D] * torch.tensor(VARIANCES).sqrt()
    precision = w.T @ w + SIGMA**2 * torch.eye(D)  # diagonal, as the columns are orthogonal
    std = SIGMA * precision.diagonal().rsqrt() * std_factor
    model.decoder[0].weight.copy_(w)
    model.decoder[0].bias.zero_()
    model.bottleneck.head.weight.copy_(torch.cat([precision.inverse() @ w.T, torch.zeros(D, 6)]))
    model.bottleneck.head.bias.copy_(torch.cat([torch.full((D,), shift), 2 * std.log()]))
    return model


def data(n: int, seed: int = 0) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    w = LOADINGS[:, :D] * torch.tensor(VARIANCES).sqrt()
    return (torch.randn(n, D, generator=g) @ w.T + SIGMA * torch.randn(n, 6, generator=g)).view(n, *PIXELS)


def exact(x: Tensor, covariance: Tensor | None = None) -> Tensor:
    """log p(x) under the marginal N(0, W W^T + SIGMA^2)."""
    if covariance is None:
        w = LOADINGS[:, :D] * torch.tensor(VARIANCES).sqrt()
        covariance = w @ w.T + SIGMA**2 * torch.eye(6)
    return torch.distributions.MultivariateNormal(torch.zeros(6), covariance).log_prob(x.flatten(1))


def mean_elbo(model: VAE, x: Tensor, seeds: int) -> float:
    return float(np.mean([evaluate(model, x, seed=s)["elbo_nats"] for s in range(seeds)]))


# ---------------------------------------------------------------- exact marginals


@pytest.mark.parametrize("k", [1, 3])
def test_with_the_true_posterior_every_importance_weight_is_the_marginal(k):
    """log_marginal has no variance then: equal to log p(x) for each x, at any k."""
    model, x = with_true_posterior(), data(50)
    with torch.inference_mode():
        found = log_marginal(model, x, model.infer(x), k)
    torch.testing.assert_close(found, exact(x), rtol=1e-4, atol=2e-3)


def test_with_the_true_posterior_the_elbo_is_the_marginal():
    """Lucas et al., 2019, section 4: no gap is left. Within 5 standard errors of the sampled distortion."""
    model, x = with_true_posterior(), data(4000)
    m = evaluate(model, x, k=2)
    assert m["nll_nats"] == pytest.approx(-float(exact(x).mean()), abs=2e-3)
    error = 5 * math.sqrt(6 / 2) / math.sqrt(len(x))  # distortion at a draw: at most the spread of 6 squared normals
    assert m["elbo_nats"] == pytest.approx(float(exact(x).mean()), abs=error)
    assert m["elbo_nats"] == pytest.approx(-(m["distortion_nats"] + m["rate_nats"]), rel=1e-12)


def test_the_elbo_falls_short_by_the_divergence_of_q_from_the_posterior():
    """elbo = log p(x) - KL(q(z|x) || p(z|x)): with q of twice the standard deviation and moved by .5."""
    wrong, true, x = with_true_posterior(2.0, 0.5), with_true_posterior(), data(6000)
    with torch.inference_mode():
        q, p = wrong.infer(x), true.infer(x)
        normal = torch.distributions.Normal
        gap = torch.distributions.kl_divergence(normal(q.mu, q.std), normal(p.mu, p.std)).sum(1)
    assert mean_elbo(wrong, x, 20) == pytest.approx(float((exact(x) - gap).mean()), abs=0.1)  # 5 standard errors
    assert float(gap.mean()) > 2  # the tolerance can tell


def test_the_importance_weighted_bound_tightens_to_the_marginal():
    """Burda et al., 2016, theorem 1: rising with k; at k = 1 the elbo in expectation; at 5 000 the marginal."""
    model, x = with_true_posterior(1.6, 0.3), data(400)
    truth = float(exact(x).mean())
    nll = {k: evaluate(model, x, k=k, seed=1)["nll_nats"] for k in (1, 4, 30)}
    one = np.mean([evaluate(model, x, k=1, seed=s)["nll_nats"] for s in range(60)])
    assert one == pytest.approx(-mean_elbo(model, x, 60), abs=0.13)  # 5 standard errors of the difference
    assert nll[1] > nll[4] + 0.05 > nll[30] + 0.1
    with torch.inference_mode():
        torch.manual_seed(0)
        many = log_marginal(model, x[:40], model.infer(x[:40]), 5000)
    assert float(many.mean()) == pytest.approx(float(exact(x[:40]).mean()), abs=0.02)
    assert nll[30] > -truth - 0.05


@pytest.mark.parametrize("k", [1, 5, 37])
def test_k_samples_are_really_drawn(k):
    """Also when k is below the batch, or no multiple of the chunk: the decoder sees n rows for each sample."""
    model, seen = with_true_posterior(), []
    model.decoder.register_forward_hook(lambda module, given, out: seen.append(len(given[0])))
    x = data(700)
    evaluate(model, x, k=k)
    assert sum(seen) == len(x) * (2 + k)  # one for the elbo, one for the mse


def test_chunks_do_not_change_the_bound():
    """12 000 samples of one x, in chunks of 4 000, equal their log-mean-exp in one piece: exact for the true q."""
    model, x = with_true_posterior(1.3), data(1)
    with torch.inference_mode():
        torch.manual_seed(0)
        found = log_marginal(model, x, model.infer(x), 12_000)
    torch.testing.assert_close(found, exact(x), rtol=0, atol=0.03)


@pytest.mark.parametrize("rows", [1, 7, 90, 100_000])
def test_the_rows_decoded_at_once_do_not_change_the_bound(rows):
    """Nor the draws: log_marginal makes them in portions of their own. No more rows than asked for see the decoder."""
    model, x = with_true_posterior(1.3), data(7)
    seen = []
    model.decoder.register_forward_hook(lambda module, given, out: seen.append(len(given[0])))
    found = []
    for asked in (rows, 0):
        with torch.inference_mode():
            torch.manual_seed(0)
            q = model.infer(x)
            found.append(log_marginal(model, x, q, 2000, rows=asked))
            assert sum(seen) == 2000 * len(x)
            assert max(seen) <= max(asked or CACHED, len(x))
            seen.clear()
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-4)


def test_training_a_linear_vae_arrives_at_probabilistic_pca():
    """Learned loadings and sigma: the elbo reaches the log-likelihood of the pPCA solution of the same data, sigma^2
    the mean of its discarded eigenvalues. Tipping and Bishop, 1999, equations 7-8; Lucas et al., 2019."""
    torch.manual_seed(0)
    x = data(400)
    flat = x.flatten(1)
    x = (flat - flat.mean(0)).view_as(x)
    covariance = x.flatten(1).T @ x.flatten(1) / len(x)
    values, vectors = torch.linalg.eigh(covariance)
    noise = values[:-D].mean()
    u = vectors[:, -D:]
    optimum = u @ torch.diag(values[-D:] - noise) @ u.T + noise * torch.eye(6)
    best = float(exact(x, optimum).mean())
    model = linear_vae(sigma=None)
    steps = 1200
    trainer = Trainer(model, Sum(), TrainHparams(lr=0.1, lr_end=0.0, clip=0.0), 0, steps)
    assert evaluate(model, x)["elbo_nats"] < best - 5
    for _ in range(steps):
        trainer.train_step(x)
    assert mean_elbo(model, x, 60) == pytest.approx(best, abs=0.05)
    assert float(model.likelihood.sigma().detach()) ** 2 == pytest.approx(float(noise), rel=0.05)


# ---------------------------------------------------------------- averages over all of the test set


@pytest.mark.parametrize("n", [1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 203])
def test_evaluate_averages_over_every_sample(n):
    """A deterministic model, by hand in one piece: no batch is dropped, and the last, partial one weighs what it is."""
    torch.manual_seed(0)
    model, x = linear_vae(Deterministic), data(n)
    x = x * torch.linspace(0, 2, n).view(-1, 1, 1, 1)  # the last samples differ from the first
    m = evaluate(model, x)
    with torch.inference_mode():
        raw = model.decoder(model.bottleneck.head(x.flatten(1)))
        distortion = -torch.distributions.Normal(raw, SIGMA).log_prob(x).flatten(1).sum(1).double().mean()
        mse = (raw - x).square().double().mean()
    assert m["distortion_nats"] == pytest.approx(float(distortion), rel=1e-5)
    assert m["mse"] == pytest.approx(float(mse), rel=1e-5)
    assert m["n_test"] == n
    bounds = ("elbo_nats", "rate_nats", "nll_nats", "nll_k", "rate_per_dim_nats")
    assert [m[name] for name in bounds] == [None] * 5, "without a prior nothing is bounded"


def test_rate_and_its_dimensions_are_averages_over_every_sample():
    model, x = with_true_posterior(0.5, 1.0), data(BATCH + 77)
    m = evaluate(model, x)
    with torch.inference_mode():
        q = model.infer(x)
        normal = torch.distributions.Normal
        rate = torch.distributions.kl_divergence(normal(q.mu, q.std), normal(0.0, 1.0)).mean(0)
    assert m["rate_per_dim_nats"] == pytest.approx(rate.tolist(), rel=1e-4)
    assert m["rate_nats"] == pytest.approx(float(rate.sum()), rel=1e-4)


def test_means_carry_their_standard_error():
    """With the true posterior -nll is log p(x) of each x, its spread over sqrt(n) exact; the rate in closed form; the
    elbo's error is of distortion and rate together, which vary together."""
    model, x = with_true_posterior(), data(BATCH + 77)
    m = evaluate(model, x, k=2, seed=4)
    assert m["nll_standard_error_nats"] == pytest.approx(float(exact(x).std()) / math.sqrt(len(x)), rel=1e-3)
    with torch.inference_mode():
        q = model.infer(x)
        normal = torch.distributions.Normal
        rate = torch.distributions.kl_divergence(normal(q.mu, q.std), normal(0.0, 1.0)).sum(1)
    assert m["rate_standard_error_nats"] == pytest.approx(float(rate.std()) / math.sqrt(len(x)), rel=1e-4)
    assert (m["n_test"], m["seed"]) == (BATCH + 77, 4)
    wide = with_true_posterior(0.2, 1.0)
    elbo = -anomaly_scores(wide, x, seed=4)["negative_elbo"]  # of each sample, by another road
    found = evaluate(wide, x, seed=4)
    assert found["elbo_standard_error_nats"] == pytest.approx(elbo.std(ddof=1) / math.sqrt(len(x)), rel=1e-5)
    assert found["elbo_standard_error_nats"] != pytest.approx(found["distortion_standard_error_nats"], rel=0.05)
    lone = evaluate(model, x[:1], k=2)
    assert lone["elbo_standard_error_nats"] is None, "one sample knows no spread"


def test_evaluate_is_repeatable_and_leaves_the_random_state_alone():
    model, x = with_true_posterior(), data(60)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = evaluate(model, x, k=3, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert evaluate(model, x, k=3, seed=2) == first
    assert evaluate(model, x, k=3, seed=3)["elbo_nats"] != first["elbo_nats"]


def test_evaluate_keeps_no_graph_and_reports_its_progress():
    model, x, seen = with_true_posterior(), data(BATCH + 1), []
    evaluate(model, x, report=lambda done, n: seen.append((done, n)))
    assert seen == [(BATCH, BATCH + 1), (BATCH + 1, BATCH + 1)]
    assert all(p.grad is None for p in model.parameters())


def test_uint8_and_float_give_the_same_numbers():
    model = with_true_posterior()
    x = torch.randint(0, 256, (40, *PIXELS), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert evaluate(model, x) == evaluate(model, x.float() / 255)
    assert x.max() > 200, "evaluate changed its input"


def test_to_float_scales_bytes_only():
    assert torch.equal(to_float(torch.tensor([0, 51, 255], dtype=torch.uint8)), torch.tensor([0.0, 0.2, 1.0]))
    x = torch.tensor([0.0, 0.5, 1.0])
    assert to_float(x) is x


# ---------------------------------------------------------------- what a latent is used for


def test_active_units_are_those_whose_means_vary():
    """Burda et al., 2016, section 5.2: variance over x of E[z|x] above .01, whatever the posterior's width."""
    rng = np.random.default_rng(0)
    mu = rng.standard_normal((5000, 4)).astype(np.float32) * np.sqrt(np.float32([1.0, 0.02, 0.005, 0.0])) + 3
    assert active_units(mu).tolist() == [True, True, False, False]


def test_a_collapsed_code_is_inactive_by_rate_where_its_variance_calls_all_of_it_active():
    """.21 nats, evenly on 16 dimensions whose aggregate is the prior: posterior means have a variance of 1 - exp(-2 R)
    = .026, and 97 % of each dimension is noise."""
    rate = np.full(16, 0.21 / 16)
    mu = np.random.default_rng(0).standard_normal((5000, 16)) * np.sqrt(1 - np.exp(-2 * rate))
    assert active_units(mu).all()
    assert not active_by_rate(rate).any()
    assert active_by_rate([0.049, 0.051, 0.0, 3.0]).tolist() == [False, True, False, True]
    metrics = {"active_units": 16, "rate_per_dim_nats": rate.tolist()}
    assert unit_counts(metrics) == (0, 16), "a card without the count by rate has the rates"
    assert "only 0 of 16" in str(collapse_warning(metrics, 16, {"beta"}))


def test_a_dimension_is_used_if_it_is_active_by_variance_and_by_its_rate():
    """Of four: used; a mean that varies under noise; a rate spent on one posterior for all samples; neither."""
    mu = np.random.default_rng(0).standard_normal((1000, 4)) * [1, 0.16, 0.01, 0.01]
    assert active_dimensions(mu, [2.0, 0.013, 2.0, 0.0]).tolist() == [True, False, False, False]
    assert active_dimensions(mu).tolist() == [True, True, False, False], "without rates by variance alone"


def test_a_deterministic_code_has_no_count_by_rate_and_is_judged_by_variance():
    assert unit_counts({"active_units": 3, "rate_per_dim_nats": None}) == (None, 3)
    assert unit_counts({"active_units_by_rate": 2, "active_units": 3}) == (2, 3)
    assert collapse_warning({"active_units": 3}, 16, {"d"}) is None
    assert "only 1 of 16" in str(collapse_warning({"active_units": 1}, 16, {"d"}))
    assert collapse_warning({}, 16, {"d"}) is None


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_the_scale_of_a_code_without_a_prior_does_not_change_what_is_active(scale):
    """The decoder of a plain autoencoder undoes any scale: a variance of .01 means nothing to it."""
    mu = np.random.default_rng(0).standard_normal((5000, 4)) * np.sqrt([1.0, 0.02, 0.005, 0.0]) * scale
    assert active_units(mu, prior=False).tolist() == [True, True, False, False]
    assert active_dimensions(mu, prior=False).tolist() == [True, True, False, False]
    assert least_variance(mu, prior=False) == pytest.approx(0.01 * scale**2, rel=0.05)
    assert least_variance(mu) == 0.01


@pytest.mark.parametrize("constant", [0.0, 0.3, 1e4 + 0.3])
def test_a_constant_code_without_a_prior_has_no_active_dimension(constant):
    """Rounding alone gives a constant a variance, of which some dimension has the most."""
    mu = np.full((9_000, 2), constant, np.float32)
    assert not active_units(mu, prior=False).any()
    mu[::2, 0] *= 1 + np.finfo(np.float32).eps
    assert not active_units(mu, prior=False).any()


@pytest.mark.parametrize(("bottleneck", "active"), [(Deterministic, D), (PriorMatched, 0)])
def test_a_code_is_judged_by_its_prior_or_by_its_own_scale_if_it_has_none(bottleneck, active):
    model = linear_vae(bottleneck)
    with torch.no_grad():
        model.bottleneck.head.weight.mul_(1e-3)
    found = evaluate(model, data(200))
    assert found["active_units"] == active
    assert ("active_units_above" in found) == (bottleneck is Deterministic)
    assert found.get("active_units_above", 0) < 1e-6


def test_evaluate_counts_active_units_over_all_batches():
    """A dimension whose mean differs only between the first batch and the rest is active."""
    model = with_true_posterior()
    with torch.no_grad():
        model.bottleneck.head.weight.zero_()
        model.bottleneck.head.weight[0, 0] = 1.0
    x = torch.zeros(2 * BATCH, *PIXELS)
    x[BATCH:, 0, 0, 0] = 1.0
    assert evaluate(model, x)["active_units"] == 1
    first = evaluate(model, x[:BATCH])
    assert first["active_units"] == 0
    assert first["active_units_by_rate"] == sum(rate > 0.05 for rate in first["rate_per_dim_nats"]) > 0
    unlike = collapse_warning(first, 5, set())
    assert "only 0 of 5" in str(unlike), "a rate spent on one posterior for every sample tells nothing"


def test_pca_mse_is_the_energy_outside_the_first_axes():
    rng = np.random.default_rng(0)
    code = rng.standard_normal((300, 2))
    x = np.clip(code @ rng.standard_normal((2, 12)) * 20 + 128, 0, 255).round()
    assert pca_mse(x, x, 12) == pytest.approx(0, abs=1e-8)
    centred = (x - x.mean(0)) / 255
    values = np.linalg.eigvalsh(centred.T @ centred / len(x))
    assert pca_mse(x, x, 2) == pytest.approx(values[:-2].sum() / 12, rel=1e-3)


def test_log_marginal_takes_its_samples_from_the_q_it_is_given():
    """From a q far off the bound is far below; nothing but mu and std of q is read."""
    model, x = with_true_posterior(), data(20)
    with torch.inference_mode():
        q = model.infer(x)
        far = Latent(None, q.mu + 20, q.std)
        assert (log_marginal(model, x, far, 50) < exact(x) - 50).all()


def test_collapse_is_called_by_its_name_with_the_knobs_that_the_family_has():
    said = collapse_warning({"active_units": 1}, 16, {"beta", "d", "width"})
    assert said is not None
    assert "only 1 of 16" in said
    assert "Lower beta." in said
    assert "capacity" not in said
    assert collapse_warning({"active_units": 2}, 20, {"beta"}) is None


@pytest.mark.parametrize(("epochs", "told"), [(3, True), (20, False)])
def test_a_collapsed_run_says_so_while_it_trains_but_not_as_it_begins(tmp_path, monkeypatch, epochs, told):
    """A nat that costs a thousand is not spent. The first epoch of 20 proves nothing yet."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    settings = {"beta": 1000.0, "net": "mlp", "width": 8}
    said = []
    events = experiment.train(experiment.Plan("beta_vae", "digits", settings, epochs=epochs), report=said.append)
    for _ in (event for event in events if event.kind == "epoch"):
        break
    events.close()
    assert any("Posterior collapse: only" in line and "Lower beta." in line for line in said) == told
