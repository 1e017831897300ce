"""Differentiable Langevin chains: their weights against exact marginals, their gradients against differences."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from vae.losses.gaussian import log_normal
from vae.sampling.langevin import Chains, langevin

PIXELS, D, SIGMA = 30, 8, 0.5
STEPS = (0, 1, 4, 9, 19)
KERNELS = {False: 0.6, True: 0.8}  # adjusted -> length of a step, in standard deviations of q


class Linear:
    """A linear decoder, whose log p(x) is known, and for each x a q(z|x) that is `off` standard deviations off."""

    def __init__(self, n: int = 200, off: float = 1.0):
        g = torch.Generator().manual_seed(0)

        def drawn(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=g, dtype=torch.float64)

        self.w = 0.4 * drawn(PIXELS, D)
        self.x = drawn(n, D) @ self.w.T + SIGMA * drawn(n, PIXELS)
        covariance = torch.linalg.inv(self.w.T @ self.w / SIGMA**2 + torch.eye(D))
        self.std = covariance.diagonal().sqrt().expand(n, D)
        self.mu = self.x @ self.w / SIGMA**2 @ covariance + off * self.std * drawn(n, D)
        spread = self.w @ self.w.T + SIGMA**2 * torch.eye(PIXELS)
        self.exact = torch.distributions.MultivariateNormal(torch.zeros_like(spread[0]), spread).log_prob(self.x)

    def chains(
        self, steps: int, *, adjusted: bool, times: int = 1, shift: Tensor | float = 0.0, longer: float = 1.0
    ) -> Chains:
        """times chains for each x, all x of the first chain first. shift: of the mean of q, in its deviations."""
        std = self.std.repeat(times, 1)
        mu = self.mu.repeat(times, 1) + shift * std
        x, lengths = self.x.repeat(times, 1), torch.full((steps,), longer * KERNELS[adjusted], dtype=torch.float64)

        def joint(z: Tensor) -> Tensor:
            sigma = torch.full_like(self.x[0], SIGMA)
            return log_normal(x, z @ self.w.T, sigma) + log_normal(z, torch.zeros_like(z), torch.ones_like(z))

        z = mu + std * torch.randn_like(std)
        return langevin(lambda z: log_normal(z, mu, std), joint, z, lengths, scale=std, adjusted=adjusted)


@pytest.mark.parametrize("adjusted", [False, True])
def test_the_bound_rises_with_the_steps_to_the_marginal_and_stays_below(adjusted):
    """Without a step it is the ELBO, whose gap is known."""
    torch.manual_seed(0)
    model, gaps, errors = Linear(), [], []
    for steps in STEPS:
        log_w = model.chains(steps, adjusted=adjusted, times=6).log_w.detach()
        gap = (log_w.view(6, -1) - model.exact).mean(0)
        gaps.append(float(gap.mean()))
        errors.append(float(gap.std()) / math.sqrt(len(gap)))
    assert all(after > before + 0.3 for before, after in pairwise(gaps))
    assert gaps[-1] < -5 * errors[-1]


@pytest.mark.parametrize("adjusted", [False, True])
def test_far_off_a_drift_is_cut_short_and_the_weight_still_holds(adjusted):
    """A q of ten times the width, and as far off: no step overshoots."""
    torch.manual_seed(0)
    model = Linear(50, off=20.0)
    model.std = 10 * model.std
    found = model.chains(5, adjusted=adjusted)
    start = model.chains(0, adjusted=adjusted).log_w.mean()
    assert torch.isfinite(found.log_w).all()
    assert found.log_w.mean() > start


@pytest.mark.parametrize("adjusted", [False, True])
@pytest.mark.parametrize("steps", [0, 1, 5])
def test_the_mean_weight_is_the_marginal(adjusted, steps):
    """Unbiased at any number and length of steps."""
    torch.manual_seed(1)
    model = Linear(4, off=0.2)
    ratio = (model.chains(steps, adjusted=adjusted, times=10_000).log_w.detach().view(-1, 4) - model.exact).exp()
    errors = ratio.std(0) / math.sqrt(len(ratio))
    assert ((ratio.mean(0) - 1).abs() < 4 * errors).all()
    assert (errors < 0.03).all(), "the errors tell nothing apart"


def test_the_score_makes_the_gradient_of_adjusted_steps_that_of_the_mean():
    """Against differences of the mean bound in the mean of q, with the same noise; along the path alone it is another.
    Steps are so long that many are rejected."""
    model, times, by = Linear(2), 20_000, 0.05

    def chains(shift: Tensor | float) -> Chains:
        torch.manual_seed(0)
        return model.chains(3, adjusted=True, times=times, shift=shift, longer=1.5)

    shift = torch.zeros(2 * times, 1, dtype=torch.float64, requires_grad=True)
    found = chains(shift)
    assert (found.score() == 0).all()
    path, score = (
        torch.autograd.grad(each.sum(), shift, retain_graph=True)[0] for each in (found.log_w, found.score())
    )
    expected, error = mean((chains(by).log_w - chains(-by).log_w).detach() / (2 * by))
    whole, whole_error = mean(path + score)
    assert whole == pytest.approx(expected, abs=4 * math.hypot(error, whole_error))
    part, its_error = mean(score)
    assert abs(part) > 5 * its_error
    assert abs(mean(path)[0] - expected) > 4 * math.hypot(error, whole_error)


def mean(x: Tensor) -> tuple[float, float]:
    """With its standard error."""
    return float(x.mean()), float(x.std()) / math.sqrt(len(x))
