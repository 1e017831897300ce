"""An attribute as a direction between two groups of latents, and the evidence for it.

All evidence is held out: a direction learned on one half of each group is evaluated on the other half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import SettingError, ShapeError
from ..text import N_, _, ngettext
from .rows import rows, vector
from .threads import one_thread

LEAST = 4  # rows of a group: two to learn from, two to evaluate on
SMALL = 0.5  # Cohen's "medium": a smaller effect is called weak here. Cohen, 1988, section 2.2
LARGE = 0.8  # Cohen's "large": from here on an effect is called strong
SHRINKAGE = 0.1  # of the covariance of the linear discriminant towards a multiple of the identity
LEVEL = 0.95


@dataclass(frozen=True)
class Evidence:
    """How well a direction separates A from B on held-out rows.

    d: Cohen's d of the projections; low, high: its confidence interval at LEVEL; n_a, n_b: held-out rows. null: d of
    pairs of groups of the same sizes, drawn at random from A and B together, each with a direction of its own; p: the
    p-value of d among them. random: |d| of A and B along random directions.
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
        """The 95 % quantile of d over random pairs of groups."""
        return float(np.quantile(self.null, LEVEL))

    @property
    def weak(self) -> bool:
        """Whether d is small by Cohen's rule, or its interval reaches down to chance."""
        return self.d < SMALL or self.low <= self.chance


def mean_difference(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " d"]:
    """mean(A) - mean(B): added to a latent like those of B, it gives one like those of A. Larsen et al., 2016."""
    return (a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)).astype(np.float32)


def discriminant(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " d"]:
    """Fisher's linear discriminant (S + shrinkage)^-1 (mean A - mean B), S the pooled covariance within groups, scaled
    so that, added to the mean of B, it projects onto the mean of A.

    It separates the groups best, but may leave the data, as dimensions that vary little within a group are stretched.
    Fisher, 1936.
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
    """A - B + C: C plus the difference between A and B. Mikolov et al., 2013. Raises: ShapeError."""
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

    Exact: d sqrt(nm / (n + m)) follows a noncentral t with n + m - 2 degrees of freedom, inverted for its noncentrality
    parameter. Steiger and Fouladi, 1997; Cumming and Finch, 2001. Where floating point does not suffice (|d| in the
    tens), the normal approximation of Hedges and Olkin, 1985, p. 86.
    """
    from scipy.special import nctdtrinc, ndtri  # here: its import takes a tenth of a second

    if not np.isfinite(d):
        return d, d  # groups without variance
    root, tail = float(np.sqrt(n * m / (n + m))), (1 - level) / 2
    ends = [float(nctdtrinc(n + m - 2, 1 - share, abs(d) * root)) / root for share in (tail, 1 - tail)]
    error = float(np.sqrt(1 / (root * root) + d * d / (2 * (n + m)))) * float(ndtri(1 - tail))
    if not (np.isfinite(ends).all() and ends[0] <= abs(d) <= ends[1]):
        ends = [abs(d) - error, abs(d) + error]
    return (ends[0], ends[1]) if d >= 0 else (-ends[1], -ends[0])


def evidence(a: ArrayLike, b: ArrayLike, *, method: str = "means", draws: int = 499, seed: int = 0) -> Evidence:
    """Learn the direction on half of A (n, d) and of B (m, d), and evaluate it on the other halves; see `Evidence`.

    The halves are random. p = (1 + number of random pairs that reach d) / (1 + draws): exact, as under the null
    hypothesis all labellings are equally likely. Phipson and Smyth, 2010, eq. 2.

    Raises: ShapeError: different widths, or a group of fewer than LEAST rows. SettingError: an unknown method.
    """
    a = rows(a, name=N_("group A")).astype(np.float64)
    b = rows(b, a.shape[1], N_("group B")).astype(np.float64)
    for name, group in (("A", a), ("B", b)):
        if len(group) < LEAST:
            raise ShapeError(
                ngettext(
                    "group {name}: given {n} row, expected at least {least}.",
                    "group {name}: given {n} rows, expected at least {least}.",
                    len(group),
                    name=name,
                    least=LEAST,
                )
            )
    if method not in METHODS:
        raise SettingError(_("unknown method {method!r}; known: {known}.", method=method, known=", ".join(METHODS)))
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
    """Two random halves of n rows, to learn from and to evaluate on: row numbers (n // 2), (n - n // 2)."""
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[: n // 2]), np.sort(order[n // 2 :])


def _held_out(a: np.ndarray, b: np.ndarray, method: str) -> tuple[float, np.ndarray, np.ndarray]:
    """d of the second halves along the direction of the first halves, and the second halves."""
    half_a, half_b = len(a) // 2, len(b) // 2
    u = METHODS[method](a[:half_a], b[:half_b])
    with one_thread():
        return cohens_d(a[half_a:] @ u, b[half_b:] @ u), a[half_a:], b[half_b:]


def _along_random(a: np.ndarray, b: np.ndarray, scale: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """|d| of a and b along uniformly random directions, each dimension in units of its std."""
    u = rng.standard_normal((len(scale), draws)) / np.where(scale > 0, scale, np.inf)[:, None]
    with one_thread():
        x, y = a @ u, b @ u
    return np.abs([cohens_d(x[:, i], y[:, i]) for i in range(draws)])
