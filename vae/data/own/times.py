"""Columns of times: as numbers, dates and times of day, or as text in the orders in which people write them."""

from __future__ import annotations

import re

import numpy as np

from ...errors import SettingError
from ...text import N_, _, ngettext
from ...types import NO_VARIABLES, Variables
from .choices import Choices
from .columns import Numbers
from .decisions import Decision, decide
from .text_tables import first_line, units_of

NAMED_TIME = ("time", "date", "datetime", "timestamp", "t", "datum", "zeit")
ODD = 0.1  # of the cells may be no times: their rows are left out
IN_ORDER = 0.25  # rows that are earlier than the one before, of a table in order of time
DATE = r"^\s*(?P<a>\d{1,4})[./-](?P<b>\d{1,2})[./-](?P<c>\d{1,4})(?P<rest>[T ].*)?\s*$"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
GAP = r"[ ./-]*"
CLOCK = (
    r"^[T ]*(?:(?P<days>\d+) days?,? *)?(?P<h>\d{1,4}):(?P<m>\d{2})(?::(?P<s>\d{2}(?:[.,]\d+)?))?"
    r"(?P<half> ?[AaPp][Mm])?(?:Z|[+-]00:?00)?\s*$"
)


PERIODS = ((86400, N_("days")), (3600, N_("h")), (60, N_("min")), (1, N_("s")))  # in seconds


def timing(table, name: str, found: Numbers, step: float) -> Variables:
    """The time axis of series whose steps have the times in that column, and lie `step` apart: as it measures them, or
    for dates in the longest unit of at most a step."""
    if not name or not step > 0:
        return NO_VARIABLES
    if name in found.x:
        return Variables(step=step, step_unit=units_of(table).get(name, ""), axis=name)
    seconds, unit = next((period for period in PERIODS if step >= period[0]), PERIODS[-1])
    return Variables(step=step / seconds, step_unit=unit, axis=name)


def timelike(table) -> list[str]:
    """Columns that may be the time of their rows, judged by type, name or content."""
    import pyarrow.types as types

    return [
        f.name
        for f in table.schema
        if types.is_temporal(f.type) or f.name.lower() in NAMED_TIME or is_time(table.column(f.name))
    ]


def is_time(column) -> bool:
    """Whether the first cells of a column of text are all dates or times of day."""
    import pyarrow as pa
    import pyarrow.types as types

    if not (types.is_string(column.type) or types.is_large_string(column.type)):
        return types.is_temporal(column.type)
    cells = [v for v in column[:100].to_pylist() if v is not None]
    return bool(cells) and all(re.match(DATE, v) or re.match(CLOCK, v) for v in _numbered(pa.array(cells)).to_pylist())


def times(column, choices: Choices, made: list[Decision], notes: list[str]) -> np.ndarray:
    """Seconds, or the numbers themselves, by which rows are ordered; NaN where a few cells are none. Raises:
    SettingError."""
    import pyarrow as pa
    import pyarrow.types as types

    t = column.type
    try:
        if types.is_string(t) or types.is_large_string(t):
            when = _times_of_text(column, choices, made)
        elif types.is_date(t) or types.is_timestamp(t):
            when = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).cast(pa.float64(), safe=False)
            when = when.to_numpy().astype(np.float64) / 1e6
        elif types.is_time(t) or types.is_duration(t):
            unit = pa.time64("us") if types.is_time(t) else pa.duration("us")
            when = column.cast(unit, safe=False).cast(pa.int64()).cast(pa.float64(), safe=False)
            when = when.to_numpy().astype(np.float64) / 1e6
        else:
            when = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    except pa.ArrowException as e:
        raise SettingError(_("the time column cannot be read as times ({reason}).", reason=first_line(e))) from None
    lacking = np.isnan(when)
    if lacking.sum() > ODD * len(when):
        odd = next((cell for cell in column.filter(pa.array(lacking)).to_pylist() if cell is not None), None)
        raise SettingError(
            ngettext(
                "the time column cannot be read as times: {n} cell is none, such as {cell!r}. {known}",
                "the time column cannot be read as times: {n} cells are none, such as {cell!r}. {known}",
                int(lacking.sum()),
                cell=odd,
                known=_(
                    "What is read: 2024-03-01 12:00, 01.03.2024, 3/1/24 2:30 PM, 01-Mar-2024, Mar 1, 2024, 12:30:05, "
                    "2 days 03:15:00, and numbers."
                ),
            )
        )
    if lacking.any():
        notes.append(
            ngettext(
                "{n} row without a time was left out.", "{n} rows without a time were left out.", int(lacking.sum())
            )
        )
        when = when.copy()
    known = when[~lacking]
    if (np.diff(known) < 0).any():
        notes.append(_("The rows were not in order of time and were sorted."))
    return when


def _times_of_text(column, choices: Choices, made: list[Decision]) -> np.ndarray:
    """ISO times, dates in any order, times of day and durations as seconds, with NaN for cells that are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    named, column = column, _numbered(column)
    parts = pc.extract_regex(column, DATE)
    if pc.sum(pc.is_valid(parts)).as_py() in (0, None):
        return _clock(column)
    dated = [_float(pc.struct_field(parts, name)) for name in "abc"]
    rest = pc.struct_field(parts, "rest")
    rest = pc.if_else(pc.equal(pc.utf8_trim_whitespace(rest), ""), pa.scalar(None, rest.type), rest)
    of_day = np.zeros(len(column)) if not pc.sum(pc.is_valid(rest)).as_py() else _clock(rest, missing=0.0)
    if pc.any(pc.not_equal(named, column)).as_py():
        order = "year"  # so `_numbered` writes it
    else:
        order = decide(made, choices, "dates", *_order(dated, of_day))
    days = _days(dated, order)
    if (wrong := np.isnan(days) & ~np.isnan(dated[0])).sum() > ODD * len(days):
        cell = column[int(wrong.argmax())].as_py()
        raise SettingError(
            _(
                "the time column cannot be read as times ({cell!r} is no date with the {order} first).",
                cell=cell,
                order=order,
            )
        )
    return days * 86400 + of_day


def _numbered(column):
    """Dates with the name of a month, such as 01-Mar-2024 or Mar 1, 2024, in ISO's order; other cells as they are."""
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(column, "(?i)" + "|".join(MONTHS))).as_py():
        return column
    for i, month in enumerate(MONTHS, 1):
        word = r"(?i)^\s*(?:[a-z]{3,9},? +)?"
        day, year = r"(\d{1,2})", r"[ ,./-]*(\d{4})\b"
        first = rf"{word}{day}{GAP}{month}[a-z]*{GAP}"
        column = pc.replace_substring_regex(column, rf"{first}(\d{{4}})\b", rf"\2-{i:02d}-\1")
        column = pc.replace_substring_regex(column, rf"{first}([7-9]\d)\b", rf"19\2-{i:02d}-\1")
        column = pc.replace_substring_regex(column, rf"{first}(\d{{2}})\b", rf"20\2-{i:02d}-\1")
        column = pc.replace_substring_regex(column, rf"{word}{month}[a-z]*{GAP}{day}{year}", rf"\2-{i:02d}-\1")
    return column


def _order(dated: list[np.ndarray], of_day: np.ndarray) -> tuple[str, str]:
    """Which part of a date comes first."""
    if np.nanmax(dated[0]) > 31:
        return "year", _("the first number is too large for a day")
    known = ~np.isnan(dated[0])
    when = {order: (_days(dated, order) * 86400 + of_day)[known] for order in ("day", "month")}
    misses = {order: int(np.isnan(times).sum()) for order, times in when.items()}
    if misses["day"] != misses["month"]:
        return min(misses, key=misses.__getitem__), _("no other order makes dates of all")
    falls = {order: (np.diff(times) < 0).mean() if len(times) > 1 else 0.0 for order, times in when.items()}
    if falls["day"] != falls["month"] and min(falls.values()) < IN_ORDER:
        return min(falls, key=falls.__getitem__), _("so more rows are in order of time")
    vary = {order: _unevenness(times[~np.isnan(times)]) for order, times in when.items()}
    if vary["day"] != vary["month"]:
        return min(vary, key=vary.__getitem__), _("so the time steps are more even; both day and month would fit")
    return "day", _("both day and month would fit")


def _unevenness(when: np.ndarray) -> float:
    """The standard deviation of the time steps over their mean."""
    steps = np.diff(np.unique(when))
    return round(float(steps.std() / steps.mean()), 6) if len(steps) > 1 else 0.0


def _days(dated: list[np.ndarray], order: str) -> np.ndarray:
    """Days since 1970; NaN where there is no such date."""
    year, month, day = {"year": (0, 1, 2), "day": (2, 1, 0), "month": (2, 0, 1)}[order]
    y, m, d = dated[year], dated[month], dated[day]
    known = ~np.isnan(y)
    y = np.where(known, y, 1970)
    y = np.where(y < 70, y + 2000, np.where(y < 100, y + 1900, y)).astype(np.int64)
    m, d = (np.where(known, part, 1).astype(np.int64) for part in (m, d))
    good = known & (m >= 1) & (m <= 12) & (d >= 1)
    months = (y - 1970) * 12 + np.where(good, m, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[M]").astype("datetime64[D]") - first).astype(np.int64)
    return np.where(good & (d <= length), first.astype(np.int64) + d - 1, np.nan)


def _clock(cells, missing: float = np.nan) -> np.ndarray:
    """Times of day, or durations, as seconds; NaN: neither; missing: of an empty cell."""
    import pyarrow.compute as pc

    parts = pc.extract_regex(cells, CLOCK)
    h, m, s, days = (_float(pc.struct_field(parts, name)) for name in ("h", "m", "s", "days"))
    half = np.array([(v or "").strip().lower() for v in pc.struct_field(parts, "half").to_pylist()], dtype=object)
    h = np.where(half == "am", h % 12, np.where(half == "pm", h % 12 + 12, h))
    seconds = np.nan_to_num(days) * 86400 + h * 3600 + m * 60 + np.nan_to_num(s)
    return np.where(np.asarray(pc.is_null(cells)), missing, seconds)


def _float(column) -> np.ndarray:
    """Digits as float64, NaN for none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    digits = pc.replace_substring(column, ",", ".")
    digits = pc.if_else(pc.equal(digits, ""), pa.scalar(None, digits.type), digits)
    return digits.cast("float64").to_numpy().astype(np.float64)
