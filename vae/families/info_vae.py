"""The InfoVAE: a smaller weight on the rate, and a divergence between aggregate posterior and prior."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.penalties import KERNELS, mmd_to_prior
from ..losses.schedules import constant, warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    alpha_mi: float = knob(
        0.5,
        "weight of mutual information: the rate is weighted by 1 - alpha_mi, the MMD by alpha_mi + lambda_mmd - 1",
        low=0.0,
        high=1.0,
    )
    lambda_mmd: float = knob(
        100.0, "weight of the MMD between codes and prior", low=0.0, high=1e6, log=True, term="mmd"
    )
    kernel: str = knob(
        "rbf",
        "kernel of the MMD: Gaussian (rbf) or inverse multiquadratics at seven scales (imq)",
        choices=tuple(KERNELS),
    )


@family(
    name="info_vae",
    kind="matched to a prior",
    title=N_("InfoVAE"),
    summary=N_("a smaller weight on the rate, plus the MMD between aggregate posterior and prior"),
    paper="Zhao et al., 2019, InfoVAE: balancing learning and inference in variational autoencoders",
    departures=(
        N_(
            "The Gaussian kernel of the MMD is exp(-|z - z'|² / 2d), as broad as the prior; the authors' code has "
            "d² in place of 2d."
        ),
    ),
    hparams=Hparams,
    other=N_("MMD"),
    idea=N_(
        "The rate pulls every single posterior towards the prior, which discourages informative codes. Here "
        "the rate gets a smaller weight, and the codes of all samples together are compared with samples of "
        "the prior by the maximum mean discrepancy (MMD). Codes stay informative while the aggregate "
        "posterior still matches the prior, but the loss is not the negative ELBO."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + (1 - \alpha) \, "
        r"\R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}"
        r" + \O{(\alpha + \lambda - 1) \, \mathrm{MMD}^2\left(q(z), p(z)\right)}"
    ),
)
def build(spec: Spec, h: Hparams):
    """Distortion + (1 - alpha) rate + (alpha + lambda - 1) MMD(q(z), p(z)): Zhao et al., 2019, with the MMD as
    divergence, biased as in the paper's code. alpha = 0, lambda = 1 is the VAE; alpha = 1 is the MMD-VAE."""
    mmd = mmd_to_prior(KERNELS[h.kernel], unbiased=False)
    weight = constant(h.alpha_mi + h.lambda_mmd - 1)
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, 1 - h.alpha_mi, h.warmup_steps), mmd=(mmd, weight))
