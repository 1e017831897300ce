"""The energy-based prior in two dimensions, against quadrature."""

from __future__ import annotations

import math

import pytest
import torch

from vae.errors import SettingError
from vae.losses.gaussian import log_normal
from vae.models import energy_prior
from vae.models.energy_prior import EnergyPrior

SIDE = torch.linspace(-4.5, 4.5, 301)
GRID, AREA = torch.cartesian_prod(SIDE, SIDE), float(SIDE[1] - SIDE[0]) ** 2
ANGLES = torch.arange(8) * math.pi / 4
CENTRES, WIDTH = torch.stack([ANGLES.cos(), ANGLES.sin()], 1), 0.125
WEIGHTS = torch.softmax(torch.linspace(-0.7, 0.7, 8), 0)


def ring(n: int) -> torch.Tensor:
    """Draws of eight Gaussians on a circle, with weights from .06 to .23."""
    return CENTRES[torch.multinomial(WEIGHTS, n, replacement=True)] + WIDTH * torch.randn(n, 2)


def log_ring(z: torch.Tensor) -> torch.Tensor:
    return (log_normal(z[:, None], CENTRES, torch.full((2,), WIDTH)) + WEIGHTS.log()).logsumexp(1)


def by_quadrature(prior: EnergyPrior) -> tuple[float, torch.Tensor]:
    """(log Z, the probability of each point of the grid), float64."""
    with torch.no_grad():
        f = (prior.f(GRID) - 0.5 * (GRID.square() + math.log(2 * math.pi)).sum(1)).double() + math.log(AREA)
    return float(f.logsumexp(0)), f.softmax(0)


def divergence(prior: EnergyPrior) -> float:
    """KL(data || prior) of the eight Gaussians, nats."""
    data, p = log_ring(GRID).double(), by_quadrature(prior)[1]
    return float((data.exp() * AREA * (data - (p / AREA).clamp(min=1e-300).log())).sum())


def prior_of(training: str = "chains", width: int = 64, n_chains: int = 200, steps: int = 5) -> EnergyPrior:
    torch.manual_seed(0)
    return EnergyPrior(2, width, n_chains=n_chains, steps=steps, training=training)


def tilted(**settings) -> EnergyPrior:
    """Clearly not N(0, I), and not known."""
    prior = prior_of(width=16, **settings)
    for p in prior.parameters():
        p.data.normal_(0, 0.7)
    prior._mark(known=False)
    return prior


def trained(training: str, updates: int, lr: float = 0.02) -> EnergyPrior:
    prior = prior_of(training)
    optimiser = torch.optim.Adam(prior.parameters(), lr)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 1e-3, updates)
    for _ in range(updates):
        optimiser.zero_grad()
        prior.loss(ring(400)).backward()
        optimiser.step()
        falling.step()
    return prior


def test_it_begins_as_a_standard_normal_density():
    prior, z = prior_of().eval(), torch.randn(5, 2)
    normal = torch.distributions.Normal(0.0, 1.0)
    torch.testing.assert_close(prior.log_prob(z), normal.log_prob(z).sum(1))
    assert prior.log_z().value == 0


@pytest.mark.parametrize("training", ["nce", "score"])
def test_it_learns_eight_gaussians(training):
    """KL(data || prior) by quadrature is at most .2 nats, where that of N(0, I) is above 1; annealing finds log Z
    within three standard errors, also for nce, whose own constant is another estimate of it."""
    prior = trained(training, 1500)
    assert divergence(prior) <= 0.2
    assert divergence(prior_of()) > 1
    found = prior.eval().log_z()
    assert abs(found.value - by_quadrature(prior)[0]) < 3 * found.standard_error
    assert 0.001 < found.standard_error < 0.1
    with torch.no_grad():
        mass = float(prior.log_prob(GRID).double().exp().sum()) * AREA
    assert mass == pytest.approx(1, abs=3.5 * found.standard_error)


def test_the_loss_by_chains_has_the_gradient_of_log_p(monkeypatch):
    """-E grad f(z) + E_p grad f, with chains that begin at exact draws, whose density the steps leave as it is."""
    monkeypatch.setattr(energy_prior, "RESTARTED", 0.0)
    monkeypatch.setattr(energy_prior, "SQUARE", 0.0)
    prior, codes = tilted(n_chains=40_000, steps=2), ring(4000)
    _log_z, p = by_quadrature(prior)
    prior.chains.copy_(GRID[torch.multinomial(p, 40_000, replacement=True)])
    parameters = list(prior.parameters())
    exact = (p.float() * prior.f(GRID)).sum() - prior.f(codes).mean()
    wanted = torch.cat([g.flatten() for g in torch.autograd.grad(exact, parameters)])
    given = torch.cat([g.flatten() for g in torch.autograd.grad(prior.loss(codes), parameters)])
    assert float((given - wanted).norm() / wanted.norm()) < 0.05
    assert float(wanted.norm()) > 0.1


def test_the_score_that_is_matched_is_that_of_the_prior():
    """Where noise is all that is told, the loss is the mean square of noise + smoothing * grad log p, by hand."""
    prior, z = tilted(training="score"), torch.randn(50, 2)
    torch.manual_seed(4)
    given = prior.loss(z)
    torch.manual_seed(4)
    noise = torch.randn_like(z)
    y = (z + energy_prior.SMOOTHING * noise).requires_grad_()
    log_p = prior.f(y) - y.square().sum(1) / 2
    score = torch.autograd.grad(log_p.sum(), y)[0]
    torch.testing.assert_close(given, (noise + energy_prior.SMOOTHING * score).square().mean())


def test_samples_are_of_the_density_that_log_prob_tells():
    """Means and variances of 2000 chains, by quadrature, within 4.5 standard errors; one seed, one set of draws."""
    prior = tilted().eval()
    _log_z, p = by_quadrature(prior)
    draw = lambda seed: prior.sample(2000, torch.Generator().manual_seed(seed), 40)  # noqa: E731
    z = draw(0).double()
    for seen in (lambda a: a, lambda a: a.square(), lambda a: a.prod(1, keepdim=True)):
        values, exact = seen(z), (p[:, None] * seen(GRID.double())).sum(0)
        assert ((values.mean(0) - exact).abs() < 4.5 * values.std(0) / math.sqrt(len(z))).all()
    assert abs(float((p[:, None] * GRID.double()).sum(0).norm())) > 0.1, "not N(0, I)"
    assert torch.equal(draw(0).double(), z)
    assert not torch.equal(draw(1).double(), z)


def test_low_temperatures_stay_near_the_modes():
    prior = tilted().eval()
    with torch.no_grad():
        cold, warm = (
            prior.log_prob(prior.sample(100, torch.Generator().manual_seed(0), 60, t)).mean() for t in (0.0, 1.0)
        )
        best = prior.log_prob(GRID).max()
    assert best - 0.1 < cold
    assert warm < cold - 0.5


def test_log_z_is_found_anew_after_training_and_only_then():
    prior, z = prior_of(width=16), ring(50)
    assert prior.log_z().value == 0
    prior.loss(z)
    assert prior.log_z() is None
    for p in prior.parameters():
        p.data.normal_(0, 0.7)
    once = prior.eval().log_z()
    assert abs(once.value - by_quadrature(prior)[0]) < 3 * once.standard_error + 1e-3
    prior.found += 1  # a mark
    assert prior.train().eval().log_z().value == pytest.approx(once.value + 1)
    prior.loss(z)
    assert prior.log_z() is not None, "in evaluation nothing is learned"
    assert prior.annealed_log_z(1).value != prior.annealed_log_z(0).value


def test_in_training_the_density_is_up_to_log_z_and_else_refused_without_one():
    prior, z = tilted(), ring(9)
    torch.testing.assert_close(prior.log_prob(z), prior.f(z) + log_normal(z, torch.zeros(2), torch.ones(2)))
    other = prior_of(width=16).eval()
    other.load_state_dict(prior.state_dict())
    with pytest.raises(SettingError, match="log Z of this energy-based prior is not known"):
        other.log_prob(z)
    other.normalise()
    assert torch.isfinite(other.log_prob(z)).all()


def test_chains_go_on_from_where_they_were_in_training_alone():
    prior, z = tilted(), ring(30)
    before = prior.chains.clone()
    prior.loss(z)
    after = prior.chains.clone()
    assert 0 < float((after - before).norm(dim=1).median()) < 2.5
    prior.eval().loss(z)
    assert torch.equal(prior.chains, after)
