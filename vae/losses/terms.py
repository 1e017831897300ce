"""Loss terms: pure functions (model, output, x) -> (b,), nats per sample."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add

import torch
from jaxtyping import Float
from torch import Tensor

from ..types import Latent, Output
from .batch_shares import gathered
from .model import Model


def distortion(model: Model, output: Output, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """-log p(x|z) at the sampled z, nats. Alemi et al., 2018, section 2."""
    return -model.likelihood.log_prob(output.params, x)


def rate(model: Model, output: Output, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """KL(q(z|x) || p(z)) summed over levels, nats; 0 for a deterministic code. Alemi et al., 2018, section 2."""
    kl = output.latent.kl
    return sum(kl) if kl else x.new_zeros(len(x))


def unspent(free_nats: float) -> Callable[[Model, Output, Tensor], Float[Tensor, " b"]]:
    """sum over levels of max(0, free_nats - KL of the level), with the batch mean of the KL; nats, equal for all
    samples.

    Rate plus this is sum max(free_nats, KL): free bits, Kingma et al., 2016, Improving variational inference with
    inverse autoregressive flow, section 4. It is a separate term, so that the rate is reported unchanged.
    """

    def term(model: Model, output: Output, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        spare = [(free_nats - gathered(level).mean()).clamp(min=0) for level in output.latent.kl]
        return reduce(add, spare).expand(len(x))

    return term


def log_weights(
    model: Model, x: Float[Tensor, "b ..."], q: Latent, k: int, c: Tensor | None = None, *, rows: int = 0
) -> Float[Tensor, "k b"]:
    """log p(x, z_i) - log q(z_i|x) for k draws z_i ~ q(z|x), nats. q = infer(x, c), so that x is encoded once.

    Burda et al., 2016, equation 7. The mean over i of exp(.) is an unbiased estimate of p(x).

    Args: rows: decoded at once, rounded to whole samples of all of x; 0: all. It changes neither samples nor weights.
    """
    draws = model.resample(q, k)
    together = max(1, rows // len(x)) if rows else k
    joint = torch.cat([log_joint(model, x, z, c) for z in draws.z.split(together * len(x))])
    return (joint - model.log_posterior(draws.z, draws)).view(k, len(x))


def log_weights_at(
    model: Model, x: Float[Tensor, "b ..."], z: Float[Tensor, "kb d"], q: Latent, c: Tensor | None = None
) -> Float[Tensor, "k b"]:
    """log p(x, z_i) - log q(z_i|x) for given z_i, nats; q has a row for each of them, as returned by `resample`."""
    return (log_joint(model, x, z, c) - model.log_posterior(z, q)).view(-1, len(x))


def log_joint(model: Model, x: Tensor, z: Float[Tensor, "kb d"], c: Tensor | None) -> Float[Tensor, " kb"]:
    """log p(x, z_i), nats, for k latents of each of b samples; k = 1 needs no copy of x."""
    k = len(z) // len(x)
    conditions = None if c is None else c.repeat(k, *(1,) * (c.ndim - 1))
    return model.log_joint(x.expand(k, *x.shape).flatten(0, 1), z, conditions)
