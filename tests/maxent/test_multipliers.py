"""Maximum entropy by Lagrange multipliers: against all states, and against closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from vae.errors import NotMeasurable, SettingError, ShapeError
from vae.maxent.multipliers import Hamiltonian, Spins, entropy, fit, spins_of

N = 16  # values of the Gaussian on a circle


def spins(n: int, seed: int = 0):
    """A model with known multipliers, its moments and its entropy."""
    torch.manual_seed(seed)
    one = Spins(n)
    theta = torch.cat([0.3 * torch.randn(n), 0.3 * torch.randn(n * (n - 1) // 2)]).double()
    return one, theta, *one.exact(theta)


def test_ten_spins_have_the_moments_and_the_entropy_of_the_exact_model():
    one, theta, _log_z, nats, wanted = spins(10)
    begin = torch.where(torch.rand(1000, 10) < 0.5, 1.0, -1.0).double()
    found = fit(one.features, wanted, one.move, begin, rounds=300)
    _log_z, again, moments = one.exact(found.theta)
    assert (moments - wanted).abs().max() < 0.01
    assert again == pytest.approx(nats, abs=0.01)
    assert (found.theta - theta).abs().max() < 0.05
    assert again >= nats - 0.01


def test_no_distribution_with_the_same_moments_has_more_entropy():
    one, theta, log_z, nats, _wanted = spins(6)
    states = ((torch.arange(64)[:, None] >> torch.arange(6)) & 1).double() * 2 - 1
    phi = one.features(states)
    p = (phi @ theta - log_z).exp()
    assert float(p.sum()) == pytest.approx(1, abs=1e-9)
    assert float(-(p * p.log()).sum()) == pytest.approx(nats, abs=1e-9)
    kept, _ = torch.linalg.qr(torch.cat([phi, torch.ones(64, 1).double()], 1))
    for _i in range(50):
        other = torch.randn(64).double()
        other = other - kept @ (kept.T @ other)
        q = p + 0.9 * (p / other.abs()).min() * other
        torch.testing.assert_close(q @ phi, p @ phi)
        assert float(-(q * q.log()).sum()) < nats


def test_a_sweep_leaves_the_model_as_it_is():
    """Chains begun from exact draws still have the exact moments, to four standard errors."""
    one, theta, log_z, _nats, wanted = spins(5)
    generator = torch.Generator().manual_seed(0)
    states = ((torch.arange(32)[:, None] >> torch.arange(5)) & 1).double() * 2 - 1
    p = (one.features(states) @ theta - log_z).exp()
    s = states[torch.multinomial(p, 20_000, replacement=True, generator=generator)]
    for _i in range(3):
        s = one.move(theta, s, generator)
    away = one.features(s).mean(0) - wanted
    assert (away.abs() / ((1 - wanted**2) / len(s)).sqrt()).max() < 4


def test_spins_that_are_none_and_spins_that_never_change_are_told():
    with pytest.raises(ShapeError, match="of -1 and 1"):
        spins_of(torch.zeros(5, 3))
    with pytest.raises(ShapeError, match="1 of the means and products never change"):
        spins_of(torch.tensor([[1.0, -1, 1], [1, 1, -1], [1, 1, 1]]))
    with pytest.raises(NotMeasurable, match="21 spins have"):
        Spins(21).exact(torch.zeros(21 + 210).double())


def bands():
    """phi, the powers wanted, the multipliers and the entropy of a Gaussian on a circle with powers in five bands."""
    k = torch.fft.rfftfreq(N) * N
    band = torch.bucketize(k, torch.tensor([0.5, 1.5, 3.5, 6.5]))
    double = torch.where((k == 0) | (k == N / 2), 1.0, 2.0).double()
    inside = torch.nn.functional.one_hot(band).double() * double[:, None]
    count, power = inside.sum(0), torch.tensor([4, 3, 2, 1, 0.5]).double()

    def phi(x):
        return torch.fft.rfft(x, norm="ortho").abs().square() @ inside

    nats = (N * (1 + math.log(2 * math.pi)) + float(count @ power.log())) / 2
    return phi, count * power, -1 / (2 * power), nats


def test_a_gaussian_by_its_band_powers_has_its_closed_form():
    phi, wanted, theta, nats = bands()
    x = torch.randn(400, N, generator=torch.Generator().manual_seed(0)).double()
    chains = Hamiltonian(phi, torch.full((N,), 1.0).double())
    found = fit(phi, wanted, chains.move, x, rounds=200, theta=torch.full((5,), -0.5).double())
    torch.testing.assert_close(found.theta, theta, rtol=0.07, atol=0)
    assert (found.error / wanted).abs().max() < 0.03
    told = entropy(phi, theta, wanted, torch.full((N,), 1.3).double(), chains=200, temperatures=60)
    assert told.nats == pytest.approx(nats, abs=4 * told.error + 0.05)
    assert told.error < 0.2


def test_an_entropy_of_a_few_weights_is_not_told():
    phi, wanted, theta, _nats = bands()
    with pytest.raises(NotMeasurable, match="of 40 chains count, at least 30"):
        entropy(phi, theta, wanted, torch.full((N,), 30.0).double(), chains=40, temperatures=4)


def test_moments_that_allow_no_model_are_told():
    """exp(theta x) with theta > 0 has no constant: chains leave for infinity, the sooner the further they are."""

    def leave(theta, x, generator):
        return x * 1e30

    with pytest.raises(SettingError, match="the chains diverged in round 10"):
        fit(lambda x: x, torch.ones(1).double(), leave, torch.randn(50, 1).double(), rounds=400)
