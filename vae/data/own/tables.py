"""Tables to samples: one per row, a series per row, windows of the rows in order of time, or pictures in the rows."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial

import numpy as np

from ...errors import SettingError, UnknownName
from ...registry import MODALITIES
from ...text import _, ngettext, number
from ..metadata import FILE, ROW, Columns, column
from .choices import Choices
from .columns import Numbers, chosen_numbers, numbers
from .decisions import NONE, Decision, decide
from .fillers import without_fillers
from .images import read_pictures
from .label_columns import label_column, square_pictures, text_of
from .layouts import as_samples, of_array
from .lists import arrays, evened, list_columns
from .rows import Rows, fewer_classes
from .sources import File, Given
from .table_files import class_names, format_of, is_content, picture_columns, read_columns
from .text_tables import listed, units_of
from .times import timelike, times, timing
from .windows import windows

WIDE = 20  # columns with numbered names that are time steps rather than channels
Progress = Callable[[int, int], object]


def read_table(found: Given, choices: Choices, progress: Progress = lambda done, n: None) -> Rows:
    """Numeric columns of one table: vectors; with a time column or a window, series. Or its lists, or its pictures.

    Raises: SettingError: not a table, no such column, or no numeric column.
    """
    file = found.files[0]
    notes: list[str] = []
    made: list[Decision] = []
    table, decimal = read_columns(file, choices, made, notes)
    if not table.num_rows:
        raise SettingError(_("{name}: the table has no rows.", name=file.name))
    names = table.column_names
    if choices.time_column == NONE and NONE not in names:
        choices = replace(choices, time_column="")
    if choices.time_column and choices.time_column not in names:
        raise SettingError(str(UnknownName(_("time column"), choices.time_column, names)))
    values = numbers(table, decimal)
    values = replace(values, x=without_fillers(values.x, choices, made))
    bare = any(d.name == "header" and d.value == "no" for d in made)
    label = label_column(table, values, bare, choices, made, notes=notes)
    labels = text_of(table.column(label), class_names(table, label)) if label else None
    inside = [n for n in names if n not in (choices.time_column, label)]
    columns: tuple[str, ...] = ()
    if pictures := [n for n in picture_columns(table) if n in inside]:
        rows = _pictures(found, table.column(pictures[0]), labels, choices, progress)
        rows = replace(rows, what=_("pictures in a column of a {format} file", format=format_of(file)))
    elif lists := [n for n in list_columns(table) if n in inside]:
        rows, columns = _lists(table, inside, labels, choices, made, notes=notes), tuple(lists)
        rows = replace(rows, what=_("lists in a {format} file", format=format_of(file)))
    else:
        rows, columns = _numbers(file, table, values, inside, labels, choices=choices, made=made, notes=notes)
    aside = [n for n in names if n not in columns and n not in pictures and (n != label or rows.labels is None)]
    rows = replace(rows, metadata=_metadata(table, aside, values, rows))
    named = MODALITIES.get(rows.modality).layout in ("vector", "line")  # each value or channel is a column
    columns = columns if named and len(columns) == rows.x.shape[1] else ()
    units = units_of(table)
    return replace(
        rows,
        columns=columns,
        measured=replace(rows.measured, units=tuple(units.get(name, "") for name in columns) if units else ()),
        notes=(*notes, *(note for note in rows.notes if note not in notes)),
        skipped=(*found.skipped, *rows.skipped),
        decisions=(*made, *rows.decisions),
    )


def _metadata(table, names: list[str], values: Numbers, rows: Rows) -> Columns:
    """The cells of those columns in the row of each sample, and the number of that row."""
    taken = rows.taken
    if taken is None:  # pictures, whose files are called "17: name"
        taken = np.array([int(name.split(":")[0]) - 1 for name in rows.metadata[FILE]])
    kept = {} if ROW in names else {ROW: taken + 1.0}
    for name in names:
        if name in values.x:
            kept[name] = values.x[name][taken]
        elif not is_content(table.schema.field(name).type):
            kept[name] = column(table.column(name).take(taken).to_pylist())
    return {**rows.metadata, **kept}


# ---------------------------------------------------------------- columns to rows


def _numbers(
    file: File, table, values: Numbers, inside: list[str], labels, *, choices: Choices, made: list, notes: list[str]
) -> tuple[Rows, tuple[str, ...]]:
    """Samples of the numeric columns, and their names."""
    import pyarrow as pa

    if not choices.time_column:
        notes += [
            _("Column {name} may be a time: as the time column it would turn the rows into a series.", name=n)
            for n in timelike(table)[:1]
        ]
    layout = "" if choices.kind == "auto" else MODALITIES.get(choices.kind).layout
    timed = bool(choices.time_column or choices.window)
    if timed and layout not in ("", "line"):
        raise SettingError(_("a time column or a window makes series, not samples of kind {kind}.", kind=choices.kind))
    row = _row(inside, timed, layout, choices, made)
    columns, x = chosen_numbers(table, values, inside, row, notes)
    if row == "step":
        when = None
        if choices.time_column:
            numeric = values.x.get(choices.time_column)
            column = table.column(choices.time_column) if numeric is None else pa.chunked_array([numeric])
            when = times(column, choices, made, notes)
        at = np.arange(len(x)) if when is None else np.flatnonzero(~np.isnan(when))
        if when is not None and len(at) < len(x):
            x, when, labels = x[at], when[at], None if labels is None else labels[at]
        what = _("ordered rows of a {format} file", format=format_of(file))
        rows = windows(what, x, when, labels, choices, notes=notes, decided=made)
        measured = timing(table, choices.time_column, values, rows.step)
        return replace(rows, measured=measured, taken=at[rows.taken]), columns
    if row == "series":
        what = _("rows of a {format} file, each a series", format=format_of(file))
        return _series(what, _without_end(x), labels, choices, made, notes=notes), columns
    if not choices.size and row == "sample" and (shape := square_pictures(list(x.T))):
        notes.append(
            _(
                "{n} columns of whole numbers from 0 to 255 may be pixels: --size {shape} makes a picture of each row.",
                n=number(len(columns)),
                shape=shape,
            )
        )
    return _vectors(
        _("rows of a {format} file", format=format_of(file)), x, labels, choices, made, notes=notes
    ), columns


def _row(names: list[str], timed: bool, layout: str, choices: Choices, made: list[Decision]) -> str:
    """What a row is: a sample, a time step, or a series."""
    if timed:
        return decide(made, choices, "rows", "step", _("a time column or a window was chosen"), options=["step"])
    if layout == "line":
        counted = len(names) >= WIDE and len({re.sub(r"\d+", "", name) for name in names}) == 1
        if counted:
            return decide(
                made, choices, "rows", "series", _("the names of its columns are numbered"), options=["series", "step"]
            )
        return decide(
            made, choices, "rows", "step", _("its columns have names of their own"), options=["series", "step"]
        )
    options = ["sample"] if layout else ["sample", "series", "step"]
    return decide(made, choices, "rows", "sample", _("no time column was chosen"), options=options)


def _without_end(x: np.ndarray) -> list[np.ndarray]:
    """Each row up to its last value, (1, t): shorter series are filled up with missing values."""
    ends = x.shape[1] - np.argmax(~np.isnan(x[:, ::-1]), axis=1)
    return [row[None, :end] if not np.isnan(row).all() else row[None, :0] for row, end in zip(x, ends, strict=True)]


def _lists(table, inside: list[str], labels, choices: Choices, made: list[Decision], *, notes: list[str]) -> Rows:
    """A column of lists of one length: vectors, or arrays of more dimensions. Lists of unequal lengths, or several
    columns, one for each channel: series."""
    names = [name for name in list_columns(table) if name in inside]
    if rest := [name for name in inside if name not in names]:
        notes.append(_("Of the columns only those with lists are used, not {names}.", names=listed(rest)))
    found = [arrays(table.column(name)) for name in names]
    layout = "" if choices.kind == "auto" else MODALITIES.get(choices.kind).layout
    first = found[0]
    if len(found) == 1 and isinstance(first, np.ndarray):
        if first.ndim > 2:
            whole = ~np.isnan(first).reshape(len(first), -1).any(1)
            return _of_array(first, whole, labels, choices, made, notes=notes)
        options = {"": ["sample", "series"], "line": ["series"]}.get(layout, ["sample"])
        row = decide(made, choices, "rows", options[0], _("its lists have the same length"), options=options)
        if row == "sample":
            return _vectors("", first, labels, choices, made, notes=notes)
    else:
        if layout not in ("", "line"):
            raise SettingError(
                _(
                    "lists of unequal lengths, or several of them, are series, not samples of kind {kind}.",
                    kind=choices.kind,
                )
            )
        decide(
            made,
            choices,
            "rows",
            "series",
            _("its lists have unequal lengths, or there are several"),
            options=["series"],
        )
    if any(isinstance(x, np.ndarray) and x.ndim > 2 for x in found):
        raise SettingError(_("several columns of lists of different shape: {names}.", names=", ".join(names)))
    series = []
    for parts in zip(*found, strict=True):
        if len({len(part) for part in parts}) > 1:
            raise SettingError(_("the lists of a row have unequal lengths: expected one value a time step."))
        series.append(np.stack(parts))
    return _series("", series, labels, choices, made, notes=notes)


def _series(
    what: str, series: list[np.ndarray], labels, choices: Choices, made: list[Decision], *, notes: list[str]
) -> Rows:
    """Series (c, t) without missing values, made equally long."""
    whole = np.array([x.shape[1] > 0 and not np.isnan(x).any() for x in series])
    _note_lacking(whole, notes)
    x = evened([s for s, kept in zip(series, whole, strict=True) if kept], choices, made, notes)
    x, modality = as_samples(x, replace(choices, size=None), notes, made, "line")
    labels = fewer_classes(None if labels is None else labels[whole], notes)
    return Rows(what, modality, x, labels, taken=np.flatnonzero(whole))


def _of_array(
    x: np.ndarray, whole: np.ndarray, labels, choices: Choices, made: list[Decision], *, notes: list[str]
) -> Rows:
    _note_lacking(whole, notes)
    x, modality = of_array(x[whole], choices, notes, made)
    labels = fewer_classes(None if labels is None else labels[whole], notes)
    return Rows("", modality, x, labels, taken=np.flatnonzero(whole))


def _note_lacking(whole: np.ndarray, notes: list[str]) -> None:
    """Tells how many rows are left out. Raises: SettingError: all."""
    if not whole.all():
        notes.append(
            ngettext(
                "{n} of {rows} rows lacks a value and was left out.",
                "{n} of {rows} rows lack a value and were left out.",
                int((~whole).sum()),
                rows=number(len(whole)),
            )
        )
    if not whole.any():
        raise SettingError(_("every row lacks a value, so there are no samples."))


def _pictures(found: Given, column, labels, choices: Choices, progress: Progress) -> Rows:
    """The pictures of a column: bytes, or the hub's {bytes, path}."""
    import pyarrow.types as types

    cells = column.combine_chunks()
    paths = None
    if types.is_struct(cells.type):
        named = {cells.type.field(i).name: cells.field(i) for i in range(cells.type.num_fields)}
        cells, paths = named["bytes"], named.get("path")
    files = []
    for i in range(len(cells)):
        name = (paths[i].as_py() if paths is not None else None) or _("picture")
        n_bytes = len(cells[i].as_py() or b"")
        files.append(File(f"{i + 1}: {name}", n_bytes, partial(_opened, cells, i), n_bytes))
    return read_pictures(Given(found.name, tuple(files), ()), choices, progress, _labels_of(files, labels))


def _opened(cells, i: int) -> AbstractContextManager:
    """A stream of one cell: a picture that is in several rows is in memory once."""
    return nullcontext(io.BytesIO(cells[i].as_py() or b""))


def _labels_of(files: list[File], labels) -> dict[str, str] | None:
    return None if labels is None else {file.name: label for file, label in zip(files, labels.tolist(), strict=True)}


# ---------------------------------------------------------------- numbers to rows


def _vectors(
    what: str, x: np.ndarray, labels: np.ndarray | None, choices: Choices, made: list[Decision], *, notes: list[str]
) -> Rows:
    whole = ~np.isnan(x).any(1)
    _note_lacking(whole, notes)
    x, labels = x[whole], None if labels is None else labels[whole]
    if choices.size and choices.kind != "auto" and MODALITIES.get(choices.kind).layout != "grid":
        choices = replace(choices, kind="auto")  # a size means pictures
    x, modality = as_samples(x, choices, notes, made, "" if choices.size else "vector")
    return Rows(what, modality, x, fewer_classes(labels, notes), taken=np.flatnonzero(whole))
