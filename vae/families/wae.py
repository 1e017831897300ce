"""The Wasserstein autoencoder: a deterministic code, and the codes together look like the prior."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.penalties import imq, mmd_to_prior
from ..losses.schedules import constant
from ..models.bottlenecks import PriorMatched
from ..models.model import VAE, NetHparams
from ..registry import family
from ..settings import knob
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    lambda_mmd: float = knob(100.0, "weight of the mmd of codes and prior, in nats", low=0.0, high=1e6, log=True)


@family(
    name="wae",
    kind="matched to a prior",
    title="Wasserstein autoencoder (MMD)",
    summary="a deterministic code; all codes together are matched to a prior, so it samples but has no bound",
    paper="Tolstikhin et al., 2018, Wasserstein auto-encoders",
    hparams=Hparams,
    traits=("deterministic",),
    idea=(
        "The code of a sample is a point, not a distribution, and only the cloud of all codes has to look like the "
        "prior. Samples need not overlap in the latent, so pictures stay sharper than a VAE's, and there is a prior "
        "to draw from. Without a posterior there is no rate and no bound to compare by."
    ),
    formula=r"\D{-\log p(x \mid z)} + \lambda \, "
    r"\O{\mathrm{MMD}^2\left(q(z), p(z)\right)}, \quad z = e(x)",
)
def build(spec: Spec, h: Hparams):
    """Tolstikhin et al., 2018, algorithm 2: unbiased mmd, inverse multiquadratic kernel. The cost of transport is
    -log p(x|z), which with sigma = sqrt(1/2) is the paper's squared error but for a constant."""
    return VAE(spec, h, PriorMatched), Sum(mmd=(mmd_to_prior(imq, unbiased=True), constant(h.lambda_mmd)))
