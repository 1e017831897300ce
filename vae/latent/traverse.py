"""What to pull at a latent: directions ranked by how much they change the decoded sample there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import SettingError, ShapeError
from .rows import vector
from .threads import one_thread

REACH = 3.0  # sliders end at 3 std of the aggregate posterior
LEAST = 0.5  # std: a latent far out can still be pulled a little further
STEP = 0.05  # finite-difference step, std
COARSE = 1.0  # for a codebook, whose decoder changes by leaps: a smaller step stays within one code

Decode = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Directions:
    """Sliders at one latent z: slider j moved by s decodes z + s * u[j], low[j] <= s <= high[j] (s = 0 is z itself)."""

    u: np.ndarray  # (k, d) float32, in units of z; a move by s = 1 is one std of the aggregate
    effect: np.ndarray  # (k,) share of the decoder's squared local change that this direction carries, 0-1
    low: np.ndarray  # (k,) < 0
    high: np.ndarray  # (k,) > 0


def local_directions(
    decode: Decode,
    z: ArrayLike,
    scale: ArrayLike,
    k: int = 8,
    centre: ArrayLike | None = None,
    step: float = STEP,
) -> Directions:
    """The k directions along which the decoded sample changes most at z, per std of the aggregate.

    Right singular vectors of J diag(scale), J the decoder's Jacobian by central differences: 2 d decodes in one batch.
    Orthogonal in std units. Sign: the component of largest magnitude is positive.

    Args: scale: std of the means over the reference set; centre: their mean (0 if not given), from which the ends of
        the sliders are measured: along u, z + s u stays within 3 std (and may always move .5 std); step: of the
        differences, std, `COARSE` for a decoder that is piecewise constant.
    Raises: ShapeError: wrong widths, NaN or infinity. SettingError: k < 1.
    """
    z, scale, centre = _checked(z, scale, centre, k)
    jacobian = _jacobian(decode, z, scale, step)
    with one_thread():
        _, strength, vt = np.linalg.svd(jacobian, full_matrices=False)
    vt = vt[: min(k, len(z))]
    top = np.argmax(np.abs(np.round(vt, 6)), axis=1)  # rounded: of equal components the first decides, not the noise
    vt = vt * np.where(vt[np.arange(len(vt)), top] < 0, -1.0, 1.0)[:, None]
    total = float(np.sum(strength**2))
    effect = strength[: len(vt)] ** 2 / total if total > 0 else np.zeros(len(vt))
    return _with_ends(vt, effect, z, scale, centre)


def axes(
    decode: Decode,
    z: ArrayLike,
    scale: ArrayLike,
    k: int = 8,
    centre: ArrayLike | None = None,
    step: float = STEP,
) -> Directions:
    """The k coordinate axes ranked by how much each changes the decoded sample at z, per std of the aggregate.

    Same record and arguments as local_directions; effects are |J_j scale_j|^2 over their sum (ties: lower axis first).
    """
    z, scale, centre = _checked(z, scale, centre, k)
    strength = np.sum(_jacobian(decode, z, scale, step) ** 2, axis=0)
    order = np.argsort(-strength, kind="stable")[: min(k, len(z))]
    total = float(strength.sum())
    effect = strength[order] / total if total > 0 else np.zeros(len(order))
    return _with_ends(np.eye(len(z))[order], effect, z, scale, centre)


def _jacobian(decode: Decode, z: np.ndarray, scale: np.ndarray, step: float) -> Float[np.ndarray, "pixels d"]:
    """Change of the decoded sample per std of each dimension."""
    steps = np.diag(step * scale)
    batch = np.concatenate([z + steps, z - steps]).astype(np.float32)
    out = np.asarray(decode(batch), dtype=np.float64).reshape(len(batch), -1)
    if not np.isfinite(out).all():
        raise ShapeError("decode: gave NaN or infinity near z, expected finite samples.")
    return (out[: len(z)] - out[len(z) :]).T / (2.0 * step)


def _with_ends(v: np.ndarray, effect: np.ndarray, z: np.ndarray, scale: np.ndarray, centre: np.ndarray) -> Directions:
    """Ends at 3 std along each direction, counted from the centre; never less than LEAST std away from z."""
    at = v @ ((z - centre) / scale)
    low, high = np.minimum(-REACH - at, -LEAST), np.maximum(REACH - at, LEAST)
    return Directions(*(a.astype(np.float32) for a in (v * scale, effect, low, high)))


def _checked(z, scale, centre, k):
    if int(k) != k or k < 1:
        raise SettingError(f"k={k}: expected a whole number of at least 1 slider.")
    z = vector(z).astype(np.float64)
    scale = vector(scale, len(z), "scale").astype(np.float64)
    if (scale < 0).any():
        raise ShapeError(f"scale: given {scale.min():g}, expected stds of at least 0.")
    scale = np.maximum(scale, 1e-3 * max(1e-6, scale.max()))  # a dead dimension still has a slider, a harmless one
    centre = np.zeros_like(z) if centre is None else vector(centre, len(z), "centre").astype(np.float64)
    return z, scale, centre
