"""The adversarial autoencoder: a discriminator matches the aggregate posterior to the prior."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..losses import terms
from ..losses.adversary import fooling, telling_apart
from ..models.bottlenecks import PriorMatched
from ..models.model import VAE, NetHparams
from ..models.nets.discriminator import discriminator
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Loss, Spec

DEPTH = 2  # hidden layers of the discriminator, as in the paper's experiments


@dataclass(frozen=True)
class Hparams(NetHparams):
    lambda_adversary: float = knob(
        10.0, "weight of the adversarial loss relative to the distortion, both in nats", low=0.0, high=1e6, log=True
    )
    r1: float = knob(
        1.0,
        "weight of the gradient penalty on the discriminator at samples of the prior; 0: none",
        low=0.0,
        high=1e4,
        log=True,
    )
    adversary_width: int = knob(1000, "units per hidden layer of the discriminator", low=1, high=8192)


class PriorAdversary(nn.Module):
    """Distortion + lambda * -log D(z), where D(z) is the probability that z is a sample of p(z); nats.

    The discriminator learns to tell samples of p(z) from codes. Makhzani et al., 2015. The paper has a step of
    reconstruction and one of regularisation for each batch; here each step minimises their weighted sum. The paper's
    discriminator has no gradient penalty: without one (r1 = 0) it wins, and training becomes unstable.
    """

    def __init__(self, d: int, h: Hparams):
        super().__init__()
        self.discriminator = discriminator(d, h.adversary_width, DEPTH)
        self.weight, self.r1 = h.lambda_adversary, h.r1

    def forward(self, model: VAE, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        output = model(x, c)
        z = output.latent.z
        parts = {"distortion": terms.distortion(model, output, x), "fooling": fooling(self.discriminator, z)}
        total = (parts["distortion"] + self.weight * parts["fooling"]).mean()
        adversary = telling_apart(self.discriminator, torch.randn_like(z), z, self.r1)
        return Loss(total, {name: value.detach() for name, value in parts.items()}, adversary)


@family(
    name="aae",
    kind="matched to a prior",
    title=N_("Adversarial autoencoder"),
    summary=N_("a deterministic code; a discriminator matches the aggregate posterior to the prior"),
    paper="Makhzani et al., 2015, Adversarial autoencoders",
    departures=(
        N_(
            "The reconstruction and the adversarial loss are minimised in one step as a weighted sum "
            "(`lambda_adversary`); the paper has two steps for each batch."
        ),
        N_(
            "The discriminator has a gradient penalty (R1, Mescheder et al., 2018); `r1` = 0 removes it, as in "
            "the paper."
        ),
    ),
    hparams=Hparams,
    other=N_("adversarial loss"),
    traits=("adversarial", "deterministic"),
    idea=N_(
        "An autoencoder whose codes are matched to the prior by a discriminator, which learns to tell codes "
        "from samples of the prior while the encoder learns to fool it. Only the distribution of all codes "
        "has to match the prior: each code is a point, so no rate blurs the reconstructions. The price is "
        "an adversarial game instead of a minimum: there is no bound, and the loss does not show how close "
        "the match is."
    ),
    formula=(
        r"\D{-\log p(x \mid z)} - \lambda \, \O{\log D(z)}, \quad z = e(x), \quad "
        r"\max_D \; \O{\mathbb{E}_{p(z)} \log D(z) + \mathbb{E}_{q(z)} \log (1 - D(z))}"
    ),
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, PriorMatched), PriorAdversary(h.d, h)
