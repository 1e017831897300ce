"""Codes and the ground-truth factors of the same samples, checked for every metric that compares them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..errors import ShapeError
from ..text import _, ngettext
from .active import active_dimensions
from .estimate import in_english


def check_codes(codes: ArrayLike, name: str = "codes") -> Float[np.ndarray, "n d"]:
    """codes (n, d) as float64. Raises: ShapeError: not two axes with at least one dimension, NaN or infinity."""
    codes = np.asarray(codes, np.float64)
    if codes.ndim != 2 or not codes.shape[1]:
        raise ShapeError(
            _(
                "{name}: given shape {shape}, expected (n, d): a row for each sample, a column for each dimension.",
                name=name,
                shape=codes.shape,
            )
        )
    if bad := int((~np.isfinite(codes)).sum()):
        raise ShapeError(
            ngettext("{name}: {n} value is NaN or infinite.", "{name}: {n} values are NaN or infinite.", bad, name=name)
        )
    return codes


def check_active(
    codes: Float[np.ndarray, "n d"], rate_per_dim_nats: ArrayLike | None, prior: bool
) -> tuple[np.ndarray, str]:
    """Which dimensions of checked codes count in a score, (d,) bool, and what a protocol says of them; see
    `active_dimensions`. Raises: ShapeError: not a rate for each dimension."""
    rates = None if rate_per_dim_nats is None else np.asarray(rate_per_dim_nats, np.float64)
    if rates is not None and rates.shape != codes.shape[1:]:
        raise ShapeError(
            _(
                "rates: given shape {given}, expected {expected}, one for each dimension of the codes.",
                given=rates.shape,
                expected=codes.shape[1:],
            )
        )
    active = active_dimensions(codes, rates, prior=prior)
    rule = in_english("rate and " * (rates is not None) + "relative " * (not prior) + "variance")
    return active, in_english(f"{int(active.sum())} of {len(active)} dimensions active by {rule}")


def check_factors(factors: ArrayLike, n: int) -> Int[np.ndarray, "n f"]:
    """factors (n, f) with the values of each renumbered 0, 1, ... in their order.

    Raises: ShapeError: not (n, f) whole numbers, or a factor with fewer than two values: its entropy is 0, by which
    scores would be divided.
    """
    factors = np.asarray(factors)
    if factors.ndim != 2 or len(factors) != n or not factors.shape[1] or not np.issubdtype(factors.dtype, np.integer):
        raise ShapeError(
            _(
                "factors: given {dtype} {shape}, expected whole numbers of shape ({n}, f), a row for each code.",
                dtype=factors.dtype,
                shape=factors.shape,
                n=n,
            )
        )
    numbered = np.stack([np.unique(column, return_inverse=True)[1] for column in factors.T], axis=1)
    for k, size in enumerate(sizes(numbered)):
        if size < 2:
            raise ShapeError(
                ngettext(
                    "factor {k} has only 1 value, {value}, in {n} sample; expected at least 2. Leave the factor out,"
                    " or give samples in which it varies.",
                    "factor {k} has only 1 value, {value}, in {n} samples; expected at least 2. Leave the factor "
                    "out, or give samples in which it varies.",
                    n,
                    k=k,
                    value=factors[:1, k].tolist(),
                )
            )
    return numbered


def sizes(numbered: Int[np.ndarray, "n f"]) -> list[int]:
    """How many values each checked factor has."""
    return [int(column.max(initial=-1)) + 1 for column in numbered.T]


def entropies(numbered: Int[np.ndarray, "n f"]) -> Float[np.ndarray, " f"]:
    """H(v_k) of each factor's empirical distribution, nats."""
    shares = [np.bincount(column) / len(column) for column in numbered.T]
    return np.array([-(p[p > 0] * np.log(p[p > 0])).sum() for p in shares])


def gaps(scores: Float[np.ndarray, "d f"], floor: Float[np.ndarray, " f"]) -> Float[np.ndarray, " f"]:
    """The best dimension's score minus the second best's, for each factor.

    floor: the score of a constant dimension. Two such dimensions are always added, so that codes of one dimension or
    none have a gap, too, and inactive dimensions change nothing.
    """
    ranked = np.sort(np.vstack([scores, floor, floor]), axis=0)
    return ranked[-1] - ranked[-2]
