"""Columns of a table that hold labels, and those that hold the pixels of pictures."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import numpy as np

from ...settings import flag
from ...text import _, number
from .choices import Choices
from .columns import Numbers
from .decisions import NONE, Decision, decide
from .rows import CLASSES_MAX
from .table_files import is_content
from .text_tables import listed
from .times import is_time

NAMED_LABEL = (
    "label", "labels", "class", "classes", "target", "targets", "species", "y", "category", "klasse", "cell_type",
    "celltype",
)  # fmt: skip
LEAST_SIDE = 8  # px, of pictures in the rows
FEW = 20  # whole numbers that may be classes


def label_column(table, found: Numbers, bare: bool, choices: Choices, made: list[Decision], *, notes: list[str]) -> str:
    """The name of the column of labels; "" if there is none, and a note which may be one. bare: whether the table has
    no header."""
    free = [f.name for f in table.schema if f.name != choices.time_column and not is_content(f.type)]
    guess, why = _likely_label(table, found, free, bare)
    if not guess and (name := _tells_series_apart(table, free, choices.time_column)):
        guess, why = name, _("several rows have the same time, and it tells them apart")
    value = decide(made, choices, "labels", guess or NONE, why, options=list(dict.fromkeys([*free, NONE])))
    if not guess and not choices.labels:
        notes += [
            _(
                "Column {name} has few different values ({n}) and may be the label; to take it: {flag} {quoted}.",
                name=name,
                n=number(n),
                flag=flag("labels"),
                quoted=shlex.quote(name),
            )
            for name, n in _possible_label(table, found, free)
        ]
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


def _possible_label(table, found: Numbers, free: list[str]) -> list[tuple[str, int]]:
    """The column that is the likeliest to hold labels where none is for certain, and how many it has; or nothing. It
    has few whole numbers or words, and is the last or the first column, or the only one like that."""
    import pyarrow.compute as pc

    few = [name for name in free if _repeats(table.column(name), FEW) and _whole(found.x.get(name, np.zeros(0)))]
    if 2 * len(few) > len(free):  # small whole numbers are the rule in this table
        return []
    likely = [name for name in (*free[-1:], *free[:1], *few[: len(few) == 1]) if name in few]
    return [(name, pc.count_distinct(table.column(name)).as_py()) for name in likely[:1]]


def _tells_series_apart(table, free: list[str], time: str) -> str:
    """The first column with classes of which each has at most one row at a time, where several rows have one time."""
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
