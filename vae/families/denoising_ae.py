"""The denoising autoencoder: it is shown damaged samples and asked for the clean ones."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.corruption import CorruptionHparams
from ..losses.objectives import Sum
from ..models.bottlenecks import Deterministic
from ..models.model import VAE, NetHparams
from ..registry import family
from ..types import Spec


@dataclass(frozen=True)
class Hparams(CorruptionHparams, NetHparams): ...


@family(
    name="denoising_ae",
    kind="plain",
    title="Denoising autoencoder",
    summary="the autoencoder, shown damaged samples and asked for the clean ones",
    paper="Vincent et al., 2008, Extracting and composing robust features with denoising autoencoders",
    hparams=Hparams,
    traits=("deterministic",),
    idea=(
        "The encoder sees a damaged sample, and the decoder is asked for the clean one. Copying does not help, so "
        "the code must hold what the parts of a sample say of each other. Damage happens in training alone; there "
        "is still no prior."
    ),
    formula=r"\D{-\mathbb{E}_{\O{p(\tilde x \mid x)}} \log p(x \mid z)},"
    r" \quad z = e(\tilde x)",
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Deterministic), Sum(corrupt=h.corrupt())
