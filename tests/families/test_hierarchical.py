"""The ladder: its levels by hand, level by level, with torch's own distributions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from vae.errors import SettingError
from vae.metrics.bounds import evaluate
from vae.models.bottlenecks.ladder import Diagonal, Level
from vae.registry import FAMILIES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

POSTERIORS = pytest.mark.parametrize("posterior", ["residual", "precision"])


def trained(steps: int = 30, **settings) -> Trainer:
    family = FAMILIES.get("ladder_vae")
    small = {"net": "mlp", "width": 8, "d": 3, "d2": 2, "d3": 2, "sigma": 0.3}
    torch.manual_seed(0)
    model, objective = family.build(Spec((1, 4, 4), 64), configure(family.Hparams, small | settings))
    trainer = Trainer(model, objective, TrainHparams(lr=0.01), 0, steps)
    for _ in range(steps):
        trainer.train_step(pictures(16))
    return trainer


def pictures(n: int) -> Tensor:
    return torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(0))


def by_hand(model, z: Tensor, features: tuple[Tensor, ...]) -> list[tuple[Normal, Normal]]:
    """q and p of each level from the top, given the z above it."""
    state, found = torch.zeros(len(z), model.features), []
    for i, (level, d) in enumerate(zip(model.ladder, model.levels, strict=True)):
        start = sum(model.levels[:i])
        prior = Diagonal(torch.zeros(len(z), d), torch.ones(len(z), d)) if i == 0 else level.prior(state)
        found.append((Normal(*level.posterior(state, features[i], prior)), Normal(*prior)))
        state = level.below(state, z[:, start : start + d])
    return found


def test_equivalence_ladder_vae():
    """With one level it is the VAE: a diagonal Gaussian against N(0, I), and no free bits left over."""
    trainer = trained(d2=0, d3=0, free_bits_nats=0.0, posterior="residual")
    model, x = trainer.model, pictures(5)
    assert model.levels == (3,)
    torch.manual_seed(7)
    loss = trainer.objective(model, x, 0)
    torch.manual_seed(7)
    features = model.encoder(x)
    mu, logvar = model.ladder[0].to_posterior(torch.cat([features, torch.zeros_like(features)], 1)).chunk(2, 1)
    z = mu + (logvar / 2).exp() * torch.randn_like(mu)
    rate = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)).sum(1)
    distortion = -Normal(model.decode(z), 0.3).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(loss.total, (distortion + rate).mean(), rtol=1e-5, atol=1e-4)


@POSTERIORS
def test_the_rate_of_each_level_is_its_divergence_given_the_levels_above(posterior):
    model, x = trained(posterior=posterior).model, pictures(6)
    q = model.infer(x)
    levels = by_hand(model, q.z, q.context)
    assert len(levels) == len(q.kl) == 3
    for (ours, prior), kl in zip(levels, q.kl, strict=True):
        torch.testing.assert_close(kl, kl_divergence(ours, prior).sum(1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(q.kl_per_dim.sum(1), sum(q.kl))
    along = by_hand(model, q.mu, q.context)  # encode: means, and what they lead to when they are fed down
    torch.testing.assert_close(q.mu, torch.cat([level.mean for level, _ in along], 1))
    torch.testing.assert_close(q.std, torch.cat([level.stddev for level, _ in along], 1))


@POSTERIORS
def test_the_rate_is_the_mean_of_log_q_minus_log_p(posterior):
    model, k = trained(posterior=posterior).model.eval(), 4000
    x = pictures(1).expand(k, 1, 4, 4)
    torch.manual_seed(1)
    with torch.inference_mode():
        q = model.infer(x)
        prior = model.log_joint(x, q.z) - model.likelihood.log_prob(model.params(q.z), x)
        sampled = model.log_posterior(q.z, q) - prior
        levels = by_hand(model, q.z, q.context)
        by_level = sum(a.log_prob(z).sum(1) for (a, _), z in zip(levels, q.z.split(model.levels, 1), strict=True))
        torch.testing.assert_close(model.log_posterior(q.z, q), by_level, rtol=1e-4, atol=1e-4)
    rest = sampled - sum(q.kl)
    assert rest.mean().abs() <= 5 * rest.std() / k**0.5
    assert float(rest.std()) > 0.1


def test_precision_weighting_is_the_product_of_two_gaussians():
    """log q differs from log(one) + log(other) by a constant."""
    torch.manual_seed(0)
    level = Level(4, 4, 1, top=False, posterior="precision")
    state, features = torch.randn(1, 4), torch.randn(1, 4)
    prior = level.prior(state)
    mean, logvar = level.to_posterior(features).chunk(2, 1)
    z = torch.linspace(-3, 3, 50)[:, None]
    product = Normal(mean, (logvar / 2).exp()).log_prob(z) + Normal(*prior).log_prob(z)
    rest = Normal(*level.posterior(state, features, prior)).log_prob(z) - product
    torch.testing.assert_close(rest, rest.mean().expand_as(rest), rtol=1e-4, atol=1e-4)


def test_an_idle_residual_posterior_is_the_prior():
    level = Level(4, 4, 2, top=False, posterior="residual")
    for p in level.to_posterior.parameters():
        torch.nn.init.zeros_(p)
    state = torch.randn(3, 4)
    prior = level.prior(state)
    q = level.posterior(state, torch.randn(3, 4), prior)
    torch.testing.assert_close(q.kl(prior), torch.zeros(3, 2))


@pytest.mark.parametrize("free", [0.0, 0.5, 100.0])
def test_free_bits_change_what_is_minimised_and_not_what_is_reported(free):
    trainer = trained(free_bits_nats=free, warmup="linear", warmup_steps=10)
    x = pictures(16)
    for step, beta in ((5, 0.5), (10, 1.0)):
        torch.manual_seed(2)
        loss = trainer.objective(trainer.model, x, step)
        torch.manual_seed(2)
        kl = [level.detach() for level in trainer.model(x).latent.kl]
        charged = sum(max(free, float(level.mean())) for level in kl)
        total = float(loss.parts["distortion"].mean()) + beta * charged
        assert float(loss.total.detach()) == pytest.approx(total, rel=1e-4)
        torch.testing.assert_close(loss.parts["rate"], sum(kl))
        torch.testing.assert_close(loss.parts["elbo"], -(loss.parts["distortion"] + loss.parts["rate"]))
        for i, level in enumerate(kl, 1):
            torch.testing.assert_close(loss.parts[f"rate_{i}"], level)


def test_evaluation_reports_the_true_rate_of_each_level():
    trainer = trained(free_bits_nats=100.0)
    x = pictures(64)
    found = evaluate(trainer.model, x)
    assert found["rate_nats"] == pytest.approx(sum(found["rate_per_level_nats"]), rel=1e-5)
    torch.manual_seed(0)
    kl = [level.detach() for level in trainer.model(x).latent.kl]
    assert found["rate_per_level_nats"] == pytest.approx([float(level.mean()) for level in kl], rel=1e-4)


def test_redraw_keeps_the_levels_held_and_draws_the_rest_given_them():
    model, k = trained().model.eval(), 4000
    with torch.inference_mode():
        z = model.infer(pictures(1)).z.expand(k, -1)
        assert torch.equal(model.redraw(z, 3, torch.Generator()), z)
        drawn = model.redraw(z, 2, torch.Generator().manual_seed(1))
        p = by_hand(model, z[:1], model.infer(pictures(1)).context)[2][1]
        top_held = model.redraw(z, 1, torch.Generator().manual_seed(1))
        nothing_held = model.redraw(z, 0, torch.Generator().manual_seed(1))
        assert torch.equal(nothing_held, model.sample_prior(k, torch.Generator().manual_seed(1)))
        cold = model.redraw(z, 2, torch.Generator().manual_seed(1), 0.0)
    assert torch.equal(drawn[:, :4], z[:, :4])
    assert ((drawn[:, 4:].mean(0) - p.mean[0]).abs() <= 5 * p.stddev[0] / k**0.5).all()
    assert ((drawn[:, 4:].std(0) / p.stddev[0] - 1).abs() <= 5 / (2 * k) ** 0.5).all()
    torch.testing.assert_close(cold[:, 4:], p.mean.expand(k, -1))
    assert torch.equal(top_held[:, :2], z[:, :2])
    assert (top_held[:, 2:] != z[:, 2:]).all()
    with pytest.raises(SettingError, match=r"held=4: expected 0 to 3"):
        model.redraw(z, 4, torch.Generator())


def test_draws_and_weights_do_not_encode_again(monkeypatch):
    model, x = trained().model.eval(), pictures(2)
    q = model.infer(x)
    monkeypatch.setattr(model.encoder, "forward", lambda x: pytest.fail("encoded again"))
    draws = model.resample(q, 3)
    assert draws.z.shape == (6, model.d)
    assert torch.equal(draws.context[0][:2], draws.context[0][2:4])
    assert model.log_posterior(draws.z, draws).shape == model.log_joint(x.repeat(3, 1, 1, 1), draws.z).shape == (6,)
