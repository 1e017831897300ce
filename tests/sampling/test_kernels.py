"""Kernels against densities whose moments are known: Gaussians, and two modes that local moves cannot join."""

from __future__ import annotations

import math

import pytest
import torch

from vae.errors import SettingError, ShapeError
from vae.losses.gaussian import log_normal
from vae.sampling import chains
from vae.sampling.density import Density
from vae.sampling.global_moves import ISIR, Ex2MCMC, GaussianProposal
from vae.sampling.kernels import HMC, MALA, PCN, ULA

STD = torch.tensor([0.2, 1.0, 3.0])
MEAN = torch.tensor([1.0, 0.0, -2.0])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(z):
    return log_normal(z, MEAN, STD)


def drawn(kernel, density, z, draws, *, seed=0, warm=0):
    g = generator(seed)
    state = chains.start(Density.of(density), z)
    if warm:
        kernel, state = chains.pilot(Density.of(density), kernel, state, warm, g)
    return kernel, chains.run(Density.of(density), kernel, state, draws, generator=g)


@pytest.mark.parametrize("step", [0.2, 0.5])
def test_the_variance_of_ula_is_inflated_as_the_formula_says(step):
    """1 / (1 - h / (4 variance)) within 1 %, h the squared step, for a standard normal."""
    n = 12_000
    _kernel, found = drawn(ULA(math.sqrt(step)), lambda z: -z.square().sum(1) / 2, torch.randn(n, 1), 60)
    variance = float(found.z[-30::3].var())
    assert variance == pytest.approx(1 / (1 - step / 4), rel=0.01)
    assert abs(variance - 1) > 0.03, "without the inflation this test would say nothing"


@pytest.mark.parametrize("kernel", [HMC(scale=STD), MALA(scale=STD), HMC(leapfrogs=12)], ids=["hmc", "mala", "narrow"])
def test_the_moments_of_a_gaussian(kernel):
    tuned, found = drawn(kernel, gaussian, MEAN + 3 * torch.randn(400, 3, generator=generator(1)), 100, warm=60)
    z = found.z.flatten(0, 1)
    error = 5 * STD / found.convergence().ess.clip(1).min() ** 0.5
    assert ((z.mean(0) - MEAN).abs() < error).all()
    assert z.std(0).tolist() == pytest.approx(STD.tolist(), rel=0.03)
    assert found.acceptance == pytest.approx(tuned.target, abs=0.1)
    assert found.convergence().converged


def test_pcn_needs_no_gradient_and_never_refuses_what_its_reference_would_draw():
    """N(0, I) times a likelihood x ~ N(z, .5^2) at x = 1: mean .8, variance .2."""

    def joint(z):
        return -z.square().sum(1) / 2 - (1 - z).square().sum(1) / 2 / 0.25

    tuned, found = drawn(PCN(), joint, torch.randn(1000, 1), 150, warm=60)
    assert float(found.z[20:].mean()) == pytest.approx(0.8, abs=0.01)
    assert float(found.z[20:].var()) == pytest.approx(0.2, rel=0.03)
    assert tuned.length.max() <= 1, "a longer step means nothing"
    _kernel, found = drawn(PCN(0.9), lambda z: -z.square().sum(1) / 2, torch.randn(50, 4), 20)
    assert found.acceptance == pytest.approx(1, abs=1e-6)


def test_leapfrogs_vary_so_that_chains_do_not_come_back():
    """A standard normal with steps that make one full period of the leapfrog: a fixed number would stay in place."""
    length = 2 * math.sin(math.pi / 6)  # the leapfrog turns by 60 degrees a step, 6 of them are a full period
    _kernel, found = drawn(HMC(length, leapfrogs=6), lambda z: -z.square().sum(1) / 2, torch.full((300, 1), 2.0), 40)
    assert float(found.z[20:].mean()) == pytest.approx(0, abs=0.1)
    assert found.convergence().r_hat.max() < 1.05


def test_every_chain_has_its_own_density_and_step():
    """Two samples, three chains of each, all of the first draw first."""
    means = torch.tensor([[-5.0], [5.0]])

    def posteriors(z):
        return log_normal(z, means.repeat(len(z) // 2, 1), torch.tensor([[0.1], [1.0]]).repeat(len(z) // 2, 1))

    g = generator()
    state = chains.start(Density.of(posteriors), means.repeat(200, 1))
    kernel, state = chains.pilot(Density.of(posteriors), HMC(), state, 100, g)
    steps = kernel.length.view(-1, 2).mean(0)
    assert steps[1] / steps[0] == pytest.approx(10, rel=0.3)
    z = chains.run(Density.of(posteriors), kernel, state, 50, generator=g).z.view(50, -1, 2)
    assert z.std((0, 1)).tolist() == pytest.approx([0.1, 1.0], rel=0.05)


# ---------------------------------------------------------------- two modes

D, APART, WIDTH, RIGHT = 8, 4.0, 0.5, 0.7


def modes(z):
    centre = torch.zeros(D)
    centre[0] = APART
    width = torch.full((D,), WIDTH)
    left, right = log_normal(z, -centre, width), log_normal(z, centre, width)
    return torch.stack([left + math.log(1 - RIGHT), right + math.log(RIGHT)]).logsumexp(0)


def in_both(n: int) -> torch.Tensor:
    z = WIDTH * torch.randn(n, D, generator=generator(3))
    z[: n // 2, 0] += APART
    z[n // 2 :, 0] -= APART
    return z


def proposal() -> GaussianProposal:
    """With the moments of the density."""
    mean, std = torch.zeros(D), torch.full((D,), WIDTH)
    mean[0] = APART * (2 * RIGHT - 1)
    std[0] = math.sqrt(WIDTH**2 + APART**2 - float(mean[0]) ** 2)
    return GaussianProposal(mean, std)


def test_local_moves_do_not_join_two_modes_and_the_worst_coordinate_says_so():
    _kernel, found = drawn(MALA(0.45), modes, in_both(50), 200)
    converged = found.convergence()
    assert converged.worst == 0
    assert converged.r_hat[0] > 1.5
    assert converged.r_hat[1:].max() < 1.1, "every other coordinate looks converged"
    assert not converged.converged


@pytest.mark.parametrize("kernel", [Ex2MCMC(proposal(), local=MALA(0.45)), ISIR(proposal())], ids=["ex2", "i-sir"])
def test_global_moves_get_the_weights_of_the_modes(kernel):
    """Within 2 % of .7, from chains that start half in each."""
    g = generator()
    state = chains.start(Density.of(modes), in_both(100))
    found = chains.run(Density.of(modes), kernel, state, 250, generator=g)
    assert float((found.z[30:, :, 0] > 0).float().mean()) == pytest.approx(RIGHT, rel=0.02)
    assert found.convergence().converged
    assert float(found.z[30:, :, 1].var()) == pytest.approx(WIDTH**2, rel=0.03)
    assert 0 < found.acceptance < 1


# ---------------------------------------------------------------- what goes wrong


def test_the_same_seed_gives_the_same_draws():
    for kernel in (HMC(), ULA(), MALA(), PCN(), Ex2MCMC(GaussianProposal(MEAN, STD))):
        one, again, other = (drawn(kernel, gaussian, MEAN.expand(4, 3), 5, seed=seed)[1].z for seed in (0, 0, 1))
        assert torch.equal(one, again)
        assert not torch.equal(one, other)


def test_chains_work_inside_inference_mode():
    with torch.inference_mode():
        _kernel, found = drawn(HMC(), gaussian, MEAN.expand(4, 3).clone(), 5)
    assert found.z.shape == (5, 4, 3)


def test_a_proposal_that_is_not_finite_is_refused():
    def half(z):
        return torch.where(z[:, 0] > 0, -z.square().sum(1) / 2, torch.full_like(z[:, 0], math.nan))

    _kernel, found = drawn(HMC(0.5), half, torch.rand(200, 1) + 0.1, 50)
    assert (found.z > 0).all()


def test_a_density_without_a_gradient_is_told():
    with pytest.raises(SettingError, match="no gradient in z: use a kernel without gradients, pcn or i-sir"):
        chains.start(Density.of(lambda z: z.detach().sum(1)), torch.zeros(2, 1))
    with pytest.raises(ShapeError, match=r"returned \(2, 1\): expected \(2,\)"):
        chains.start(Density.of(lambda z: z), torch.zeros(2, 1))
    with pytest.raises(SettingError, match="1 of 2 chains start where the log density is not finite"):
        chains.start(Density.of(lambda z: z[:, 0].log()), torch.tensor([[1.0], [-1.0]]))


def test_steps_too_large_for_ula_are_told_as_diverged_chains():
    _kernel, found = drawn(ULA(30.0), gaussian, torch.randn(4, 3), 60)
    with pytest.raises(ShapeError, match="4 of 4 chains diverged: their values are not finite"):
        found.convergence()


def test_draws_and_every_are_at_least_one():
    state = chains.start(Density.of(gaussian), torch.zeros(2, 3))
    with pytest.raises(SettingError, match="draws=0, every=1"):
        chains.run(Density.of(gaussian), HMC(), state, 0, generator=generator())
    one = chains.run(Density.of(gaussian), HMC(), state, 3, every=2, generator=generator()).z
    each = chains.run(Density.of(gaussian), HMC(), state, 6, generator=generator()).z
    assert torch.equal(one, each[1::2])


def test_the_pilot_freezes_what_it_found():
    density = Density.of(gaussian)
    state = chains.start(density, MEAN.expand(50, 3))
    kernel, state = chains.pilot(density, HMC(1e-2, STD), state, 200, generator())
    assert kernel.length.shape == (50, 1)
    before = kernel.length.clone()
    found = chains.run(density, kernel, state, 50, generator=generator())
    assert torch.equal(kernel.length, before)
    assert found.acceptance == pytest.approx(HMC.target, abs=0.15)
    assert chains.pilot(density, ULA(0.1), state, 10, generator())[0] == ULA(0.1), "ULA has nothing to tune"
