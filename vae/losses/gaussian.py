"""The diagonal Gaussian in closed form: its log density, and its KL divergence from the standard normal."""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor


def kl_to_standard_normal(mu: Float[Tensor, "b d"], std: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
    """KL(N(mu, std^2) || N(0, 1)) of each dimension, nats. Kingma and Welling, 2014, appendix B."""
    return 0.5 * (mu.square() + std.square() - 1) - std.log()


def log_normal(
    z: Float[Tensor, "... d"], mu: Float[Tensor, "... d"], std: Float[Tensor, "... d"]
) -> Float[Tensor, ...]:
    """log N(z; mu, diag(std^2)), nats; the arguments broadcast."""
    return log_normal_each(z, mu, std).sum(-1)


def log_normal_each(
    z: Float[Tensor, "... d"], mu: Float[Tensor, "... d"], std: Float[Tensor, "... d"]
) -> Float[Tensor, "... d"]:
    """log N(z_j; mu_j, std_j^2) of each dimension, nats: the terms of log_normal."""
    return -0.5 * (((z - mu) / std).square() + math.log(2 * math.pi)) - std.log()
