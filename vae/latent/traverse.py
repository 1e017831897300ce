"""Slider directions at a latent, ranked by how much they change the decoded sample there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import SettingError, ShapeError
from ..text import _
from .rows import rows, vector
from .threads import one_thread

REACH = 3.0  # sliders end at 3 std of the aggregate posterior
LEAST = 0.5  # std: a latent far from the data can still be moved a little further
STEP = 0.05  # finite-difference step, std
COARSE = 1.0  # for a codebook, whose decoder is piecewise constant: a smaller step stays within one code

Decode = Callable[[np.ndarray], np.ndarray]


class Principal(NamedTuple):
    """The first principal axes of latents: v (k, d), orthonormal; the std along each (k,); the mean (d,)."""

    v: np.ndarray
    std: np.ndarray
    mean: np.ndarray


@dataclass(frozen=True)
class Slope:
    """The decoder's Jacobian at z, by which all directions there are ranked. z, scale and centre are (d,). within: the
    principal axes along which alone it was measured; None: along every dimension."""

    z: np.ndarray
    scale: np.ndarray  # std of the means over the reference set; never 0
    centre: np.ndarray  # their mean, from which the limits of sliders are measured
    jacobian: np.ndarray  # (pixels, d), change of the decoded sample per std of each dimension, or (pixels, k) of axis
    within: Principal | None = None

    @property
    def position(self) -> np.ndarray:
        """z along each dimension or axis of the Jacobian, in std from the centre."""
        if self.within is None:
            return (self.z - self.centre) / self.scale
        return self.within.v @ (self.z - self.within.mean) / self.within.std

    def combined(self, v: np.ndarray) -> np.ndarray:
        """Combinations (k, d or axes), in std, as directions (k, d) in units of z."""
        return v * self.scale if self.within is None else (v * self.within.std) @ self.within.v


@dataclass(frozen=True)
class Directions:
    """Sliders at one latent z: slider j at s decodes z + s * u[j], low[j] <= s <= high[j] (s = 0 is z itself)."""

    u: np.ndarray  # (k, d) float32, in units of z; s = 1 is one std of the aggregate posterior
    effect: np.ndarray  # (k,) share of the squared Jacobian that this direction accounts for, 0-1
    low: np.ndarray  # (k,) < 0
    high: np.ndarray  # (k,) > 0


def slope(
    decode: Decode,
    z: ArrayLike,
    scale: ArrayLike,
    centre: ArrayLike | None = None,
    step: float = STEP,
    *,
    within: Principal | None = None,
) -> Slope:
    """The decoder's Jacobian at z, J diag(scale), by central differences: 2 d decodes in one batch.

    Args: scale: std of the means over the reference set; centre: their mean (default 0); step: size of the
        differences, in std; `COARSE` for a piecewise constant decoder. within: measure it along these k axes alone, by
        2 k decodes: of a latent of hundreds of dimensions, the others would take minutes.
    Raises: ShapeError: wrong widths, NaN or infinity.
    """
    z = vector(z).astype(np.float64)
    scale = vector(scale, len(z), "scale").astype(np.float64)
    if (scale < 0).any():
        raise ShapeError(
            _("scale: given {smallest:g}, expected standard deviations of at least 0.", smallest=scale.min())
        )
    scale = np.maximum(scale, 1e-3 * max(1e-6, scale.max()))  # an inactive dimension has a slider with no effect
    centre = np.zeros_like(z) if centre is None else vector(centre, len(z), "centre").astype(np.float64)
    steps = np.diag(step * scale) if within is None else step * within.std[:, None] * within.v
    n = len(steps)
    batch = np.concatenate([z + steps, z - steps]).astype(np.float32)
    out = np.asarray(decode(batch), dtype=np.float64).reshape(len(batch), -1)
    if not np.isfinite(out).all():
        raise ShapeError(_("decode: returned NaN or infinity near z, expected finite samples."))
    moved = batch[:n].astype(np.float64) - batch[n:]  # float32 may have rounded the steps
    taken = np.diag(moved) / scale if within is None else np.sum(moved * within.v, axis=1) / within.std
    change = (out[:n] - out[n:]).T
    return Slope(z, scale, centre, np.divide(change, taken, out=np.zeros_like(change), where=taken > 0), within)


def local_directions(at: Slope, k: int = 8) -> Directions:
    """The k directions along which the decoded sample changes most at z, per std of the aggregate posterior.

    Right singular vectors of J diag(scale), orthogonal in units of std. Sign: the component of largest magnitude is
    positive. The limits keep z + s u within 3 std of the centre, but always allow a move of .5 std.

    Raises: SettingError: k < 1.
    """
    with one_thread():
        _, _, vt = np.linalg.svd(at.jacobian, full_matrices=False)
    vt = _signed(vt[: _checked(k, at.jacobian.shape[1])])
    return _directions(at, at.combined(vt), vt @ at.position)


def axes(at: Slope, k: int = 8, worth: ArrayLike | None = None) -> Directions:
    """The k coordinate axes of largest worth (d,), such as the rate of each dimension in nats; without it, those that
    change the decoded sample most at z, per std of the aggregate posterior, or, where that was not measured along each,
    vary most. Ties: the lower axis first.

    Raises: ShapeError: worth of a different width. SettingError: k < 1.
    """
    if worth is None:
        worth = np.sum(at.jacobian**2, axis=0) if at.within is None else at.scale
    worth = vector(worth, len(at.z), "worth")
    order = np.argsort(-worth, kind="stable")[: _checked(k, len(at.z))]
    u = np.zeros((len(order), len(at.z)))
    u[np.arange(len(order)), order] = at.scale[order]
    return _directions(at, u, ((at.z - at.centre) / at.scale)[order])


def principal_directions(at: Slope, latents: ArrayLike, k: int = 8) -> Directions:
    """The k principal axes of latents (n, d), such as all posterior means, by decreasing variance; s = 1 is one std.

    Sign as in local_directions; the limits are 3 std of the latents along each axis.

    Raises: ShapeError: latents of a different width, or fewer than 2. SettingError: k < 1.
    """
    latents = rows(latents, len(at.z), "latents").astype(np.float64)
    if len(latents) < 2:
        raise ShapeError(_("latents: given {given}, expected at least 2.", given=len(latents)))
    if at.within is not None:
        some = np.eye(len(at.within.v))[: _checked(k, at.jacobian.shape[1])]
        return _directions(at, at.combined(some), at.position[: len(some)])
    mean = latents.mean(0)
    with one_thread():
        variance, vectors = np.linalg.eigh(np.cov(latents.T).reshape(len(mean), -1))
    order = np.argsort(-variance, kind="stable")[: _checked(k, at.jacobian.shape[1])]
    std = np.sqrt(np.maximum(variance[order], 1e-6 * max(1e-12, variance.max())))
    vectors = _signed(vectors.T[order])
    return _directions(at, vectors * std[:, None], vectors @ (at.z - mean) / std)


def principal(latents: ArrayLike, k: int, *, seed: int = 0) -> Principal:
    """The first k principal axes of latents (n, d) of many dimensions, by a randomized SVD (Halko et al., 2011, with
    power iterations), in time n d k. Sign as in local_directions.

    Raises: ShapeError: not (n, d), or fewer than 2. SettingError: k < 1.
    """
    latents = rows(latents, name="latents").astype(np.float32)
    if len(latents) < 2:
        raise ShapeError(_("latents: given {given}, expected at least 2.", given=len(latents)))
    from sklearn.utils.extmath import randomized_svd  # here: its import takes .5 s

    mean = latents.mean(0, dtype=np.float64)
    with one_thread():
        _u, values, v = randomized_svd(
            latents - mean.astype(np.float32), max(1, min(k, *latents.shape)), n_iter=4, random_state=seed
        )
    std = values.astype(np.float64) / np.sqrt(len(latents) - 1)
    return Principal(_signed(v.astype(np.float64)), np.maximum(std, 1e-3 * max(1e-6, std.max())), mean)


def along(at: Slope, u: ArrayLike) -> Directions:
    """Given directions (k, d), in units of z, as sliders: s = 1 adds u once, and the limits are -3 and 3.

    Raises: ShapeError: a different width.
    """
    u = rows(u, len(at.z), "directions").astype(np.float64)
    return _directions(at, u, np.zeros(len(u)))


def _directions(at: Slope, u: np.ndarray, position: np.ndarray) -> Directions:
    """u (k, d) with their effects and limits. position (k,): of z along each; the limits are REACH from position 0, and
    at least LEAST from z."""
    v = u / at.scale
    length = np.linalg.norm(v, axis=1, keepdims=True)
    if at.within is not None:  # what lies outside of the axes was not measured, and counts as no change
        v = u @ at.within.v.T / at.within.std
        outside = u - (u @ at.within.v.T) @ at.within.v
        length = np.hypot(
            np.linalg.norm(v, axis=1, keepdims=True), np.linalg.norm(outside / at.scale, axis=1, keepdims=True)
        )
    v = v / np.maximum(length, 1e-12)
    total = float(np.sum(at.jacobian**2))
    with one_thread():
        effect = np.sum((at.jacobian @ v.T) ** 2, axis=0) / (total or 1.0)
    low, high = np.minimum(-REACH - position, -LEAST), np.maximum(REACH - position, LEAST)
    return Directions(*(a.astype(np.float32) for a in (u, effect, low, high)))


def _signed(v: np.ndarray) -> np.ndarray:
    top = np.argmax(np.abs(np.round(v, 6)), axis=1)  # rounded: of equal components the first decides, not noise
    return v * np.where(v[np.arange(len(v)), top] < 0, -1.0, 1.0)[:, None]


def _checked(k: int, most: int) -> int:
    if int(k) != k or k < 1:
        raise SettingError(_("k={k}: expected a whole number of at least 1 slider.", k=k))
    return min(int(k), most)
