"""Which values of a picture are black and white: 0-1, -1 to 1, 0-255, 10, 12 or 14 bits in 16; and 8 bits of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import SettingError
from ..text import _, significant

Span = tuple[float, float]  # the values of black and white
BITS = (8, 10, 12, 14, 16)
SIGNED = ((-1.0, 1.0), (-128.0, 127.0))
FEW = 64  # whole numbers of a wider type up to this are levels of their own: the 0-16 of scikit-learn's digits
OVERSHOOT = 1e-3  # of the span: what resampling adds beyond it


@dataclass(frozen=True)
class Levels:
    """low, high: the least and the largest finite value. whole: all are whole numbers. item: bytes of a value that is
    an unsigned integer, else 0."""

    low: float
    high: float
    whole: bool
    item: int = 0


def levels(x: np.ndarray) -> Levels:
    """Those of an array of any shape; 0 to 0 if it has no finite value."""
    if x.dtype.kind in "bui":
        low, high = (x.min(), x.max()) if x.size else (0, 0)
        return Levels(float(low), float(high), True, x.itemsize if x.dtype.kind in "bu" else 0)
    low, high, whole = math.inf, -math.inf, True
    for part in x.reshape(len(x), -1) if x.ndim else [x]:  # row by row: no copy of the whole
        part = part[np.isfinite(part)]
        if part.size:
            low, high = min(low, float(part.min())), max(high, float(part.max()))
            whole = whole and not (part % 1).any()
    return Levels(low, high, whole) if low <= high else Levels(0.0, 0.0, True)


def together(several: Iterable[Levels]) -> Levels:
    """Those of all arrays. Raises: ValueError: there is none."""
    known = list(several)
    low, high = min(v.low for v in known), max(v.high for v in known)
    return Levels(low, high, all(v.whole for v in known), max(v.item for v in known))


def usual(v: Levels) -> Span | None:
    """The usual range that such values have; None: they have none of them."""
    if _within(v, (0.0, 1.0)):
        return 0.0, 1.0
    if v.item and v.low == v.high:  # one value does not show how many bits are used
        return 0.0, 2.0 ** (8 * min(v.item, 2)) - 1
    if v.whole and v.low >= 0:
        if v.item != 1 and v.high <= FEW:
            return 0.0, v.high
        return next(((0.0, 2.0**bits - 1) for bits in BITS if v.high < 2**bits), None)
    ranges = SIGNED if v.whole else (SIGNED[0], (0.0, 255.0))
    return next((r for r in ranges if _within(v, r)), None)


def _within(v: Levels, span: Span) -> bool:
    room = OVERSHOOT * (span[1] - span[0])
    return span[0] - room <= v.low and v.high <= span[1] + room


def likely(v: Levels) -> Span:
    """The usual range of such values, else from the least to the largest."""
    return usual(v) or (v.low, v.high if v.high > v.low else v.low + 1)


def in_range(x: np.ndarray, span: Span) -> np.ndarray:
    """x with `span` as black and white, values beyond it cut off, NaN black: uint8 of whole numbers, else float32 0-1.

    Of whole numbers in a float array uint8 comes only if they are 0-255, the others need not be rounded.
    """
    low, high = span
    if x.dtype == np.uint8 and span == (0, 255):
        return np.ascontiguousarray(x)
    eight = x.dtype.kind in "bui" or (span == (0, 255) and levels(x).whole)
    out = np.empty(x.shape, np.uint8 if eight else np.float32)
    for row, values in zip(out, x, strict=True):  # row by row: float64 takes eight times the memory of the result
        share = np.clip(np.nan_to_num((values.astype(np.float64) - low) / (high - low), nan=0.0), 0, 1)
        row[...] = np.rint(share * 255) if eight else share
    return out


def named(span: Span) -> str:
    """ "0:4095", as `parsed` reads it."""
    return ":".join(f"{v:.12g}" if v % 1 == 0 else f"{v:.6g}" for v in span)


def parsed(text: str) -> Span:
    """ "LOW:HIGH" as numbers. Raises: SettingError."""
    try:
        low, high = (float(v) for v in text.split(":"))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(high - low) and low < high):
        raise SettingError(
            _("range {range!r}: expected LOW:HIGH, the values of black and white, for example 0:4095.", range=text)
        )
    return low, high


def shown(v: Levels) -> str:
    """The values, in words."""
    return _("{low} to {high}", low=significant(v.low, 4), high=significant(v.high, 4))
