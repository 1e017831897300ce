"""Bounds on log p(x) of a test set, nats per sample."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..losses.terms import log_weights
from ..models.conditions import told
from ..models.likelihoods import Likelihood
from ..models.model import LatentModel
from ..models.nets.precision import decoding_in
from ..models.tensors import BATCH, seeded, to_float
from ..registry import metric_group
from ..text import N_
from ..types import Latent
from .active import active_by_rate, active_units
from .subject import Subject

DRAWN = 4000  # latents sampled at once; fixed, as a generator's numbers depend on how many are drawn at a time
CACHED = 500  # rows that a CPU decodes at once: 4000 pictures of 784 pixels do not fit into its cache
UNITS = ("_bits_per_dim", "_nats")


@torch.inference_mode()
def evaluate(
    model: LatentModel,
    x: Tensor,
    y: Tensor | None = None,
    *,
    c: Tensor | None = None,
    k: int = 0,
    seed: int = 0,
    precision: str = "float32",
    report=lambda done, n: None,
) -> dict[str, Any]:
    """ELBO, distortion, rate (one posterior sample per x), MSE of the decoded posterior mean, active units by rate and
    by variance, and the rate of each dimension and each level from the top; with k > 0 also the NLL, estimated by the
    importance-weighted bound with k samples (Burda et al., 2016, eq. 8).

    Means over all of x (n, *shape), uint8 or float 0-1, each with its standard error under `error_key`. n_test: n;
    nll_k: k, or 1 if every posterior is a point; seed: of the samples; nll_precision: precision of the decoder's
    products for the NLL, if it is not float32. y (n,): labels, for models conditioned on labels; c (n, *condition),
    uint8 or float: other conditions. ELBO, rate and NLL are None for a model without a rate, which has no bound.
    accuracy: share of x whose most likely class equals y, for models with classify(x) -> (b, c); else None.
    """
    model.eval()
    classify = None if y is None else getattr(model, "classify", None)
    each: dict[str, list[Tensor]] = defaultdict(list)  # metric -> values of all samples
    mus, kls, levels, wide = [], [], [], False
    decoding = decoding_in(model, precision)
    with seeded(seed, x.device):
        for i in range(0, len(x), BATCH):
            batch = to_float(x[i : i + BATCH])
            labels = None if y is None else y[i : i + BATCH]
            conditions = told(model, labels if c is None else c[i : i + BATCH])
            out = model(batch, conditions)
            kl = out.latent.kl
            each["distortion_nats"].append(-model.likelihood.log_prob(out.params, batch))
            decoded = model.decode(out.latent.mu, conditions)
            each["mse"].append((decoded - batch).square().flatten(1).mean(1))
            mus.append(out.latent.mu.cpu().numpy())
            wide = wide or bool(out.latent.std.any())
            if out.latent.kl_per_dim is not None:
                kls.append(out.latent.kl_per_dim.cpu().numpy())
            if kl:
                levels.append(torch.stack(kl).cpu().double())
                each["rate_nats"].append(levels[-1].sum(0))
            if kl and k:
                each["nll_nats"].append(-log_marginal(decoding, batch, out.latent, k, conditions))
            if classify is not None:
                each["accuracy"].append((classify(batch).argmax(1) == labels).float())
            report(min(i + BATCH, len(x)), len(x))
    found = {name: torch.cat([part.cpu().double() for part in parts]) for name, parts in each.items()}
    if levels:
        found["elbo_nats"] = -(found["distortion_nats"] + found["rate_nats"])
    rates = np.concatenate(kls).mean(0) if kls else None
    figures: dict[str, Any] = {}
    for name in ("elbo_nats", "distortion_nats", "rate_nats", "nll_nats", "mse", "accuracy"):
        values = found.get(name)
        figures[name] = None if values is None else float(values.mean())
        figures[error_key(name)] = None if values is None else standard_error(values)
    return figures | {
        "nll_k": (k if wide else 1) if k and levels else None,
        "active_units_by_rate": None if rates is None else int(active_by_rate(rates).sum()),
        "active_units": int(active_units(np.concatenate(mus)).sum()),
        "rate_per_dim_nats": None if rates is None else [float(v) for v in rates],
        "rate_per_level_nats": [float(v) for v in torch.cat(levels, 1).mean(1)] if levels else None,
        "n_test": len(x),
        "seed": seed,
        **({"nll_precision": precision} if k and levels and decoding is not model else {}),
    }


def error_key(name: str) -> str:
    """The key of a metric's standard error, with the unit at the end: elbo_nats -> elbo_standard_error_nats."""
    unit = next((unit for unit in UNITS if name.endswith(unit)), "")
    return f"{name.removesuffix(unit)}_standard_error{unit}"


def standard_error(values: Float[Tensor, " n"]) -> float | None:
    """Of the mean of n samples: the spread between test sets of this size and the noise of z. None if n is 1."""
    return float(values.std() / math.sqrt(len(values))) if len(values) > 1 else None


def log_marginal(
    model: LatentModel, x: Float[Tensor, "b ..."], q: Latent, k: int, c: Tensor | None = None, *, rows: int = 0
) -> Float[Tensor, " b"]:
    """log 1/k sum_i p(x, z_i) / q(z_i|x), z_i ~ q(z|x): a lower bound on log p(x), nats, that gets tighter with k.

    Burda et al., 2016, equation 8, by log-sum-exp over portions, so that k may be large. If the posterior is a point
    (std 0), all samples are equal and one is taken.

    Args: rows: how many are decoded at once; it affects memory and speed only, not the samples. 0: what a CPU's cache
    holds, on other devices a whole portion. One sample for each x is never split.
    """
    k = k if q.std.any() else 1
    rows = rows or (CACHED if x.device.type == "cpu" else DRAWN)
    portion = max(1, DRAWN // len(x))
    pieces = [log_weights(model, x, q, min(portion, k - start), c, rows=rows) for start in range(0, k, portion)]
    return torch.logsumexp(torch.cat(pieces), 0) - math.log(k)


def bits_per_dim(likelihood: Likelihood, nll_nats: float, dims: int) -> float | None:
    """NLL / (dims log 2), bits, of samples stored as 8-bit levels. A density on 0-1 is one of levels / 256, so its NLL
    first gains log 256 per dimension (8 bits). None for a likelihood of binary pixels.

    A density evaluated at the levels themselves, without dequantisation noise, does not bound a code length: compare it
    only with values computed in the same way. Theis et al., 2016, section 3.1.
    """
    if likelihood.measure == "binary":
        return None
    return nll_nats / (dims * math.log(2)) + (8.0 if likelihood.measure == "density" else 0.0)


@metric_group(
    name="bounds",
    title=N_("ELBO, distortion, rate, NLL, bits per dimension, MSE, active units"),
    figures=N_(
        "`elbo_nats`, `distortion_nats`, `rate_nats`, `nll_nats`, `mse`, "
        "`active_units_by_rate`, `active_units`; see the table below"
    ),
    terms={
        "elbo_nats": "elbo",
        "distortion_nats": "distortion",
        "rate_nats": "rate",
        "nll_nats": "nll",
        "elbo_bits_per_dim": "bits-per-dimension",
        "nll_bits_per_dim": "bits-per-dimension",
        "mse": "mse",
        "active_units_by_rate": "active-units",
        "active_units": "active-units",
    },
)
def bounds_group(s: Subject) -> dict[str, Any]:
    found = evaluate(
        s.model, s.x_test, s.y_test, c=s.c_test, k=s.k, seed=s.seed, precision=s.precision, report=s.progress
    )
    if found["elbo_nats"] is None or s.x_test.dtype != torch.uint8:
        return found
    dims = s.x_test[0].numel()
    for name, sign in (("elbo_nats", -1), ("nll_nats", 1)):
        if found[name] is None:
            continue
        key = name.replace("_nats", "_bits_per_dim")
        found[key] = bits_per_dim(s.model.likelihood, sign * found[name], dims)
        error = found[error_key(name)]
        if found[key] is not None and error is not None:
            found[error_key(key)] = error / (dims * math.log(2))
    return found
