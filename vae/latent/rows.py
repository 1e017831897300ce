"""Checks on what callers hand in: finite rows of a known width."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError


def rows(values: Any, width: int | None = None, name: str = "z") -> np.ndarray:
    """The values as a C-ordered float32 array (n, width); copies only when it must.

    Args: width: columns expected; None takes any number from 1.
    Raises: ShapeError: not a table of numbers, another width, or a value that is not finite in float32.
    """
    want = f"expected (n, {'d' if width is None else width}) finite numbers"
    try:
        with np.errstate(over="ignore"):
            array = np.ascontiguousarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{name}: given {type(values).__name__} ({error}), {want}.") from None
    if array.ndim != 2 or array.shape[1] == 0 or (width is not None and array.shape[1] != width):
        raise ShapeError(f"{name}: given shape {np.shape(values)}, {want}.")
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
        raise ShapeError(f"{name}: given {bad.size} rows with NaN or infinite values (first: row {bad[0]}), {want}.")
    return array


def vector(values: Any, width: int | None = None, name: str = "z") -> np.ndarray:
    """The values as a float32 array (width,).

    Raises: ShapeError: not one row of numbers, another width, or a value that is not finite in float32.
    """
    if np.ndim(values) != 1:
        wide = "d" if width is None else width
        raise ShapeError(f"{name}: given shape {np.shape(values)}, expected ({wide},) finite numbers.")
    return rows(np.asarray(values)[None], width, name)[0]
