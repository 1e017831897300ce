"""The beta-VAE: a rate that weighs more (or less) than one nat a nat."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..settings import knob
from ..types import Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    beta: float = knob(4.0, "weight of the rate against the distortion, both in nats", low=0.0, high=1000.0, log=True)


@family(
    name="beta_vae",
    title="beta-VAE",
    summary="the same with `beta` nats paid for each nat of rate",
    paper="Higgins et al., 2017, beta-VAE: learning basic visual concepts with a constrained variational framework",
    hparams=Hparams,
    idea=(
        "The VAE with a price tag: a nat of code costs beta nats of reconstruction. A high beta makes the encoder "
        "say only what pays best, which tends to separate the factors of variation; a low one buys sharpness. "
        "Away from beta = 1 what is minimised is no bound any more, so elbo, distortion and rate are reported "
        "unweighted."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \beta \, "
    r"\R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}",
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, h.beta, h.warmup_steps))
