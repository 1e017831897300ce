"""A diagonal Gaussian posterior under a standard normal prior. Kingma and Welling, 2014."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...losses.gaussian import kl_to_standard_normal, log_normal
from ...types import Latent


class Gaussian(nn.Module):
    """features (b, f) -> q(z|x) = N(mu, diag(std^2)), with p(z) = N(0, I)."""

    has_prior = True

    def __init__(self, features: int, d: int):
        super().__init__()
        self.d = d
        self.head = nn.Linear(features, 2 * d)

    def forward(self, h: Float[Tensor, "b f"]) -> Latent:
        mu, std = mean_and_std(self.head(h))
        kl = kl_to_standard_normal(mu, std)
        return Latent(mu + std * torch.randn_like(std), mu, std, [kl.sum(1)], kl)

    def sample_prior(self, n: int, generator: torch.Generator, temperature: float = 1.0) -> Float[Tensor, "n d"]:
        """n samples z ~ N(0, temperature^2 I), the same on every device."""
        return temperature * torch.randn(n, self.d, generator=generator)

    def resample(self, q: Latent, k: int) -> Latent:
        """k new samples z_i ~ q(z|x) for every row, (k b, d), all rows of the first sample first."""
        mu, std = q.mu.repeat(k, 1), q.std.repeat(k, 1)
        return Latent(mu + std * torch.randn_like(std), mu, std)

    def log_prior(self, z: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        """log p(z), nats."""
        return -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)

    def log_posterior(self, z: Float[Tensor, "b d"], q: Latent) -> Float[Tensor, " b"]:
        """log q(z|x), nats."""
        return log_normal(z, q.mu, q.std)


def mean_and_std(head: Float[Tensor, "b d2"]) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]:
    """Mean and standard deviation from the outputs of a linear layer: means, then log variances."""
    mu, logvar = head.chunk(2, dim=1)
    logvar = logvar.clamp(-14.0, 8.0)  # std from 1e-3 to 55: outside, exp overflows before training recovers
    std = (0.5 * logvar).exp()
    return mu, std
