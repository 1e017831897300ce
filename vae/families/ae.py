"""The plain autoencoder: a deterministic code and no prior."""

from __future__ import annotations

from ..bottlenecks import Deterministic
from ..model import VAE, NetHparams
from ..objectives import Sum
from ..registry import family
from ..types import Spec


@family(
    name="ae",
    title="Autoencoder",
    paper="Hinton and Salakhutdinov, 2006, Reducing the dimensionality of data with neural networks",
    hparams=NetHparams,
    traits=("deterministic",),
)
def build(spec: Spec, h: NetHparams):
    return VAE(spec, h, Deterministic), Sum()
