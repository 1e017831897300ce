"""An attribute as a direction between two groups of latents, and the evidence that it is one.

All evidence is held out: a direction learned on one half of both groups is judged on the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import SettingError, ShapeError
from .rows import rows, vector
from .threads import one_thread

LEAST = 4  # rows of a group: two to learn from, two to judge by
SMALL = 0.5  # Cohen's own "medium": below it, an effect is called weak. Cohen, 1988, section 2.2
LARGE = 0.8  # and his "large": from here up it is called strong
SHRINKAGE = 0.1  # of the covariance of the linear discriminant towards a multiple of the identity
LEVEL = 0.95


@dataclass(frozen=True)
class Evidence:
    """How well a direction tells A from B on rows it has not seen.

    d: Cohen's d of the projections; low, high: its interval at LEVEL; n_a, n_b: rows judged. null: d of pairs of groups
    as large, drawn at random from A and B together, each with a direction of its own; p: chance of a d like this among
    them. random: |d| of A and B along directions drawn at random.
    """

    d: float
    low: float
    high: float
    n_a: int
    n_b: int
    null: Float[np.ndarray, " draws"]
    p: float
    random: Float[np.ndarray, " draws"]

    @property
    def chance(self) -> float:
        """The d that 95 % of random pairs of groups stay below."""
        return float(np.quantile(self.null, LEVEL))

    @property
    def weak(self) -> bool:
        """Small by Cohen's rule, or no larger than chance within its interval."""
        return self.d < SMALL or self.low <= self.chance


def mean_difference(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " d"]:
    """mean(A) - mean(B): added to a latent like those of B, it gives one like those of A. Larsen et al., 2016."""
    return a.mean(0) - b.mean(0)


def discriminant(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " d"]:
    """Fisher's linear discriminant (S + shrinkage)^-1 (mean A - mean B), S the pooled covariance within groups, as long
    as takes the mean of B to where the mean of A projects.

    It tells the groups apart best, but may leave the data: what varies little within a group is stretched. Fisher,
    1936.
    """
    gap = mean_difference(a, b)
    with one_thread():
        spread = ((a - a.mean(0)).T @ (a - a.mean(0)) + (b - b.mean(0)).T @ (b - b.mean(0))) / max(
            1, len(a) + len(b) - 2
        )
        level = float(np.trace(spread)) / len(gap) or 1.0
        w = np.linalg.solve((1 - SHRINKAGE) * spread + SHRINKAGE * level * np.eye(len(gap)), gap)
    size = float(w @ w)
    return w * (float(w @ gap) / size) if size > 0 else w


METHODS = {"means": mean_difference, "discriminant": discriminant}


def analogy(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Float[np.ndarray, " d"]:
    """A - B + C: C, changed as B would have to be to become A. Mikolov et al., 2013. Raises: ShapeError."""
    a = vector(a, name="A")
    return a - vector(b, len(a), "B") + vector(c, len(a), "C")


def cohens_d(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " m"]) -> float:
    """(mean x - mean y) / pooled standard deviation; 0 where both are constant and equal. Cohen, 1988, eq. 2.5.1."""
    n, m = len(x), len(y)
    pooled = np.sqrt(((n - 1) * x.var(ddof=1) + (m - 1) * y.var(ddof=1)) / (n + m - 2))
    gap = float(x.mean() - y.mean())
    return gap / float(pooled) if pooled > 0 else float(np.copysign(np.inf, gap)) if gap else 0.0


def interval(d: float, n: int, m: int, level: float = LEVEL) -> tuple[float, float]:
    """The confidence interval of Cohen's d between groups of n and m normal values of equal variance.

    Exact: d sqrt(nm / (n + m)) is noncentral t with n + m - 2 degrees of freedom, inverted for the noncentrality.
    Steiger and Fouladi, 1997; Cumming and Finch, 2001. Where that runs out of floating point (|d| in the tens), the
    normal approximation of Hedges and Olkin, 1985, p. 86.
    """
    from scipy.special import nctdtrinc, ndtri  # here: its import takes a tenth of a second

    if not np.isfinite(d):
        return d, d  # groups without any spread
    root, tail = float(np.sqrt(n * m / (n + m))), (1 - level) / 2
    ends = [float(nctdtrinc(n + m - 2, 1 - share, abs(d) * root)) / root for share in (tail, 1 - tail)]
    error = float(np.sqrt(1 / (root * root) + d * d / (2 * (n + m)))) * float(ndtri(1 - tail))
    if not (np.isfinite(ends).all() and ends[0] <= abs(d) <= ends[1]):
        ends = [abs(d) - error, abs(d) + error]
    return (ends[0], ends[1]) if d >= 0 else (-ends[1], -ends[0])


def evidence(a: ArrayLike, b: ArrayLike, *, method: str = "means", draws: int = 499, seed: int = 0) -> Evidence:
    """Learn the direction on half of A (n, d) and of B (m, d), and judge it by the other halves; see `Evidence`.

    Both halves are drawn at random. p = (1 + how many random pairs reach d) / (1 + draws): exact, as under "no
    difference" all labellings are equally likely. Phipson and Smyth, 2010, eq. 2.

    Raises: ShapeError: other widths, or a group of fewer than LEAST rows. SettingError: an unknown method.
    """
    a = rows(a, name="group A").astype(np.float64)
    b = rows(b, a.shape[1], "group B").astype(np.float64)
    for name, group in (("A", a), ("B", b)):
        if len(group) < LEAST:
            raise ShapeError(f"group {name}: given {len(group)} rows, expected at least {LEAST}.")
    if method not in METHODS:
        raise SettingError(f"unknown method {method!r}; known: {', '.join(METHODS)}.")
    rng, both = np.random.default_rng(seed), np.concatenate([a, b])
    d, held_a, held_b = _held_out(a[rng.permutation(len(a))], b[rng.permutation(len(b))], method)
    null = np.empty(draws)
    for i in range(draws):
        mixed = both[rng.permutation(len(both))]
        null[i] = _held_out(mixed[: len(a)], mixed[len(a) :], method)[0]
    return Evidence(
        d=d,
        low=(ends := interval(d, len(held_a), len(held_b)))[0],
        high=ends[1],
        n_a=len(held_a),
        n_b=len(held_b),
        null=null,
        p=float((1 + (null >= d).sum()) / (1 + draws)),
        random=_along_random(held_a, held_b, both.std(0), draws, rng),
    )


def held_out(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two halves of n rows, to learn from and to judge by, at random: row numbers (n // 2), (n - n // 2)."""
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[: n // 2]), np.sort(order[n // 2 :])


def _held_out(a: np.ndarray, b: np.ndarray, method: str) -> tuple[float, np.ndarray, np.ndarray]:
    """d of the second halves along the direction of the first, and those second halves."""
    half_a, half_b = len(a) // 2, len(b) // 2
    u = METHODS[method](a[:half_a], b[:half_b])
    with one_thread():
        return cohens_d(a[half_a:] @ u, b[half_b:] @ u), a[half_a:], b[half_b:]


def _along_random(a: np.ndarray, b: np.ndarray, scale: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """|d| of a and b along directions drawn alike from all directions, each dimension in its own std."""
    u = rng.standard_normal((len(scale), draws)) / np.where(scale > 0, scale, np.inf)[:, None]
    with one_thread():
        x, y = a @ u, b @ u
    return np.abs([cohens_d(x[:, i], y[:, i]) for i in range(draws)])
