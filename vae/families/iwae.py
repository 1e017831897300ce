"""The importance-weighted autoencoder: a bound from several samples of the posterior, tighter than the ELBO."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import ImportanceWeighted
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, NetHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    k: int = knob(5, "posterior samples per data sample in the training bound", low=1, high=1000, log=True, term="nll")
    gradient: str = knob(
        "iwae",
        "gradient estimator of the encoder: iwae, or dreg (doubly reparameterised), which is less noisy",
        choices=("iwae", "dreg"),
    )


@family(
    name="iwae",
    title=N_("Importance-weighted autoencoder"),
    summary=N_("trained on a bound from k samples of the posterior, tighter than the ELBO"),
    paper="Burda et al., 2016, Importance weighted autoencoders",
    departures=(),
    hparams=Hparams,
    other=N_("importance weighting"),
    idea=N_(
        "The loss averages the importance weights of k codes sampled from the posterior, so that better "
        "ones count more. The bound gets tighter as k grows, and the true posterior need not look like a "
        "Gaussian. The price is k decoder passes per sample and a noisier gradient for the encoder, which "
        "the doubly reparameterised estimator (dreg) makes less noisy."
    ),
    formula=(
        r"\O{-\mathbb{E} \log \frac{1}{k} \sum_{i=1}^{k}} \, "
        r"\frac{\D{p(x \mid z_i)} \, \R{p(z_i)}}{\R{q(z_i \mid x)}}, \quad z_i \sim q(z \mid x)"
    ),
)
def build(spec: Spec, h: Hparams):
    """gradient "dreg": Tucker et al., 2019, Doubly reparameterized gradient estimators for Monte Carlo objectives."""
    return VAE(spec, h, Gaussian), ImportanceWeighted(h.k, doubly_reparameterised=h.gradient == "dreg")
