"""Columns of a table: which hold numbers, which a time, which the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import SettingError
from ...text import _, number
from .choices import Choices
from .decisions import NONE, Decision, decide
from .rows import CLASSES_MAX, check_room
from .table_files import is_content
from .cells import MINUS, NULLS, SEPARATORS, SIGNS, UNITS, number_pattern
from .text_tables import listed
from .times import is_time

NAMED_LABEL = (
    "label", "labels", "class", "classes", "target", "targets", "species", "y", "category", "klasse", "cell_type",
    "celltype",
)  # fmt: skip
NAMED_ROW = ("", "id", "index", "row", "unnamed: 0", "__index_level_0__")
EMPTY = 0.5  # columns with a larger share of missing values are left out before rows are
ODD = 0.1  # columns of text with a larger share of cells that are no numbers are not numeric
LEAST_SIDE = 8  # px, of pictures in the rows
FEW = 20  # whole numbers that may be classes


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
            notes.append(
                _("Column {name} only numbers the rows and was left out.", name=name)
            )
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
                _("Columns read with another decimal sign ({sign}), which alone fits their cells: {names}.", sign=sign,
                  names=listed(names))
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


# ---------------------------------------------------------------- labels


def label_column(table, found: Numbers, bare: bool, choices: Choices, made: list[Decision]) -> str:
    """The name of the column of labels; "" if there is none. bare: whether the table has no header."""
    free = [f.name for f in table.schema if f.name != choices.time_column and not is_content(f.type)]
    guess, why = _likely_label(table, found, free, bare)
    if not guess and (name := _tells_series_apart(table, free, choices.time_column)):
        guess, why = name, _("several rows have the same time, and it tells them apart")
    value = decide(made, choices, "labels", guess or NONE, why, options=list(dict.fromkeys([*free, NONE])))
    return "" if value == NONE and NONE not in free else value


def text_of(column, names: Sequence[str] = ()) -> np.ndarray:
    """The cells of a column as text; of an empty one: missing. names: what numbers from 0 stand for."""
    known = dict(enumerate(names))

    def said(value) -> str:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return "missing" if value is None else str(known.get(value, value)).strip()

    return np.array([said(value) for value in column.to_pylist()])


def _likely_label(table, found: Numbers, free: list[str], bare: bool) -> tuple[str, str]:
    named = sorted((name for name in free if name.lower() in NAMED_LABEL), key=lambda name: name.lower() == "y")
    unlike = [name for name in named if not _divides(table.column(name), found.x.get(name))]
    for name in named:  # y last, which may also be a coordinate
        if name not in unlike:
            return name, _("the name of the column says so")
    ends = list(dict.fromkeys(free[-1:] + free[:1] * bare))
    for name in ends:
        if name not in found.x and not is_time(table.column(name)) and _repeats(table.column(name), CLASSES_MAX):
            return name, _("its words repeat, and it is the first or last column")
    others = [found.x[n] for n in free if n in found.x]
    for name in ends if bare and len(others) > 2 else ():
        rest = [found.x[n] for n in free if n in found.x and n != name]
        fractions = sum(not _whole(x) for x in rest) > len(rest) / 2
        if name not in found.x or not _whole(found.x[name]) or not _repeats(table.column(name), FEW):
            continue
        if fractions:
            return name, _("it has few whole numbers beside columns of fractions, and is the first or last column")
        if name == free[0] and square_pictures(rest):
            return name, _("it has few whole numbers beside the pixels of square pictures")
    if unlike:
        return "", _("the values of {names} are almost all different", names=listed(unlike))
    return "", _("no column is called {names}", names=listed(NAMED_LABEL))


def _tells_series_apart(table, free: list[str], time: str) -> str:
    """The first column with classes of which each has at most one row at a time, where several rows have the same time."""
    import pyarrow.compute as pc

    if not time or pc.count_distinct(table.column(time)).as_py() == table.num_rows:
        return ""
    classes = (name for name in free if _repeats(table.column(name), CLASSES_MAX))
    return next((n for n in classes if table.group_by([time, n]).aggregate([]).num_rows == table.num_rows), "")


def _divides(column, x: np.ndarray | None) -> bool:
    """Whether the values of a column divide the rows into classes, not into almost as many as there are rows."""
    import pyarrow.compute as pc

    if x is not None and not _whole(x):
        return _repeats(column, FEW)
    return pc.count_distinct(column).as_py() <= max(FEW, len(column) // 2)


def square_pictures(columns: Sequence[np.ndarray]) -> str:
    """The size HxW of the pictures, if these columns are the bytes of square grey ones; else ""."""
    side = round(len(columns) ** 0.5)
    square = side >= LEAST_SIDE and side * side == len(columns)
    return f"{side}x{side}" if square and all(map(_are_bytes, columns)) else ""


def _are_bytes(x: np.ndarray) -> bool:
    return _whole(x) and bool(np.nanmin(x, initial=0) >= 0 and np.nanmax(x, initial=0) <= 255)


def _whole(x: np.ndarray) -> bool:
    x = x[~np.isnan(x)]
    return bool((x == np.round(x)).all())


def _repeats(column, most: int) -> bool:
    import pyarrow.compute as pc
    import pyarrow.types as types

    if types.is_temporal(column.type) or types.is_null(column.type):
        return False
    n = pc.count_distinct(column).as_py()
    return 2 <= n <= min(most, max(2, len(column) // 5))
