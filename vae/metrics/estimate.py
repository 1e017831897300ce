"""A metric with what is needed to repeat the measurement and to judge it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """value, estimated from n samples drawn with this seed.

    standard_error: in the unit of value; None if no valid one exists. protocol: what was computed, from what, and by
    whose definition. Two values are comparable only if their protocols are equal.
    """

    value: float
    n: int
    seed: int
    standard_error: float | None
    protocol: str


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
