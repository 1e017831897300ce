"""The FactorVAE: the total correlation of the codes, as a discriminator sees it, weighs on top of the rate."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..losses import terms
from ..losses.objectives import weigh
from ..losses.schedules import Schedule, warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..models.nets.discriminator import discriminator
from ..registry import family
from ..settings import knob
from ..types import Loss, Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    gamma_density: float = knob(
        6.0,
        "weight of the total correlation on top of the rate; at 0 it is the VAE (the paper's gamma)",
        low=0.0,
        high=1000.0,
        log=True,
    )
    adversary_width: int = knob(1000, "units of a hidden layer of the adversary", low=1, high=8192)
    adversary_depth: int = knob(6, "hidden layers of the adversary", low=1, high=12)


def permute_dims(z: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
    """Each dimension shuffled over the batch by itself: draws of prod_j q(z_j). Kim and Mnih, 2018, algorithm 1."""
    return z.gather(0, torch.rand_like(z).argsort(0))


class DensityRatio(nn.Module):
    """Distortion + rate + gamma * log odds that z is a draw of q(z), not of prod_j q(z_j), nats.

    The adversary's log odds estimate log q(z) / prod_j q(z_j), whose mean is the total correlation. It minimises its
    cross-entropy, nats, on codes it may not move. Kim and Mnih, 2018, equations 2 and 3, algorithm 2; there a second
    batch makes the permuted codes and serves nothing else, here the second half of the one batch, all of which
    trains the VAE, so that a step sees as many samples as any other family's.
    """

    def __init__(self, d: int, h: Hparams):
        super().__init__()
        self.discriminator = discriminator(d, h.adversary_width, h.adversary_depth)
        self.gamma = h.gamma_density
        self.beta: Schedule = warmup(h.warmup, 1.0, h.warmup_steps)

    def forward(self, model: nn.Module, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        output = model(x, c)
        loss = weigh(
            output,
            {
                "distortion": (terms.distortion(model, output, x), 1.0),
                "rate": (terms.rate(model, output, x), self.beta(step)),
                "total_correlation": (self.discriminator(output.latent.z), self.gamma),
            },
        )
        return dataclasses.replace(loss, adversary=self.cross_entropy(output.latent.z.detach()))

    def cross_entropy(self, z: Float[Tensor, "b d"]) -> Float[Tensor, ""]:
        """Of the discriminator between the first half of z and the second, permuted; nats. At chance it is log 2."""
        half = max(1, len(z) // 2)
        joint, other = z[:half], z[-half:]
        return 0.5 * (
            F.softplus(-self.discriminator(joint)).mean() + F.softplus(self.discriminator(permute_dims(other))).mean()
        )


@family(
    name="factor_vae",
    kind="disentangling",
    title="FactorVAE",
    summary="the total correlation, as a discriminator sees it, weighs on top of the rate",
    paper="Kim and Mnih, 2018, Disentangling by factorising",
    hparams=Hparams,
    traits=("adversarial",),
    idea=(
        "A second net learns to tell codes from codes whose dimensions were shuffled across samples; as long as it "
        "can, the dimensions depend on each other. Its log odds estimate the total correlation, which weighs on top "
        "of the rate, so that factors come apart at little cost to the pictures. It is a game of two players: each "
        "is only as good as the other lets it be."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}"
    r" + \gamma \, \O{\mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)}",
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Gaussian), DensityRatio(h.d, h)
