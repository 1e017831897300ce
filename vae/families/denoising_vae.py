"""The denoising VAE: the posterior is that of a damaged sample, the likelihood that of the clean one."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.corruption import CorruptionHparams
from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..types import Spec


@dataclass(frozen=True)
class Hparams(CorruptionHparams, RateHparams): ...


@family(
    name="denoising_vae",
    title="Denoising VAE",
    summary="the VAE with the posterior of a damaged sample; still a bound",
    paper="Im et al., 2017, Denoising criterion for variational auto-encoding framework",
    hparams=Hparams,
    idea=(
        "The VAE with a posterior that first damages its sample: a mixture of Gaussians instead of one. What is "
        "minimised is still a bound on log p(x) of the clean sample, from a richer posterior, and the encoder "
        "learns not to trust single pixels. Damage that hides what matters costs reconstruction."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid \tilde x)} \log p(x \mid z)} + "
    r"\R{\mathrm{KL}\left(q(z \mid \tilde x) \,\|\, p(z)\right)}, \quad \O{\tilde x \sim p(\tilde x \mid x)}",
)
def build(spec: Spec, h: Hparams):
    """-E log p(x, z) / q(z|x'), with x' ~ p(x'|x) and z ~ q(z|x'): still a bound on log p(x), of the posterior
    that first damages x. Im et al., 2017."""
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps), corrupt=h.corrupt())
