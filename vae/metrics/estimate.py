"""A metric with what is needed to repeat the measurement and to judge it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SIGNS = {"": "", "lower": "≥ ", "upper": "≤ "}  # written before a value that is such a bound

Measured = tuple[float, float | None]  # a value and its standard error


@dataclass(frozen=True)
class Estimate:
    """value, estimated from n samples drawn with this seed.

    standard_error: in the unit of value; None if no valid one exists. bound: "lower" or "upper" if value is known only
    to be a bound on what is asked for, "" for an estimate. protocol: what was computed, from what, and by
    whose definition. Two values are comparable only if their protocols are equal.
    """

    value: float
    n: int
    seed: int
    standard_error: float | None
    protocol: str
    bound: str = ""

    def __post_init__(self) -> None:
        if self.bound not in SIGNS:
            raise ValueError(f"bound {self.bound!r}: expected one of {', '.join(map(repr, SIGNS))}.")


def difference_error(one: Measured, other: Measured) -> float | None:
    """Standard error of the difference of two values on one test set, as if they were independent: what helps or harms
    both at once cancels, so that the true one can be several times smaller. None if one of them is unknown, as that of
    an accuracy of exactly 0 or 1."""
    errors = [error for _value, error in (one, other) if error is not None]
    return math.hypot(*errors) if len(errors) == 2 else None


def apart(one: Measured, other: Measured) -> bool:
    """Whether two values differ by more than two standard errors of their difference."""
    error = difference_error(one, other)
    return error is not None and abs(one[0] - other[0]) > 2 * error


def in_english(protocol: str) -> str:
    """Marks the text of a protocol: it is stored and compared, so it is never translated."""
    return protocol


def bootstrap_error(statistic: Callable[[np.ndarray], float], n: int, *, seed: int, resamples: int = 50) -> float:
    """Standard error of statistic(rows) over bootstrap samples of n rows. Efron, 1979.

    Valid only for statistics that tolerate repeated rows: not for nearest neighbours or held-out predictions, where a
    row would be compared with its copies. Fifty resamples give the error to about 10 %.
    """
    rng = np.random.default_rng(seed)
    return float(np.std([statistic(rng.integers(0, n, n)) for _ in range(resamples)], ddof=1))
