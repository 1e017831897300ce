"""The FactorVAE: the total correlation, estimated by a discriminator, is penalised in addition to the rate."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..losses import terms
from ..losses.batch_shares import gathered, mean_of_mine, mine, shared
from ..losses.objectives import weigh
from ..losses.schedules import Schedule, warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..models.nets.discriminator import discriminator
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Loss, Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    gamma_density: float = knob(
        6.0,
        "weight of the total correlation (the paper's gamma); 0 gives the VAE",
        term="total-correlation",
        low=0.0,
        high=1000.0,
        log=True,
    )
    adversary_width: int = knob(1000, "units per hidden layer of the discriminator", low=1, high=8192)
    adversary_depth: int = knob(6, "hidden layers of the discriminator", low=1, high=12)


def permute_dims(z: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
    """Shuffles each dimension over the batch: samples of prod_j q(z_j). Kim and Mnih, 2018, algorithm 1."""
    return z.gather(0, shared(torch.rand_like(z)).argsort(0))


class DensityRatio(nn.Module):
    """Distortion + rate + gamma * log odds that z is a sample of q(z), not of prod_j q(z_j), nats.

    The discriminator's log odds estimate log q(z) / prod_j q(z_j), whose mean is the total correlation. It minimises
    its cross-entropy, nats; no gradient of it reaches the codes. Kim and Mnih, 2018, equations 2 and 3, algorithm 2.
    The paper permutes the codes of a second batch; here the second half of the same batch is permuted, and all of it
    trains the VAE, so that a step uses as many samples as in any other family.
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
        """Cross-entropy between the first half of z and the permuted second half, nats; log 2 at chance."""
        z = gathered(z)
        half = max(1, len(z) // 2)
        joint, permuted = mine(z[:half]), mine(permute_dims(z[-half:]))
        return 0.5 * (
            mean_of_mine(F.softplus(-self.discriminator(joint)), half)
            + mean_of_mine(F.softplus(self.discriminator(permuted)), half)
        )


@family(
    name="factor_vae",
    kind="disentangling",
    title=N_("FactorVAE"),
    summary=N_("the total correlation, estimated by a discriminator, is penalised in addition to the rate"),
    paper="Kim and Mnih, 2018, Disentangling by factorising",
    departures=(
        N_(
            "The discriminator learns from the two halves of the batch, the second of them permuted, not from two "
            "batches (algorithm 2), so that a step takes as many samples as in other families."
        ),
        N_("Model and discriminator learn at `lr`, by default 1e-3; the paper uses 1e-4 for both."),
    ),
    hparams=Hparams,
    other=N_("total correlation"),
    traits=("adversarial",),
    idea=N_(
        "A discriminator learns to tell codes from codes whose dimensions were shuffled across samples, "
        "which is possible only if the dimensions depend on each other. Its log odds estimate the total "
        "correlation, which is penalised in addition to the rate. This encourages independent dimensions at "
        "a smaller cost in reconstruction than a large beta. The estimate is only as good as the "
        "discriminator, which is trained along with the model."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}"
        r" + \gamma \, \O{\mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)}"
    ),
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Gaussian), DensityRatio(h.d, h)
