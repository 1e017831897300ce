"""Vector quantisation: each vector of a grid is replaced by the nearest code vector. van den Oord et al., 2017."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ...losses.batch_shares import added, gathered, shared
from ...losses.model import Model
from ...types import Output

SMOOTHING = 1e-5  # of the counts, so that none is 0
DEAD, REVIVED = 0.05, 0.1  # of an even usage: a code used less than the first restarts with the second


class Codebook(nn.Module):
    """K code vectors, each the exponential moving average of the encoder outputs assigned to it (2017, appendix A.1).

    The vectors, counts and sums are buffers: no gradient reaches them, and only `learn` changes them.
    """

    vectors: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, codes: int, width: int, decay: float):
        super().__init__()
        self.decay = decay
        self.register_buffer("vectors", torch.randn(codes, width))
        self.register_buffer("counts", torch.zeros(codes))  # none yet: the first batch initialises every code
        self.register_buffer("sums", torch.zeros(codes, width))

    def nearest(self, z: Float[Tensor, "*shape w"]) -> Int[Tensor, " *shape"]:
        """The index of the code nearest to each vector, by Euclidean distance."""
        half_squares = 0.5 * self.vectors.square().sum(1)
        return (half_squares - z @ self.vectors.T).argmin(-1)

    def forward(self, codes: Int[Tensor, " *shape"]) -> Float[Tensor, "*shape w"]:
        return self.vectors[codes]

    @torch.no_grad()
    def revive(self, z: Float[Tensor, "n w"]) -> None:
        """Restarts dead codes at random rows of z, chosen with the global generator. z: of the whole batch.

        Their small count lets the first vectors assigned to them move them, or lets them die again soon.
        """
        even = len(z) / len(self.vectors)
        dead = (self.counts <= DEAD * even)[:, None]
        rows = z[shared(torch.randint(len(z), (len(self.vectors),), device=z.device))]
        self.vectors.copy_(torch.where(dead, rows, self.vectors))
        self.sums.copy_(torch.where(dead, rows * (REVIVED * even), self.sums))
        self.counts.copy_(torch.where(dead[:, 0], REVIVED * even, self.counts))

    @torch.no_grad()
    def learn(self, z: Float[Tensor, "n w"], codes: Int[Tensor, " n"]) -> None:
        """One step of the moving averages; each vector becomes sum / count, with Laplace smoothing of the counts. z: of
        this process; the averages follow the whole batch."""
        chosen = nn.functional.one_hot(codes, len(self.vectors)).to(z.dtype)
        self.counts.lerp_(added(chosen.sum(0)), 1 - self.decay)
        self.sums.lerp_(added(chosen.T @ z), 1 - self.decay)
        n = self.counts.sum()
        smoothed = (self.counts + SMOOTHING) / (n + len(self.counts) * SMOOTHING) * n
        self.vectors.copy_(self.sums / smoothed[:, None])


def straight_through(z: Float[Tensor, " *shape"], quantised: Float[Tensor, " *shape"]) -> Float[Tensor, " *shape"]:
    """The values of `quantised` with the gradient of z (the straight-through estimator)."""
    return quantised.detach() + (z - z.detach())


def commitment(model: Model, output: Output, x: Tensor) -> Float[Tensor, ""]:
    """||z_e(x) - sg(e)||^2, averaged over grid cells and the batch; squared latent units, not nats. 2017,
    equation 3."""
    (encoded,) = output.latent.context
    return (encoded - output.latent.z.detach()).square().sum(1).mean() / model.places


def code_perplexity(model: Model, output: Output, x: Tensor) -> Float[Tensor, ""]:
    """exp of the entropy of code usage in the batch: the effective number of codes, 1 to K."""
    return perplexity(gathered(model.codes(output.latent.z.detach())), len(model.codebook()))


def perplexity(codes: Int[Tensor, " *shape"], n_codes: int) -> Float[Tensor, ""]:
    counts = codes.new_zeros(n_codes).index_add_(0, codes.flatten(), torch.ones_like(codes.flatten()))
    share = counts / codes.numel()
    return torch.special.entr(share).sum().exp()
