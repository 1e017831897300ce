"""Loss terms: pure functions (model, output, x) -> (b,), nats per sample."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from .types import Output


def distortion(model: nn.Module, output: Output, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """-log p(x|z) at the sampled z, nats. Alemi et al., 2018, section 2."""
    return -model.likelihood.log_prob(output.params, x)


def rate(model: nn.Module, output: Output, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """KL(q(z|x) || p(z)) over all levels, nats; 0 for a deterministic code. Alemi et al., 2018, section 2."""
    kl = output.latent.kl
    return sum(kl) if kl else x.new_zeros(len(x))
