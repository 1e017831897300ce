"""Families that play a game: each side's loss by hand, what it moves, and that the game is worth playing."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests import checks
from tests.families.test_families import same_bits, trained
from vae.registry import FAMILIES
from vae.training.trainer import Trainer


def play(name: str, **settings) -> tuple[Trainer, Tensor]:
    case = checks.Case(FAMILIES.get(name), tuple(({"d": 3, "width": 16, "net": "mlp"} | settings).items()), "image")
    return case.trainer(seed=3), case.batch()[0]


def reached(loss: Tensor, module: nn.Module) -> set[str]:
    """Names of the parameters that a loss has a gradient for."""
    names, parameters = zip(*module.named_parameters(), strict=True)
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True, retain_graph=True)
    return {n for n, g in zip(names, gradients, strict=True) if g is not None and (g != 0).any()}


# ---------------------------------------------------------------- codes against the prior


def test_equivalence_aae():
    """Without the weight on its adversary it is the autoencoder, bit for bit; with it, it is not."""
    assert same_bits(trained("ae"), trained("aae", adversary_width=8, lambda_adversary=0.0))
    assert not same_bits(trained("ae"), trained("aae", adversary_width=8))


def test_codes_fool_and_the_adversary_tells_them_apart_each_by_its_own_loss():
    trainer, x = play("aae", adversary_width=8, lambda_adversary=3.0, r1=0.0)
    model, objective = trainer.model, trainer.objective
    torch.manual_seed(0)
    loss = objective(model, x, 0)
    torch.manual_seed(0)
    z = model.infer(x).z
    prior = torch.randn_like(z)
    chance = torch.sigmoid(objective.discriminator(z))
    distortion = -model.likelihood.log_prob(model.params(z), x)
    torch.testing.assert_close(loss.total, (distortion - 3 * chance.log()).mean())
    logits = objective.discriminator(torch.cat([prior, z]))
    truth = torch.cat([torch.ones(8), torch.zeros(8)])
    torch.testing.assert_close(loss.adversary, F.binary_cross_entropy_with_logits(logits, truth))
    assert reached(loss.adversary, model) == set(), "the adversary's loss reaches the model"
    assert reached(loss.adversary, objective) == {n for n, _ in objective.named_parameters()}
    assert loss.parts.keys() == {"distortion", "fooling"}, "there is neither a rate nor a bound"


def test_codes_come_to_the_prior():
    """3 standard deviations beside it at the start, near its mean and spread after 120 rounds."""
    trainer, x = play("aae", adversary_width=32, d=1, sigma=0.3)
    level = torch.rand(64, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    x = (0.2 + 0.6 * level).expand(64, *x.shape[1:]).contiguous()
    with torch.no_grad():
        trainer.model.bottleneck.head.bias.add_(3.0)
    assert float(trainer.model.infer(x).z.detach().mean()) > 2
    for _ in range(120):
        trainer.train_step(x)
    z = trainer.model.infer(x).z.detach()
    assert abs(float(z.mean())) < 0.5
    assert float(z.std()) == pytest.approx(1, abs=0.3)


# ---------------------------------------------------------------- samples against samples


def test_equivalence_gan():
    """By hand, with a linear discriminator: the logistic loss of both sides, R1 half its squared slope; at chance the
    decoder learns nothing."""
    trainer, x = play("gan", r1=2.0)
    model, objective = trainer.model, trainer.objective
    objective.discriminator = nn.Sequential(nn.Flatten(), nn.Linear(x[0].numel(), 1), nn.Flatten(0))
    torch.manual_seed(0)
    loss = objective(model, x, 0)
    torch.manual_seed(0)
    z = torch.randn(8, 3)
    fake = model.decode(z)
    real_says, fake_says = objective.discriminator(x), objective.discriminator(fake)
    weight = objective.discriminator[1].weight
    apart = -(F.logsigmoid(real_says).mean() + F.logsigmoid(-fake_says).mean()) / 2
    torch.testing.assert_close(loss.adversary, apart + weight.square().sum())
    regression = 0.5 * (model.infer(fake).mu - z).square().sum(1)
    distortion = -model.likelihood.log_prob(model.params(model.infer(x).mu), x)
    torch.testing.assert_close(loss.parts["distortion"], distortion.detach())
    torch.testing.assert_close(loss.total, (distortion - F.logsigmoid(fake_says) + regression).mean())
    with torch.no_grad():
        weight.zero_()
        objective.discriminator[1].bias.zero_()
    loss = objective(model, x, 0)
    assert float(loss.adversary.detach()) == pytest.approx(math.log(2))
    assert not any(name.startswith("decoder") for name in reached(loss.total, model))


def test_each_part_of_a_generator_is_moved_by_its_own_loss():
    """The decoder by fooling alone, although the distortion and the search for z go through it."""
    trainer, x = play("gan")
    model, objective = trainer.model, trainer.objective
    loss = objective(model, x, 0)
    assert reached(loss.adversary, model) == set()
    assert reached(loss.total, model) == {n for n, _ in model.named_parameters()}
    torch.manual_seed(0)
    whole = torch.autograd.grad(objective(model, x, 0).total, list(model.decoder.parameters()))
    torch.manual_seed(0)
    fooled = F.softplus(-objective.discriminator(model.decode(torch.randn(8, 3)))).mean()
    for a, b in zip(whole, torch.autograd.grad(fooled, list(model.decoder.parameters())), strict=True):
        torch.testing.assert_close(a, b)


def test_what_is_made_comes_to_the_data():
    """A generator of grey finds how dark the data are; it may swing about that, as a game does."""
    trainer, x = play("gan", d=1)
    level = torch.rand(64, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    x = (0.7 + 0.2 * level).expand(64, *x.shape[1:]).contiguous()
    z = torch.randn(200, 1, generator=torch.Generator().manual_seed(1))
    off = []
    for step in range(250):
        if step % 10 == 0:
            off.append(abs(float(trainer.model.decode(z).mean().detach()) - 0.8))
        trainer.train_step(x)
    assert off[0] > 0.25
    assert min(off) < 0.1


def test_the_encoder_finds_what_a_generator_at_rest_was_given():
    """The discriminator says the same of everything, so that the decoder stays; the data are its own samples."""
    trainer, _ = play("gan", d=1)
    model, objective = trainer.model, trainer.objective
    with torch.no_grad():
        model.decoder[-2].weight.mul_(20)  # so that samples differ
        objective.discriminator[1].weight.zero_()
        x = model.decode(torch.randn(64, 1, generator=torch.Generator().manual_seed(0)))
    trainer.groups[0].lr, trainer.groups[1].lr = 1e-2, 0.0
    decoder = [p.detach().clone() for p in model.decoder.parameters()]
    first = objective(model, x, 0).parts
    for _ in range(100):
        last = trainer.train_step(x).parts
    assert all(torch.equal(p, old) for p, old in zip(model.decoder.parameters(), decoder, strict=True))
    assert float(last["regression"].mean()) < 0.25 * float(first["regression"].mean())
    assert float(last["distortion"].mean()) < float(first["distortion"].mean())
