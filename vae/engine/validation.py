"""Checks the samples, labels and conditions given to an engine before they reach the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..errors import CheckpointError, ShapeError
from ..text import _, number, significant

FARTHEST = 1e6  # of a sample or a condition: beyond, squares summed inside a net lose all others
FARTHEST_LATENT = 1e12  # latents are clipped to this, which any offset leaves room for: beyond, nets overflow float32


def check_samples(x: ArrayLike, shape: tuple[int, ...], bounded: bool) -> np.ndarray:
    """x as (b, *shape): uint8 or float32 0-1 if values are bounded, else float32.

    Raises: ShapeError.
    """
    x = np.asarray(x)
    if x.ndim != len(shape) + 1 or x.shape[1:] != tuple(shape) or not len(x):
        raise ShapeError(
            _(
                "expected samples of shape (b, {expected}), got {given}.",
                expected=", ".join(map(str, shape)),
                given=x.shape,
            )
        )
    if x.dtype == np.uint8 and bounded:
        return x
    if not np.issubdtype(x.dtype, np.floating):
        raise ShapeError(
            _("expected samples as uint8 (0-255) or float (0-1), got {dtype}.", dtype=x.dtype)
            if bounded
            else _("expected samples as standardised floats, got {dtype}.", dtype=x.dtype)
        )

    if not np.isfinite(x).all():
        raise ShapeError(
            _("samples contain NaN or infinity: expected finite values in 0-1.")
            if bounded
            else _("samples contain NaN or infinity: expected finite values.")
        )
    if not bounded and np.abs(x).max() > FARTHEST:
        raise ShapeError(
            _(
                "standardised samples must lie within ±{limit}, got {low} to {high}.",
                limit=number(FARTHEST),
                low=significant(float(x.min())),
                high=significant(float(x.max())),
            )
        )
    if bounded and (x.min() < 0 or x.max() > 1):
        raise ShapeError(
            _(
                "float samples must lie in 0-1, got {low} to {high}; values 0-255 must be uint8.",
                low=significant(float(x.min())),
                high=significant(float(x.max())),
            )
        )
    return x.astype(np.float32)


def check_labels(y: ArrayLike | int, n: int, known: int) -> torch.Tensor:
    """y, integers (n,) or one for all, as (n,) int64. known: the number of classes.

    Raises: ShapeError.
    """
    y = np.asarray(y)
    if y.shape not in ((), (n,)) or not np.issubdtype(y.dtype, np.integer):
        raise ShapeError(
            _(
                "labels: got {dtype} {shape}, expected integers of shape ({n},) or one for all.",
                dtype=y.dtype,
                shape=y.shape,
                n=n,
            )
        )
    if y.size and not 0 <= y.min() <= y.max() < known:
        raise ShapeError(
            _("labels: got {low} to {high}, expected 0 to {last}.", low=y.min(), high=y.max(), last=known - 1)
        )
    return torch.from_numpy(np.broadcast_to(y, (n,)).astype(np.int64))


def check_conditions(c: ArrayLike, n: int, shape: tuple[int, ...]) -> torch.Tensor:
    """c, (n, *shape) or one for all (*shape), uint8 0-255 or float, as (n, *shape) float32; uint8 becomes 0-1.

    Raises: ShapeError.
    """
    c = np.asarray(c)
    if c.shape not in (tuple(shape), (n, *shape)):
        sides = ", ".join(map(str, shape))
        raise ShapeError(
            _(
                "conditions: got {shape}, expected ({n}, {sides}) or one for all, ({sides}).",
                shape=c.shape,
                n=n,
                sides=sides,
            )
        )
    if c.dtype == np.uint8:
        c = c.astype(np.float32) / 255
    elif not np.issubdtype(c.dtype, np.floating):
        raise ShapeError(_("conditions: got {dtype}, expected float or uint8 (0-255).", dtype=c.dtype))
    if not (np.abs(c) <= FARTHEST).all():
        raise ShapeError(
            _(
                "conditions: got NaN, infinity or a number beyond ±{limit}, expected finite ones.",
                limit=number(FARTHEST),
            )
        )
    return torch.from_numpy(np.broadcast_to(c, (n, *shape)).astype(np.float32))


def check_rates(card: Mapping[str, Any], d: int) -> None:
    """Raises: CheckpointError: a card has a rate for each of another number of dimensions than the model's d."""
    rates = card["metrics"].get("rate_per_dim_nats")
    if rates is not None and len(rates) != d:
        raise CheckpointError(
            _(
                "{name}: config.json has the rates of {given} latent dimensions, and the model has {d}.",
                name=card["name"],
                given=number(len(rates)),
                d=number(d),
            )
        )
