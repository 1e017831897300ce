"""Bounds on log p(x) of a test set, nats per sample."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..data.binarise import binarised
from ..losses.terms import log_weights
from ..models.conditions import told
from ..models.likelihoods import Likelihood
from ..models.model import LatentModel
from ..models.nets.precision import decoding_in
from ..models.tensors import BATCH, seeded, to_float
from ..registry import metric_group
from ..sampling.annealing import effective, lower
from ..text import N_, _, number, percent, significant
from ..types import Latent
from .active import active_by_rate, active_units, least_variance
from .subject import Subject

DRAWN = 4000  # latents sampled at once; fixed, as a generator's numbers depend on how many are drawn at a time
CACHED = 500  # rows that a CPU decodes at once: 4000 pictures of 784 pixels do not fit into its cache
UNDEQUANTISED = N_(
    "These log-likelihoods are densities at the levels of the pixels, without dequantisation noise: they compare "
    "with each other, but they are not code lengths."
)
UNITS = ("_bits_per_dim", "_nats")
FEW = 5.0  # effective samples: log p(x) is then about 1 / (2 FEW) nats too low, by the delta method; below, unknown
LOOSE = 0.1  # share of samples with few effective ones from which the estimate is called not tight for them


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
    importance-weighted bound with k samples (Burda et al., 2016, eq. 8), and how many of these count: nll_ess, the mean
    effective sample size of the weights, 1 to k, and nll_low_ess, the share of x where it is below `few(k)`.

    A binary likelihood takes grey pixels as probabilities of 1: distortion and ELBO are expectations over binarisations
    b ~ Bernoulli(x), which for the NLL have no closed form. It is that of one seeded b for each x (nll_binarisations:
    1), with samples of q(z|b). pixel_entropy_nats: the mean entropy of b, below which no distortion can be.

    Means over all of x (n, *shape), uint8 or float 0-1, each with its standard error under `error_key`. n_test: n;
    latent_dims: of which active_units are a part;
    active_units_above: the variance above which a dimension was counted, for a code without a prior, whose scale is its
    own; otherwise it is 0.01. nll_k: k, or 1 if every posterior is a point; seed: of the samples; nll_precision:
    precision of the decoder's products for the NLL, if it is not float32. y (n,): labels, for models conditioned on
    labels; c (n, *condition), uint8 or float: other conditions. ELBO, rate and NLL are None for a model without a rate,
    which has no bound.
    accuracy: share of x whose most likely class equals y, for models with classify(x) -> (b, c); else None.
    mc_bound_nats: with k > 0, for models that bound log p(x) by chains, bound(x, c) -> (b,); of the same x as the NLL.
    """
    model.eval()
    classify, bound = None if y is None else getattr(model, "classify", None), getattr(model, "bound", None)
    each: dict[str, list[Tensor]] = defaultdict(list)  # metric -> values of all samples
    mus, kls, levels, wide = [], [], [], False
    decoding, binary = decoding_in(model, precision), model.likelihood.measure == "binary"
    with seeded(seed, x.device):
        for i in range(0, len(x), BATCH):
            batch = to_float(x[i : i + BATCH])
            labels = None if y is None else y[i : i + BATCH]
            conditions = told(model, labels if c is None else c[i : i + BATCH])
            out = model(batch, conditions)
            kl = out.latent.kl
            each["distortion_nats"].append(-model.likelihood.log_prob(out.params, batch))
            if binary:
                each["pixel_entropy_nats"].append(pixel_entropy(batch))
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
                target, q = batch, out.latent
                if binary and each["pixel_entropy_nats"][-1].any():
                    target = torch.from_numpy(binarised(batch.cpu().numpy(), seed)).to(batch.device)
                    q = model.infer(target, conditions)
                log_p, effective = importance(decoding, target, q, k, conditions)
                each["nll_nats"].append(-log_p)
                each["nll_ess"].append(effective)
                if bound is not None:
                    each["mc_bound_nats"].append(bound(target, conditions))
            if classify is not None:
                each["accuracy"].append((classify(batch).argmax(1) == labels).float())
            report(min(i + BATCH, len(x)), len(x))
    found = {name: torch.cat([part.cpu().double() for part in parts]) for name, parts in each.items()}
    if levels:
        found["elbo_nats"] = -(found["distortion_nats"] + found["rate_nats"])
    mu, rates = np.concatenate(mus), np.concatenate(kls).mean(0) if kls else None
    figures: dict[str, Any] = {}
    chained = ("mc_bound_nats",) if "mc_bound_nats" in found else ()
    for name in ("elbo_nats", *chained, "distortion_nats", "rate_nats", "nll_nats", "mse", "accuracy"):
        values = found.get(name)
        figures[name] = None if values is None else float(values.mean())
        figures[error_key(name)] = None if values is None else standard_error(values)
    grey = binary and bool(found["pixel_entropy_nats"].any())
    if grey:
        figures["pixel_entropy_nats"] = float(found["pixel_entropy_nats"].mean())
        figures |= {"nll_binarisations": 1} if k and levels else {}
    if k and levels and wide:
        effective = found["nll_ess"]
        figures |= {"nll_ess": float(effective.mean()), "nll_low_ess": float((effective < few(k)).double().mean())}
    return figures | {
        "nll_k": (k if wide else 1) if k and levels else None,
        "latent_dims": mu.shape[1],
        "active_units_by_rate": None if rates is None else int(active_by_rate(rates).sum()),
        "active_units": int(active_units(mu, prior=model.has_prior).sum()),
        **({} if model.has_prior else {"active_units_above": least_variance(mu, prior=False)}),
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


def importance(
    model: LatentModel, x: Float[Tensor, "b ..."], q: Latent, k: int, c: Tensor | None = None, *, rows: int = 0
) -> tuple[Float[Tensor, " b"], Float[Tensor, " b"]]:
    """(log p, ESS) of each x. log p: log 1/k sum_i w_i with w_i = p(x, z_i) / q(z_i|x), z_i ~ q(z|x): a lower bound on
    log p(x), nats, that gets tighter with k. ESS: (sum_i w_i)^2 / sum_i w_i^2, the effective sample size, 1 to k.

    Burda et al., 2016, equation 8, by log-sum-exp over portions, so that k may be large; Kong, 1992, for the ESS. If
    the posterior is a point (std 0), all samples are equal and one is taken.

    Args: rows: how many are decoded at once; it affects memory and speed only, not the samples. 0: what a CPU's cache
    holds, on other devices a whole portion. One sample for each x is never split.
    """
    k = k if q.std.any() else 1
    rows = rows or (CACHED if x.device.type == "cpu" else DRAWN)
    portion = max(1, DRAWN // len(x))
    pieces = [log_weights(model, x, q, min(portion, k - start), c, rows=rows) for start in range(0, k, portion)]
    log_w = torch.cat(pieces)
    return lower(log_w), effective(log_w)


def log_marginal(
    model: LatentModel, x: Float[Tensor, "b ..."], q: Latent, k: int, c: Tensor | None = None, *, rows: int = 0
) -> Float[Tensor, " b"]:
    """The first of `importance`."""
    return importance(model, x, q, k, c, rows=rows)[0]


def few(k: int) -> float:
    """The effective sample size below which an estimate with k importance samples is not to be relied on."""
    return min(FEW, k / 2)


def not_tight(metrics: Mapping[str, Any]) -> str:
    """A warning if the importance weights of the NLL have collapsed for a tenth of the samples or more; "" if they have
    not, or were not measured."""
    low, effective, k = (metrics.get(key) for key in ("nll_low_ess", "nll_ess", "nll_k"))
    if low is None or effective is None or not k or low < LOOSE:
        return ""
    return _(
        "NLL: −NLL is a lower bound on log p(x) that is not tight for {share} of the test samples: of k = {k} "
        "importance samples fewer than {few} count there, and {ess} on average over all samples (effective sample "
        "size). The true NLL is lower, by an unknown amount that the standard error does not include.",
        k=number(k),
        ess=number(effective, 1),
        few=significant(few(k)),
        share=percent(low),
    )


def pixel_entropy(x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """Entropy of b ~ Bernoulli(x), nats per sample: 0 for pixels that are 0 or 1."""
    return torch.special.entr(x).add(torch.special.entr(1 - x)).flatten(1).sum(1)


def steps_of(x: Tensor) -> int:
    """The steps from black to white in samples of 8-bit levels: 16 for 17 levels that are evenly spaced, 255 for any
    other ones."""
    levels = x.unique().double()
    n = len(levels) - 1
    even = n > 0 and bool(((levels - torch.linspace(0, 255, n + 1, dtype=levels.dtype)).abs() < 0.51).all())
    return n if even else 255


def bits_per_dim(likelihood: Likelihood, nll_nats: float, dims: int, steps: int = 255) -> float | None:
    """NLL / (dims log 2), bits, of samples stored as levels. x is from 0 to 1 in that many steps, so that a level is
    1/steps wide: the NLL of a density of x first gains log(steps) per dimension. None for binary pixels.

    A density evaluated at the levels themselves, without dequantisation noise, does not bound a code length: compare it
    only with values computed in the same way. Theis et al., 2016, section 3.1.
    """
    if likelihood.measure == "binary":
        return None
    return nll_nats / (dims * math.log(2)) + (math.log2(steps) if likelihood.measure == "density" else 0.0)


@metric_group(
    name="bounds",
    title=N_("ELBO, distortion, rate, NLL, bits per dimension, MSE, active units"),
    figures=N_(
        "`elbo_nats`, `distortion_nats`, `rate_nats`, `nll_nats`, `nll_ess`, `mse`, "
        "`active_units_by_rate`, `active_units`; see the table below"
    ),
    terms={
        "elbo_nats": "elbo",
        "distortion_nats": "distortion",
        "rate_nats": "rate",
        "nll_nats": "nll",
        "nll_ess": "effective-sample-size",
        "mc_bound_nats": "monte-carlo-bound",
        "pixel_entropy_nats": "binarisation",
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
    dims, steps = s.x_test[0].numel(), steps_of(s.x_test)
    for name, sign in (("elbo_nats", -1), ("nll_nats", 1)):
        if found[name] is None:
            continue
        key = name.replace("_nats", "_bits_per_dim")
        found[key] = bits_per_dim(s.model.likelihood, sign * found[name], dims, steps)
        error = found[error_key(name)]
        if found[key] is not None and error is not None:
            found[error_key(key)] = error / (dims * math.log(2))
    return found | ({"dequantised": False} if s.model.likelihood.measure == "density" else {})
