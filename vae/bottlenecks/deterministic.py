"""No distribution at all: the code of a plain autoencoder. Rumelhart et al., 1986."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import SettingError
from ..types import Latent


class Deterministic(nn.Module):
    """features (b, f) -> z, with std 0 and no rate. There is no prior to draw from."""

    has_prior = False

    def __init__(self, features: int, d: int):
        super().__init__()
        self.d = d
        self.head = nn.Linear(features, d)

    def forward(self, h: Float[Tensor, "b f"]) -> Latent:
        z = self.head(h)
        return Latent(z, z, torch.zeros_like(z))

    def sample_prior(self, n: int, generator: torch.Generator, temperature: float = 1.0) -> Float[Tensor, "n d"]:
        """Raises: SettingError: always."""
        raise SettingError("a plain autoencoder has no prior to draw from; use source='aggregate'.")
