"""The k-sparse autoencoder: of every code only the k largest values are kept."""

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
from ..types import Latent, Loss, Output, Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    active_share: float = knob(
        0.25, "share of the latent dimensions kept in a code, the largest, at least one; 1 keeps all", low=0.0, high=1.0
    )
    sparsify_steps: int = knob(
        250,
        "steps over which what is kept falls from all to that share, so that each dimension learns; half of the "
        "training in the paper",
        low=0,
        high=10_000_000,
    )


class KSparse(VAE):
    """An autoencoder whose codes are 0 but for their k largest values, in training and after it."""

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__(spec, h, Deterministic)
        self.k = max(1, round(h.active_share * h.d))

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None, k: int | None = None) -> Latent:
        """k: how many to keep, where it is not the model's own number."""
        z = keep_largest(super().infer(x, c).z, self.k if k is None else k)
        return Latent(z, z, torch.zeros_like(z))


class Sparsifying(nn.Module):
    """The distortion, nats, where in training k falls from d to the model's own over `steps`. Makhzani and Frey, 2014:
    with few kept from the start, the dimensions that begin as the largest stay so, and others never learn."""

    def __init__(self, steps: int):
        super().__init__()
        self.fallen = linear(1.0, steps)

    def kept(self, model: KSparse, step: int) -> int:
        return round(model.d + (model.k - model.d) * self.fallen(step))

    def forward(self, model: Model, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        latent = model.infer(x, k=self.kept(model, step) if self.training else None)
        output = Output(model.params(latent.z), latent)
        distortion, rate = terms.distortion(model, output, x), terms.rate(model, output, x)
        return weigh(output, {"distortion": (distortion, 1.0), "rate": (rate, 1.0)})


@family(
    name="sparse_ae",
    kind="plain",
    title="Sparse autoencoder (k-sparse)",
    summary="of every code only the k largest values are kept",
    paper="Makhzani and Frey, 2014, k-sparse autoencoders",
    hparams=Hparams,
    traits=("deterministic",),
    idea=(
        "The encoder computes a whole code, and all but its k largest values are set to zero before the decoder sees "
        "it. A sample has to be told by a few dimensions, and different samples by different ones, so that each comes "
        "to stand for a part of some samples. A dimension that is never among the largest learns nothing, which is why "
        "k falls from all of them only by and by, and codes jump where the choice changes."
    ),
    formula=r"\D{-\log p(x \mid z)}, \quad z = \O{\mathrm{top}_k}\left(e(x)\right)",
)
def build(spec: Spec, h: Hparams):
    """Makhzani and Frey, 2014, algorithm 1, with the same k after training as in it (the paper's alpha is 1).

    No penalty with a weight, such as |z|_1: where decoder and encoder do not share their weights, it is saved by a
    smaller code with a louder decoder, and no value of it comes nearer to zero than the others.
    """
    return KSparse(spec, h), Sparsifying(h.sparsify_steps)
