"""The contractive autoencoder: small changes of a sample hardly change its code."""

from __future__ import annotations

from dataclasses import dataclass

from ..losses.objectives import Sum
from ..losses.penalties import contraction
from ..losses.schedules import constant
from ..models.bottlenecks import Deterministic
from ..models.model import VAE, NetHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    lambda_contractive: float = knob(
        1.0, "weight of the squared Frobenius norm of the encoder's Jacobian", low=0.0, high=1e6, log=True
    )
    jacobian: str = knob(
        "hutchinson",
        "hutchinson: unbiased estimate from one backward pass; exact: one pass per latent dimension, much slower",
        choices=("hutchinson", "exact"),
    )


@family(
    name="contractive_ae",
    kind="plain",
    title=N_("Contractive autoencoder"),
    summary=N_("an autoencoder whose code is insensitive to small changes of the sample"),
    paper="Rifai et al., 2011, Contractive auto-encoders: explicit invariance during feature extraction",
    departures=(
        N_(
            "Encoder and decoder do not share weights, and the code is linear; in the paper the decoder's weights "
            "are the encoder's, transposed, and the code is a sigmoid."
        ),
        N_("The norm of the Jacobian is estimated from one random direction; `jacobian` = exact computes it."),
    ),
    hparams=Hparams,
    other=N_("Jacobian penalty"),
    traits=("deterministic",),
    idea=N_(
        "Besides the distortion, training minimises the squared Frobenius norm of the encoder's Jacobian at "
        "every sample. The decoder still has to tell samples apart, so the code stays sensitive to the "
        "directions in which the data vary and becomes insensitive to all others. Training needs second "
        "derivatives, there is no prior, and part of the penalty can be avoided by scaling the code down "
        "and letting the decoder scale it up again."
    ),
    formula=(
        r"\D{-\log p(x \mid z)} + \lambda \, "
        r"\O{\left\| \frac{\partial e(x)}{\partial x} \right\|_F^2}, \quad z = e(x)"
    ),
)
def build(spec: Spec, h: Hparams):
    """Rifai et al., 2011, with -log p(x|z) as the error. In the paper the decoder's weights are the encoder's,
    transposed, so that a smaller code is a worse one; here the weights are not tied, and the code is linear."""
    term = contraction(exact=h.jacobian == "exact")
    return VAE(spec, h, Deterministic), Sum(jacobian_square=(term, constant(h.lambda_contractive)))
