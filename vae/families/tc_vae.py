"""The beta-TCVAE: of the three parts of the rate, only the total correlation weighs more."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from ..losses import terms
from ..losses.aggregate import SAMPLING, decompose
from ..losses.objectives import weigh
from ..losses.schedules import Schedule, warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..settings import knob
from ..types import Loss, Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    gamma_tc: float = knob(
        6.0, "weight of the total correlation; at 1 it is the VAE (the paper's beta)", low=0.0, high=1000.0, log=True
    )
    minibatch: str = knob("stratified", "how a batch stands for the data set in q(z)", choices=SAMPLING)


class Decomposed(nn.Module):
    """Distortion + weight(step) * (mutual information + gamma_tc * total correlation + dimension-wise KL), nats.

    Chen et al., 2018, equation 4 with alpha = gamma = 1 and gamma_tc for their beta. The rate itself, in closed form,
    is reported and weighs nothing: the three terms are one draw of it.
    """

    def __init__(self, gamma_tc: float, weight: Schedule, n_data: int, sampling: str):
        super().__init__()
        self.gamma_tc, self.weight, self.n_data, self.sampling = gamma_tc, weight, n_data, sampling

    def forward(self, model: nn.Module, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        output = model(x, c)
        weight = {"total_correlation": self.gamma_tc}
        split = decompose(output.latent, self.n_data, self.sampling)
        return weigh(
            output,
            {
                "distortion": (terms.distortion(model, output, x), 1.0),
                "rate": (terms.rate(model, output, x), 0.0),
                **{k: (value, self.weight(step) * weight.get(k, 1.0)) for k, value in split.items()},
            },
        )


@family(
    name="tc_vae",
    kind="disentangling",
    title="beta-TCVAE",
    summary="of the three parts of the rate, the total correlation weighs `gamma_tc`",
    paper="Chen et al., 2018, Isolating sources of disentanglement in variational autoencoders",
    hparams=Hparams,
    idea=(
        "The rate has three parts: what the code says of the sample, how far its dimensions depend on each other, "
        "and how far each strays from the prior. Only the second, the total correlation, is made to weigh more, so "
        "dimensions come apart without the code being emptied. The parts need q(z) of all the data, which a batch "
        "only estimates."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} "
    r"+ \R{I(x; z)} + \gamma \, \O{\mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)}"
    r" + \R{\sum_j \mathrm{KL}\left(q(z_j) \,\|\, p(z_j)\right)}",
)
def build(spec: Spec, h: Hparams):
    weight = warmup(h.warmup, 1.0, h.warmup_steps)
    return VAE(spec, h, Gaussian), Decomposed(h.gamma_tc, weight, spec.n_data, h.minibatch)
