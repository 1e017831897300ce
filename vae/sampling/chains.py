"""Running chains: a pilot that tunes the step of each chain, then draws with what it found, frozen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import SettingError
from ..text import _
from .convergence import Convergence, convergence
from .density import Density, State
from .kernels import Kernel

GAIN, DECAY = 1.0, 0.6  # of the adaptation at step t: GAIN / t^DECAY


@dataclass(frozen=True)
class Draws:
    """z (t, n, d): t draws of n chains, after the start; acceptance: their mean probability; state: where they are."""

    z: Float[Tensor, "t n d"]
    acceptance: float
    state: State

    def convergence(self) -> Convergence:
        """Of the n chains as chains of one density. Raises: ShapeError: too few draws, or a chain diverged."""
        return convergence(self.z.transpose(0, 1).cpu().numpy())


def start(density: Density, z: Float[Tensor, "n d"]) -> State:
    """Raises: SettingError: a chain would start where the density is 0 or not a number."""
    state = density.at(z)
    bad = int((~torch.isfinite(state.values)).any(0).sum())
    if bad:
        raise SettingError(
            _("{bad} of {n} chains start where the log density is not finite.", bad=bad, n=len(z)),
        )
    return state


def pilot(density: Density, kernel: Any, state: State, steps: int, generator: torch.Generator) -> tuple[Any, State]:
    """(the kernel with a step for each chain at which it accepts as often as it should, where the chains are then).

    Robbins and Monro, 1951: the logarithm of the step rises where too many proposals are accepted. What is drawn
    meanwhile is not a sample, as the kernel changes; what is drawn with the returned one is.
    """
    if not kernel.target:
        return kernel, state
    log_length = torch.zeros_like(state.z[:, :1]) + torch.as_tensor(kernel.length).to(state.z).log()
    longest = math.log(kernel.longest) if kernel.longest < math.inf else math.inf
    for t in range(1, steps + 1):
        state, accepted = replace(kernel, length=log_length.exp()).step(density, state, generator)
        log_length = log_length + GAIN / t**DECAY * (accepted[:, None] - kernel.target)
        log_length = log_length.clamp(max=longest)
    return replace(kernel, length=log_length.exp()), state


def run(
    density: Density,
    kernel: Kernel,
    state: State,
    draws: int,
    *,
    generator: torch.Generator,
    every: int = 1,
    report: Callable[[int, int], Any] = lambda done, n: None,
) -> Draws:
    """`draws` draws of every chain, one in `every` steps. Raises: SettingError: draws or every is below 1."""
    if draws < 1 or every < 1:
        raise SettingError(_("draws={draws}, every={every}: expected at least 1.", draws=draws, every=every))
    z, accepted = [], 0.0
    for t in range(draws * every):
        state, acceptance = kernel.step(density, state, generator)
        accepted += float(acceptance.mean())
        if t % every == every - 1:
            z.append(state.z)
            report(len(z), draws)
    return Draws(torch.stack(z), accepted / (draws * every), state)
