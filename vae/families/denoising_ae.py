"""The denoising autoencoder: it reconstructs clean samples from corrupted ones."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.corruption import CorruptionHparams
from ..losses.objectives import Sum
from ..models.bottlenecks import Deterministic
from ..models.model import VAE, NetHparams
from ..registry import family
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(CorruptionHparams, NetHparams): ...


@family(
    name="denoising_ae",
    kind="plain",
    title=N_("Denoising autoencoder"),
    summary=N_("an autoencoder that reconstructs clean samples from corrupted ones"),
    paper="Vincent et al., 2008, Extracting and composing robust features with denoising autoencoders",
    departures=(
        N_(
            "A deep net is trained at once; the paper stacks layers, each trained for itself, to initialise a "
            "classifier."
        ),
    ),
    hparams=Hparams,
    other=N_("corruption"),
    traits=("deterministic",),
    idea=N_(
        "The encoder sees a corrupted sample, and the decoder reconstructs the clean one. Copying the input "
        "does not help, so the code has to capture how the parts of a sample depend on each other. Samples "
        "are corrupted during training only. As in the plain autoencoder, there is no prior."
    ),
    formula=(
        r"\D{-\mathbb{E}_{\O{p(\tilde x \mid x)}} \log p(x \mid z)},"
        r" \quad z = e(\tilde x)"
    ),
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Deterministic), Sum(corrupt=h.corrupt())
