"""Numbers as CSV and back: the file format of modalities without a better one."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..errors import SettingError
from ..text import _, ngettext


def write(names: Sequence[str], rows: Float[np.ndarray, "n m"]) -> bytes:
    """A line of names, then one line per row; six significant digits."""
    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow(names)
    lines = [",".join(f"{v:.6g}" for v in row) for row in rows]
    return (head.getvalue() + "\n".join([*lines, ""])).encode()


def below(data: bytes, names: Sequence[str]) -> bytes:
    """What is below the first line of a CSV file, if that has exactly those names; else b""."""
    line, _end, rest = data.decode("utf-8-sig", errors="replace").partition("\n")
    given = next(csv.reader([line], delimiter=";" if ";" in line and ";" not in "".join(names) else ","), [])
    return rest.encode() if names and [cell.strip() for cell in given] == [name.strip() for name in names] else b""


def read(data: bytes) -> Float[np.ndarray, "n m"]:
    """The rows of a CSV file of numbers, between commas or semicolons; the first line may be names.

    Raises: SettingError: not text, no numbers, or lines of different lengths.
    """
    try:
        lines = [line for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise SettingError(
            ngettext(
                "expected a {format} file; the {n} byte given is not text.",
                "expected a {format} file; the {n} bytes given are not text.",
                len(data),
                format="CSV",
            )
        ) from None
    rows = []
    for i, line in enumerate(lines, 1):
        try:
            rows.append([float(value) for value in line.split(";" if ";" in line else ",")])
        except ValueError:
            if i > 1:  # the first may be names
                raise SettingError(
                    _("line {i}: {line!r}; expected comma-separated numbers.", i=i, line=line[:40])
                ) from None
    if not rows or len({len(row) for row in rows}) > 1:
        raise SettingError(_("the CSV file has no numbers, or lines of different lengths."))
    return np.array(rows)


def of_shape(x: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
    """x as float32. Raises: SettingError: it has another shape, or is not finite."""
    if shape is not None and x.shape != tuple(shape):
        raise SettingError(
            _("the file contains a sample of shape {given}; expected {expected}.", given=x.shape, expected=tuple(shape))
        )
    if not np.isfinite(x).all():
        raise SettingError(_("the file contains NaN or infinity."))
    return x.astype(np.float32)
