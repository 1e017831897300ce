"""The InfoVAE: less rate for each sample, a divergence of all codes from the prior in its place."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.penalties import KERNELS, mmd_to_prior
from ..losses.schedules import constant, warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..settings import knob
from ..types import Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    alpha_mi: float = knob(
        0.5,
        "mutual information preferred: the rate weighs 1 - alpha_mi, the mmd alpha_mi + lambda_mmd - 1",
        low=0.0,
        high=1.0,
    )
    lambda_mmd: float = knob(100.0, "weight of the mmd of codes and prior, in nats", low=0.0, high=1e6, log=True)
    kernel: str = knob(
        "rbf", "kernel of the mmd: Gaussian, or inverse multiquadratics of seven scales", choices=tuple(KERNELS)
    )


@family(
    name="info_vae",
    kind="matched to a prior",
    title="InfoVAE",
    summary="less rate, and the mean discrepancy of codes and prior in its place",
    paper="Zhao et al., 2019, InfoVAE: balancing learning and inference in variational autoencoders",
    hparams=Hparams,
    idea=(
        "The rate asks every single posterior to look like the prior, which discourages saying anything of a "
        "sample. Here it weighs less, and instead all codes together are compared with draws of the prior, by their "
        "mean discrepancy under a kernel. Codes keep their content and the prior still fits, but what is minimised "
        "is no bound."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + (1 - \alpha) \, "
    r"\R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}"
    r" + \O{(\alpha + \lambda - 1) \, \mathrm{MMD}^2\left(q(z), p(z)\right)}",
)
def build(spec: Spec, h: Hparams):
    """Distortion + (1 - alpha) rate + (alpha + lambda - 1) mmd(q(z), p(z)): Zhao et al., 2019, with the
    mmd as divergence, biased as in the paper's code. alpha = 0, lambda = 1 is the VAE, alpha = 1 the MMD-VAE."""
    mmd = mmd_to_prior(KERNELS[h.kernel], unbiased=False)
    weight = constant(h.alpha_mi + h.lambda_mmd - 1)
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, 1 - h.alpha_mi, h.warmup_steps), mmd=(mmd, weight))
