"""Markov kernels that move many chains at once: ULA, MALA, HMC and pCN. Each leaves a density invariant, but for ULA,
whose error falls with its step.

A kernel is a frozen record of its settings; step(density, state, generator) returns the next state and the probability
(n,) with which each chain accepted it. `length`, the step size, is a number or a tensor (n, 1), one for each chain;
`scale`, a number or a tensor (n, d), stretches it per dimension, as the standard deviations of a posterior do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from .density import Density, State, noise, uniform

Scale = Any  # a number or a tensor


@runtime_checkable  # so that the tests can check annotations with it
class Kernel(Protocol):
    """What `chains` needs. target: the acceptance rate that the pilot aims at; 0: nothing to tune. longest: the longest
    step that means anything."""

    @property
    def length(self) -> Scale: ...

    @property
    def target(self) -> float: ...

    @property
    def longest(self) -> float: ...

    def step(self, density: Density, state: State, generator: torch.Generator) -> tuple[State, Tensor]: ...


@dataclass(frozen=True)
class ULA:
    """z' = z + h/2 s^2 grad + sqrt(h) s e, with h = length^2: never rejected, so that its draws have a bias. For a
    Gaussian with precision p the variance is too large by 1 / (1 - h p / 4). Roberts and Tweedie, 1996, section 1.4."""

    length: Scale = 0.1
    scale: Scale = 1.0
    target, longest = 0.0, math.inf

    def step(self, density: Density, state: State, generator: torch.Generator) -> tuple[State, Tensor]:
        length = self.length * self.scale
        z = state.z + length**2 / 2 * density.gradient(state) + length * noise(state.z, generator)
        return density.at(z), torch.ones_like(state.values[0])


@dataclass(frozen=True)
class HMC:
    """Hamiltonian Monte Carlo, with leapfrog steps whose number is drawn anew for each move, from half of `leapfrogs`
    to one and a half times as many: with a fixed number chains come back to where they were on some densities.
    Neal, 2011, MCMC using Hamiltonian dynamics, sections 3.2 and 5.4.2.2."""

    length: Scale = 0.3
    scale: Scale = 1.0
    leapfrogs: int = 5
    target, longest = 0.65, math.inf

    def step(self, density: Density, state: State, generator: torch.Generator) -> tuple[State, Tensor]:
        steps = _about(self.leapfrogs, generator)
        length = self.length * self.scale
        momentum = noise(state.z, generator)
        before = density.log_p(state) - momentum.square().sum(1) / 2
        moving = state
        momentum = momentum + length / 2 * density.gradient(moving)
        for i in range(steps):
            moving = density.at(moving.z + length * momentum)
            momentum = momentum + (length if i < steps - 1 else length / 2) * density.gradient(moving)
        return _metropolis(state, moving, density.log_p(moving) - momentum.square().sum(1) / 2 - before, generator)


@dataclass(frozen=True)
class MALA:
    """One Langevin step, accepted by Metropolis and Hastings: HMC with one leapfrog step. Roberts and Tweedie, 1996."""

    length: Scale = 0.3
    scale: Scale = 1.0
    target, longest = 0.574, math.inf

    def step(self, density: Density, state: State, generator: torch.Generator) -> tuple[State, Tensor]:
        return HMC(self.length, self.scale, leapfrogs=1).step(density, state, generator)


@dataclass(frozen=True)
class PCN:
    """Preconditioned Crank-Nicolson: z' = sqrt(1 - length^2) z + length e, reversible for N(0, I), so that acceptance
    depends on the rest of the density alone, at any d; needs no gradient. Cotter et al., 2013, MCMC methods for
    functions, equation 1.3. length: from 0 to 1."""

    length: Scale = 0.3
    target, longest = 0.3, 1.0

    def step(self, density: Density, state: State, generator: torch.Generator) -> tuple[State, Tensor]:
        z = (1 - self.length**2) ** 0.5 * state.z + self.length * noise(state.z, generator)
        proposed = density.at(z, gradient=False)
        gain = density.log_p(proposed) - density.log_p(state) + (z.square() - state.z.square()).sum(1) / 2
        return _metropolis(state, proposed, gain, generator)


def _about(mean: int, generator: torch.Generator) -> int:
    """A whole number from half of mean to one and a half times mean, with this mean."""
    spread = mean // 2
    return int(torch.randint(mean - spread, mean + spread + 1, (1,), generator=generator, device=generator.device))


def _metropolis(state: State, proposed: State, log_ratio: Tensor, generator: torch.Generator) -> tuple[State, Tensor]:
    """Accept each row with probability min(1, exp(log_ratio)); never a proposal that is not finite."""
    log_ratio = torch.where(torch.isfinite(log_ratio), log_ratio, torch.full_like(log_ratio, -math.inf))
    accepted = uniform(len(log_ratio), log_ratio, generator).log() < log_ratio
    return state.moved(proposed, accepted), log_ratio.clamp(max=0).exp()
