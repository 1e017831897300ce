"""How the latent is used: index-code information, aggregate posterior against prior, codebook usage."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from ..errors import NotMeasurable, ShapeError
from ..registry import metric_group
from ..text import N_, _
from .estimate import Estimate, in_english
from .subject import Subject

FLOOR = 3.0  # nats: closer than this to log n, the information about the index is a floor of that about x, no estimate
PAIRS = 4_000_000  # samples x posteriors in memory at a time


def pca_mse(x_train: np.ndarray, x_test: np.ndarray, d: int) -> float:
    """Mean squared error per pixel of the best linear code of width d (fitted on train), x in 0-1."""
    a = x_train.reshape(len(x_train), -1).astype(np.float32) / 255.0
    b = x_test.reshape(len(x_test), -1).astype(np.float32) / 255.0
    mean = a.mean(0)
    basis = np.linalg.eigh((a - mean).T @ (a - mean)).eigenvectors[:, -d:]
    rest = (b - mean) - (b - mean) @ basis @ basis.T
    return float((rest**2).mean())


def information_estimates(
    mu: Float[np.ndarray, "n d"],
    std: Float[np.ndarray, "n d"],
    kl: Float[np.ndarray, " n"] | None = None,
    *,
    seed: int,
    draws: int = 1,
) -> dict[str, Any]:
    """The mutual information between the index of a sample and its code, and the KL divergence of aggregate posterior
    and prior, nats.

    q(z) = 1/n sum_i N(z; mu_i, std_i^2) is the mixture of the n posteriors given, evaluated exactly at `draws` samples
    of each. index_code_information_nats: I(i; z) = E_i KL(q(z|x_i) || q(z)), at most log n, which is reached when no
    two posteriors overlap. It is a lower bound of I(x; z), where x is any sample of the distribution that the n are of,
    and close to it only far below log n: Gaussian channels come out low by .02 nats at 5 nats below log n, by .06 at 4
    and by .1 to .15 at 3. Nearer than FLOOR it is flagged as a floor and has no standard error. aggregate_kl_nats:
    KL(q(z) || p(z)) = mean(kl) - I(i; z), where kl is KL(q(z|x_i) || p(z)), accordingly an upper bound for the
    distribution; left out if kl is None.
    Hoffman and Johnson, 2016, equation 7; the name is that of Chen et al., 2018, equation 2.

    Raises: ShapeError: a posterior with std 0, which has no density.
    """
    if not (std > 0).all():
        flat = int((std <= 0).any(1).sum())
        raise ShapeError(_("{bad} of {n} posteriors have a std of 0, expected std above 0.", bad=flat, n=len(std)))
    n = len(mu)
    mu, std = mu.astype(np.float64), std.astype(np.float64)
    rng = np.random.default_rng(seed)
    gain = []
    for _draw in range(draws):
        e = rng.standard_normal(mu.shape)
        own = -0.5 * np.square(e).sum(1) - np.log(std).sum(1)  # log q(z_i|x_i), without the constant of both
        gain.append(own - _log_mixture(mu + std * e, mu, std))
    each = np.mean(gain, axis=0)
    drawn = in_english(f"{draws} draw{'s' * (draws > 1)} of each")
    text = in_english(f"q(z) the mixture of the posteriors of {n} test samples, {drawn}, Hoffman and Johnson, 2016")
    information = float(each.mean())
    floor = bool(np.log(n) - information < FLOOR)
    reached = in_english(f", within {FLOOR:g} nats of it: a floor of I(x; z), n is too small for an estimate") * floor
    named = in_english(f"I(i; z) of index and code, at most log n = {np.log(n):.2f} nats{reached}; {text}")
    error = None if floor else _error(each)
    out = {"index_code_information_nats": Estimate(information, n, seed, error, named, "lower" if floor else "")}
    if kl is not None:
        rest = kl.astype(np.float64) - each
        cut = in_english(", an upper bound, since I(i; z) is a floor") * floor
        protocol = in_english(f"KL(q(z) || p(z)) = rate - I(i; z){cut}; {text}")
        bound = "upper" if floor else ""
        out["aggregate_kl_nats"] = Estimate(float(rest.mean()), n, seed, _error(rest), protocol, bound)
    return out


def _error(each: Float[np.ndarray, " n"]) -> float | None:
    """Standard error of the mean of n."""
    return float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else None


def _log_mixture(
    z: Float[np.ndarray, "k d"], mu: Float[np.ndarray, "n d"], std: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, " k"]:
    """log 1/n sum_i N(z; mu_i, std_i^2), without -d/2 log 2 pi; squares are multiplied out into matrix products."""
    weight = std**-2.0
    constant = -0.5 * (mu**2 * weight).sum(1) - np.log(std).sum(1)
    out, rows = np.empty(len(z)), max(1, PAIRS // len(mu))
    for i in range(0, len(z), rows):
        part = z[i : i + rows]
        log_q = part @ (mu * weight).T - 0.5 * (part**2) @ weight.T + constant
        top = log_q.max(1)
        out[i : i + rows] = top + np.log(np.exp(log_q - top[:, None]).mean(1))
    return out


def perplexity(counts: Int[np.ndarray, " k"]) -> float:
    """exp of the entropy of the shares of k counts: 1 if one has all, k if all are equal."""
    share = counts[counts > 0] / counts.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def codebook_estimates(codes: Int[np.ndarray, "n ..."], size: int, *, seed: int) -> dict[str, Any]:
    """Usage of a codebook with `size` codes by the code indices of n samples: perplexity, the exp of the entropy of
    usage (1: one code is always used; size: all equally often), and the share of codes used at least once.
    van den Oord et al., 2017, train with such a codebook.

    Raises: ShapeError: no codes, or an index outside 0 to size - 1.
    """
    if not codes.size or codes.min() < 0 or codes.max() >= size:
        if not codes.size:
            raise ShapeError(_("code indices: given none, expected at least 1."))
        low, high = codes.min(), codes.max()
        raise ShapeError(
            _("code indices: given {low} to {high}, expected 0 to {last}.", low=low, high=high, last=size - 1)
        )
    counts = np.bincount(codes.ravel(), minlength=size)
    share = counts[counts > 0] / codes.size
    text = in_english(f"{size} codes, {codes[0].size} a sample, {len(codes)} test samples")
    entropy = in_english(f"exp of the entropy of usage, {text}")
    return {
        "codebook_perplexity": Estimate(perplexity(counts), len(codes), seed, None, entropy),
        "codebook_used_share": Estimate(len(share) / size, len(codes), seed, None, f"chosen at least once, {text}"),
    }


@metric_group(
    name="latent",
    title=N_("index-code information, aggregate posterior against prior, codebook usage"),
    figures=N_(
        "`index_code_information_nats` I(i; z) of the index of a sample and its code, at most log n; "
        "`aggregate_kl_nats` KL(q(z) || p(z)); for discrete codes `codebook_perplexity` and `codebook_used_share`"
    ),
    terms={
        "index_code_information_nats": "mutual-information",
        "aggregate_kl_nats": "aggregate-posterior",
        "codebook_perplexity": "perplexity",
        "codebook_used_share": "perplexity",
    },
)
def latent_group(s: Subject) -> dict[str, Any]:
    mu, std, kl = s.posteriors
    if "discrete" in s.engine.traits:
        codes = np.concatenate([s.model.codes(s.to_device(part)).cpu().numpy() for part in np.array_split(mu, 100)])
        return codebook_estimates(codes, len(s.model.codebook()), seed=s.seed)
    if kl is None or not (std > 0).all():
        raise NotMeasurable(
            _(
                "{name}: these metrics need exactly one level of Gaussian latents with a rate, which it does not have.",
                name=s.name,
            )
        )
    return information_estimates(mu, std, None if s.engine.conditional else kl, seed=s.seed)
