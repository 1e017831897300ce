"""The variational autoencoder."""

from __future__ import annotations

from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..types import Spec


@family(
    name="vae",
    title="Variational autoencoder",
    summary="a diagonal Gaussian posterior under a standard normal prior",
    paper="Kingma and Welling, 2014, Auto-encoding variational Bayes",
    hparams=RateHparams,
    idea=(
        "The encoder gives a cloud instead of a point, and the decoder must cope with any draw from it. Each nat by "
        "which the clouds differ from the prior is paid for, so codes are drawn together around it and new samples "
        "can be drawn from it, though all codes together need not fill it. The sum of both costs bounds how well the "
        "model explains the data; what is not worth its nats is blurred away."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}",
)
def build(spec: Spec, h: RateHparams):
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
