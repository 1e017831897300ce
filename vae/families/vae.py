"""The variational autoencoder."""

from __future__ import annotations

from ..bottlenecks import Gaussian
from ..model import VAE, RateHparams
from ..objectives import Sum
from ..registry import family
from ..schedules import warmup
from ..types import Spec


@family(
    name="vae",
    title="Variational autoencoder",
    paper="Kingma and Welling, 2014, Auto-encoding variational Bayes",
    hparams=RateHparams,
)
def build(spec: Spec, h: RateHparams):
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
