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
from ..models.tensors import BATCH, to_float
from ..registry import metric_group
from ..types import Latent
from .active import active_units
from .subject import Subject

DRAWN = 4000  # latents at once: a generator's numbers depend on how many are asked for, so nothing may change it
CACHED = 500  # rows that a CPU decodes at once: of 4 000 pictures of 784 pixels every pass goes to memory and back
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
    """elbo, distortion, rate (one posterior sample a picture), mse of the decoded posterior mean, active units, rate
    of each dimension and of each level from the top; with k > 0 also nll, the importance-weighted bound with k samples
    (Burda et al., 2016, eq. 8).

    Means over all of x (n, *shape), uint8 or float 0-1, each with the standard error of that mean under
    `error_key`; n_test: n; nll_k: k, or 1 where every posterior is a point and all draws are one; seed: of the
    draws; nll_precision: that of the decoder's products, in the nll alone, where it is not float32. y (n,) labels, for
    models that are told them; c (n, *condition), uint8 or float, for those that are told conditions in their place. A
    model that pays no rate bounds nothing: its elbo, rate and nll are None. accuracy: how often the likeliest class of
    a model that has classify(x) -> (b, c) is y; None for others.
    """
    model.eval()
    classify = None if y is None else getattr(model, "classify", None)
    each: dict[str, list[Tensor]] = defaultdict(list)  # of every sample, by what is measured
    mus, kls, levels, wide = [], [], [], False
    decoding = decoding_in(model, precision)
    with torch.random.fork_rng(devices=_cuda(x)):
        torch.manual_seed(seed)
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
    figures: dict[str, Any] = {}
    for name in ("elbo_nats", "distortion_nats", "rate_nats", "nll_nats", "mse", "accuracy"):
        values = found.get(name)
        figures[name] = None if values is None else float(values.mean())
        figures[error_key(name)] = None if values is None else standard_error(values)
    return figures | {
        "nll_k": (k if wide else 1) if k and levels else None,
        "active_units": int(active_units(np.concatenate(mus)).sum()),
        "rate_per_dim_nats": [float(v) for v in np.concatenate(kls).mean(0)] if kls else None,
        "rate_per_level_nats": [float(v) for v in torch.cat(levels, 1).mean(1)] if levels else None,
        "n_test": len(x),
        "seed": seed,
        **({"nll_precision": precision} if k and levels and decoding is not model else {}),
    }


def error_key(name: str) -> str:
    """The key of a figure's standard error, the unit still at the end: elbo_nats -> elbo_standard_error_nats."""
    unit = next((unit for unit in UNITS if name.endswith(unit)), "")
    return f"{name.removesuffix(unit)}_standard_error{unit}"


def standard_error(values: Float[Tensor, " n"]) -> float | None:
    """Of the mean of n samples: what another test set of this size would change, and of one draw a sample its noise.
    None of one sample."""
    return float(values.std() / math.sqrt(len(values))) if len(values) > 1 else None


def log_marginal(
    model: LatentModel, x: Float[Tensor, "b ..."], q: Latent, k: int, c: Tensor | None = None, *, rows: int = 0
) -> Float[Tensor, " b"]:
    """log 1/k sum_i p(x, z_i) / q(z_i|x), z_i ~ q(z|x): a lower bound on log p(x), nats, that tightens with k.

    Summed with log-sum-exp in pieces, so k may be large. Burda et al., 2016, equation 8. Of a posterior that is one
    point (std 0), every draw is the same: one is taken.

    Args: rows: decoded at once, for memory and speed alone: the draws are the same, as they are made in portions of
    their own. 0: on a CPU what its cache holds, else a whole portion. One draw of all of x is never cut.
    """
    k = k if q.std.any() else 1
    rows = rows or (CACHED if x.device.type == "cpu" else DRAWN)
    portion = max(1, DRAWN // len(x))
    pieces = [log_weights(model, x, q, min(portion, k - start), c, rows=rows) for start in range(0, k, portion)]
    return torch.logsumexp(torch.cat(pieces), 0) - math.log(k)


def _cuda(x: Tensor) -> list[int]:
    return [x.device.index or 0] if x.device.type == "cuda" else []


def bits_per_dim(likelihood: Likelihood, nll_nats: float, dims: int) -> float | None:
    """nll / (dims log 2), bits, of samples stored as 8-bit levels; a density on 0-1 is one of levels / 256, so that its
    nll first gains log 256 a dimension: + 8 bits. None for a likelihood of binary pixels, which grey levels are not.

    A density at the levels themselves, without uniform noise added, bounds no code length: compare it only with
    others taken so. Theis et al., 2016, section 3.1.
    """
    if likelihood.measure == "binary":
        return None
    return nll_nats / (dims * math.log(2)) + (8.0 if likelihood.measure == "density" else 0.0)


@metric_group(
    name="bounds",
    title="elbo, distortion, rate, nll, bits per dimension, mse, active units",
    figures="`elbo_nats`, `distortion_nats`, `rate_nats`, `nll_nats`, `mse`, `active_units`; see the table below",
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
