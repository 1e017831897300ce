"""Cells of a table of text: which are numbers, which stand for a missing value."""

from __future__ import annotations

import re

NULLS = (
    "", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "-NaN", "null", "NULL", "None", "NONE", "none", "?", "-", "--",
    "#N/A", "#N/A N/A", "#NA", "<NA>", "NaT", "1.#QNAN", "-1.#QNAN", "1.#IND", "-1.#IND", "#DIV/0!", "#VALUE!", "#NV",
)  # fmt: skip
SEPARATORS = {"point": "[,'’ \u00a0\u202f]", "comma": "[.'’ \u00a0\u202f]"}  # of thousands, by the decimal sign
SIGNS = {"point": r"\.", "comma": ","}
MINUS = "\u2212"  # the sign of typography, beside the hyphen of the keyboard
UNITS = "%$€£¥"  # before or after a number


def number_pattern(decimal: str, units: bool = True) -> str:
    """A regular expression for a whole cell with a number, thousands separated or not. units: with a unit, or none."""
    point, separator = SIGNS[decimal], SEPARATORS[decimal]
    whole = rf"(\d+|[1-9]\d{{0,2}}({separator}\d{{3}})+)"
    unit, after = (rf"([{UNITS}][ \u00a0\u202f]?)?", rf"[ \u00a0\u202f]?[{UNITS}]?") if units else ("", "")
    value = rf"({whole}({point}\d*)?|{point}\d+)([eE][-+{MINUS}]?\d+)?"
    return rf"\s*{unit}[-+{MINUS}]?{unit}{value}{after}\s*"


def is_number(cell: str, decimal: str = "") -> bool:
    """Whether the cell is a number with that decimal sign; none: with either."""
    return any(NUMBER[sign].fullmatch(cell) for sign in ((decimal,) if decimal else SIGNS))


def is_word(cell: str) -> bool:
    return cell.strip() not in NULLS and not is_number(cell)


NUMBER = {decimal: re.compile(number_pattern(decimal)) for decimal in SIGNS}


def as_float(cell: str, decimal: str) -> float:
    """The value of a cell that is a number."""
    plain = re.sub(SEPARATORS[decimal], "", cell.strip().strip(UNITS + " \u00a0\u202f"))
    return float(re.sub(rf"[{UNITS}]", "", plain).replace(",", ".").replace(MINUS, "-"))
