"""The importance-weighted autoencoder: a bound from several draws, tighter than the VAE's."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import ImportanceWeighted
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, NetHparams
from ..registry import family
from ..settings import knob
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    k: int = knob(5, "draws a sample in the bound that is trained", low=1, high=1000, log=True)
    gradient: str = knob(
        "iwae", "of the encoder: iwae, or dreg, doubly reparameterised: less noise", choices=("iwae", "dreg")
    )


@family(
    name="iwae",
    title="Importance-weighted autoencoder",
    summary="the VAE trained on a bound of several draws, which tightens with their number",
    paper="Burda et al., 2016, Importance weighted autoencoders",
    hparams=Hparams,
    idea=(
        "Several draws of the code explain a sample together, and the better ones count more. The more draws, the "
        "closer the bound comes to log p(x), and the less the true posterior must look like a Gaussian. The price is "
        "a decoder pass a draw and an encoder that learns from a noisier signal, which the doubly reparameterised "
        "gradient calms."
    ),
    formula=r"\O{-\mathbb{E} \log \frac{1}{k} \sum_{i=1}^{k}} \, "
    r"\frac{\D{p(x \mid z_i)} \, \R{p(z_i)}}{\R{q(z_i \mid x)}}, \quad z_i \sim q(z \mid x)",
)
def build(spec: Spec, h: Hparams):
    """gradient "dreg": Tucker et al., 2019, Doubly reparameterized gradient estimators for Monte Carlo objectives."""
    return VAE(spec, h, Gaussian), ImportanceWeighted(h.k, doubly_reparameterised=h.gradient == "dreg")
