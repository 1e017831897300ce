"""The plain autoencoder: a deterministic code and no prior."""

from __future__ import annotations

from ..losses.objectives import Sum
from ..models.bottlenecks import Deterministic
from ..models.model import VAE, NetHparams
from ..registry import family
from ..types import Spec


@family(
    name="ae",
    kind="plain",
    title="Autoencoder",
    summary="a deterministic code, no prior",
    paper="Hinton and Salakhutdinov, 2006, Reducing the dimensionality of data with neural networks",
    hparams=NetHparams,
    traits=("deterministic",),
    idea=(
        "An encoder squeezes a sample into a few numbers, and a decoder has to bring it back from them alone. "
        "What is kept is what the decoder needs most, so that like samples lie near each other. Nothing says "
        "where codes may lie: there is no prior to draw from, and between codes the decoder is untested."
    ),
    formula=r"\D{-\log p(x \mid z)}, \quad z = e(x)",
)
def build(spec: Spec, h: NetHparams):
    return VAE(spec, h, Deterministic), Sum()
