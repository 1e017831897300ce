"""One level of a ladder VAE: p(z_i | levels above) and q(z_i | x, levels above) share the top-down pass."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...losses.gaussian import kl_to_standard_normal, log_normal
from .gaussian import mean_and_std


class Diagonal(NamedTuple):
    """N(mean, diag(std^2)) of a batch, (b, d) each."""

    mean: Tensor
    std: Tensor

    def log_prob(self, z: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        """Nats."""
        return log_normal(z, *self)

    def kl(self, p: Diagonal) -> Float[Tensor, "b d"]:
        """KL(self || p) of each dimension, nats: the KL to N(0, 1) after standardising by p."""
        return kl_to_standard_normal((self.mean - p.mean) / p.std, self.std / p.std)


class Level(nn.Module):
    """state (b, s): summary of the levels above; features (b, f): the encoder's features of this level.

    Initially the prior is N(0, I), the state 0 and the posterior linear in the features, as in a VAE.
    posterior "precision": a Gaussian from the features and the prior, combined by their precisions (Sonderby et al.,
    2016; at the top level, the Gaussian alone).
    "residual": a shift and scaling of the prior from features and state (Vahdat and Kautz, 2020, section 3.2).
    """

    def __init__(self, features: int, state: int, d: int, *, top: bool, posterior: str):
        super().__init__()
        self.d, self.top, self.weighted = d, top, posterior == "precision"
        if not top:
            self.to_prior = two_layers(state, state, 2 * d)
        self.to_posterior = Bent(features if self.weighted else features + state, state, 2 * d)
        self.to_state = two_layers(state + d, state, state)

    def prior(self, state: Float[Tensor, "b s"]) -> Diagonal:
        """p(z_i | above); N(0, I) at the top."""
        if self.top:
            zeros = state.new_zeros(len(state), self.d)
            return Diagonal(zeros, zeros + 1)
        return Diagonal(*mean_and_std(self.to_prior(state)))

    def posterior(self, state: Float[Tensor, "b s"], features: Float[Tensor, "b f"], prior: Diagonal) -> Diagonal:
        """q(z_i | x, above)."""
        seen = features if self.weighted else torch.cat([features, state], 1)
        mean, std = mean_and_std(self.to_posterior(seen))
        if not self.weighted:
            return Diagonal(prior.mean + prior.std * mean, prior.std * std)
        if self.top:
            return Diagonal(mean, std)
        ours, theirs = std**-2, prior.std**-2
        return Diagonal((ours * mean + theirs * prior.mean) / (ours + theirs), (ours + theirs).rsqrt())

    def below(self, state: Float[Tensor, "b s"], z: Float[Tensor, "b d"]) -> Float[Tensor, "b s"]:
        """The state for the level below, or for the decoder."""
        return state + self.to_state(torch.cat([state, z], 1))


class Bent(nn.Module):
    """A linear map plus two layers that are initially zero."""

    def __init__(self, a: int, hidden: int, b: int):
        super().__init__()
        self.straight, self.bend = nn.Linear(a, b), two_layers(a, hidden, b)

    def forward(self, x: Float[Tensor, "b i"]) -> Float[Tensor, "b o"]:
        return self.straight(x) + self.bend(x)


def two_layers(a: int, hidden: int, b: int) -> nn.Sequential:
    """Two layers whose output is initially zero."""
    last = nn.Linear(hidden, b)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(a, hidden), nn.SiLU(), last)
