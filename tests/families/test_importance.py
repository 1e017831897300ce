"""Importance-weighted training: its bound against an exact marginal, and its two gradients against each other."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from tests import checks
from tests.metrics.test_metrics import data, exact, with_true_posterior
from vae.losses.objectives import ImportanceWeighted, Sum
from vae.losses.terms import log_weights_at
from vae.registry import FAMILIES

SPOILT = (1.5, 0.3)  # a posterior half as wide again as the true one, and beside it


def gradients(objective: nn.Module, x: Tensor, draws: int) -> tuple[Tensor, Tensor]:
    """Mean over draws of the gradient of every parameter of the spoilt linear model, and the mean's standard error."""
    model = with_true_posterior(*SPOILT)
    rows = []
    for seed in range(draws):
        torch.manual_seed(seed)
        found = torch.autograd.grad(objective(model, x, 0).total, list(model.parameters()))
        rows.append(torch.cat([g.flatten() for g in found]))
    all_rows = torch.stack(rows)
    return all_rows.mean(0), all_rows.std(0) / math.sqrt(draws)


def same_within_errors(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> bool:
    error = (a[1].square() + b[1].square()).sqrt()
    return bool(((a[0] - b[0]).abs() <= 5 * error + 1e-5).all())


def test_equivalence_iwae():
    """At k = 1 the loss is the VAE's with its rate sampled at the draw, draw by draw; the gradient of either kind is
    the VAE's in expectation."""
    model, x = with_true_posterior(*SPOILT), data(10)
    torch.manual_seed(0)
    loss = ImportanceWeighted(1)(model, x, 0)
    torch.manual_seed(0)
    q = model(x).latent
    z = model.resample(q, 1).z
    normal = torch.distributions.Normal
    rate = (normal(q.mu, q.std).log_prob(z) - normal(0.0, 1.0).log_prob(z)).sum(1)
    distortion = -model.likelihood.log_prob(model.params(z), x)
    torch.testing.assert_close(loss.total, (distortion + rate).mean())
    vae = gradients(Sum(), x, 50)
    assert same_within_errors(gradients(ImportanceWeighted(1), x, 50), vae)
    assert same_within_errors(gradients(ImportanceWeighted(1, doubly_reparameterised=True), x, 50), vae)
    assert not same_within_errors(gradients(ImportanceWeighted(10), x, 50), vae), "the errors tell nothing apart"


@pytest.mark.parametrize("doubly", [False, True])
def test_the_bound_rises_with_k_to_the_marginal(doubly):
    """Burda et al., 2016, theorem 1, where log p(x) is known. What is reported is what is minimised."""
    model, x = with_true_posterior(*SPOILT), data(300)
    torch.manual_seed(0)
    found = []
    for k in (1, 4, 30, 2000):
        loss = ImportanceWeighted(k, doubly)(model, x, 0)
        found.append(float(loss.parts["iwae_bound"].mean()))
        assert float(loss.total.detach()) == pytest.approx(-found[-1], abs=1e-4)
    assert found[0] + 0.1 < found[1]
    assert found[1] + 0.1 < found[2] < found[3]
    torch.testing.assert_close(loss.parts["iwae_bound"], exact(x), rtol=0, atol=0.25)
    assert found[3] == pytest.approx(float(exact(x).mean()), abs=0.01)


def test_what_is_reported_of_one_draw_does_not_depend_on_k():
    """distortion, rate and elbo are those of the VAE at the same draw: comparable between models."""
    model, x = with_true_posterior(*SPOILT), data(20)
    parts = []
    for objective in (Sum(), ImportanceWeighted(1), ImportanceWeighted(7, True)):
        torch.manual_seed(3)
        parts.append(objective(model, x, 0).parts)
    for name in ("distortion", "rate", "elbo"):
        assert torch.equal(parts[0][name], parts[1][name]), name
        assert torch.equal(parts[0][name], parts[2][name]), name


def test_the_doubly_reparameterised_gradient_has_the_same_expectation_and_less_noise():
    """Tucker et al., 2019: the encoder's within 5 standard errors at k = 8, with less variance at k = 50; the
    decoder's is the same draw by draw."""
    x = data(8)
    plain, doubly = (gradients(ImportanceWeighted(8, d), x, 80) for d in (False, True))
    assert same_within_errors(plain, doubly)
    model = with_true_posterior()
    names = [n.split(".")[0] for n, p in model.named_parameters() for _ in range(p.numel())]
    encoder = torch.tensor([n == "bottleneck" for n in names])
    torch.testing.assert_close(plain[0][~encoder], doubly[0][~encoder], rtol=1e-3, atol=1e-4)
    noise = [float(gradients(ImportanceWeighted(50, d), x, 25)[1][encoder].square().sum()) for d in (False, True)]
    assert noise[1] < 0.5 * noise[0]


def test_the_gradient_weighs_each_draw_by_its_share_in_the_sum():
    """Burda et al., 2016, equation 14, by hand: the share is a constant, and the best draw has the most of it."""
    model, x = with_true_posterior(*SPOILT), data(6)
    torch.manual_seed(1)
    loss = ImportanceWeighted(5)(model, x, 0)
    torch.manual_seed(1)
    q = model(x).latent
    draws = model.resample(q, 5)
    log_w = log_weights_at(model, x, draws.z, draws)
    shares = (log_w - log_w.logsumexp(0)).exp().detach()
    by_hand = torch.autograd.grad(-(shares * log_w).sum(0).mean(), list(model.parameters()))
    for a, b in zip(torch.autograd.grad(loss.total, list(model.parameters())), by_hand, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    assert torch.equal(shares.argmax(0), log_w.argmax(0))


@pytest.mark.parametrize(("settings", "doubly"), [({}, False), ({"gradient": "dreg", "k": 3}, True)])
def test_the_knobs_reach_the_objective(settings, doubly):
    _, objective = checks.Case(FAMILIES.get("iwae"), tuple(settings.items()), "image").build()
    assert objective.k == settings.get("k", 5)
    assert objective.doubly_reparameterised == doubly
