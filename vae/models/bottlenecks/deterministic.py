"""Deterministic codes: without a prior (Rumelhart et al., 1986), or with the aggregate matched to one."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...errors import SettingError
from ...text import _
from ...types import Latent


class Code(nn.Module):
    """Abstract: features (b, f) -> z, with std 0 and no rate."""

    def __init__(self, features: int, d: int):
        super().__init__()
        self.d = d
        self.head = nn.Linear(features, d)

    def forward(self, h: Float[Tensor, "b f"]) -> Latent:
        z = self.head(h)
        return Latent(z, z, torch.zeros_like(z))


class Deterministic(Code):
    """A code without a prior to sample from."""

    has_prior = False

    def sample_prior(self, n: int, generator: torch.Generator, temperature: float = 1.0) -> Float[Tensor, "n d"]:
        """Raises: SettingError: always."""
        raise SettingError(_("a plain autoencoder has no prior to sample from; use source='aggregate'."))


class PriorMatched(Code):
    """Codes whose distribution the objective matches to p(z) = N(0, I): the prior can be sampled; there is no bound.

    Tolstikhin et al., 2018.
    """

    has_prior = True

    def sample_prior(self, n: int, generator: torch.Generator, temperature: float = 1.0) -> Float[Tensor, "n d"]:
        """n samples z ~ N(0, temperature^2 I), the same on every device."""
        return temperature * torch.randn(n, self.d, generator=generator)
