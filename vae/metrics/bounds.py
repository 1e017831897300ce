"""Bounds on log p(x) of a test set, nats per sample."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..bottlenecks.gaussian import kl_to_standard_normal
from ..model import LatentModel
from ..types import Latent
from .latent import active_units

BATCH = 500


@torch.inference_mode()
def evaluate(
    model: LatentModel, x: Tensor, *, k: int = 0, seed: int = 0, report=lambda done, n: None
) -> dict[str, Any]:
    """elbo, distortion, rate (one posterior sample a picture), mse of the decoded posterior mean, active units, rate
    of each dimension; with k > 0 also nll, the importance-weighted bound with k samples (Burda et al., 2016, eq. 8).

    Averaged over all of x (n, *shape), uint8 or float 0-1. A model without a prior bounds nothing and pays no rate:
    its elbo, rate and nll are None.
    """
    model.eval()
    sums: dict[str, float] = {"distortion": 0.0, "rate": 0.0, "mse": 0.0, "nll": 0.0}
    mus, kls = [], []
    with torch.random.fork_rng(devices=_cuda(x)):
        torch.manual_seed(seed)
        for i in range(0, len(x), BATCH):
            batch = to_float(x[i : i + BATCH])
            out = model(batch)
            sums["distortion"] -= float(model.likelihood.log_prob(out.params, batch).double().sum())
            sums["rate"] += float(sum(level.double().sum() for level in out.latent.kl))
            sums["mse"] += float((model.decode(out.latent.mu) - batch).square().flatten(1).mean(1).double().sum())
            mus.append(out.latent.mu.cpu().numpy())
            if model.has_prior:
                kls.append(kl_to_standard_normal(out.latent.mu, out.latent.std).cpu().numpy())
                if k:
                    sums["nll"] -= float(log_marginal(model, batch, out.latent, k).double().sum())
            report(min(i + BATCH, len(x)), len(x))
    n = len(x)
    return {
        "elbo_nats": -(sums["distortion"] + sums["rate"]) / n if model.has_prior else None,
        "distortion_nats": sums["distortion"] / n,
        "rate_nats": sums["rate"] / n if model.has_prior else None,
        "nll_nats": sums["nll"] / n if k and model.has_prior else None,
        "nll_k": k if k and model.has_prior else None,
        "mse": sums["mse"] / n,
        "active_units": int(active_units(np.concatenate(mus)).sum()),
        "rate_per_dim_nats": [float(v) for v in np.concatenate(kls).mean(0)] if kls else None,
        "n_test": n,
    }


def log_marginal(model: LatentModel, x: Float[Tensor, "b ..."], q: Latent, k: int) -> Float[Tensor, " b"]:
    """log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x), z_i ~ q(z|x): a lower bound on log p(x), nats, that tightens with k.

    Summed with log-sum-exp in chunks, so k may be large. Burda et al., 2016, equation 8.
    """
    chunk = max(1, 4000 // len(x))
    pieces = []
    for start in range(0, k, chunk):
        m = min(chunk, k - start)
        std = q.std.repeat(m, 1)
        tiled = Latent(None, q.mu.repeat(m, 1), std)
        z = tiled.mu + std * torch.randn_like(std)
        log_w = (
            model.likelihood.log_prob(model.params(z), x.repeat(m, *[1] * (x.ndim - 1)))
            + model.bottleneck.log_prior(z)
            - model.bottleneck.log_posterior(z, tiled)
        )
        pieces.append(log_w.view(m, len(x)))
    return torch.logsumexp(torch.cat(pieces), 0) - math.log(k)


def to_float(x: Tensor) -> Tensor:
    """uint8 0-255 to float32 0-1; floats pass through."""
    return x.float().div_(255.0) if x.dtype == torch.uint8 else x


def _cuda(x: Tensor) -> list[int]:
    return [x.device.index or 0] if x.device.type == "cuda" else []
