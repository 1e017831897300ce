"""The DIP-VAE: the covariance of the codes is matched to that of the prior."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.penalties import between_dims, within_dims
from ..losses.schedules import constant, warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    dip: str = knob("I", "covariance of the posterior means (I) or of the sampled codes (II)", choices=("I", "II"))
    lambda_od: float = knob(10.0, "weight of the squared covariances between dimensions", low=0.0, high=1e5, log=True)
    lambda_d: float = knob(
        -1.0,
        "weight of the squared differences of variances from 1; negative: the paper's, 10 lambda_od for I and "
        "lambda_od for II",
        low=-1.0,
        high=1e5,
    )

    def weight_of_variances(self) -> float:
        """lambda_d, or the one that Kumar et al., 2018, section 4, choose for the variant."""
        if self.lambda_d >= 0:
            return self.lambda_d
        return self.lambda_od * (10 if self.dip == "I" else 1)


@family(
    name="dip_vae",
    kind="disentangling",
    title=N_("DIP-VAE"),
    summary=N_("the covariance of the codes is matched to that of the prior"),
    paper="Kumar et al., 2018, Variational inference of disentangled latent concepts from unlabeled observations",
    departures=(),
    hparams=Hparams,
    other=N_("covariance penalty"),
    idea=N_(
        "The codes of the data should have the covariance of the prior: unit variances and no correlations. "
        "C is the covariance of the posterior means (DIP-VAE-I) or of the sampled codes (DIP-VAE-II), "
        "estimated on each batch; its deviation from the identity is penalised in addition to the rate. The "
        "penalty is cheap, but uncorrelated dimensions may still depend on each other."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}"
        r" + \O{\lambda_{od} \sum_{i \neq j} C_{ij}^2 + \lambda_d \sum_i (C_{ii} - 1)^2}"
    ),
)
def build(spec: Spec, h: Hparams):
    """Kumar et al., 2018, equations 6 (I) and 7 (II)."""
    objective = Sum(
        beta=warmup(h.warmup, 1.0, h.warmup_steps),
        covariance_between=(between_dims(h.dip), constant(h.lambda_od)),
        variance_off=(within_dims(h.dip), constant(h.weight_of_variances())),
    )
    return VAE(spec, h, Gaussian), objective
