"""The Wasserstein autoencoder: a deterministic code; the aggregate posterior is matched to the prior."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.penalties import imq, mmd_to_prior
from ..losses.schedules import constant
from ..models.bottlenecks import PriorMatched
from ..models.model import VAE, NetHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    lambda_mmd: float = knob(
        100.0, "weight of the MMD between codes and prior", low=0.0, high=1e6, log=True, term="mmd"
    )


@family(
    name="wae",
    kind="matched to a prior",
    title=N_("Wasserstein autoencoder (MMD)"),
    summary=N_("a deterministic code; the MMD matches the aggregate posterior to the prior"),
    paper="Tolstikhin et al., 2018, Wasserstein auto-encoders",
    departures=(
        N_("The kernel is a sum over seven scales, as in the authors' code; the paper's (section 4) has one."),
        N_(
            "The cost of transport is -log p(x|z), which equals the paper's squared error up to a constant only "
            "if `sigma` = 0.7071."
        ),
        N_("The encoder is not pretrained; the authors first match the mean and covariance of its codes to the prior."),
    ),
    hparams=Hparams,
    other=N_("MMD"),
    traits=("deterministic",),
    idea=N_(
        "The code of a sample is a point, and only the distribution of all codes, the aggregate posterior, "
        "has to match the prior, as measured by the maximum mean discrepancy (MMD). Codes of different "
        "samples need not overlap, so reconstructions are sharper than a VAE's, and there is a prior to "
        "sample from. Without a posterior there is no rate, and no bound to compare models by."
    ),
    formula=(
        r"\D{-\log p(x \mid z)} + \lambda \, "
        r"\O{\mathrm{MMD}^2\left(q(z), p(z)\right)}, \quad z = e(x)"
    ),
)
def build(spec: Spec, h: Hparams):
    """Tolstikhin et al., 2018, algorithm 2: unbiased MMD, inverse multiquadratic kernel. The cost of transport is
    -log p(x|z), which for sigma = sqrt(1/2) equals the paper's squared error up to a constant."""
    return VAE(spec, h, PriorMatched), Sum(mmd=(mmd_to_prior(imq, unbiased=True), constant(h.lambda_mmd)))
