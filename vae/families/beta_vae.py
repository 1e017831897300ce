"""The beta-VAE: the rate is weighted by beta."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    beta: float = knob(
        4.0, "weight of the rate relative to the distortion", low=0.0, high=1000.0, log=True, term="beta"
    )


@family(
    name="beta_vae",
    title=N_("beta-VAE"),
    summary=N_("the VAE with the rate weighted by `beta`"),
    paper="Higgins et al., 2017, beta-VAE: learning basic visual concepts with a constrained variational framework",
    departures=(),
    hparams=Hparams,
    idea=N_(
        "A VAE whose rate is weighted by beta. With a large beta the code carries only what lowers the "
        "distortion most, which tends to disentangle the factors of variation; a small beta gives sharper "
        "reconstructions. For any beta other than 1 the loss is not the negative ELBO, so ELBO, distortion "
        "and rate are reported unweighted."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \beta \, "
        r"\R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}"
    ),
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, h.beta, h.warmup_steps))
