"""The beta-TCVAE: of the three parts of the rate, only the total correlation gets a larger weight."""

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
from ..text import N_
from ..types import Loss, Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    gamma_tc: float = knob(
        6.0,
        "weight of the total correlation (the paper's beta); 1 gives the VAE",
        low=0.0,
        high=1000.0,
        log=True,
        term="total-correlation",
    )
    minibatch: str = knob(
        "stratified", "estimator of q(z) from a batch: minibatch stratified or weighted sampling", choices=SAMPLING
    )


class Decomposed(nn.Module):
    """Distortion + weight(step) * (mutual information + gamma_tc * total correlation + dimension-wise KL), nats.

    Chen et al., 2018, equation 4 with alpha = gamma = 1 and gamma_tc for their beta. The rate in closed form is
    reported with weight 0: the three terms add up to a one-sample estimate of it.
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
    title=N_("beta-TCVAE"),
    summary=N_("of the three parts of the rate, the total correlation is weighted by `gamma_tc`"),
    paper="Chen et al., 2018, Isolating sources of disentanglement in variational autoencoders",
    departures=(
        N_(
            "q(z) is estimated by stratified sampling, which the paper has in its appendix; `minibatch` = weighted is "
            "the estimator of its main text."
        ),
        N_(
            "In stratified sampling all other samples of a batch have one weight, the mean over the paper's choice of "
            "one of them, whose weight differs."
        ),
    ),
    hparams=Hparams,
    other=N_("total correlation"),
    idea=N_(
        "The rate is the sum of three parts: the mutual information between sample and code, the total "
        "correlation of the dimensions, and the divergence of each dimension from the prior. Only the total "
        "correlation gets a larger weight, which encourages independent dimensions without penalising "
        "informative codes. All three parts need the aggregate posterior q(z), which can only be estimated "
        "from a batch."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} "
        r"+ \R{I(x; z)} + \gamma \, \O{\mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)}"
        r" + \R{\sum_j \mathrm{KL}\left(q(z_j) \,\|\, p(z_j)\right)}"
    ),
)
def build(spec: Spec, h: Hparams):
    weight = warmup(h.warmup, 1.0, h.warmup_steps)
    return VAE(spec, h, Gaussian), Decomposed(h.gamma_tc, weight, spec.n_data, h.minibatch)
