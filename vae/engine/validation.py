"""What an engine is given, checked before it reaches the device: samples, labels and conditions."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..errors import ShapeError

FARTHEST = 1e6  # farther out, sums inside a net overflow float32: a latent beyond is decoded from here


def check_samples(x: ArrayLike, shape: tuple[int, ...], bounded: bool) -> np.ndarray:
    """x as (b, *shape) uint8 or float32 0-1; where values are not bounded, float32.

    Raises: ShapeError: saying what was given and expected.
    """
    x = np.asarray(x)
    if x.ndim != len(shape) + 1 or x.shape[1:] != tuple(shape) or not len(x):
        raise ShapeError(f"expected samples of shape (b, {', '.join(map(str, shape))}), got {x.shape}.")
    if x.dtype == np.uint8 and bounded:
        return x
    if not np.issubdtype(x.dtype, np.floating):
        known = "uint8 (0-255) or float (0-1)" if bounded else "standardised float"
        raise ShapeError(f"expected {known} samples, got {x.dtype}.")
    if not np.isfinite(x).all():
        raise ShapeError(f"float samples must be finite{', 0-1' * bounded}; got NaN or infinity.")
    if not bounded and np.abs(x).max() > FARTHEST:
        raise ShapeError(f"standardised samples must lie within +-{FARTHEST:g}, got {x.min():.3g} to {x.max():.3g}.")
    if bounded and (x.min() < 0 or x.max() > 1):
        raise ShapeError(f"float samples must lie in 0-1, got {x.min():.3g} to {x.max():.3g}; 0-255 takes uint8.")
    return x.astype(np.float32)


def check_labels(y: ArrayLike | int, n: int, known: int) -> torch.Tensor:
    """y, whole numbers (n,) or one for all, as (n,) int64. known: the number of classes.

    Raises: ShapeError: saying what was given and expected.
    """
    y = np.asarray(y)
    if y.shape not in ((), (n,)) or not np.issubdtype(y.dtype, np.integer):
        raise ShapeError(f"labels: given {y.dtype} {y.shape}, expected whole numbers ({n},) or one for all.")
    if y.size and not 0 <= y.min() <= y.max() < known:
        raise ShapeError(f"labels: given {y.min()} to {y.max()}, expected 0 to {known - 1}.")
    return torch.from_numpy(np.broadcast_to(y, (n,)).astype(np.int64))


def check_conditions(c: ArrayLike, n: int, shape: tuple[int, ...]) -> torch.Tensor:
    """c, (n, *shape) or one for all (*shape), uint8 0-255 or float, as (n, *shape) float32; uint8 becomes 0-1.

    Raises: ShapeError: saying what was given and expected.
    """
    c = np.asarray(c)
    if c.shape not in (tuple(shape), (n, *shape)):
        sides = ", ".join(map(str, shape))
        raise ShapeError(f"conditions: given {c.shape}, expected ({n}, {sides}) or one for all, ({sides}).")
    if c.dtype == np.uint8:
        c = c.astype(np.float32) / 255
    elif not np.issubdtype(c.dtype, np.floating):
        raise ShapeError(f"conditions: given {c.dtype}, expected float, or uint8 (0-255).")
    if not (np.abs(c) <= FARTHEST).all():
        raise ShapeError(f"conditions: given NaN, infinity or a number beyond {FARTHEST:g}, expected finite ones.")
    return torch.from_numpy(np.broadcast_to(c, (n, *shape)).astype(np.float32))
