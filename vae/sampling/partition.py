"""log Z of an unnormalised density: a sum over all states of a few binary units, or annealed importance sampling.

Neal, 2001, Annealed importance sampling; Salakhutdinov and Murray, 2008, On the quantitative analysis of deep belief
networks, section 4. `vae.sampling.annealing` anneals densities of real numbers by HMC; here a model brings the kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import SettingError
from ..text import _
from .annealing import effective, lower

MOST_BITS = 20  # units over whose states a sum is taken: a million states
BLOCK = 2**12  # states summed at once
CHAINS, TEMPERATURES = 100, 14_500  # as in the paper
PIECES = ((0.5, 500), (0.4, 4_000), (0.1, 10_000))  # of the way from 0 to 1, and the temperatures on each; likewise


@dataclass(frozen=True)
class LogZ:
    """log Z, nats, and how it was found: as a sum over n states, which has no error, or from n annealed chains.

    standard_error: that of the mean weight of the chains, relative to it. temperatures: of a chain; 0 for a sum. ess:
    effective number of the chains' weights, 1 to n; n for a sum. seed: of the chains.
    """

    value: float
    standard_error: float
    n: int
    temperatures: int = 0
    ess: float = 0.0
    seed: int = 0

    @property
    def exact(self) -> bool:
        return self.temperatures == 0

    def interval(self, errors: float = 3.0) -> tuple[float, float]:
        """log of the mean weight minus and plus so many of its standard errors; the lower end may be -inf."""
        away = errors * self.standard_error
        return self.value + (math.log1p(-away) if away < 1 else -math.inf), self.value + math.log1p(away)


def summed(
    log_f: Callable[[Tensor], Tensor],
    bits: int,
    device: torch.device,
    report: Callable[[int, int], Any] = lambda done, n: None,
) -> LogZ:
    """log of the sum of exp(log_f) over all states of `bits` binary units; log_f: (b, bits) of 0 and 1 -> (b,).

    Blocks are computed in float32 and summed in float64. Raises: SettingError: more than MOST_BITS units.
    """
    if not 1 <= bits <= MOST_BITS:
        raise SettingError(_("{bits} units: a sum over all states takes 1 to {most}.", bits=bits, most=MOST_BITS))
    n, place, parts = 2**bits, torch.arange(bits, device=device), []
    for i in range(0, n, BLOCK):
        numbers = torch.arange(i, min(n, i + BLOCK), device=device)
        parts.append(log_f((numbers[:, None] >> place & 1).float()).cpu().double().logsumexp(0))
        report(min(n, i + BLOCK), n)
    return LogZ(float(torch.stack(parts).logsumexp(0)), 0.0, n, ess=float(n))


def dense_at_the_end(temperatures: int) -> tuple[float, ...]:
    """betas from 0 to 1 in the shares of Salakhutdinov and Murray, 2008, section 6: most of them close to the model.

    Raises: SettingError: fewer than 30 temperatures.
    """
    if temperatures < 30:
        raise SettingError(_("temperatures={t}: expected at least {least}.", t=temperatures, least=30))
    betas, at = [0.0], 0.0
    whole = sum(count for _length, count in PIECES)
    for length, share in PIECES:
        count = round(share * (temperatures - 1) / whole)
        betas += [at + length * (k + 1) / count for k in range(count)]
        at += length
    return (*betas[:-1], 1.0)


def annealed_weights(
    gain: Callable[[Tensor, float, float], Tensor],
    move: Callable[[Tensor, float], Tensor],
    state: Tensor,
    betas: tuple[float, ...],
    report: Callable[[int, int], Any] = lambda done, n: None,
) -> Float[Tensor, " n"]:
    """log w of each chain, whose mean of exp is an unbiased estimate of Z / Z of the base; float64, on the CPU.

    gain(state, a, b): log f_b - log f_a of each chain; move(state, b): a step that leaves f_b invariant. state: exact
    draws of the base f_0, one a chain.
    """
    log_w = torch.zeros(len(state), dtype=torch.float64, device="cpu")
    for t, (before, beta) in enumerate(pairwise(betas), 1):
        log_w += gain(state, before, beta).cpu().double()
        if t < len(betas) - 1:
            state = move(state, beta)
        if t % 100 == 0 or t == len(betas) - 1:
            report(t, len(betas) - 1)
    return log_w


def of_weights(log_w: Float[Tensor, " n"], log_z_base: float, temperatures: int, seed: int) -> LogZ:
    """log Z from the weights of annealed chains. Raises: SettingError: fewer than 2 chains, which have no spread."""
    n = len(log_w)
    if n < 2:
        raise SettingError(_("chains={n}: expected at least 2, whose spread is the standard error.", n=n))
    each = log_w[:, None]
    share = (log_w - log_w.logsumexp(0)).exp() * n  # w / mean w
    error = float(share.std()) / math.sqrt(n)
    return LogZ(log_z_base + float(lower(each)), error, n, temperatures, float(effective(each)), seed)
