"""Tables of text of one sample each: written in one style, with columns matched by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...disk.guarded import Refused
from ...errors import SettingError
from ...registry import Modality
from ...text import _, ngettext, number
from ...types import NO_VARIABLES, Variables
from .choices import Choices
from .columns import chosen_numbers, numbers
from .decisions import NONE, Decision
from .fillers import without_fillers
from .images import folder_labels
from .lists import evened
from .rows import Rows, check_room, of_files
from .sources import File, Given, Skipped, unread
from .table_files import LONE, TEXT
from .text_style import Style, style_of
from .text_tables import in_style, listed, units_of
from .times import timelike, times, timing

JUDGED = 50  # files of which the style is found
SHOWN = 8  # notes on single files
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Sheet:
    """The numeric columns of one file. x (rows, columns) float64, NaN for missing values."""

    file: File
    names: tuple[str, ...]
    x: np.ndarray
    measured: Variables = NO_VARIABLES  # the units of the columns, and the time axis


def sample_tables(files: Sequence[File]) -> list[File]:
    """Those that may be tables of one sample each: several of text."""
    tables = [f for f in files if f.inner_suffix in TEXT] or [f for f in files if f.inner_suffix in LONE]
    return tables if len(tables) > 1 else []


def read_sample_tables(
    found: Given, modality: Modality, choices: Choices, progress: Progress = lambda done, n: None
) -> Rows:
    """Samples of files: a series (columns, rows), or a vector of all values. A column of times orders the rows and is
    no channel. Rows with missing values are left out of a series; a vector with one is skipped.

    Raises: SettingError: no file can be read, or together they exceed the memory limit.
    """
    made: list[Decision] = []
    notes: list[str] = []
    skipped: list[Skipped] = []
    style = style_of(_texts(found.files), replace(choices, rows="step"), made)
    line = modality.layout == "line"
    sheets: list[Sheet] = []
    dates: list[Decision] = []
    told: Counter[str] = Counter()
    timed = _time_column(found.files, style, choices)
    for i, file in enumerate(found.files):
        own: list[str] = []
        try:
            sheets.append(_sheet(file, style, timed, choices, dates=dates, notes=own))
        except (SettingError, Refused) as error:
            skipped.append(Skipped(file.name, str(error).rstrip(".")))
        else:
            check_room(len(found.files), sheets[-1].x.size, 8)
        told.update(own)
        progress(i + 1, len(found.files))
    names = _names(sheets)
    sheets = _filled(sheets, choices, made)
    samples: list[np.ndarray] = []
    used: list[File] = []
    lacking = 0
    for sheet in sheets:
        try:
            x = _in_order(sheet, names)
            whole = ~np.isnan(x).any(1)
            if not line and not whole.all():
                raise SettingError(_("a value is missing"))
            if not whole.any():
                raise SettingError(_("every row lacks a value"))
            if not line and samples and x.size != samples[0].size:
                raise SettingError(
                    _(
                        "the file contains a sample of shape {given}; expected {expected}",
                        given=(x.size,),
                        expected=samples[0].shape,
                    )
                )
        except SettingError as error:
            skipped.append(Skipped(sheet.file.name, str(error).rstrip(".")))
            continue
        lacking += int((~whole).sum())
        samples.append(x[whole].T if line else x.ravel())
        used.append(sheet.file)
    if not samples:
        raise unread(found, skipped)
    notes += _told(told, len(sheets))
    if lacking:
        notes.append(
            ngettext(
                "{n} row of the files lacks a value and was left out.",
                "{n} rows of the files lack a value and were left out.",
                lacking,
            )
        )
    if timed:
        notes.append(
            _(
                "Column {name} is the time, which orders the rows and is left out; to keep it: --time-column none.",
                name=timed,
            )
        )
    labels, test = folder_labels([f.folders for f in used], notes)
    x = evened(samples, choices, made, notes) if line else np.stack(samples)
    first = next(sheet for sheet in sheets if sheet.file is used[0])
    units = dict(zip(first.names, first.measured.units, strict=False))
    named = line or x.shape[1] == len(names)  # a file of one row
    return Rows(
        _("{samples}, one per file", samples=_(modality.plural)),
        modality.name,
        x,
        labels,
        test,
        metadata=of_files(used),
        columns=names if named else (),
        measured=replace(first.measured, units=tuple(units[n] for n in names) if named and units else ()),
        notes=tuple(notes),
        skipped=(*found.skipped, *skipped),
        decisions=(*made, *dates),
    )


# ---------------------------------------------------------------- parts


def _texts(files: Sequence[File]) -> list[bytes]:
    """The contents of some of the files, from first to last. Raises: SettingError: none can be read."""
    out: list[bytes] = []
    for i in np.unique(np.linspace(0, len(files) - 1, min(JUDGED, len(files))).astype(int)):
        try:
            out.append(files[i].unpacked())
        except (SettingError, Refused) as e:
            error = e
    if not out:
        raise SettingError(f"{files[0].name}: {error}")
    return out


def _time_column(files: Sequence[File], style: Style, choices: Choices) -> str:
    """The column of times: that chosen; else one named or written as a time in the first readable file, in ascending
    order there; else ""."""
    if choices.time_column:
        return "" if choices.time_column == NONE else choices.time_column
    for file in files[:JUDGED]:
        try:
            table = in_style(file.unpacked(), style, [])
            found = numbers(table, style.decimal)
            for name in timelike(table)[:1] if table.num_columns > 1 else ():
                when = found.x[name] if name in found.x else times(table.column(name), choices, [], [])
                if len(when) and (np.diff(when[~np.isnan(when)]) > 0).all():
                    return name
        except (SettingError, Refused):
            continue
        return ""
    return ""


def _sheet(file: File, style: Style, timed: str, choices: Choices, *, dates: list[Decision], notes: list[str]) -> Sheet:
    """Raises: SettingError; Refused: not such a table, without columns of numbers, or without the column of times."""
    table = in_style(file.unpacked(), style, notes)
    if not table.num_rows:
        raise SettingError(_("the table has no rows"))
    if timed and timed not in table.column_names:
        raise SettingError(_("it has no column {names}", names=timed))
    found = numbers(table, style.decimal)
    names, x = chosen_numbers(table, found, [n for n in table.column_names if n != timed], "sample", notes)
    measured = NO_VARIABLES
    if timed:
        made: list[Decision] = []
        when = found.x[timed] if timed in found.x else times(table.column(timed), choices, made, [])
        dates += made[: not dates]
        order = np.argsort(when, kind="stable")[: int((~np.isnan(when)).sum())]
        x = x[order]
        step = float(np.median(np.diff(when[order]))) if len(order) > 1 else 0.0
        measured = timing(table, timed, found, step)
    units = units_of(table)
    return Sheet(file, names, x, replace(measured, units=tuple(units.get(n, "") for n in names) if units else ()))


def _names(sheets: Sequence[Sheet]) -> tuple[str, ...]:
    """The columns that most files have, in the order of the first of these."""
    if not sheets:
        return ()
    most = Counter(frozenset(sheet.names) for sheet in sheets).most_common(1)[0][0]
    return next(sheet.names for sheet in sheets if frozenset(sheet.names) == most)


def _filled(sheets: list[Sheet], choices: Choices, made: list[Decision]) -> list[Sheet]:
    """The same with NaN for the number that stands for a missing value in all of them."""
    cells: dict[str, list[np.ndarray]] = {}
    for sheet in sheets:
        for name, x in zip(sheet.names, sheet.x.T, strict=True):
            cells.setdefault(name, []).append(x)
    columns = {name: np.concatenate(parts) for name, parts in cells.items()}
    known = without_fillers(columns, choices, made)
    if all(known[name] is x for name, x in columns.items()):
        return sheets
    parts = {name: iter(np.split(known[name], np.cumsum([len(x) for x in cells[name]])[:-1])) for name in cells}
    return [replace(sheet, x=np.stack([next(parts[name]) for name in sheet.names], 1)) for sheet in sheets]


def _in_order(sheet: Sheet, names: tuple[str, ...]) -> np.ndarray:
    """Its columns in the order of those names. Raises: SettingError: it lacks one, or has others."""
    if lacking := [name for name in names if name not in sheet.names]:
        raise SettingError(_("it has no column {names}", names=listed(lacking)))
    if other := [name for name in sheet.names if name not in names]:
        raise SettingError(_("it has columns that most files do not have: {names}", names=listed(other)))
    return sheet.x[:, [sheet.names.index(name) for name in names]]


def _told(told: Counter[str], n: int) -> list[str]:
    """What was noted of the files, once; with how many files it was, if not all."""
    out = []
    for note, k in told.most_common(SHOWN):
        few = ngettext("{note} ({n} file of {all})", "{note} ({n} files of {all})", k, note=note, all=number(n))
        out.append(note if k == n else few)
    return out
