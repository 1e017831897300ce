"""Checks on arguments: finite rows of a known width."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..text import _, ngettext


def rows(values: Any, width: int | None = None, name: str = "z") -> np.ndarray:
    """The values as a C-ordered float32 array (n, width); copies only if necessary.

    Args: width: expected number of columns; None: any number from 1. name: what an error calls the values.
    Raises: ShapeError: not a table of numbers, a different width, or a value that is not finite in float32.
    """
    try:
        with np.errstate(over="ignore"):
            array = np.ascontiguousarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            _(
                "{name}: given {type} ({error}), expected (n, {width}) finite numbers.",
                name=_(name),
                type=type(values).__name__,
                error=error,
                width=_columns(width),
            )
        ) from None
    if array.ndim != 2 or array.shape[1] == 0 or (width is not None and array.shape[1] != width):
        raise ShapeError(_shape_message(name, np.shape(values), f"(n, {_columns(width)})"))
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
        raise ShapeError(
            ngettext(
                "{name}: given {n} row with NaN or infinite values (row {first}), "
                "expected (n, {width}) finite numbers.",
                "{name}: given {n} rows with NaN or infinite values (first: row {first}), "
                "expected (n, {width}) finite numbers.",
                int(bad.size),
                name=_(name),
                first=bad[0],
                width=_columns(width),
            )
        )
    return array


def vector(values: Any, width: int | None = None, name: str = "z") -> np.ndarray:
    """The values as a float32 array (width,).

    Raises: ShapeError: not one row of numbers, a different width, or a value that is not finite in float32.
    """
    if np.ndim(values) != 1:
        raise ShapeError(_shape_message(name, np.shape(values), f"({_columns(width)},)"))
    return rows(np.asarray(values)[None], width, name)[0]


def _columns(width: int | None) -> str:
    return "d" if width is None else str(width)


def _shape_message(name: str, given: tuple[int, ...], expected: str) -> str:
    return _(
        "{name}: given shape {given}, expected {expected} finite numbers.", name=_(name), given=given, expected=expected
    )
