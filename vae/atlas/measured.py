"""Quantities measured for each reference sample and stored with the map: reconstruction error, rate, known factors."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from ..latent.compact import lossless, rounded
from ..losses.model import Model
from ..models.conditions import told
from ..models.tensors import seeded, to_float
from ..types import Samples

BATCH = 256
ERROR, RATE, FACTOR, STABILITY = "error", "rate", "factor.", "stability"
CLOSE_NATS = 0.02  # relative; a rate that its closed form matches this well is not stored


def measure(model: Model, x: np.ndarray, given: np.ndarray | None, seed: int = 0) -> dict[str, np.ndarray]:
    """For each sample x (n, *shape): "error", the mean squared error of its decoded posterior mean, and, if the model
    has one, "rate" in nats, from one draw with this seed if it has no closed form. float32 (n,). given: labels (n,) or
    conditions (n, *condition) of the samples."""
    device, errors, rates = next(model.parameters()).device, [], []
    with torch.inference_mode(), seeded(seed, device):
        for i in range(0, len(x), BATCH):
            batch = to_float(torch.from_numpy(np.ascontiguousarray(x[i : i + BATCH])).to(device))
            c = None if given is None else told(model, torch.from_numpy(given[i : i + BATCH]).to(device))
            q = model.infer(batch, c)
            errors.append((model.decode(q.mu, c) - batch).square().flatten(1).mean(1).cpu())
            if q.kl:
                rates.append(torch.stack(q.kl).sum(0).cpu())
    measured = {ERROR: torch.cat(errors).float().numpy()}
    return measured | ({RATE: torch.cat(rates).float().numpy()} if rates else {})


def stored(
    measured: dict[str, np.ndarray], mu: np.ndarray, std: np.ndarray, samples: Samples, index: np.ndarray
) -> dict:
    """The arrays that an atlas stores, (n,) by name, float16 or, where that loses them, float32; 0 rows for a rate
    that mu and std give in closed form."""
    arrays = {name: lossless(rounded(values)) for name, values in measured.items()}
    if RATE in measured and std.all():
        known = np.abs(closed_rate(mu, std) - measured[RATE]) <= CLOSE_NATS * np.abs(measured[RATE]).mean()
        if known.all():
            arrays[RATE] = np.empty(0, np.float16)
    if samples.factors_train is not None:
        for k, name in enumerate(samples.factor_names):
            arrays[FACTOR + name] = lossless(rounded(samples.factors_train[index, k]))
    return arrays


def closed_rate(mu: Float[np.ndarray, "n d"], std: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """KL(N(mu, diag(std^2)) || N(0, I)), nats. Kingma and Welling, 2014, appendix B."""
    mu, std = mu.astype(np.float64), std.astype(np.float64)
    each = 0.5 * (mu**2 + std**2 - 1) - np.log(std)
    return each.sum(1).astype(np.float32)
