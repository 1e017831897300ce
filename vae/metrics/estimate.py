"""A measured figure with what it takes to repeat and to weigh it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """value, estimated from n samples drawn with this seed.

    standard_error has the unit of value and is None where no honest one exists. protocol says in one sentence what
    was computed, from what, and whose definition it is: two values compare only where it is the same.
    """

    value: float
    n: int
    seed: int
    standard_error: float | None
    protocol: str


def bootstrap_error(statistic: Callable[[np.ndarray], float], n: int, *, seed: int, resamples: int = 50) -> float:
    """Standard error of statistic(rows), rows drawn n of n with replacement. Efron, 1979.

    Honest only for what tolerates equal rows: not for figures of nearest neighbours or of held-out prediction, where
    copies of a row meet themselves. Fifty resamples know the error to about a tenth of itself.
    """
    rng = np.random.default_rng(seed)
    return float(np.std([statistic(rng.integers(0, n, n)) for _ in range(resamples)], ddof=1))
