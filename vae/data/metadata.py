"""What is kept of each sample beside what is modelled: the name of its file, or the other cells of its row in a table.

A column is an array (n,): float64, NaN for a missing number, or of objects, which are text, "" for a missing one.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..text import _

Columns = dict[str, np.ndarray]  # by their names

FILE, ROW = "file", "row"  # columns of our own: the name of the file, the number of the row from 1, without the header
COLUMNS_MAX = 64
TEXT_MAX = 200  # characters of a cell and of a name; longer ones are cut
DATA_BYTES = 64 * 2**20  # of the columns of a data set, as `packed`
MAP_BYTES = 4 * 2**20  # of those of a map
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?")
YEAR_DAYS = 365.2425
YEARS = (1500, 2200)  # whole numbers of a column that all lie between them are written as years


def column(values: Sequence[Any]) -> np.ndarray:
    """The values as a column: numbers if all are numbers or None, else text."""
    if all(v is None or isinstance(v, (int, float)) for v in values):
        numbers = np.array([math.nan if v is None else v for v in values], np.float64)
        return np.where(np.isfinite(numbers), numbers, np.nan)
    return np.array(["" if v is None else str(v).strip()[:TEXT_MAX] for v in values], object)


def packed(columns: Mapping[str, np.ndarray]) -> bytes:
    """The columns as JSON: {name: [number, null or text]}."""
    return json.dumps({name: _plain(values) for name, values in columns.items()}, ensure_ascii=False).encode()


def unpacked(data: bytes, n: int) -> Columns:
    """The columns of `packed`. Raises: ValueError: not columns of n values."""
    found = json.loads(data)
    if not isinstance(found, dict) or len(found) > COLUMNS_MAX:
        raise ValueError(f"metadata: expected an object of at most {COLUMNS_MAX} columns")
    for name, values in found.items():
        if not (isinstance(values, list) and len(values) == n and len(name) <= TEXT_MAX):
            raise ValueError(f"metadata: column {name[:40]!r}: expected {n} values")
        if not all(v is None or isinstance(v, (str, int, float)) for v in values):
            raise ValueError(f"metadata: column {name[:40]!r}: expected numbers and text")
    return {name: column(values) for name, values in found.items()}


def taken(columns: Mapping[str, np.ndarray], rows: Any) -> Columns:
    """The columns of those samples alone."""
    return {name: values[rows] for name, values in columns.items()}


def limited(columns: Mapping[str, np.ndarray], most: int) -> tuple[Columns, list[str]]:
    """The first columns that take at most so many bytes together, and the names of the others."""
    kept: Columns = {}
    left, used = [], 2
    for name, values in columns.items():
        size = len(packed({name: values}))
        if len(kept) == COLUMNS_MAX or len(name) > TEXT_MAX or used + size > most:
            left.append(name)
        else:
            kept[name] = values
            used += size
    return kept, left


def years(values: np.ndarray) -> np.ndarray | None:
    """Dates as text, "2024-03-01" with or without a time, as decimal years, NaN for ""; None if some are not dates."""
    if values.dtype != object or not any(values) or not all(not v or DATE.fullmatch(v) for v in values):
        return None
    try:
        days = np.array([v or "NaT" for v in values], "datetime64[s]")
    except ValueError:  # the 30th of February
        return None
    seconds = (days - np.datetime64("1970-01-01", "s")) / np.timedelta64(1, "D")
    return 1970 + np.where(np.isnat(days), np.nan, seconds) / YEAR_DAYS


def whole_years(values: np.ndarray) -> bool:
    """Whether all numbers of a column may be years, YEARS, such as those of vintages."""
    known = values[np.isfinite(values)]
    inside = (known >= YEARS[0]) & (known <= YEARS[1]) & (np.mod(known, 1) == 0)
    return bool(len(known)) and bool(inside.all())


def said(name: str) -> str:
    """The name of a column as it is shown; those of our own are translated."""
    return {FILE: _("File"), ROW: _("Row of the table")}.get(name, name)


def _plain(values: np.ndarray) -> list:
    if values.dtype == object:
        return values.tolist()
    return [None if math.isnan(v) else int(v) if v.is_integer() and abs(v) < 2**53 else v for v in values.tolist()]
