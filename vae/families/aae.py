"""The adversarial autoencoder: a discriminator sees to it that the codes together look like the prior."""

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
from ..types import Loss, Spec

DEPTH = 2  # hidden layers of the discriminator, as in the paper's experiments


@dataclass(frozen=True)
class Hparams(NetHparams):
    lambda_adversary: float = knob(
        10.0, "weight of fooling the discriminator against the distortion, both in nats", low=0.0, high=1e6, log=True
    )
    r1: float = knob(
        1.0, "weight of the adversary's squared gradient at real draws; 0: none", low=0.0, high=1e4, log=True
    )
    adversary_width: int = knob(1000, "units of a hidden layer of the adversary", low=1, high=8192)


class PriorAdversary(nn.Module):
    """Distortion + lambda * -log D(z), D(z) being the chance that z is a draw of p(z); nats.

    The adversary learns to tell draws of p(z) from codes. Makhzani et al., 2015, section 2; there reconstruction and
    regularisation take turns, each with a step of its own, and here one step takes both, so a weight stands between
    them. The paper's adversary has no gradient penalty: without one (r1 = 0) it wins, and codes are driven about.
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
    title="Adversarial autoencoder",
    summary="a deterministic code that a discriminator holds to the prior",
    paper="Makhzani et al., 2015, Adversarial autoencoders",
    hparams=Hparams,
    traits=("adversarial", "deterministic"),
    idea=(
        "An autoencoder whose codes are pushed towards the prior by a second net, which learns to tell them from "
        "draws of the prior while the encoder learns to fool it. Only the codes together have to look like the prior: "
        "each of them is a point, and nothing is blurred for a rate. The price is a game instead of a minimum: how "
        "far the codes have got is not known, and there is no bound."
    ),
    formula=r"\D{-\log p(x \mid z)} - \lambda \, \O{\log D(z)}, \quad z = e(x), \quad "
    r"\max_D \; \O{\mathbb{E}_{p(z)} \log D(z) + \mathbb{E}_{q(z)} \log (1 - D(z))}",
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, PriorMatched), PriorAdversary(h.d, h)
