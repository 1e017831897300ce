"""The contractive autoencoder: the code hardly moves where the sample does."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.penalties import contraction
from ..losses.schedules import constant
from ..models.bottlenecks import Deterministic
from ..models.model import VAE, NetHparams
from ..registry import family
from ..settings import knob
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    lambda_contractive: float = knob(
        1.0, "weight of the squared norm of the encoder's Jacobian, in nats", low=0.0, high=1e6, log=True
    )
    jacobian: str = knob(
        "hutchinson",
        "hutchinson: one backward pass along random signs, unbiased; exact: one for each latent dimension, far slower",
        choices=("hutchinson", "exact"),
    )


@family(
    name="contractive_ae",
    kind="plain",
    title="Contractive autoencoder",
    summary="the autoencoder whose code is made to change little with its sample",
    paper="Rifai et al., 2011, Contractive auto-encoders: explicit invariance during feature extraction",
    hparams=Hparams,
    traits=("deterministic",),
    idea=(
        "Beside the error, training minimises the slope of the encoder at every sample: the sum of all squared "
        "derivatives of the code by the pixels. The decoder still has to tell samples apart, so that the code keeps "
        "moving along the directions in which the data vary and stands still across them. It costs a second "
        "derivative, there is no prior, and part of the penalty is saved by a smaller code that the decoder scales up "
        "again."
    ),
    formula=r"\D{-\log p(x \mid z)} + \lambda \, "
    r"\O{\left\| \frac{\partial e(x)}{\partial x} \right\|_F^2}, \quad z = e(x)",
)
def build(spec: Spec, h: Hparams):
    """Rifai et al., 2011, with -log p(x|z) for the error. The paper's decoder has the encoder's weights, transposed,
    so that a smaller code is a worse one; here their weights are apart, and the code linear, not a sigmoid's."""
    term = contraction(exact=h.jacobian == "exact")
    return VAE(spec, h, Deterministic), Sum(jacobian_square=(term, constant(h.lambda_contractive)))
