"""Annealing by Langevin steps, differentiable: a lower bound on log p(x) that can be trained on.

Thin et al., 2021, Monte Carlo variational auto-encoders: L-MCVAE with unadjusted steps, A-MCVAE with adjusted ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..losses.gaussian import log_normal
from .annealing import energy_gap, path
from .density import Density, LogDensity, State

FARTHEST = 1.0  # that the drift of a step leads: as far as its noise, in root mean square over dimensions
NEAREST = 1e-3  # of the probability of a rejection to 0: below it has no gradient, whose variance would be infinite


@dataclass(frozen=True)
class Chains:
    """n chains of K steps, from draws of a normalised base.

    log_w (n,): their log weights, nats, differentiable. The mean of exp(log_w) is an unbiased estimate of the constant
    of the target, so that the mean of log_w is a lower bound on its logarithm. acceptance (K, n): the probability with
    which each step was accepted, or would have been if steps were adjusted. z (n, d): where the chains end.
    gaps (K + 1, n): log target - log base before each step, and at the end, without gradients. decisions (K, n): log
    probabilities of having accepted, or rejected, as happened; (0, n) if no step can be rejected.
    """

    log_w: Float[Tensor, " n"]
    acceptance: Float[Tensor, "k n"]
    z: Float[Tensor, "n d"]
    gaps: Float[Tensor, "k1 n"]
    decisions: Float[Tensor, "m n"]

    def score(self) -> Float[Tensor, " n"]:
        """Zeros, whose gradient is that of the mean of log_w through the probabilities of the decisions.

        log_w alone has the gradient along the path that was taken. Each decision is credited with what follows from it:
        the later part of log_w, less what this would be if the chain stayed where it was before.
        """
        if not len(self.decisions):
            return torch.zeros_like(self.log_w)
        steps = len(self.decisions)
        later = self.gaps.flip(0).cumsum(0).flip(0)[1:]
        left = torch.arange(steps, 0, -1, device=later.device)[:, None]
        credit = (later - left * self.gaps[:-1]) / (steps + 1)
        score = (credit * self.decisions).sum(0)
        return score - score.detach()


def langevin(
    base: LogDensity,
    target: LogDensity,
    z: Float[Tensor, "n d"],
    lengths: Float[Tensor, " k"],
    *,
    scale: Float[Tensor, "n d"],
    adjusted: bool,
) -> Chains:
    """A chain from each z, a draw of the base: step k = 1 .. K moves under base^(1 - b) target^b, b = k / (K + 1).

    z' = z + (h s)^2 / 2 grad + h s e with h = lengths[k - 1], s = scale and e ~ N(0, I), the kernel M_k. Unadjusted,
    the weight of a step is M_k(z', z) / M_k(z, z'), by the same kernel backwards (Thin et al., 2021, section 2).
    Adjusted, a step is accepted with the probability of Metropolis and Hastings and its weight is the density at z over
    that at the next state: annealed importance sampling, as the reversal of a reversible kernel is itself (section 3).
    With K = 0 the weight is target(z) / base(z). The noise is that of torch's global generator.
    """
    state = path(base, target, 0.0).differentiable_at(z)
    log_w, gaps = -state.values[0], [energy_gap(state).detach()]
    acceptance, decisions = [], []
    for k, length in enumerate(lengths.unbind(), 1):
        density, step = path(base, target, k / (len(lengths) + 1)), length * scale
        proposed, kernels = _proposed(density, state, step)
        log_ratio = density.log_p(proposed) - density.log_p(state) + kernels
        acceptance.append(log_ratio.detach().clamp(max=0).exp().nan_to_num(0.0))
        if adjusted:
            accepted = torch.rand_like(log_ratio).log() < log_ratio
            decisions.append(_log_probability(accepted, log_ratio))
            proposed = state.moved(proposed, accepted)
            kernels = density.log_p(state) - density.log_p(proposed)
        state, log_w = proposed, log_w + kernels
        gaps.append(energy_gap(state).detach())
    none = log_w.new_zeros(0, len(z))
    return Chains(
        log_w + state.values[1],
        torch.stack(acceptance) if acceptance else none,
        state.z,
        torch.stack(gaps),
        torch.stack(decisions) if decisions else none,
    )


def _proposed(density: Density, state: State, step: Float[Tensor, "n d"]) -> tuple[State, Float[Tensor, " n"]]:
    """(a Langevin step, log of the kernel's density back over that there)."""
    ahead = _ahead(density, state, step)
    proposed = density.differentiable_at(ahead + step * torch.randn_like(step))
    back = _ahead(density, proposed, step)
    return proposed, log_normal(state.z, back, step) - log_normal(proposed.z, ahead, step)


def _ahead(density: Density, state: State, step: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Where the drift leads. It is cut short where q is so far off that it would overshoot: MALTA, Roberts and Tweedie,
    1996, Exponential convergence of Langevin distributions, section 1.4.3. Weights hold for any drift."""
    drift = step / 2 * density.gradient(state)  # in units of the noise
    longest = FARTHEST * math.sqrt(drift.shape[1])
    return state.z + step * drift * (longest / drift.norm(dim=1, keepdim=True).clamp(min=longest))


def _log_probability(accepted: Tensor, log_ratio: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Of what was decided."""
    rejection = torch.log(-torch.expm1(log_ratio.clamp(max=-NEAREST)))
    return torch.where(accepted, log_ratio.clamp(max=0), rejection)
