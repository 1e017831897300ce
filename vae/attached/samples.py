"""The user's samples, in the form in which zscope holds them, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..library.decoder_outputs import PICTURE_CHANNELS, is_picture, modality_of, span_of
from ..registry import Modality
from ..text import _

Report = Callable[[str], Any]
SOME = 64  # samples that tell the range


def as_numpy(value: Any, what: str) -> np.ndarray:
    """An array of any framework in NumPy, of numbers: a tensor from its device, without its gradient.

    Raises: ShapeError: it is no array of real numbers."""
    if hasattr(value, "detach"):  # PyTorch, whose bfloat16 NumPy does not know
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
    try:
        array = np.asarray(value)
    except ValueError as error:  # lists of several lengths
        raise ShapeError(_("{what}: expected an array of numbers: {error}.", what=what, error=error)) from error
    if array.dtype.kind not in "biuf":
        raise ShapeError(_("{what}: expected an array of numbers, got {kind}.", what=what, kind=type(value).__name__))
    return array


def _channels_last(shape: tuple[int, ...]) -> bool:
    """Of pictures (h, w, c), and of series (t, c) with fewer channels than steps."""
    if len(shape) == 3:
        return shape[2] in PICTURE_CHANNELS and shape[0] not in PICTURE_CHANNELS
    return len(shape) == 2 and not is_picture(shape) and shape[1] < shape[0]


def _span(x: np.ndarray, near: tuple[float, float] | None) -> tuple[float, float]:
    """The values of black and white of pictures: `near` where they leave it by less than its width."""
    least, most = float(x.min()), float(x.max())
    low, high = span_of(least, most)
    if near is None or low > near[0] or high < near[1]:
        return low, high
    width = near[1] - near[0]
    return near if near[0] - width <= least and most <= near[1] + width else (low, high)


@dataclass(frozen=True)
class Layout:
    """How the user's samples lie. given: the shape of one; shape: in zscope; last: channels are the last axis; low,
    high: the values of pictures that are black and white."""

    given: tuple[int, ...]
    shape: tuple[int, ...]
    last: bool
    low: float
    high: float
    modality: Modality

    @classmethod
    def of(
        cls,
        x: np.ndarray,
        what: str,
        *,
        shape: tuple[int, ...] | None,
        span: tuple[float, float] | None,
        report: Report,
        near: tuple[float, float] | None = None,
    ) -> Layout:
        """That of samples (n, ...). shape: of one in zscope, if it is not as they lie; span: the values of black and
        white. report: what was decided otherwise, in a sentence. near: the span of the samples that these reconstruct,
        which a decoder without a bound leaves by a little. Raises: ShapeError, SettingError: no known kind."""
        given, last = x.shape[1:], False
        if shape is None:
            last = _channels_last(given)
            shape = (given[-1], *given[:-1]) if last else (1, *given) if is_picture(given) else given
            if shape != given:
                report(_("{what} of shape {given} are taken as {shape}", what=what, given=given, shape=shape))
        elif math.prod(shape) != math.prod(given):
            raise ShapeError(
                _("shape {shape} does not fit: {what} have shape {given}.", shape=shape, what=what, given=given)
            )
        modality = modality_of(shape)
        low, high = 0.0, 1.0
        if modality.bounded:
            some = x[: 10 * SOME : 10] if len(x) > 10 * SOME else x
            low, high = span or ((0.0, 255.0) if x.dtype == np.uint8 else _span(some, near))
            if not low < high:
                raise ShapeError(_("{what}: all values are {value}.", what=what, value=low))
            if (low, high) != (0.0, 1.0):
                report(
                    _(
                        "{what}: values from {low:g} to {high:g} are taken for black to white",
                        what=what,
                        low=low,
                        high=high,
                    )
                )
        return cls(given, shape, last, low, high, modality)

    def read(self, x: np.ndarray) -> np.ndarray:
        """The user's samples (n, *given) as (n, *shape) float32, pictures in 0-1. Raises: ShapeError: another shape."""
        if x.shape[1:] != self.given:
            raise ShapeError(
                _("a sample of shape {given}, expected {expected} as before.", given=x.shape[1:], expected=self.given)
            )
        x = np.moveaxis(x, -1, 1) if self.last else x
        x = np.asarray(x, np.float32).reshape(len(x), *self.shape)
        return (x - self.low) / (self.high - self.low) if self.modality.bounded else x

    def write(self, x: np.ndarray) -> np.ndarray:
        """Such samples as the user has them, float32."""
        x = x * (self.high - self.low) + self.low if self.modality.bounded else x
        return np.ascontiguousarray(np.moveaxis(x, 1, -1) if self.last else x.reshape(len(x), *self.given))
