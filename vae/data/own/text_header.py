"""What the first rows of a table of text say: its decimal sign, whether they are a header, and units."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ...text import _
from .cells import MINUS, NULLS, SIGNS, UNITS, as_float, is_number, is_word

SURE = 8  # numbers that are in ascending order by chance in one of 40 000 rows
Cells = Sequence[Sequence[str]]


def decimal_sign(rows: Cells, delimiter: str) -> tuple[str, str]:
    """By the cells that are a number with one sign only; 1.234 and 1,234 may be thousands, and count only if no cell
    is clearer."""
    clear: dict[str, str] = {}
    vague: dict[str, str] = {}
    count: Counter = Counter()
    for cell in (cell.strip(f" {UNITS}\u00a0\u202f") for row in rows for cell in row):
        if not re.fullmatch(rf"[-+{MINUS}]?[\d.,'’ \u00a0\u202f]*[.,]\d*([eE][-+]?\d+)?", cell) or not re.search(
            r"\d", cell
        ):
            continue
        fits = [word for word in SIGNS if is_number(cell, word)]
        if len(fits) == 1:
            count[fits[0]] += 1
            clear.setdefault(fits[0], cell)
        elif fits:
            word = "comma" if "," in cell else "point"
            count["vague " + word] += 1
            vague.setdefault(word, cell)
    if clear:
        word = "comma" if count["comma"] > count["point"] else "point"
        return word, _("cells such as {cell}", cell=clear[word])
    if count["vague comma"] > count["vague point"] and delimiter != "comma":
        return "comma", _(
            "a comma in numbers of a table that is not separated by commas; {cell} may also be thousands",
            cell=vague["comma"],
        )
    if vague:
        word = "point" if "point" in vague else "comma"
        return "point", _("no cell has a decimal comma for certain; {cell} may be either", cell=vague[word])
    return "point", _("no cell has a decimal comma")


# ---------------------------------------------------------------- header


def header(rows: Cells, decimal: str) -> tuple[str, str]:
    """Whether the first row differs from the others as names differ from numbers."""
    if len(rows) < 2:
        return "yes", _("there is one row only")
    first, rest = rows[0], rows[1:]
    filled = _filled(rest, len(first))
    numeric = [_mostly_numbers(column, decimal) for column in filled]
    heads = [cell.strip() for cell, is_numeric in zip(first, numeric, strict=True) if is_numeric]
    words = [cell for cell in heads if cell not in NULLS and not is_number(cell, decimal)]
    if words:
        return "yes", _("its first row has words above numbers, such as {word}", word=words[0][:40])
    values = [cell for cell in heads if is_number(cell, decimal)]
    if len(values) > 2 and values in ([str(i + k) for i in range(len(values))] for k in (0, 1)):
        return "yes", _("its first row counts the columns")
    names = [cell.strip() for cell, is_numeric in zip(first, numeric, strict=True) if not is_numeric]
    others = [column for column, is_numeric in zip(filled, numeric, strict=True) if not is_numeric]
    named = [name for name, column in zip(names, others, strict=True) if is_word(name) and name not in column]
    if len(values) == len(heads) > 2 and len(named) == len(names) and _an_axis(rows, numeric, decimal, bool(named)):
        return "yes", _("its first row has ascending numbers, {first} to {last}", first=values[0], last=values[-1])
    if values:
        return "no", _("its first row has numbers like the other rows, such as {value}", value=values[0])
    if any(cell.strip() in column for cell, column in zip(first, filled, strict=True)):
        return "no", _("a word of its first row is in other rows too")
    return "yes", _("no word of its first row is in other rows")


def _an_axis(rows: Cells, numeric: Sequence[bool], decimal: str, named: bool) -> bool:
    """Whether the numbers of the first row ascend, or descend, as those of few other rows do: years, wavelengths.
    Without a name beside them they are evenly spaced, or many."""
    steps = []
    for row in rows:
        line = [cell for cell, is_numeric in zip(row, numeric, strict=False) if is_numeric]
        steps.append(np.diff([as_float(cell, decimal) for cell in line if is_number(cell, decimal)]))
    ordered = [bool(len(step)) and bool((step > 0).all() or (step < 0).all()) for step in steps]
    even = len(steps[0]) > 2 and np.ptp(steps[0]) <= 0.01 * np.abs(steps[0]).max()
    alone = ordered[0] and sum(ordered[1:]) < len(ordered[1:]) / 4
    return alone and (named or bool(even) or len(steps[0]) >= SURE - 1)


def units(rows: Cells) -> tuple[str, str]:
    """Whether the row under the header has units: words, or nothing, above numbers, and no word that other rows have.
    A column without a unit has an empty cell, or a sign for nothing."""
    row, rest = rows[1], rows[2:]
    row = [cell.strip() for cell in row] + [""] * (len(rows[0]) - len(row))
    columns = list(zip(row, _filled(rest, len(row)), strict=True))
    above = [cell for cell, column in columns if _mostly_numbers(column, "")]
    if values := [cell for cell in above if is_number(cell)]:
        return "no", _("the row under the header has numbers, such as {value}", value=values[0])
    words = [cell for cell in above if is_word(cell)]
    if len(rest) < 2 or len(above) < 2 or not words:
        return "no", _("the row under the header has no words above numbers")
    if repeated := [cell for cell, column in columns if cell in column]:
        return "no", _("{word}, in the row under the header, is in other rows too", word=repeated[0][:40])
    return "yes", _("the row under the header has words above numbers, such as {word}", word=words[0][:40])


def _filled(rows: Cells, width: int) -> list[list[str]]:
    """The cells of each column that are not empty."""
    return [[row[j].strip() for row in rows if j < len(row) and row[j].strip() not in NULLS] for j in range(width)]


def _mostly_numbers(column: Sequence[str], decimal: str) -> bool:
    return bool(column) and sum(is_number(cell, decimal) for cell in column) > len(column) / 2
