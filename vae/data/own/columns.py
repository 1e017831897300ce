"""Columns of a table that hold numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...errors import SettingError
from ...text import _, number
from .cells import MINUS, NULLS, SEPARATORS, SIGNS, UNITS, number_pattern
from .rows import check_room
from .text_tables import listed

NAMED_ROW = ("", "id", "index", "row", "unnamed: 0", "__index_level_0__")
EMPTY = 0.5  # columns with a larger share of missing values are left out before rows are
ODD = 0.1  # columns of text with a larger share of cells that are no numbers are not numeric


@dataclass(frozen=True)
class Numbers:
    """The numeric columns. x: name -> (n,) float64, NaN for missing values; odd: name -> cells that are no numbers;
    infinite: name -> infinite values; other: name -> decimal sign, of columns in which it is not that of the table."""

    x: dict[str, np.ndarray]
    odd: dict[str, list[str]]
    infinite: dict[str, int] = field(default_factory=dict)
    other: dict[str, str] = field(default_factory=dict)


def numbers(table, decimal: str = "point") -> Numbers:
    """Every column that holds numbers, or text that is numbers but for a few cells."""
    import pyarrow.types as types

    found = Numbers({}, {})
    for name in table.column_names:
        column, t = table.column(name), table.schema.field(name).type
        if types.is_integer(t) or types.is_floating(t) or types.is_boolean(t) or types.is_decimal(t):
            values = column.cast("float64", safe=False).to_numpy().astype(np.float64)
        elif types.is_string(t) or types.is_large_string(t):
            cells, sign = _without_unit(column), decimal
            both = {word: _of_text(cells, word) for word in SIGNS}
            if len(both[decimal][1]) > min(len(others) for _values, others in both.values()):
                sign = next(word for word in SIGNS if word != decimal)  # no thousands: 0,381
                found.other[name] = sign
            values, others = both[sign]
            if not _mostly(others, values):
                found.other.pop(name, None)
                continue
            found.odd[name] = list(dict.fromkeys(f"{cell}"[:40] for cell in others))
        else:
            continue
        if n := int(np.isinf(values).sum()):
            found.infinite[name] = n
        found.x[name] = np.where(np.isfinite(values), values, np.nan)
    return found


def _mostly(others: list[str], values: np.ndarray) -> bool:
    """Whether so few cells are no numbers that the others make a numeric column."""
    n = len(others) + int((~np.isnan(values)).sum())
    return n > len(others) and len(others) <= ODD * n


def _without_unit(column):
    """The cells without %, $ and the like, if all have the same; else as they are, which is no column of numbers."""
    import pyarrow.compute as pc

    cells = pc.utf8_trim_whitespace(column)
    given = _given(cells)
    n = pc.sum(given).as_py() or 0
    for unit in UNITS:
        if n and (pc.sum(pc.match_substring(cells, unit)).as_py() or 0) >= (1 - ODD) * n:
            return pc.replace_substring(cells, unit, "")
    return cells


def _given(cells):
    """Which cells are not empty and no word for nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.and_(pc.is_valid(cells), pc.invert(pc.is_in(cells, pa.array(NULLS, cells.type))))


def _of_text(cells, decimal: str) -> tuple[np.ndarray, list[str]]:
    """Numbers of cells of text, NaN for none; and every cell that is none, but for those that stand for nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pc.utf8_trim_whitespace(cells)
    given = _given(cells)
    pattern = f"^(({number_pattern(decimal, units=False)})|([-+]?[Ii]nf(inity)?))$"
    fits = pc.and_(given, pc.fill_null(pc.match_substring_regex(cells, pattern), False))
    plain = pc.replace_substring_regex(pc.replace_substring(cells, MINUS, "-"), SEPARATORS[decimal], "")
    plain = pc.replace_substring_regex(pc.replace_substring_regex(plain, SIGNS[decimal], "."), r"^\+", "")
    values = pc.if_else(fits, plain, pa.scalar(None, plain.type)).cast("float64").to_numpy().astype(np.float64)
    return values, pc.filter(cells, pc.and_(given, pc.invert(fits))).to_pylist()


def chosen_numbers(
    table, found: Numbers, names: list[str], row: str, notes: list[str]
) -> tuple[tuple[str, ...], np.ndarray]:
    """The columns of numbers among those names that are used, and (rows, columns) float64 with NaN for missing values.
    row: what a row is, a sample, step or series.

    Raises: SettingError: there is none.
    """
    import pyarrow as pa

    used: list[str] = []
    other: list[str] = []
    empty: list[str] = []
    for name in names:
        if name not in found.x:
            (empty if pa.types.is_null(table.schema.field(name).type) else other).append(name)
        elif row != "series" and np.isnan(found.x[name]).mean() > EMPTY:
            empty.append(name)
        elif row == "sample" and name.lower() in NAMED_ROW and (np.diff(found.x[name]) > 0).all():
            notes.append(_("Column {name} only numbers the rows and was left out.", name=name))
        else:
            used.append(name)
    if other:
        notes.append(_("Columns left out because they are not numeric: {names}.", names=listed(other)))
    if empty:
        notes.append(
            _("Columns left out because more than half of their values are missing: {names}.", names=listed(empty))
        )
    if not used:
        raise SettingError(
            _("none of the columns is numeric: {names}.", names=listed(names))
            if names
            else _("the table has no numeric column.")
        )
    odd = {name: found.odd[name] for name in used if found.odd.get(name)}
    if odd:
        cells = "; ".join(f"{name}: {listed(others[:4])}" for name, others in list(odd.items())[:8])
        notes.append(_("Cells that are no numbers count as missing: {cells}.", cells=cells))
    for sign in SIGNS:
        if names := [name for name in used if found.other.get(name) == sign]:
            notes.append(
                _(
                    "Columns read with another decimal sign ({sign}), which alone fits their cells: {names}.",
                    sign=sign,
                    names=listed(names),
                )
            )
    if infinite := [f"{name} ({number(found.infinite[name])})" for name in used if name in found.infinite]:
        notes.append(_("Infinite values count as missing: {counts}.", counts=listed(infinite)))
    check_room(table.num_rows, len(used), 8)
    x = np.stack([found.x[name] for name in used], 1)
    missing = np.isnan(x).sum(0)
    if missing.any():
        worst = sorted(zip(missing.tolist(), used, strict=True), reverse=True)[:5]
        counts = ", ".join(f"{name} ({number(n)})" for n, name in worst if n)
        notes.append(_("Missing values: {counts}.", counts=counts))
    return tuple(used), x
