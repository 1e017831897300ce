"""The denoising VAE: it encodes a corrupted sample and reconstructs the clean one."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.corruption import CorruptionHparams
from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, RateHparams
from ..registry import family
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(CorruptionHparams, RateHparams): ...


@family(
    name="denoising_vae",
    title=N_("Denoising VAE"),
    summary=N_("a VAE that encodes corrupted samples; its loss is still a bound"),
    paper="Im et al., 2017, Denoising criterion for variational auto-encoding framework",
    departures=(
        N_(
            "A quarter of the values is masked; the paper uses salt and pepper or Gaussian noise, both of which "
            "`corruption` offers."
        ),
    ),
    hparams=Hparams,
    other=N_("corruption"),
    idea=N_(
        "A VAE that encodes a corrupted sample and reconstructs the clean one. Averaged over the "
        "corruption, its posterior is a mixture of Gaussians instead of a single one, and the loss is still "
        "a bound on log p(x) of the clean sample. The encoder learns not to depend on single pixels; "
        "corruption that removes what matters costs reconstruction quality."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid \tilde x)} \log p(x \mid z)} + "
        r"\R{\mathrm{KL}\left(q(z \mid \tilde x) \,\|\, p(z)\right)}, \quad \O{\tilde x \sim p(\tilde x \mid x)}"
    ),
)
def build(spec: Spec, h: Hparams):
    """-E log p(x, z) / q(z|x'), with x' ~ p(x'|x) and z ~ q(z|x'): still a bound on log p(x), for the posterior
    that corrupts x first. Im et al., 2017."""
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps), corrupt=h.corrupt())
