"""Penalties on the codes of a batch: scalars in a unit of their own, which their weights turn into nats.

Of a batch that several processes share, those that are not a mean over samples are computed of all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add

import torch
from jaxtyping import Float
from torch import Tensor

from ..types import Output
from .batch_shares import gathered, shared
from .model import Model

IMQ_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
Kernel = Callable[[Float[Tensor, "n m"], int], Float[Tensor, "n m"]]


# ---------------------------------------------------------------- maximum mean discrepancy


def imq(squares: Float[Tensor, "n m"], d: int) -> Float[Tensor, "n m"]:
    """Inverse multiquadratics sum_s sC / (sC + |z - z'|^2), C = 2d, from squared distances of codes of width d.

    C is the expected squared distance between two samples of the prior. Tolstikhin et al., 2018, section 4, use one
    scale; the sum over several has a gradient for codes near and far.
    """
    return reduce(add, (2 * d * s / (2 * d * s + squares) for s in IMQ_SCALES))


def rbf(squares: Float[Tensor, "n m"], d: int) -> Float[Tensor, "n m"]:
    """Gaussian exp(-|z - z'|^2 / 2d), from squared distances of codes of width d."""
    return torch.exp(-squares / (2 * d))


KERNELS: dict[str, Kernel] = {"rbf": rbf, "imq": imq}


def mmd(
    a: Float[Tensor, "n d"], b: Float[Tensor, "m d"], kernel: Kernel, *, unbiased: bool = True
) -> Float[Tensor, ""]:
    """Squared maximum mean discrepancy (MMD) between two samples, in the unit of the kernel. Gretton et al., 2012.

    unbiased: the U-statistic, which leaves out k(z_i, z_i) and may be negative; else the V-statistic, 0 for equal
    samples and positive otherwise.
    """
    d = a.shape[1]
    return (
        _mean(kernel(_squares(a, a), d), unbiased)
        + _mean(kernel(_squares(b, b), d), unbiased)
        - 2 * kernel(_squares(a, b), d).mean()
    )


def mmd_to_prior(kernel: Kernel, *, unbiased: bool):
    """A term: the MMD between the codes z of a batch and as many new samples of N(0, I)."""

    def term(model: Model, output: Output, x: Tensor) -> Float[Tensor, ""]:
        z = gathered(output.latent.z)
        return mmd(z, shared(torch.randn_like(z)), kernel, unbiased=unbiased)

    return term


def _squares(a: Tensor, b: Tensor) -> Tensor:
    return (a.square().sum(1)[:, None] + b.square().sum(1)[None] - 2 * a @ b.T).clamp(min=0)


def _mean(k: Float[Tensor, "n n"], off_diagonal: bool) -> Float[Tensor, ""]:
    if not off_diagonal:
        return k.mean()
    n = len(k)
    return (k.sum() - k.diagonal().sum()) / max(1, n * (n - 1))


# ---------------------------------------------------------------- disentangled inferred prior


def covariance(mu: Float[Tensor, "b d"]) -> Float[Tensor, "d d"]:
    """E[mu mu^T] - E[mu] E[mu]^T over the batch."""
    centred = mu - mu.mean(0)
    return centred.T @ centred / len(mu)


def between_dims(of: str):
    """A term: the sum of squared covariances of different dimensions. `of`: see `code_covariance`."""

    def term(model: Model, output: Output, x: Tensor) -> Float[Tensor, ""]:
        c = code_covariance(output, of)
        return (c - torch.diag(c.diagonal())).square().sum()

    return term


def within_dims(of: str):
    """A term: the sum over dimensions of (variance - 1)^2. `of`: see `code_covariance`."""

    def term(model: Model, output: Output, x: Tensor) -> Float[Tensor, ""]:
        return (code_covariance(output, of).diagonal() - 1).square().sum()

    return term


def code_covariance(output: Output, of: str) -> Float[Tensor, "d d"]:
    """Covariance of the posterior means over the batch ("I") or of z itself, E[diag(std^2)] + Cov[mu] ("II").

    Kumar et al., 2018, DIP-VAE-I and DIP-VAE-II.
    """
    c = covariance(gathered(output.latent.mu))
    return c + torch.diag(gathered(output.latent.std).square().mean(0)) if of == "II" else c


# ---------------------------------------------------------------- contraction


def jacobian_squares(
    encode: Callable[[Tensor], Tensor], x: Float[Tensor, "b ..."], *, exact: bool = True
) -> Float[Tensor, " b"]:
    """||J||_F^2 = sum_jk (dz_j / dx_k)^2 of each sample, in squared units of z per unit of x. Rifai et al., 2011,
    equation 1.

    encode: (b, ...) -> (b, d), differentiable, each sample independently. exact: one backward pass for each of the d
    dimensions; else one in all, with random signs v: E |v^T J|^2 = ||J||_F^2. Hutchinson, 1990.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        z = encode(x)
        b, d = z.shape
        if exact:
            directions = torch.eye(d, dtype=z.dtype, device=z.device)[:, None].expand(d, b, d)
        else:
            directions = 1 - 2 * torch.randint_like(z, 2)[None]
        rows = (torch.autograd.grad(z, x, v, create_graph=True)[0] for v in directions)
        return reduce(add, (row.flatten(1).square().sum(1) for row in rows))


def contraction(*, exact: bool):
    """A term: the batch mean of `jacobian_squares` of the encoder, at the samples."""

    def term(model: Model, output: Output, x: Tensor) -> Float[Tensor, ""]:
        return jacobian_squares(lambda at: model.infer(at).mu, x, exact=exact).mean()

    return term


# ---------------------------------------------------------------- sparsity


def keep_largest(z: Float[Tensor, "b d"], k: int) -> Float[Tensor, "b d"]:
    """z with all but the k largest values of each sample set to 0; gradients reach the values kept. k >= d: z itself.

    Largest, not largest in magnitude: a negative value is kept only if fewer than k values are above it. Makhzani and
    Frey, 2014, algorithm 1.
    """
    if k >= z.shape[1]:
        return z
    kept = z.topk(k, dim=1).indices
    return torch.zeros_like(z).scatter(1, kept, z.gather(1, kept))
