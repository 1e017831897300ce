"""What to pull at a latent: directions ranked by how much they change the decoded sample there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import SettingError, ShapeError
from .rows import rows, vector
from .threads import one_thread

REACH = 3.0  # sliders end at 3 std of the aggregate posterior
LEAST = 0.5  # std: a latent far out can still be pulled a little further
STEP = 0.05  # finite-difference step, std
COARSE = 1.0  # for a codebook, whose decoder changes by leaps: a smaller step stays within one code

Decode = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Slope:
    """How the decoder changes at z, (d,) like scale and centre: what all directions there are ranked by."""

    z: np.ndarray
    scale: np.ndarray  # std of the means over the reference set; none is 0
    centre: np.ndarray  # their mean, from which the ends of sliders are measured
    jacobian: np.ndarray  # (pixels, d), change of the decoded sample per std of each dimension


@dataclass(frozen=True)
class Directions:
    """Sliders at one latent z: slider j moved by s decodes z + s * u[j], low[j] <= s <= high[j] (s = 0 is z itself)."""

    u: np.ndarray  # (k, d) float32, in units of z; a move by s = 1 is one std of the aggregate
    effect: np.ndarray  # (k,) share of the decoder's squared local change that this direction carries, 0-1
    low: np.ndarray  # (k,) < 0
    high: np.ndarray  # (k,) > 0


def slope(decode: Decode, z: ArrayLike, scale: ArrayLike, centre: ArrayLike | None = None, step: float = STEP) -> Slope:
    """The decoder's Jacobian at z, J diag(scale), by central differences: 2 d decodes in one batch.

    Args: scale: std of the means over the reference set; centre: their mean (0 if not given); step: of the
        differences, std, `COARSE` for a decoder that is piecewise constant.
    Raises: ShapeError: wrong widths, NaN or infinity.
    """
    z = vector(z).astype(np.float64)
    scale = vector(scale, len(z), "scale").astype(np.float64)
    if (scale < 0).any():
        raise ShapeError(f"scale: given {scale.min():g}, expected stds of at least 0.")
    scale = np.maximum(scale, 1e-3 * max(1e-6, scale.max()))  # a dead dimension still has a slider, a harmless one
    centre = np.zeros_like(z) if centre is None else vector(centre, len(z), "centre").astype(np.float64)
    steps = np.diag(step * scale)
    batch = np.concatenate([z + steps, z - steps]).astype(np.float32)
    out = np.asarray(decode(batch), dtype=np.float64).reshape(len(batch), -1)
    if not np.isfinite(out).all():
        raise ShapeError("decode: gave NaN or infinity near z, expected finite samples.")
    return Slope(z, scale, centre, (out[: len(z)] - out[len(z) :]).T / (2.0 * step))


def local_directions(at: Slope, k: int = 8) -> Directions:
    """The k directions along which the decoded sample changes most at z, per std of the aggregate.

    Right singular vectors of J diag(scale). Orthogonal in std units. Sign: the component of largest magnitude is
    positive. Along u, z + s u stays within 3 std of the centre (and may always move .5 std).

    Raises: SettingError: k < 1.
    """
    with one_thread():
        _, _, vt = np.linalg.svd(at.jacobian, full_matrices=False)
    vt = _signed(vt[: _checked(k, at)])
    return _directions(at, vt * at.scale, vt @ ((at.z - at.centre) / at.scale))


def axes(at: Slope, k: int = 8, worth: ArrayLike | None = None) -> Directions:
    """The k coordinate axes of largest worth, such as the rate of each dimension, (d,), nats; without it, those that
    change the decoded sample most at z, per std of the aggregate. Ties: the lower axis first.

    Raises: ShapeError: worth of another width. SettingError: k < 1.
    """
    worth = np.sum(at.jacobian**2, axis=0) if worth is None else vector(worth, len(at.z), "worth")
    order = np.argsort(-worth, kind="stable")[: _checked(k, at)]
    return _directions(at, np.diag(at.scale)[order], ((at.z - at.centre) / at.scale)[order])


def principal_directions(at: Slope, latents: ArrayLike, k: int = 8) -> Directions:
    """The k principal axes of latents (n, d), such as all posterior means, the widest first; s = 1 is one std of them.

    Sign as in local_directions; ends at 3 std of the latents along each axis.

    Raises: ShapeError: latents of another width, or fewer than 2. SettingError: k < 1.
    """
    latents = rows(latents, len(at.z), "latents").astype(np.float64)
    if len(latents) < 2:
        raise ShapeError(f"latents: given {len(latents)}, expected at least 2.")
    mean = latents.mean(0)
    with one_thread():
        variance, vectors = np.linalg.eigh(np.cov(latents.T).reshape(len(mean), -1))
    order = np.argsort(-variance, kind="stable")[: _checked(k, at)]
    std = np.sqrt(np.maximum(variance[order], 1e-6 * max(1e-12, variance.max())))
    vectors = _signed(vectors.T[order])
    return _directions(at, vectors * std[:, None], vectors @ (at.z - mean) / std)


def along(at: Slope, u: ArrayLike) -> Directions:
    """Given directions (k, d), in units of z, as sliders: s = 1 is the whole of u, and the ends are 3 of it away.

    Raises: ShapeError: another width.
    """
    u = rows(u, len(at.z), "directions").astype(np.float64)
    return _directions(at, u, np.zeros(len(u)))


def _directions(at: Slope, u: np.ndarray, place: np.ndarray) -> Directions:
    """u (k, d) with their effects, and ends at REACH from where place (k,) is 0, never less than LEAST away from z."""
    v = u / at.scale
    v = v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
    total = float(np.sum(at.jacobian**2))
    with one_thread():
        effect = np.sum((at.jacobian @ v.T) ** 2, axis=0) / (total or 1.0)
    low, high = np.minimum(-REACH - place, -LEAST), np.maximum(REACH - place, LEAST)
    return Directions(*(a.astype(np.float32) for a in (u, effect, low, high)))


def _signed(v: np.ndarray) -> np.ndarray:
    top = np.argmax(np.abs(np.round(v, 6)), axis=1)  # rounded: of equal components the first decides, not the noise
    return v * np.where(v[np.arange(len(v)), top] < 0, -1.0, 1.0)[:, None]


def _checked(k: int, at: Slope) -> int:
    if int(k) != k or k < 1:
        raise SettingError(f"k={k}: expected a whole number of at least 1 slider.")
    return min(int(k), len(at.z))
