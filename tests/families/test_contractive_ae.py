"""The contractive autoencoder: the norm of the encoder's Jacobian against closed forms and brute force."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests import checks
from tests.families.test_families import same_bits, trained
from vae.losses.penalties import jacobian_squares
from vae.registry import FAMILIES

CHOICES = ("exact", "hutchinson")


def batch() -> torch.Tensor:
    return checks.Case(FAMILIES.get("contractive_ae"), (), "image").batch()[0]


@pytest.mark.parametrize("jacobian", CHOICES)
def test_equivalence_contractive_ae(jacobian):
    """At a weight of 0 it is the autoencoder bit for bit; at another it is not."""
    assert same_bits(trained("ae"), trained("contractive_ae", lambda_contractive=0.0, jacobian=jacobian))
    assert not same_bits(trained("ae"), trained("contractive_ae", lambda_contractive=1.0, jacobian=jacobian))


def test_of_a_linear_encoder_it_is_the_squared_norm_of_its_weights():
    encode = nn.Linear(7, 3)
    found = jacobian_squares(encode, torch.randn(5, 7))
    torch.testing.assert_close(found, encode.weight.square().sum().expand(5))
    gradient = torch.autograd.grad(found.mean(), encode.weight)[0]
    torch.testing.assert_close(gradient, 2 * encode.weight)


def test_of_a_layer_of_sigmoids_it_is_the_papers_sum():
    """sum_j (h_j (1 - h_j))^2 sum_k W_jk^2. Rifai et al., 2011."""
    linear, x = nn.Linear(7, 3), torch.randn(5, 7)
    h = torch.sigmoid(linear(x))
    by_hand = (h * (1 - h)).square() @ linear.weight.square().sum(1)
    found = jacobian_squares(lambda at: torch.sigmoid(linear(at)), x)
    torch.testing.assert_close(found, by_hand)
    ours, theirs = (torch.autograd.grad(v.sum(), linear.weight)[0] for v in (found, by_hand))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("net", ["mlp", "conv2d"])
def test_of_any_encoder_it_is_that_of_the_whole_jacobian(net):
    model, x = trained("contractive_ae", net=net, width=8).model, batch()[:3]
    whole = torch.stack([torch.func.jacrev(lambda at: model.infer(at[None]).mu[0])(sample) for sample in x])
    by_hand = whole.flatten(1).square().sum(1)
    torch.testing.assert_close(jacobian_squares(lambda at: model.infer(at).mu, x), by_hand, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        found = jacobian_squares(lambda at: model.infer(at).mu, x)
    torch.testing.assert_close(found, by_hand, rtol=1e-4, atol=1e-5)
    assert not x.requires_grad


def test_random_signs_estimate_it_without_bias():
    torch.manual_seed(0)
    encode, x = nn.Sequential(nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 4)), torch.randn(3, 7)
    draws = torch.stack([jacobian_squares(encode, x, exact=False).detach() for _ in range(2000)])
    error = draws.std(0) / len(draws) ** 0.5
    assert (error > 0).all()
    assert ((draws.mean(0) - jacobian_squares(encode, x)).abs() < 4 * error).all()


def test_of_one_dimension_the_estimate_is_exact():
    encode, x = nn.Sequential(nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 1)), torch.randn(3, 7)
    torch.testing.assert_close(jacobian_squares(encode, x, exact=False), jacobian_squares(encode, x))


def test_the_weight_makes_nats_of_a_figure_that_is_none():
    trainer = trained("contractive_ae", lambda_contractive=3.0, jacobian="exact")
    model, x = trainer.model, batch()
    loss = trainer.objective(model, x, 0)
    square = jacobian_squares(lambda at: model.infer(at).mu, x).mean()
    torch.testing.assert_close(loss.figures["jacobian_square"], square.detach())
    torch.testing.assert_close(loss.total, loss.parts["distortion"].mean() + 3 * square)
    assert set(loss.parts) == {"distortion", "rate"}


@pytest.mark.parametrize("jacobian", CHOICES)
def test_a_heavy_weight_stills_the_encoder(jacobian):
    slopes = [
        jacobian_squares(lambda at, m=t.model: m.infer(at).mu, batch()).mean()
        for t in (
            trained("contractive_ae", 40, lambda_contractive=weight, jacobian=jacobian) for weight in (0.0, 1000.0)
        )
    ]
    assert slopes[1] < 0.5 * slopes[0]
