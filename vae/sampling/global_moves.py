"""Kernels that jump to anywhere: i-SIR picks among fresh proposals by weight, Ex2MCMC refines what it picked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from ..losses.gaussian import log_normal
from .density import Density, State, noise
from .kernels import MALA, Kernel
from .mixture import Mixture


@runtime_checkable
class Proposal(Protocol):
    """A normalised density that can be sampled, wherever the chains are."""

    def draw(self, k: int, like: Tensor, generator: torch.Generator) -> Tensor:
        """k draws for each of the n rows of `like` (n, d), (k, n, d)."""
        ...

    def log_density(self, z: Tensor) -> Tensor:
        """(k, n, d) -> (k, n), nats."""
        ...


@dataclass(frozen=True)
class GaussianProposal:
    """N(mu, diag(std^2)), for all chains (d,) or one for each (n, d), such as the encoder's q(z|x)."""

    mu: Tensor
    std: Tensor

    def draw(self, k: int, like: Tensor, generator: torch.Generator) -> Tensor:
        return self.mu + self.std * noise(like.expand(k, *like.shape), generator)

    def log_density(self, z: Tensor) -> Tensor:
        return log_normal(z, self.mu, self.std)


class MixtureProposal:
    """The Gaussian mixture fitted to the codes of a model."""

    def __init__(self, mixture: Mixture, device: Any = "cpu"):
        self.log_weights = torch.from_numpy(np.log(mixture.weights)).to(device)
        self.means, self.factors = (torch.from_numpy(a).to(device) for a in (mixture.means, mixture.factors))

    def draw(self, k: int, like: Tensor, generator: torch.Generator) -> Tensor:
        n, d = like.shape
        weights = self.log_weights.exp().to(generator.device)
        which = torch.multinomial(weights, k * n, replacement=True, generator=generator).to(like.device)
        e = noise(like.new_empty(k * n, d), generator)
        return (self.means[which] + (self.factors[which] @ e[:, :, None])[:, :, 0]).view(k, n, d)

    def log_density(self, z: Tensor) -> Tensor:
        normal = torch.distributions.MultivariateNormal(self.means, scale_tril=self.factors, validate_args=False)
        return torch.logsumexp(self.log_weights + normal.log_prob(z[:, :, None]), 2)


@dataclass(frozen=True)
class ISIR:
    """Iterated sampling importance resampling: of the present state and `proposals` - 1 fresh draws, one is picked by
    its importance weight. Andrieu et al., 2010, section 2.4; Tjelmeland, 2004. Its state has no gradients."""

    proposal: Proposal
    proposals: int = 64
    length: float = 1.0
    target, longest = 0.0, math.inf

    def step(self, density: Density, state: State, generator: torch.Generator) -> tuple[State, Tensor]:
        n, d = state.z.shape
        fresh = self.proposal.draw(self.proposals - 1, state.z, generator)
        every = torch.cat([state.z[None], fresh])
        drawn = density.at(fresh.reshape(-1, d), gradient=False).values.view(len(state.values), -1, n)
        values = torch.cat([state.values[:, None], drawn], 1)
        log_p = sum(w * v for w, v in zip(density.weights, values, strict=True))
        log_w = (log_p - self.proposal.log_density(every)).nan_to_num(nan=-torch.inf)
        share = log_w.T.softmax(1).to(generator.device)
        pick = torch.multinomial(share, 1, generator=generator)[:, 0].to(state.z.device)
        row = torch.arange(n, device=state.z.device)
        return State(every[pick, row], values[:, pick, row]), 1 - share[:, 0].to(state.z)


@dataclass(frozen=True)
class Ex2MCMC:
    """A global move by i-SIR, then `refinements` steps of a local kernel. Samsonov et al., 2022, Local-global MCMC
    kernels: the best of both worlds, algorithm 1. The acceptance that it reports is that of the global move."""

    proposal: Proposal
    proposals: int = 64
    local: Kernel = field(default_factory=MALA)
    refinements: int = 3
    target, longest = 0.0, math.inf

    @property
    def length(self) -> Any:
        return self.local.length

    def step(self, density: Density, state: State, generator: torch.Generator) -> tuple[State, Tensor]:
        state, accepted = ISIR(self.proposal, self.proposals).step(density, state, generator)
        state = density.at(state.z)
        for _ in range(self.refinements):
            state = self.local.step(density, state, generator)[0]
        return state, accepted
