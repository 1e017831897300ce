"""Annealing against constants that are known: a decoder that is linear, and a ratio of two Gaussians."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vae.errors import SettingError
from vae.losses.gaussian import log_normal
from vae.sampling.annealing import Schedule, anneal, check, effective, lower, sigmoid_betas, tuned, upper
from vae.sampling.posteriors import Gaussians, elbo, refined, with_curvature

D, WIDTH, SIGMA, N, CHAINS = 50, 10, 0.3, 40, 6


class Linear:
    """x = W z + b + noise: p(x) and p(z|x) are Gaussians."""

    def __init__(self):
        g = torch.Generator().manual_seed(0)
        self.w, self.b = torch.randn(D, WIDTH, generator=g) * 0.5, torch.randn(D, generator=g)
        self.x = torch.randn(N, WIDTH, generator=g) @ self.w.T + self.b + SIGMA * torch.randn(N, D, generator=g)
        covariance = (self.w @ self.w.T + SIGMA**2 * torch.eye(D)).double()
        normal = torch.distributions.MultivariateNormal(self.b.double(), covariance)
        self.log_p = normal.log_prob(self.x.double())
        self.covariance = torch.linalg.inv(self.w.T @ self.w / SIGMA**2 + torch.eye(WIDTH))
        self.mean = (self.x - self.b) @ self.w / SIGMA**2 @ self.covariance
        self.std = self.covariance.diagonal().sqrt().expand(N, WIDTH)
        self.off = self.mean + self.std * torch.randn(N, WIDTH, generator=g)  # an encoder that is off by one deviation
        self.exact = self.mean + torch.randn(N, WIDTH, generator=g) @ torch.linalg.cholesky(self.covariance).T

    def joint(self, z):
        k = len(z) // N
        likelihood = log_normal(self.x.repeat(k, 1), z @ self.w.T + self.b, torch.full((D,), SIGMA))
        return likelihood + log_normal(z, torch.zeros(WIDTH), torch.ones(WIDTH))

    def from_q(self, z):
        k = len(z) // N
        return log_normal(z, self.off.repeat(k, 1), self.std.repeat(k, 1))

    def drawn(self, generator):
        e = torch.randn(CHAINS * N, WIDTH, generator=generator)
        return self.off.repeat(CHAINS, 1) + self.std.repeat(CHAINS, 1) * e


def test_the_likelihood_of_a_linear_decoder_within_a_tenth_of_a_nat():
    """From a q that is off, in the coordinates in which it is N(0, I), at 300 temperatures; and from both sides."""
    linear, g = Linear(), torch.Generator().manual_seed(1)
    q = Gaussians.diagonal(linear.off, linear.std)
    base = lambda u: log_normal(u, torch.zeros(WIDTH), torch.ones(WIDTH))  # noqa: E731
    target = lambda u: linear.joint(q.latents(u)) + q.log_volume().repeat(len(u) // N)  # noqa: E731
    drawn = lambda: torch.randn(CHAINS * N, WIDTH, generator=g)  # noqa: E731
    schedule = tuned(base, target, drawn(), 300, leapfrogs=1, samples=N, generator=g)
    forwards = anneal(base, target, drawn(), schedule, generator=g)
    below = lower(forwards.log_w.view(CHAINS, N))
    exact = q.standardised(linear.exact).repeat(CHAINS, 1)
    above = upper(anneal(base, target, exact, schedule, generator=g, backwards=True).log_w.view(CHAINS, N))
    error = 3 * float((below - linear.log_p).std()) / math.sqrt(N)
    assert float(below.mean()) == pytest.approx(float(linear.log_p.mean()), abs=0.1)
    assert float(above.mean()) == pytest.approx(float(linear.log_p.mean()), abs=0.1)
    assert -0.1 < float((above - below).mean()) < 0.1
    assert float((below - linear.log_p).mean()) < error, "a lower bound in expectation"
    assert forwards.acceptance.mean() == pytest.approx(0.65, abs=0.12)
    z = q.latents(forwards.z)
    assert z.view(CHAINS, N, WIDTH).mean((0, 1)).tolist() == pytest.approx(linear.mean.mean(0).tolist(), abs=0.02)


def test_few_temperatures_bound_from_below_and_above():
    linear, g = Linear(), torch.Generator().manual_seed(2)
    schedule = Schedule(sigmoid_betas(4), torch.full((2, CHAINS * N), 0.02), 1)
    below = lower(anneal(linear.from_q, linear.joint, linear.drawn(g), schedule, generator=g).log_w.view(CHAINS, N))
    exact = linear.exact.repeat(CHAINS, 1)
    back = anneal(linear.from_q, linear.joint, exact, schedule, generator=g, backwards=True)
    above = upper(back.log_w.view(CHAINS, N))
    assert float((below - linear.log_p).mean()) < -0.5
    assert float((above - linear.log_p).mean()) > 0.5


def test_the_refined_gaussian_of_a_linear_decoder_is_its_posterior():
    linear, g = Linear(), torch.Generator().manual_seed(3)
    mu, std = refined(linear.joint, linear.off, 1.5 * linear.std, generator=g)
    assert ((mu - linear.mean).abs() / linear.std).max() < 0.8
    gained = elbo(linear.joint, mu, std, 20, g) - elbo(linear.joint, linear.off, linear.std, 20, g)
    assert float(gained.mean()) > 3
    found = with_curvature(linear.joint, mu, std)
    assert found.factor @ found.factor.mT == pytest.approx(
        linear.covariance.expand(N, WIDTH, WIDTH), rel=0.02, abs=1e-5
    )
    ratio = torch.linalg.inv(linear.covariance) * linear.covariance.diagonal()
    divergence = 0.5 * float(ratio.trace() - WIDTH - ratio.logdet())
    bound = elbo(linear.joint, linear.mean, linear.std, 300, g)
    assert float((linear.log_p - bound).mean()) == pytest.approx(divergence, abs=0.05)


def test_the_ratio_of_two_constants():
    """exp(-z^2 / (2 v)) from a standard normal that is normalised: log sqrt(2 pi v) for each of three v, in two d."""
    v = torch.tensor([0.1, 1.0, 4.0])
    g = torch.Generator().manual_seed(0)
    base = lambda z: log_normal(z, torch.zeros(2), torch.ones(2))  # noqa: E731
    target = lambda z: -z.square().sum(1) / 2 / v.repeat(len(z) // 3)  # noqa: E731
    z = torch.randn(900, 2, generator=g)
    schedule = tuned(base, target, z, 60, samples=3, generator=g)
    found = anneal(base, target, torch.randn(900, 2, generator=g), schedule, generator=g)
    assert lower(found.log_w.view(300, 3)).tolist() == pytest.approx(
        (math.log(2 * math.pi) + v.log()).tolist(), abs=0.04
    )
    steps = schedule.lengths.view(-1, 300, 3)[-8:, 0].mean(0)
    assert steps[0] < steps[1] < steps[2], "each sample has the step that fits it"


def test_betas_are_dense_where_the_gap_varies():
    """Towards a narrow target most of the variance is near the base."""
    g = torch.Generator().manual_seed(0)
    base = lambda z: log_normal(z, torch.zeros(1), torch.ones(1))  # noqa: E731
    schedule = tuned(base, lambda z: -50 * z.square().sum(1), torch.randn(400, 1, generator=g), 20, generator=g)
    assert schedule.betas[10] < 0.4 < sigmoid_betas(21)[10]
    check(schedule.betas)
    assert schedule.gradients == 18 * 5 + 1


def test_the_effective_number_of_weights():
    w = torch.tensor([[3.0, 1.0, 5.0], [1.0, 0.0, 5.0]]).log()
    assert effective(w).tolist() == pytest.approx([1.6, 1, 2])
    assert lower(w).exp().tolist() == pytest.approx([2, 0.5, 5])
    assert upper(w[:, ::2]).exp().tolist() == pytest.approx([1.5, 5])


def test_the_same_seed_gives_the_same_weights():
    linear = Linear()
    schedule = Schedule(sigmoid_betas(5), torch.full((3, CHAINS * N), 0.05), 2)

    def once(seed: int) -> np.ndarray:
        g = torch.Generator().manual_seed(seed)
        return anneal(linear.from_q, linear.joint, linear.drawn(g), schedule, generator=g).log_w.numpy()

    assert (once(0) == once(0)).all()
    assert (once(0) != once(1)).all()


@pytest.mark.parametrize("betas", [(0.0, 1.0), (0.0, 0.6, 0.5, 1.0), (0.1, 0.5, 1.0), (0.0, 0.5, 0.9)])
def test_betas_out_of_order_are_refused(betas):
    with pytest.raises(SettingError, match="expected at least 3 that rise from 0 to 1"):
        check(betas)
    with pytest.raises(SettingError, match="temperatures=2: expected at least 3"):
        sigmoid_betas(2)
