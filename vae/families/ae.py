"""The plain autoencoder: a deterministic code and no prior."""

from __future__ import annotations

from ..losses.objectives import Sum
from ..models.bottlenecks import Deterministic
from ..models.model import VAE, NetHparams
from ..registry import family
from ..text import N_
from ..types import Spec


@family(
    name="ae",
    kind="plain",
    title=N_("Autoencoder"),
    summary=N_("a deterministic code, no prior"),
    paper="Hinton and Salakhutdinov, 2006, Reducing the dimensionality of data with neural networks",
    departures=(
        N_(
            "All layers are trained at once from random weights; the paper trains them one by one first, as "
            "restricted Boltzmann machines."
        ),
    ),
    hparams=NetHparams,
    traits=("deterministic",),
    idea=N_(
        "An encoder compresses a sample into a few numbers, and a decoder reconstructs it from them alone. "
        "The code has to carry what the reconstruction needs most, so similar samples tend to get similar "
        "codes. Nothing constrains where codes lie: there is no prior to sample from, and the decoder is "
        "not trained between codes."
    ),
    formula=r"\D{-\log p(x \mid z)}, \quad z = e(x)",
)
def build(spec: Spec, h: NetHparams):
    return VAE(spec, h, Deterministic), Sum()
