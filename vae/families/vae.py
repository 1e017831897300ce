"""The variational autoencoder."""

from __future__ import annotations

from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..text import N_
from ..types import Spec


@family(
    name="vae",
    title=N_("Variational autoencoder"),
    summary=N_("a diagonal Gaussian posterior and a standard normal prior"),
    paper="Kingma and Welling, 2014, Auto-encoding variational Bayes",
    departures=(),
    hparams=RateHparams,
    idea=N_(
        "The encoder returns a distribution instead of a point, and the decoder has to reconstruct from any "
        "sample of that distribution. The rate, its KL divergence from the prior, keeps codes close to the "
        "prior, so that new samples can be drawn from it, though the codes of all samples together need not "
        "fill it. The sum of distortion and rate bounds −log p(x) from above; details that would cost more "
        "nats of rate than they save in distortion are blurred."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}",
)
def build(spec: Spec, h: RateHparams):
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
