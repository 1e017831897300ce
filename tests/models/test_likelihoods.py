"""Likelihoods against numerical integration, torch.distributions and closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from vae.errors import SettingError, UnknownName
from vae.losses.gaussian import kl_to_standard_normal
from vae.models.bottlenecks import Gaussian as GaussianBottleneck
from vae.models.likelihoods import NAMES, Bernoulli, ContinuousBernoulli, Gaussian, likelihood

CELLS = 20_001
UNIT = (torch.arange(CELLS) + 0.5) / CELLS  # midpoints of cells of [0, 1]
LOGITS = [-1e3, -40.0, -16.0, -5.0, -0.5, -0.21, -0.19, -1e-2, -2e-3, -1e-4, 0.0, 1e-7, 4e-3, 0.2, 1.0, 9.0, 30.0]


def density(p, raw: float, x: torch.Tensor) -> torch.Tensor:
    """p(x) at each x, one pixel, in float64."""
    return p.log_prob(torch.full((len(x), 1), raw), x[:, None]).double().exp()


# ---------------------------------------------------------------- they are densities


@pytest.mark.parametrize("raw", [-30.0, -2.0, 0.0, 0.3, 30.0])
def test_bernoulli_sums_to_one(raw):
    total = density(Bernoulli(), raw, torch.tensor([0.0, 1.0])).sum()
    assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("raw", LOGITS[1:])
def test_continuous_bernoulli_integrates_to_one_and_its_mean_is_the_integral(raw):
    """Also at lambda = 1/2, where the paper's form is 0/0, and far from it, where it saturates in float32."""
    p = density(ContinuousBernoulli(), raw, UNIT) / CELLS
    assert p.sum() == pytest.approx(1, abs=3e-6)
    assert (p * UNIT.double()).sum() == pytest.approx(float(ContinuousBernoulli().mean(torch.tensor(raw))), abs=2e-6)


def test_continuous_bernoulli_equals_torch_where_that_is_exact():
    raw = torch.tensor([[-6.0], [-1.0], [0.7], [6.0]], dtype=torch.float64)
    x = torch.tensor([[0.1], [0.9], [0.4], [1.0]], dtype=torch.float64)
    reference = torch.distributions.ContinuousBernoulli(logits=raw)
    torch.testing.assert_close(ContinuousBernoulli().log_prob(raw, x), reference.log_prob(x)[:, 0])
    torch.testing.assert_close(ContinuousBernoulli().mean(raw), reference.mean)


@pytest.mark.parametrize("raw", LOGITS)
def test_continuous_bernoulli_gradient_is_x_minus_the_mean(raw):
    """An exponential family in its logit: d log p / dL = x - E[x], finite everywhere."""
    logit = torch.tensor([[raw]], requires_grad=True)
    (gradient,) = torch.autograd.grad(ContinuousBernoulli().log_prob(logit, torch.tensor([[0.3]])).sum(), logit)
    assert float(gradient) == pytest.approx(0.3 - float(ContinuousBernoulli().mean(logit.detach())), abs=2e-5)


@pytest.mark.parametrize("raw", [-40.0, -3.0, 0.0, 1e-3, 2.0, 40.0])
def test_continuous_bernoulli_draws_have_its_mean(raw):
    torch.manual_seed(0)
    x = ContinuousBernoulli().sample(torch.full((100_000, 1), raw))
    assert x.min() >= 0
    assert x.max() <= 1
    error = 5 * float(x.std()) / math.sqrt(len(x))  # 5 standard errors: wrong once in 1.7 million
    assert float(x.mean()) == pytest.approx(float(ContinuousBernoulli().mean(torch.tensor(raw))), abs=error)


@pytest.mark.parametrize("pixels", [1, 99, 100, 101, 784])
def test_bernoulli_without_gradients_takes_few_logarithms_and_equals_torch(pixels):
    """One for the product of a hundred chances: also where every chance is a half, or 1."""
    raw = (
        torch.randn(6, pixels, generator=torch.Generator().manual_seed(0))
        * torch.tensor([[0, 1, 4, 20, 300, -300.0]]).T
    )
    x = torch.rand(6, pixels, generator=torch.Generator().manual_seed(1)).round(decimals=1)
    exact = -torch.nn.functional.binary_cross_entropy_with_logits(raw.double(), x.double(), reduction="none").sum(1)
    found = Bernoulli().log_prob(raw, x)
    torch.testing.assert_close(found.double(), exact, rtol=1e-6, atol=1e-4)
    torch.testing.assert_close(Bernoulli().log_prob(raw.requires_grad_(), x), found, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("sigma", [0.02, 0.3, 2.0])
def test_gaussian_integrates_to_one(sigma):
    p = likelihood("gaussian", sigma=sigma)
    width = 20 * sigma
    x = 0.5 + width * (UNIT - 0.5)
    assert density(p, 0.0, x).sum() * width / CELLS == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("bounded", [True, False])
def test_gaussian_equals_torch_and_sums_over_the_sample(bounded):
    p = Gaussian(0.7, bounded)
    raw, x = torch.randn(5, 2, 3, 4), torch.rand(5, 2, 3, 4)
    mean = torch.sigmoid(raw) if bounded else raw
    torch.testing.assert_close(p.mean(raw), mean)
    torch.testing.assert_close(p.log_prob(raw, x), torch.distributions.Normal(mean, 0.7).log_prob(x).sum((1, 2, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_log_prob_adds_over_pixels(name):
    """Twice the pixels, twice the nats: a sum, not a mean."""
    p = likelihood(name)
    raw, x = torch.randn(3, 1, 4, 4), torch.rand(3, 1, 4, 4)
    twice = p.log_prob(torch.cat([raw, raw], 2), torch.cat([x, x], 2))
    torch.testing.assert_close(twice, 2 * p.log_prob(raw, x))
    assert p.log_prob(raw, x).shape == (3,)


@pytest.mark.parametrize("name", NAMES)
def test_mean_is_inside_the_range_and_finite_for_any_raw(name):
    raw = torch.tensor([-1e30, -1e4, -1.0, 0.0, 1.0, 1e4, 1e30])[:, None]
    mean = likelihood(name).mean(raw)
    assert ((mean >= 0) & (mean <= 1)).all()
    assert (mean.diff(dim=0) >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_log_prob_of_pixels_at_the_ends_is_finite(name):
    raw = torch.tensor([[-200.0], [0.0], [200.0]])
    for x in (0.0, 1.0):
        assert torch.isfinite(likelihood(name).log_prob(raw, torch.full((3, 1), x))).all()


@pytest.mark.parametrize("name", NAMES)
def test_samples_have_the_mean(name):
    torch.manual_seed(0)
    p, raw = likelihood(name), torch.tensor([0.8])
    x = p.sample(raw.expand(50_000, 1)).detach()
    assert float(x.mean()) == pytest.approx(float(p.mean(raw)), abs=5 * float(x.std()) / math.sqrt(50_000))


# ---------------------------------------------------------------- what their optima are


def test_a_learned_sigma_settles_at_the_root_mean_squared_error():
    """Rybkin et al., 2021, equation 7: the gradient for sigma vanishes where sigma^2 is the mean squared error."""
    p, raw, x = Gaussian(), torch.randn(6, 1, 5, 5), torch.rand(6, 1, 5, 5)
    error = (p.mean(raw) - x).square().mean().sqrt()
    for factor, sign in ((1.0, 0), (1.3, -1), (0.7, 1)):
        with torch.no_grad():
            p.log_sigma.fill_(float(error.log()) + math.log(factor))
        (gradient,) = torch.autograd.grad(p.log_prob(raw, x).mean(), p.log_sigma)
        assert float(gradient) == pytest.approx(0, abs=1e-4) if sign == 0 else float(gradient) * sign > 1


@pytest.mark.parametrize("grey", [0.0, 0.2, 0.5, 1.0])
def test_bernoulli_of_a_grey_pixel_is_the_expectation_over_its_binarisations(grey):
    raw = torch.tensor([[0.6]])
    white, black = (Bernoulli().log_prob(raw, torch.tensor([[v]])) for v in (1.0, 0.0))
    torch.testing.assert_close(Bernoulli().log_prob(raw, torch.tensor([[grey]])), grey * white + (1 - grey) * black)


def test_fixed_sigma_is_no_parameter_and_a_learned_one_is():
    assert not list(Gaussian(0.5).parameters())
    assert "log_sigma" in Gaussian(0.5).state_dict()
    assert len(list(Gaussian().parameters())) == 1
    assert float(likelihood("gaussian", sigma=0.5).sigma()) == pytest.approx(0.5)


def test_a_sigma_too_small_to_mean_anything_is_refused():
    with pytest.raises(SettingError, match=r"sigma=0.0001.*0.001"):
        likelihood("gaussian", sigma=1e-4)


def test_an_unknown_likelihood_names_the_close_one():
    with pytest.raises(UnknownName, match="Did you mean 'bernoulli'"):
        likelihood("bernouli")


# ---------------------------------------------------------------- the rate


def test_rate_equals_torchs():
    mu, std = torch.randn(7, 3), torch.rand(7, 3) * 3 + 0.01
    prior = torch.distributions.Normal(0.0, 1.0)
    reference = torch.distributions.kl_divergence(torch.distributions.Normal(mu, std), prior)
    torch.testing.assert_close(kl_to_standard_normal(mu, std), reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("mu", "std"), [(0.0, 1.0), (2.0, 0.1), (-1.0, 3.0), (0.3, 0.7)])
def test_rate_equals_the_integral(mu, std):
    z = torch.linspace(mu - 12 * std, mu + 12 * std, 40_001, dtype=torch.float64)
    q, p = torch.distributions.Normal(mu, std), torch.distributions.Normal(0.0, 1.0)
    integral = torch.trapezoid(q.log_prob(z).exp() * (q.log_prob(z) - p.log_prob(z)), z)
    rate = kl_to_standard_normal(torch.tensor([[mu]]), torch.tensor([[std]]))
    assert float(rate) == pytest.approx(float(integral), rel=1e-4, abs=1e-6)
    assert float(rate) >= 0


def test_the_bottleneck_draws_from_the_posterior_it_reports():
    """Mean and standard deviation of many draws, and densities, are those of N(mu, std^2); rate summed over d."""
    torch.manual_seed(0)
    bottleneck = GaussianBottleneck(5, 2)
    q = bottleneck(torch.randn(1, 5).expand(40_000, 5))
    mu, std = q.mu[0], q.std[0]
    error = 5 * std / math.sqrt(40_000)
    assert ((q.z.mean(0) - mu).abs() < error).all()
    assert ((q.z.std(0) - std).abs() < error).all()
    normal = torch.distributions.Normal(q.mu[:9], q.std[:9])
    torch.testing.assert_close(bottleneck.log_posterior(q.z, q)[:9], normal.log_prob(q.z[:9]).sum(1))
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(q.z).sum(1)
    torch.testing.assert_close(bottleneck.log_prior(q.z), prior)
    torch.testing.assert_close(q.kl[0], kl_to_standard_normal(q.mu, q.std).sum(1))


def test_the_bottleneck_bounds_std():
    bottleneck = GaussianBottleneck(1, 1)
    with torch.no_grad():
        bottleneck.head.weight.copy_(torch.tensor([[0.0], [1.0]]))
        bottleneck.head.bias.zero_()
        q = bottleneck(torch.tensor([[-1e4], [0.0], [1e4]]))
    torch.testing.assert_close(q.std, torch.tensor([[math.exp(-7)], [1.0], [math.exp(4)]]))
    assert torch.isfinite(q.kl[0]).all()
