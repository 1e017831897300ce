"""The DIP-VAE: the codes of the data are held to the covariance of the prior."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.penalties import between_dims, within_dims
from ..losses.schedules import constant, warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..settings import knob
from ..types import Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    dip: str = knob("I", "covariance of the posterior means (I) or of the codes themselves (II)", choices=("I", "II"))
    lambda_od: float = knob(10.0, "weight of squared covariances of two dimensions", low=0.0, high=1e5, log=True)
    lambda_d: float = knob(
        100.0,
        "weight of squared deviations of variances from 1; the paper takes 10 lambda_od in I and lambda_od in II",
        low=0.0,
        high=1e5,
        log=True,
    )


@family(
    name="dip_vae",
    kind="disentangling",
    title="DIP-VAE",
    summary="the codes of all the data are held to the covariance of the prior",
    paper="Kumar et al., 2018, Variational inference of disentangled latent concepts from unlabeled observations",
    hparams=Hparams,
    idea=(
        "All codes together should have the covariance of the prior: variances of one and nothing between dimensions. "
        "C is the covariance of the posterior means (DIP-VAE-I) or of the codes themselves (II), measured on the "
        "batch and penalised directly, beside the usual rate. It asks only for uncorrelated dimensions, which is less "
        "than independent ones, and is cheap."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}"
    r" + \O{\lambda_{od} \sum_{i \neq j} C_{ij}^2 + \lambda_d \sum_i (C_{ii} - 1)^2}",
)
def build(spec: Spec, h: Hparams):
    """Kumar et al., 2018, equations 6 (I) and 7 (II)."""
    objective = Sum(
        beta=warmup(h.warmup, 1.0, h.warmup_steps),
        covariance_between=(between_dims(h.dip), constant(h.lambda_od)),
        variance_off=(within_dims(h.dip), constant(h.lambda_d)),
    )
    return VAE(spec, h, Gaussian), objective
