"""The mutual information gap (MIG) by two estimators, which measure different things and have different names.

MIG is the mean over factors of (I(z_1; v) - I(z_2; v)) / H(v), where z_1 and z_2 are the two dimensions with the most
information about v. Chen et al., 2018. It asks for one dimension per factor, not for one factor per dimension.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..errors import ShapeError
from ..text import _, ngettext
from .estimate import Estimate, bootstrap_error, in_english
from .factors import check_active, check_codes, check_factors, entropies, gaps, sizes

BINS = 20
DRAWS = 2000
BLOCK = 64  # samples at a time: bounds memory to BLOCK x n densities


def mig_binned(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    bins: int = BINS,
    rate_per_dim_nats: ArrayLike | None = None,
    prior: bool = True,
    seed: int = 0,
) -> Estimate:
    """MIG of posterior means in equal-width bins between their minimum and maximum. Locatello et al., 2019.

    codes: (n, d) posterior means. factors: (n, f) whole numbers. rate_per_dim_nats: (d,), by which inactive dimensions
    are left out; None: by variance alone; prior: False for codes without one, whose variances are judged relative to
    the largest. In bins a collapsed dimension whose means vary by a thousandth would count in full, as it does in
    published code. A factor with more values than bins cannot reach 1. Every mutual information is biased upwards by
    about (bins - 1)(values - 1) / 2n nats: compare at equal n only. standard_error: bootstrap over the samples.
    Raises: ShapeError.
    """
    codes = check_codes(codes)
    factors = check_factors(factors, len(codes))
    if bins < 2:
        raise ShapeError(_("bins: given {bins}, expected at least 2.", bins=bins))

    active, counted = check_active(codes, rate_per_dim_nats, prior)
    seen = codes[:, active]

    def score(rows: np.ndarray) -> float:
        return _mig(binned_information(seen[rows], factors[rows], bins), factors[rows])

    value, error = score(np.arange(len(codes))), bootstrap_error(score, len(codes), seed=seed)
    protocol = in_english(
        f"MIG of posterior means in {bins} equal-width bins a dimension, {counted} (Locatello et al., 2019)"
    )
    return Estimate(value, len(codes), seed, error, protocol)


def mig_sampled(mu: ArrayLike, std: ArrayLike, factors: ArrayLike, *, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """MIG of samples of q(z|x), with exact densities under q(z_j) and q(z_j|v). Chen et al., 2018.

    mu, std: (n, d) of Gaussian posteriors; factors: (n, f) whole numbers, of the full factor grid or a uniform sample
    of its cells; q(z) = 1/n sum_i q(z|x_i). Biased upwards, as the mixture contains the posterior that each sample
    comes from: most for factors with many values and few samples of each. Compare at equal n only.
    standard_error: bootstrap over the samples, given the posteriors. Raises: ShapeError: also if a std is not positive.
    """
    mu, std = check_codes(mu, "mu"), check_codes(std, "std")
    if mu.shape != std.shape or (std <= 0).any():
        raise ShapeError(
            ngettext(
                "std: given shape {given} with {n} value not above 0, expected {expected} as mu, all positive. "
                "For a deterministic code, use mig_binned.",
                "std: given shape {given} with {n} values not above 0, expected {expected} as mu, all positive. "
                "For a deterministic code, use mig_binned.",
                np.count_nonzero(std <= 0),
                given=std.shape,
                expected=mu.shape,
            )
        )
    if draws < 2:
        raise ShapeError(_("draws: given {draws}, expected at least 2.", draws=draws))
    factors = check_factors(factors, len(mu))
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(mu), min(draws, len(mu)), replace=False)
    z = mu[rows] + std[rows] * rng.standard_normal((len(rows), mu.shape[1]))
    gains = _density_gains(z, rows, mu, std, factors)

    def score(chosen: np.ndarray) -> float:
        return _mig(gains[chosen].mean(axis=0), factors)

    value, error = score(np.arange(len(rows))), bootstrap_error(score, len(rows), seed=seed)
    protocol = in_english(
        f"MIG of {len(rows)} draws from q(z|x) against a mixture of {len(mu)} posteriors (Chen et al., 2018)"
    )
    return Estimate(value, len(mu), seed, error, protocol)


def binned_information(
    codes: Float[np.ndarray, "n d"], factors: Int[np.ndarray, "n f"], bins: int = BINS
) -> Float[np.ndarray, "d f"]:
    """I(bin of z_j; v_k) from the joint histogram, nats. A constant dimension has no information."""
    low, width = codes.min(axis=0), np.ptp(codes, axis=0)
    cells = (bins * ((codes - low) / np.where(width > 0, width, 1.0))).astype(np.int64).clip(max=bins - 1)
    information = np.empty((codes.shape[1], factors.shape[1]))
    for k, size in enumerate(sizes(factors)):
        for j, cell in enumerate(cells.T):
            joint = np.bincount(cell * size + factors[:, k], minlength=bins * size).reshape(bins, size) / len(codes)
            apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
            seen = joint > 0
            information[j, k] = (joint[seen] * np.log(joint[seen] / apart[seen])).sum()
    return information


def _mig(information: Float[np.ndarray, "d f"], factors: Int[np.ndarray, "n f"]) -> float:
    gap, entropy = gaps(information.clip(min=0), np.zeros(factors.shape[1])), entropies(factors)
    return float(np.divide(gap, entropy, out=np.zeros_like(gap), where=entropy > 0).mean())  # 0 in a resample only


def _density_gains(
    z: Float[np.ndarray, "s d"],
    rows: Int[np.ndarray, " s"],
    mu: Float[np.ndarray, "n d"],
    std: Float[np.ndarray, "n d"],
    factors: Int[np.ndarray, "n f"],
) -> Float[np.ndarray, "s d f"]:
    """log q(z_j|v_k) - log q(z_j) of each sample z, nats, where v is that of z's row: the mean is I(z_j; v_k).

    The densities of z under all n posteriors are computed once; one product with the indicators of the factor values
    then sums them for every value of every factor.
    """
    counts = [np.bincount(column) for column in factors.T]
    starts = np.cumsum([0, *map(len, counts)])[:-1]
    own = starts + factors[rows]  # (s, f): the column of each row's own value
    members = np.zeros((len(mu), sum(map(len, counts))))
    for column in (starts + factors).T:
        members[np.arange(len(mu)), column] = 1
    n_own = np.concatenate(counts)[own]
    gains = np.empty((len(z), mu.shape[1], factors.shape[1]))
    for j in range(mu.shape[1]):
        for part in (slice(i, i + BLOCK) for i in range(0, len(z), BLOCK)):
            log_q = -0.5 * ((z[part, j, None] - mu[:, j]) / std[:, j]) ** 2 - np.log(std[:, j])  # (block, n)
            density = np.exp(log_q - log_q.max(axis=1, keepdims=True))  # up to a factor that cancels
            given_v = np.take_along_axis(density @ members, own[part], axis=1) / n_own[part]
            gains[part, j] = np.log(given_v) - np.log(density.mean(axis=1, keepdims=True))
    return gains
