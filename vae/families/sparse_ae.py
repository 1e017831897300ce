"""The k-sparse autoencoder: only the k largest values of each code are kept."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..losses import terms
from ..losses.model import Model
from ..losses.objectives import weigh
from ..losses.penalties import keep_largest
from ..losses.schedules import linear
from ..models.bottlenecks import Deterministic
from ..models.model import VAE, NetHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Latent, Loss, Output, Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    active_share: float = knob(
        0.25, "share of the latent dimensions kept in a code, at least one; 1 keeps all", low=0.0, high=1.0
    )
    sparsify_steps: int = knob(
        250,
        "steps over which the share kept decreases from 1 to active_share, so that every dimension learns; half of the "
        "training in the paper",
        low=0,
        high=10_000_000,
    )


class KSparse(VAE):
    """An autoencoder that sets all but the k largest values of a code to 0, in training and afterwards."""

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__(spec, h, Deterministic)
        self.k = max(1, round(h.active_share * h.d))

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None, k: int | None = None) -> Latent:
        """k: how many values to keep; None: the model's own k."""
        z = keep_largest(super().infer(x, c).z, self.k if k is None else k)
        return Latent(z, z, torch.zeros_like(z))


class Sparsifying(nn.Module):
    """The distortion, nats; in training, k decreases from d to the model's own k over `steps`. Makhzani and Frey, 2014:
    with a small k from the start, the dimensions that happen to be largest stay so, and the others never learn."""

    def __init__(self, steps: int):
        super().__init__()
        self.progress = linear(1.0, steps)

    def size(self, model: KSparse, step: int) -> int:
        return round(model.d + (model.k - model.d) * self.progress(step))

    def forward(self, model: Model, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        latent = model.infer(x, k=self.size(model, step) if self.training else None)
        output = Output(model.params(latent.z), latent)
        distortion, rate = terms.distortion(model, output, x), terms.rate(model, output, x)
        return weigh(output, {"distortion": (distortion, 1.0), "rate": (rate, 1.0)})


@family(
    name="sparse_ae",
    kind="plain",
    title=N_("Sparse autoencoder (k-sparse)"),
    summary=N_("only the k largest values of each code are kept"),
    paper="Makhzani and Frey, 2014, k-sparse autoencoders",
    departures=(
        N_("Encoder and decoder do not share weights; in the paper each is one layer, with the same weights."),
        N_(
            "As many values are kept after training as in it; the paper keeps alpha k, with an alpha of at least 1 "
            "chosen on validation data (section 2.2)."
        ),
        N_("k decreases over `sparsify_steps`, not over the first half of the epochs (section 4.2.1)."),
    ),
    hparams=Hparams,
    other=N_("top-k selection"),
    traits=("deterministic",),
    idea=N_(
        "The encoder computes a full code, and all but its k largest values are set to 0 before decoding. A "
        "sample has to be described by a few dimensions, and different samples by different ones, so that "
        "dimensions specialise. A dimension that is never among the k largest learns nothing, which is why "
        "k starts at the full width and decreases gradually. Codes jump where the selection changes."
    ),
    formula=r"\D{-\log p(x \mid z)}, \quad z = \O{\mathrm{top}_k}\left(e(x)\right)",
)
def build(spec: Spec, h: Hparams):
    """Makhzani and Frey, 2014, algorithm 1, with the same k after training as in it: their alpha is 1.

    Not a weighted penalty such as |z|_1: without tied weights, it is avoided by scaling the code down and the decoder
    up, which brings no value closer to 0 relative to the others.
    """
    return KSparse(spec, h), Sparsifying(h.sparsify_steps)
