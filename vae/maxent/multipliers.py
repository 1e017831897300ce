"""The model of maximum entropy under given moments: p(x) = exp(theta . phi(x)) / Z, with a Lagrange multiplier for each
moment. Jaynes, 1957, Information theory and statistical mechanics.

The multipliers are those at which the model's moments, as chains that keep running see them, are the data's: the
likelihood's gradient is the difference of the two, and its curvature the covariance of phi.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import NotMeasurable, SettingError, ShapeError
from ..losses.gaussian import log_normal
from ..sampling.annealing import anneal, tuned
from ..sampling.chains import start
from ..sampling.density import Density
from ..sampling.kernels import HMC
from ..sampling.partition import of_weights
from ..text import _

Features = Callable[[Tensor], Tensor]  # (n, d) -> (n, m)
Move = Callable[[Tensor, Tensor, torch.Generator], Tensor]  # (theta, x, generator) -> x, under exp(theta . phi)
RIDGE, FORGET = 1e-3, 0.05  # added to the covariance, as a share of its mean variance; weight of its newest round
LARGEST = 0.02  # nats of a step: chains that have not followed yet would ask for more and more
FAST, SLOW, HURRIED, AVERAGED = 0.2, 0.05, 0.3, 0.5  # Newton steps; the shares of rounds that are fast, and averaged
EXACT_SPINS, BLOCK = 20, 2**16  # spins whose states are enumerated, so many at a time
LEAST_EFFECTIVE, LEAPFROGS = 30.0, 5  # weights from which an entropy is told; steps of HMC


@dataclass(frozen=True)
class Fitted:
    """theta (m,): the multipliers; error (m,): moments of the chains less those wanted, averaged over the last rounds;
    x (n, d): where the chains are."""

    theta: Float[Tensor, " m"]
    error: Float[Tensor, " m"]
    x: Float[Tensor, "n d"]


def fit(
    features: Features,
    wanted: Float[Tensor, " m"],
    move: Move,
    x: Float[Tensor, "n d"],
    *,
    rounds: int = 600,
    theta: Float[Tensor, " m"] | None = None,
    seed: int = 0,
) -> Fitted:
    """The multipliers, from theta or 0, by damped Newton steps, averaged over the last rounds.

    The covariance is that of the rounds before: with that of the same chains the mean of a step would not be 0 where
    the moments agree.

    x: where the chains begin. Raises: SettingError: the moments of the chains are no longer finite.
    """
    generator = torch.Generator().manual_seed(seed)
    theta = torch.zeros_like(wanted) if theta is None else theta.clone()
    kept, errors, covariance = [], [], None
    for t in range(rounds):
        x = move(theta, x, generator)
        phi = features(x)
        if not torch.isfinite(phi).all():
            raise SettingError(_("the chains diverged in round {t}: these moments allow no model here.", t=t))
        gap = wanted - phi.mean(0)
        now = torch.atleast_2d(phi.T.cov())
        before = now if covariance is None else covariance
        ridge = RIDGE * before.diagonal().mean() * torch.eye(len(gap), dtype=phi.dtype, device=phi.device)
        rate = FAST if t < rounds * HURRIED else SLOW
        change = rate * torch.linalg.solve(before + ridge, gap)
        nats = float(change @ before @ change) / 2  # the divergence that this change makes, about
        theta = theta + change * min(1.0, (LARGEST / max(nats, 1e-300)) ** 0.5)
        covariance = before + FORGET * (now - before)
        if t >= rounds * (1 - AVERAGED):
            kept.append(theta)
            errors.append(-gap)
    return Fitted(torch.stack(kept).mean(0), torch.stack(errors).mean(0), x)


# ---------------------------------------------------------------- spins


@dataclass(frozen=True)
class Spins:
    """n spins of -1 and 1 with their means and the means of their products as moments: the Ising model of any graph.
    Schneidman, Berry, Segev and Bialek, 2006, Weak pairwise correlations imply strongly correlated network states."""

    n: int

    def features(self, s: Float[Tensor, "b n"]) -> Float[Tensor, "b m"]:
        """The spins, then their products in the order of torch.triu_indices."""
        a, b = self._pairs
        return torch.cat([s, s[:, a] * s[:, b]], 1)

    def move(self, theta: Float[Tensor, " m"], s: Float[Tensor, "b n"], generator: torch.Generator) -> Tensor:
        """One sweep of Gibbs sampling, the spins in random order."""
        field, coupling = self._split(theta)
        s = s.clone()
        for i in torch.randperm(self.n, generator=generator).tolist():
            up = torch.sigmoid(2 * (field[i] + s @ coupling[i]))
            s[:, i] = torch.where(torch.rand(len(s), generator=generator, dtype=up.dtype) < up, 1.0, -1.0).to(s)
        return s

    def exact(self, theta: Float[Tensor, " m"]) -> tuple[float, float, Float[Tensor, " m"]]:
        """(log Z, entropy in nats, moments), over all 2^n states.
        Raises: NotMeasurable: more than EXACT_SPINS spins."""
        if self.n > EXACT_SPINS:
            raise NotMeasurable(
                _("{n} spins have 2^{n} states: at most {most} are enumerated.", n=self.n, most=EXACT_SPINS)
            )
        blocks = torch.arange(2**self.n).split(BLOCK)
        log_z = torch.logsumexp(torch.stack([torch.logsumexp(self._at(b) @ theta, 0) for b in blocks]), 0)
        mean = sum(((phi @ theta - log_z).exp() @ phi for phi in map(self._at, blocks)), torch.zeros_like(theta))
        return float(log_z), float(log_z - theta @ mean), mean

    def _at(self, states: Tensor) -> Tensor:
        spins = ((states[:, None] >> torch.arange(self.n)) & 1).double() * 2 - 1
        return self.features(spins)

    @property
    def _pairs(self) -> tuple[Tensor, Tensor]:
        a, b = torch.triu_indices(self.n, self.n, 1)
        return a, b

    def _split(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        coupling = theta.new_zeros(self.n, self.n)
        coupling[self._pairs] = theta[self.n :]
        return theta[: self.n], coupling + coupling.T


def spins_of(s: Float[Tensor, "b n"]) -> Spins:
    """Raises: ShapeError: values other than -1 and 1, or a spin or a product that never changes."""
    if s.ndim != 2 or not bool((s.abs() == 1).all()):
        raise ShapeError(_("expected spins (n, d) of -1 and 1, got {given}.", given=tuple(s.shape)))
    found = Spins(s.shape[1])
    fixed = int((found.features(s).mean(0).abs() == 1).sum())
    if fixed:
        raise ShapeError(
            _("{fixed} of the means and products never change: their multipliers would be infinite.", fixed=fixed)
        )
    return found


# ---------------------------------------------------------------- real values


@dataclass(frozen=True)
class Hamiltonian:
    """Moves real-valued chains under exp(theta . phi(x)) by HMC.
    scale (d,): about the standard deviation of each value."""

    features: Features
    scale: Float[Tensor, " d"]
    leapfrogs: int = LEAPFROGS

    def move(self, theta: Float[Tensor, " m"], x: Float[Tensor, "n d"], generator: torch.Generator) -> Tensor:
        """One move of HMC with a step from .05 to .55, drawn anew, as the density changes with theta."""
        density = Density.of(lambda z: self.features(z) @ theta)
        step = 0.5 * float(torch.rand((), generator=generator)) + 0.05
        kernel = HMC(step, scale=self.scale, leapfrogs=self.leapfrogs)
        return kernel.step(density, start(density, x), generator)[0].z


@dataclass(frozen=True)
class Entropy:
    """nats, with the standard error of log Z in it, and the effective number of the weights behind it."""

    nats: float
    error: float
    effective: float


def entropy(
    features: Features,
    theta: Float[Tensor, " m"],
    wanted: Float[Tensor, " m"],
    std: Float[Tensor, " d"],
    *,
    chains: int = 200,
    temperatures: int = 200,
    seed: int = 0,
) -> Entropy:
    """H = log Z - theta . wanted, with log Z by annealed importance sampling from N(0, std^2).

    Raises: NotMeasurable: the weights of fewer than LEAST_EFFECTIVE chains count, so that log Z is not known.
    """
    generator = torch.Generator().manual_seed(seed)

    def base(z: Tensor) -> Tensor:
        return log_normal(z, torch.zeros_like(std), std)

    def draws() -> Tensor:
        return std * torch.randn(chains, len(std), generator=generator, dtype=std.dtype)

    def model(z: Tensor) -> Tensor:
        return features(z) @ theta

    schedule = tuned(base, model, draws(), temperatures, leapfrogs=LEAPFROGS, generator=generator)
    log_w = anneal(base, model, draws(), schedule, generator=generator).log_w
    log_z = of_weights(log_w, 0.0, temperatures, seed)
    if not log_z.ess >= LEAST_EFFECTIVE:
        raise NotMeasurable(
            _(
                "entropy: the weights of {count} of {chains} chains count, at least {least} must: more temperatures.",
                count=f"{log_z.ess:.1f}",
                chains=chains,
                least=f"{LEAST_EFFECTIVE:g}",
            )
        )
    return Entropy(log_z.value - float(theta @ wanted), log_z.standard_error, log_z.ess)
