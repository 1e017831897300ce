"""Principal components of samples, and what they say of a data set before any training: how many dimensions it needs,
and whether its pictures may be mirrored and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ..latent.threads import one_thread
from .rows_on_disk import Rows

ROWS = 3_000  # samples that the components are computed from, at most
SHARE, MOST = 0.9, 64  # of the variance that the dimensions of a model should explain; the most dimensions
ASKED, ALIKE = 2_000, 1.2  # samples that are moved; how much worse moved ones may be explained than those held out
SHIFT = 16  # pictures are shifted by at most their shorter side divided by this, and by 1 px at least


@dataclass(frozen=True)
class Components:
    """mean: of every value (v,). directions: orthonormal rows (k, v), that of the largest variance first. variances:
    along them, (k,). rest: the variance of every value that they leave, (v,). All of values as `floats` gives them."""

    mean: Float[np.ndarray, " v"]
    directions: Float[np.ndarray, "k v"]
    variances: Float[np.ndarray, " k"]
    rest: Float[np.ndarray, " v"]

    def errors(self, x: Float[np.ndarray, "b v"], d: int) -> Float[np.ndarray, " b"]:
        """Mean squared error of each sample rebuilt from its first d components."""
        centred, first = x - self.mean, self.directions[:d]
        with one_thread():
            return np.square(centred - (centred @ first.T) @ first).mean(1)


@dataclass(frozen=True)
class Findings:
    """What suits a data set of pictures. d: dimensions that explain SHARE of the variance, MOST at most; explained: the
    share that these explain. flips, shifts: mirrored or shifted pictures are like the others."""

    d: int
    explained: float
    flips: bool
    shifts: bool


def floats(x: np.ndarray) -> Float[np.ndarray, "b ..."]:
    """Samples as float32; uint8 0-255 becomes 0-1."""
    return x.astype(np.float32) / 255 if x.dtype == np.uint8 else x.astype(np.float32)


def components(x: np.ndarray | Rows, most: int, seed: int = 0, rows_max: int = ROWS) -> Components:
    """The leading principal components of x (n, *shape), `most` of them or as many as there are; of `rows_max` samples
    drawn by the seed where there are more. Of n samples n - 1 components have a variance."""
    from scipy.linalg import eigh  # here: only a new training needs it

    rows = floats(x[_some(len(x), rows_max, seed)])
    centred = rows.reshape(len(rows), -1)
    n, v = centred.shape
    k = max(1, min(most, n - 1, v))
    mean = centred.mean(0)
    centred = centred - mean
    with one_thread():
        second = (centred.T @ centred if v <= n else centred @ centred.T).astype(np.float64) / n
        values, vectors = eigh(second, subset_by_index=[len(second) - k, len(second) - 1])
        directions = vectors[:, ::-1].T.astype(np.float32)
        if v > n:  # the same variances, and directions that are sums of samples
            directions = directions @ centred
            directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    variances = values[::-1].clip(0).astype(np.float32)
    left = centred.var(0) - np.square(directions * np.sqrt(variances)[:, None]).sum(0)
    return Components(mean, directions, variances, left.clip(0))


def components_to_start(
    x: np.ndarray | Rows, most: int, *, flips: bool = False, shifts: bool = False, seed: int = 0
) -> Components:
    """Components at which a training starts that mirrors or shifts its pictures x (n, c, h, w): of the pictures and
    their moved copies, if these explain held-out pictures better than the pictures alone. Few pictures need them: 64
    components of 320 leave a tenth less of others then."""
    copies = 1 + flips + 4 * shifts + 4 * (flips and shifts)
    if copies == 1 or not 4 <= len(x) < ROWS // 2:
        return components(x, most, seed)
    some = x[_some(len(x), ROWS, seed)]
    fitted, held_out = np.split(np.random.default_rng(seed).permutation(some), [len(some) * 3 // 4])
    found = (components(pictures, most, seed) for pictures in (fitted, _copied(fitted, flips, shifts)))
    alone, with_copies = (_error(of, floats(held_out), len(of.directions)) for of in found)
    return components(_copied(some, flips, shifts) if with_copies < alone else x, most, seed)


def _copied(x: np.ndarray, flips: bool, shifts: bool) -> np.ndarray:
    """The pictures and, by 1 px each way and mirrored, their copies."""
    if shifts:
        x = np.concatenate([x, *(moved(x, *step) for step in ((1, 0), (-1, 0), (0, 1), (0, -1)))])
    return np.concatenate([x, x[..., ::-1]]) if flips else x


def findings(x: np.ndarray | Rows, seed: int = 0) -> Findings:
    """What suits pictures x (n, c, h, w). Whether they may be moved is judged by components of three quarters of some
    2 000: if they explain moved pictures among the rest nearly as well as those as they are, moved ones are like the
    others. Letters and digits are not: mirrored, most are no longer any."""
    found = components(x, MOST, seed)
    total = float(found.variances.sum() + found.rest.sum()) or 1.0
    shares = np.cumsum(found.variances, dtype=np.float64) / total
    d = min(int((shares < SHARE).sum()) + 1, len(shares))
    some = floats(x[_some(len(x), ASKED, seed)])
    some = some[np.random.default_rng(seed).permutation(len(some))]
    fitted, held_out = np.split(some, [len(some) * 3 // 4])
    if len(fitted) < 2:
        return Findings(d, float(shares[d - 1]), False, False)
    partly = components(fitted, d, seed)
    by = max(1, min(x.shape[2:]) // SHIFT)

    def alike(*moved: np.ndarray) -> bool:
        error = np.mean([_error(partly, m, d) for m in moved])
        return bool(error <= ALIKE * _error(partly, held_out, d))

    shifted = (moved(held_out, *step) for step in ((by, 0), (-by, 0), (0, by), (0, -by)))
    return Findings(d, float(shares[d - 1]), alike(held_out[..., ::-1]), alike(*shifted))


def moved(x: np.ndarray, down: int, right: int) -> np.ndarray:
    """Pictures (b, c, h, w) shifted by so many pixels; what comes in is the edge, repeated."""
    h, w = x.shape[2:]
    rows, columns = np.clip(np.arange(h) - down, 0, h - 1), np.clip(np.arange(w) - right, 0, w - 1)
    return x[:, :, rows][:, :, :, columns]


def _error(found: Components, x: np.ndarray, d: int) -> float:
    return float(found.errors(np.ascontiguousarray(x).reshape(len(x), -1), d).mean())


def _some(n: int, most: int, seed: int) -> Any:
    return slice(None) if n <= most else np.sort(np.random.default_rng(seed).permutation(n)[:most])
