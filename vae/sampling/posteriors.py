"""A Gaussian for the posterior p(z|x) of each of n samples, closer to it than the encoder's q(z|x): where annealing
starts, and how far off the encoder is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..losses.gaussian import log_normal
from .density import Density, noise

STEPS, RATE = 100, 0.05  # of Adam on the ELBO of each sample
WIDE = 64  # dimensions up to which the curvature is measured: it costs two gradients for each
REACH = 0.7  # standard deviations on both sides, over which the curvature is measured

LogJoint = Callable[[Tensor], Tensor]  # (k n, d) -> (k n,): log p(x_i, z), all n of the first draw first


@dataclass(frozen=True)
class Gaussians:
    """N(mu_i, factor_i factor_i^T) of n samples: mu (n, d), factor (n, d, d) lower triangular.

    A point is z = mu_i + factor_i u: in u every one of them is N(0, I), for which one step size fits all dimensions.
    """

    mu: Tensor
    factor: Tensor

    @classmethod
    def diagonal(cls, mu: Float[Tensor, "n d"], std: Float[Tensor, "n d"]) -> Gaussians:
        return cls(mu, torch.diag_embed(std))

    def latents(self, u: Float[Tensor, "kn d"]) -> Float[Tensor, "kn d"]:
        k = len(u) // len(self.mu)
        return self.mu.repeat(k, 1) + (self.factor.repeat(k, 1, 1) @ u[:, :, None])[:, :, 0]

    def standardised(self, z: Float[Tensor, "kn d"]) -> Float[Tensor, "kn d"]:
        """The inverse of `latents`."""
        k = len(z) // len(self.mu)
        away = (z - self.mu.repeat(k, 1))[:, :, None]
        return torch.linalg.solve_triangular(self.factor.repeat(k, 1, 1), away, upper=False)[:, :, 0]

    def log_volume(self) -> Float[Tensor, " n"]:
        """log |det factor|: a log density over z plus this is one over u."""
        return self.factor.diagonal(dim1=1, dim2=2).abs().log().sum(1)


def elbo(
    log_joint: LogJoint, mu: Float[Tensor, "n d"], std: Float[Tensor, "n d"], k: int, generator: torch.Generator
) -> Float[Tensor, " n"]:
    """E_q log p(x, z) - log q(z) for q = N(mu, std^2), by k draws, nats."""
    z = mu.repeat(k, 1) + std.repeat(k, 1) * noise(mu.repeat(k, 1), generator)
    with torch.no_grad():
        entropy = -log_normal(z, mu.repeat(k, 1), std.repeat(k, 1))
        return (log_joint(z) + entropy).view(k, -1).mean(0)


def refined(
    log_joint: LogJoint,
    mu: Float[Tensor, "n d"],
    std: Float[Tensor, "n d"],
    *,
    steps: int = STEPS,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
    """(mu, std) of the diagonal Gaussian with the best ELBO for each sample, by Adam from the ones given. What the
    encoder misses of it is the amortisation gap. Cremer et al., 2018, Inference suboptimality, section 3.

    Adam's steps are of a size, so that they are counted in the standard deviations given: a sample whose posterior is
    narrow moves as well as one whose posterior is wide.
    """
    with torch.inference_mode(False), torch.enable_grad():
        scale = std.detach().clone()
        shift, log_std = torch.zeros_like(scale, requires_grad=True), torch.zeros_like(scale, requires_grad=True)
        centre = mu.detach().clone()
        optimiser = torch.optim.Adam([shift, log_std])
        for t in range(steps):
            optimiser.param_groups[0]["lr"] = RATE * 10 * (1 - t / steps)
            e = noise(scale, generator)
            gain = log_joint(centre + scale * (shift + log_std.exp() * e)) + log_std.sum(1)
            gradients = torch.autograd.grad(-gain.sum(), [shift, log_std])
            shift.grad, log_std.grad = gradients
            optimiser.step()
        return (centre + scale * shift).detach(), (scale * log_std.exp()).detach()


def with_curvature(log_joint: LogJoint, mu: Float[Tensor, "n d"], std: Float[Tensor, "n d"]) -> Gaussians:
    """Gaussians at mu whose covariance is the inverse of the negative Hessian there, by central differences of the
    gradient over REACH standard deviations; with more than WIDE dimensions that of std.

    Where the density is not concave, an eigenvalue is below that of a prior with unit variance or negative: it is taken
    as 1. MacKay, 2003, Information theory, inference and learning algorithms, chapter 27 (Laplace's method).
    """
    d = mu.shape[1]
    if d > WIDE:
        return Gaussians.diagonal(mu, std)
    density, columns = Density.of(log_joint), []
    for j in range(d):
        step = torch.zeros_like(mu)
        step[:, j] = REACH * std[:, j]
        up, down = (density.gradient(density.at(mu + sign * step)) for sign in (1, -1))
        columns.append((down - up) / (2 * step[:, j : j + 1]))
    hessian = torch.stack(columns, 2)
    values, vectors = torch.linalg.eigh((hessian + hessian.mT).double() / 2)
    covariance = (vectors / values.clamp(min=1.0)[:, None]) @ vectors.mT
    return Gaussians(mu, torch.linalg.cholesky(covariance).to(mu))
