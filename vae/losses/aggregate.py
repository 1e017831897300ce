"""The aggregate posterior q(z) = 1/n_data sum_i q(z|x_i), estimated from one batch, and the rate decomposed by it.

For a diagonal Gaussian q(z|x). Chen et al., 2018, Isolating sources of disentanglement in VAEs.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ..types import Latent
from .batch_shares import gathered, mine
from .gaussian import log_normal, log_normal_each

SAMPLING = ("stratified", "weighted")


def log_importance(b: int, n_data: int, sampling: str, device: torch.device | str = "cpu") -> Float[Tensor, "b b"]:
    """Log weights w_ij with q(z_i) = sum_j w_ij q(z_i|x_j) over a batch drawn without replacement; z_i came from x_i.

    weighted: w = 1/(n_data b) for all, Chen et al., 2018, appendix C. Its log q(z) is biased low, by log n_data if the
    batch is the whole set; in training that is a constant without a gradient.
    stratified: 1/n_data for x_i itself, which is always in the batch, and (n_data - 1) / (n_data (b - 1)) for each
    other: q(z) is unbiased, and exact if the batch is the whole set. The paper gives one of the others a different
    weight; this is the mean over the choice of that one.

    Args: n_data: rows in the training set, not in the batch.
    """
    if sampling == "weighted":
        return torch.full((b, b), -math.log(n_data * b), device=device)
    others = (n_data - 1) / (n_data * max(1, b - 1))
    weights = torch.full((b, b), others, device=device).fill_diagonal_(1 / n_data)
    return weights.log()


def log_aggregate(q: Latent, n_data: int, sampling: str) -> tuple[Float[Tensor, " b"], Float[Tensor, "b d"]]:
    """log q(z) and log q(z_j) of each dimension at q.z, nats. Takes b*b*d memory. Of a batch that several processes
    share, each evaluates the q(z) of the whole batch at its own rows."""
    mu, std = gathered(q.mu), gathered(q.std)
    log_q = log_normal_each(q.z[:, None], mu[None], std[None])  # (b, b, d): row i is z_i, column j is x_j
    log_w = mine(log_importance(len(mu), n_data, sampling, q.z.device)).to(log_q)
    return torch.logsumexp(log_q.sum(2) + log_w, 1), torch.logsumexp(log_q + log_w[:, :, None], 1)


def decompose(q: Latent, n_data: int, sampling: str) -> dict[str, Float[Tensor, " b"]]:
    """A one-sample estimate of the rate as three terms, nats. Chen et al., 2018, equation 2.

    mutual_information log q(z|x)/q(z), between the index of a sample and its code; total_correlation
    log q(z) / prod_j q(z_j); dimension_kl sum_j log q(z_j)/p(z_j). They add up to log q(z|x)/p(z) for any q(z).
    """
    log_posterior = log_normal(q.z, q.mu, q.std)
    log_prior = log_normal(q.z, torch.zeros_like(q.z), torch.ones_like(q.z))
    joint, each = log_aggregate(q, n_data, sampling)
    return {
        "mutual_information": log_posterior - joint,
        "total_correlation": joint - each.sum(1),
        "dimension_kl": each.sum(1) - log_prior,
    }
