"""Annealed importance sampling between a normalised density and one whose constant is wanted, forwards and backwards.

Neal, 2001, Annealed importance sampling. Backwards, from exact draws of the target: bidirectional Monte Carlo, Grosse
et al., 2015, Sandwiching the marginal likelihood using bidirectional Monte Carlo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import SettingError
from ..text import _
from .density import Density, LogDensity, State
from .kernels import HMC

SPREAD = 4.0  # the sigmoid of -SPREAD to SPREAD spaces the first temperatures
FIRST, LEARNS = 0.7, 1.5  # the first step of the pilot, and the factor by which it may change to the next beta
LEAST = 8  # betas of a pilot


@dataclass(frozen=True)
class Schedule:
    """betas (t,) from 0, the base, to 1, the target; lengths (t - 2, n): the step of every chain at each beta between
    them; leapfrogs: the mean number for each. Frozen: what it was tuned on is not used again."""

    betas: tuple[float, ...]
    lengths: Tensor
    leapfrogs: int

    @property
    def gradients(self) -> int:
        """Of the target for each chain."""
        return (len(self.betas) - 2) * self.leapfrogs + 1


@dataclass(frozen=True)
class Annealed:
    """log_w (n,): of each chain an estimate of log(constant of the target / constant of the base), nats, float64.
    Forwards the mean of exp(log_w) is an unbiased estimate of the ratio, so that the logarithm of a mean of some is a
    lower bound in expectation; backwards that of exp(-log_w) is one of its inverse, an upper bound (`upper`).
    acceptance (t - 2,): mean probability at every beta; z (n, d): where the chains end."""

    log_w: Tensor
    acceptance: Tensor
    z: Tensor


def path(base: LogDensity, target: LogDensity, beta: float) -> Density:
    """base^(1 - beta) target^beta."""
    return Density((base, target), (1 - beta, beta))


def sigmoid_betas(t: int) -> tuple[float, ...]:
    """t values from 0 to 1, close together at both ends. Raises: SettingError: fewer than 3."""
    if t < 3:
        raise SettingError(_("temperatures={t}: expected at least 3.", t=t))
    x = torch.linspace(-SPREAD, SPREAD, t, dtype=torch.float64).sigmoid()
    return tuple(((x - x[0]) / (x[-1] - x[0])).tolist())


def anneal(
    base: LogDensity,
    target: LogDensity,
    z: Float[Tensor, "n d"],
    schedule: Schedule,
    *,
    generator: torch.Generator,
    backwards: bool = False,
) -> Annealed:
    """One weight for each chain, by HMC at every beta.

    z: draws of the base, or, backwards, exact draws of the target. The same schedule backwards visits the same betas.
    Raises: SettingError: the betas do not rise from 0 to 1.
    """
    check(schedule.betas)
    betas, lengths = list(schedule.betas), schedule.lengths
    if backwards:
        betas, lengths = betas[::-1], lengths.flip(0)
    state = path(base, target, betas[0]).at(z)
    log_w = torch.zeros(len(z), dtype=torch.float64, device="cpu")
    accepted = []
    for j in range(1, len(betas)):
        log_w += (betas[j] - betas[j - 1]) * energy_gap(state).double().cpu()
        if j == len(betas) - 1:
            break
        kernel = HMC(lengths[j - 1][:, None], leapfrogs=schedule.leapfrogs)
        state, acceptance = kernel.step(path(base, target, betas[j]), state, generator)
        accepted.append(float(acceptance.mean()))
    return Annealed(log_w if not backwards else -log_w, torch.tensor(accepted), state.z)


def lower(log_w: Float[Tensor, "k n"]) -> Float[Tensor, " n"]:
    """log of the mean of k weights, of importance sampling or of annealing forwards."""
    return log_w.logsumexp(0) - math.log(len(log_w))


def upper(log_w: Float[Tensor, "k n"]) -> Float[Tensor, " n"]:
    """-log of the mean of the inverses of k backward weights."""
    return math.log(len(log_w)) - (-log_w).logsumexp(0)


def effective(log_w: Float[Tensor, "k n"]) -> Float[Tensor, " n"]:
    """(sum w)^2 / sum w^2 of k weights, 1 to k. Kong, 1992."""
    return (2 * log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp()


def energy_gap(state: State) -> Float[Tensor, " n"]:
    """log target - log base, whose mean at beta is the derivative of the log constant along the path."""
    return state.values[1] - state.values[0]


def tuned(
    base: LogDensity,
    target: LogDensity,
    z: Float[Tensor, "n d"],
    t: int,
    *,
    leapfrogs: int = 5,
    samples: int = 1,
    generator: torch.Generator,
) -> Schedule:
    """A schedule of t betas from a pilot, a run over half as many in which steps adapt to the acceptance rate of HMC.

    The betas are placed so that log target - log base varies equally from each to the next, as each then contributes
    the same variance to log_w: Gelman and Meng, 1998, section 3.2, on the best path of thermodynamic integration.
    z: draws of the base. samples: its rows are of so many samples, repeated; chains of one sample share their steps.
    """
    first = sigmoid_betas(max(LEAST, t // 2))
    state = path(base, target, 0.0).at(z)
    log_length = torch.full((samples,), math.log(FIRST), dtype=z.dtype, device=z.device)
    spread, lengths = [_deviation(energy_gap(state), samples)], []
    for beta in first[1:-1]:
        lengths.append(log_length.exp())
        kernel = HMC(log_length.exp().repeat(len(z) // samples)[:, None], leapfrogs=leapfrogs)
        state, acceptance = kernel.step(path(base, target, beta), state, generator)
        spread.append(_deviation(energy_gap(state), samples))
        away = acceptance.view(-1, samples).mean(0) - HMC.target
        log_length = log_length + math.log(LEARNS) * away / HMC.target
    betas = _even(first, torch.stack([*spread, spread[-1]]).cpu(), t)
    between = torch.tensor(first[1:-1])
    nearest = [int((between - beta).abs().argmin()) for beta in betas[1:-1]]
    return Schedule(betas, torch.stack(lengths)[nearest].repeat(1, len(z) // samples), leapfrogs)


def _deviation(gap: Float[Tensor, " n"], samples: int) -> Float[Tensor, ""]:
    """Mean over samples of the standard deviation over their chains."""
    chains = gap.view(-1, samples)
    return chains.std(0).mean() if len(chains) > 1 else chains.new_ones(())


def _even(betas: tuple[float, ...], spread: Float[Tensor, " b"], t: int) -> tuple[float, ...]:
    """t betas with the integral of `spread` from each to the next alike; half of the weight is on the spacing that
    there was, as a pilot is short."""
    b = torch.tensor(betas, dtype=torch.float64)
    s = torch.nan_to_num(spread.double(), nan=0.0, posinf=0.0)
    piece = (s[1:] + s[:-1]) / 2 * b.diff()
    share = 0.5 * piece / piece.sum().clamp(min=1e-300) + 0.5 / len(piece)
    total = torch.cat([share.new_zeros(1), share.cumsum(0)])
    even = torch.linspace(0, float(total[-1]), t, dtype=torch.float64)[1:-1]
    at = torch.searchsorted(total, even).clamp(1, len(b) - 1)
    inside = (even - total[at - 1]) / (total[at] - total[at - 1])
    return (0.0, *(b[at - 1] + inside * (b[at] - b[at - 1])).tolist(), 1.0)


def check(betas: tuple[float, ...]) -> None:
    """Raises: SettingError: they do not rise from 0 to 1."""
    rising = all(a < b for a, b in pairwise(betas))
    if len(betas) < 3 or betas[0] != 0 or betas[-1] != 1 or not rising:
        given = ", ".join(f"{beta:g}" for beta in betas[:6])
        raise SettingError(_("betas {given}: expected at least 3 that rise from 0 to 1.", given=given))
