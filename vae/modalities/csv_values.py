"""Numbers as CSV and back: the file format of whatever has no better one of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..errors import SettingError


def write(names: Sequence[str], rows: Float[np.ndarray, "n m"]) -> bytes:
    """A line of names, then a line for each row; six digits of every value."""
    lines = [",".join(f"{v:.6g}" for v in row) for row in rows]
    return "\n".join([",".join(names), *lines, ""]).encode()


def read(data: bytes, expected: str = "CSV") -> Float[np.ndarray, "n m"]:
    """The rows of a CSV file of numbers, its first line names or not. expected: the kinds of file that could have come.

    Raises: SettingError: no text, no numbers, or lines of different lengths.
    """
    try:
        lines = [line for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise SettingError(f"expected a {expected} file; given {len(data)} bytes that are no text.") from None
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append([float(value) for value in line.replace(";", ",").split(",")])
        except ValueError:
            if number > 1:  # the first may hold names
                raise SettingError(f"line {number}: {line[:40]!r}; expected numbers with commas between.") from None
    if not rows or len({len(row) for row in rows}) > 1:
        raise SettingError("the CSV file has no numbers, or lines of different lengths.")
    return np.array(rows)


def of_shape(x: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
    """x as float32. Raises: SettingError: it is of another shape, or not finite."""
    if shape is not None and x.shape != tuple(shape):
        raise SettingError(f"the file holds a sample of shape {x.shape}; expected {tuple(shape)}.")
    if not np.isfinite(x).all():
        raise SettingError("the file holds NaN or infinity.")
    return x.astype(np.float32)
