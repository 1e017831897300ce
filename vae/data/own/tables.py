"""CSV and Parquet files to samples: one per row, or windows of the rows in order of time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...disk.guarded import LIMITS, Refused
from ...errors import SettingError, UnknownName
from ...registry import MODALITIES
from ...text import _, ngettext, number, significant
from .choices import WINDOW, Choices
from .decisions import NONE, Decision, decide
from .layouts import as_samples
from .rows import Rows, check_room, fewer_classes
from .sources import File, Given

PARQUET = (".parquet", ".pq")
SUFFIXES = (".csv", ".tsv", *PARQUET)
NAMED_LABEL = ("label", "labels", "class", "target", "species", "y")
NAMED_TIME = ("time", "date", "datetime", "timestamp", "t")
NAMED_ROW = ("", "id", "index", "row", "unnamed: 0", "__index_level_0__")
EMPTY = 0.5  # columns with a larger share of missing values are left out before rows are
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def read_table(found: Given, choices: Choices) -> Rows:
    """Numeric columns of one CSV or Parquet file: vectors; with a time column or a window, series.

    Raises: SettingError: not a table, no such column, or no numeric column.
    """
    file, notes, made = found.files[0], [], []
    table = _parquet(file) if file.suffix in PARQUET else _csv(file)
    if not table.num_rows:
        raise SettingError(_("{name}: the table has no rows.", name=file.name))
    names = table.column_names
    if choices.time_column and choices.time_column not in names:
        raise SettingError(str(UnknownName(_("time column"), choices.time_column, names)))
    label = _label(names, choices, made)
    if not choices.time_column:
        notes += [
            _("Column {name} may be a time: as the time column it would turn the rows into a series.", name=n)
            for n in _timelike(table)[:1]
        ]
    layout = "" if choices.kind == "auto" else MODALITIES.get(choices.kind).layout
    series = layout == "line" or bool(choices.time_column or choices.window)
    if series and layout not in ("", "line"):
        raise SettingError(_("a time column or a window makes series, not samples of kind {kind}.", kind=choices.kind))
    columns, x = _numbers(table, [n for n in names if n not in (choices.time_column, label)], series, notes)
    labels = _text(table.column(label)) if label else None
    file_format = "Parquet" if file.suffix in PARQUET else "CSV"
    what = (
        _("ordered rows of a {format} file", format=file_format)
        if series
        else _("rows of a {format} file", format=file_format)
    )
    if series:
        when = _times(table.column(choices.time_column), notes) if choices.time_column else None
        rows = _windows(what, x, when, labels, choices, notes=notes, decided=made)
    else:
        rows = _vectors(what, x, labels, choices, notes, made=made)
    named = MODALITIES.get(rows.modality).layout in ("vector", "line")  # each value or channel is a column
    return replace(
        rows, columns=columns if named else (), notes=tuple(notes), skipped=found.skipped, decisions=tuple(made)
    )


def _label(names: list[str], choices: Choices, made: list[Decision]) -> str:
    """The name of the column of labels; "" if there is none."""
    free = [n for n in names if n != choices.time_column]
    called = next((n for n in free if n.lower() in NAMED_LABEL), "")
    why = (
        _("the name of the column says so") if called else _("no column is called {names}", names=_listed(NAMED_LABEL))
    )
    value = decide(made, choices, "labels", called or NONE, why, [*free, *([NONE] if NONE not in free else [])])
    return "" if value == NONE and NONE not in free else value


def _timelike(table) -> list[str]:
    """Columns that may be the time of their rows, judged by type or name."""
    import pyarrow as pa

    return [f.name for f in table.schema if pa.types.is_temporal(f.type) or f.name.lower() in NAMED_TIME]


# ---------------------------------------------------------------- files to columns


def _parquet(file: File):
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        data = file.read()
        source = pq.ParquetFile(io.BytesIO(data))
        n, columns, words = source.metadata.num_rows, source.metadata.num_columns, _words(source.schema_arrow)
        check_room(n, columns, 8)
        LIMITS.check(file.packed, n * columns * 8)
        table = pq.ParquetFile(io.BytesIO(data), read_dictionary=[*words]).read()  # each word once
        LIMITS.check(file.packed, sum(_written_out(table.column(name)) for name in words))
        for name, kind in words.items():
            table = table.set_column(table.column_names.index(name), name, table.column(name).cast(kind))
        return table
    except Refused as e:
        raise SettingError(f"{file.name}: {e}") from None
    except (pa.ArrowException, OSError, ValueError) as e:
        raise SettingError(
            _("{name}: not a Parquet file, or a damaged one ({reason}).", name=file.name, reason=_first_line(e))
        ) from None


def _words(schema) -> dict:
    """The columns of text, with their types."""
    import pyarrow.types as types

    return {f.name: f.type for f in schema if types.is_string(f.type) or types.is_large_string(f.type)}


def _written_out(column) -> int:
    """Bytes of a column of text that was read as numbers of its words."""
    import pyarrow.compute as pc

    lengths = (pc.binary_length(part.dictionary).take(part.indices) for part in column.chunks)
    return sum(pc.sum(pc.cast(of_rows, "int64")).as_py() or 0 for of_rows in lengths)


def _csv(file: File):
    import pyarrow as pa
    from pyarrow import csv as arrow

    data = file.read()
    head = data[: 2**16].decode("utf-8", errors="replace")
    if "\0" in head:
        raise SettingError(_("{name}: not a text file, so not a CSV.", name=file.name))
    delimiter = _delimiter(head)
    first = next(csv.reader(io.StringIO(head), delimiter=delimiter), [])
    bare = bool(first) and all(NUMBER.fullmatch(cell) for cell in first)
    decimal = "," if delimiter == ";" and re.search(r"\d,\d", head) and not re.search(r"\d\.\d", head) else "."
    try:
        table = arrow.read_csv(
            io.BytesIO(data),
            read_options=arrow.ReadOptions(autogenerate_column_names=bare, use_threads=False),
            parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow.ConvertOptions(
                decimal_point=decimal, strings_can_be_null=True,
                null_values=["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "-"],
            ),
        )  # fmt: skip
    except (pa.ArrowException, OSError, ValueError) as e:
        raise SettingError(
            _("{name}: cannot be read as CSV ({reason}).", name=file.name, reason=_first_line(e))
        ) from None
    return table.rename_columns(_distinct([n.strip() for n in table.column_names]))


def _delimiter(head: str) -> str:
    try:
        return csv.Sniffer().sniff(head[:8192].rsplit("\n", 1)[0], ",;\t|").delimiter
    except csv.Error:  # a single column has no delimiter
        return ","


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


# ---------------------------------------------------------------- columns to numbers


def _numbers(table, names: list[str], series: bool, notes: list[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The numeric columns by name, and (rows, columns) float64 with NaN for missing values."""
    import pyarrow as pa

    numeric, columns = [], []
    other: list[str] = []
    empty: list[str] = []
    for name in names:
        column = table.column(name)
        t = column.type
        if not (pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_boolean(t) or pa.types.is_decimal(t)):
            (empty if pa.types.is_null(t) else other).append(name)
            continue
        values = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
        values = np.where(np.isfinite(values), values, np.nan)
        if np.isnan(values).mean() > EMPTY:
            empty.append(name)
        elif not series and name.lower() in NAMED_ROW and (np.diff(values) > 0).all():
            notes.append(
                _("Column {name} only numbers the rows and was left out.", name=name)
                if name
                else _("A column without a name only numbers the rows and was left out.")
            )
        else:
            numeric.append(name)
            columns.append(values)
    if other:
        notes.append(_("Columns left out because they are not numeric: {names}.", names=_listed(other)))
    if empty:
        notes.append(
            _("Columns left out because more than half of their values are missing: {names}.", names=_listed(empty))
        )
    if not numeric:
        raise SettingError(
            _("none of the columns is numeric: {names}.", names=_listed(names))
            if names
            else _("the table has no numeric column.")
        )
    check_room(table.num_rows, len(numeric), 8)
    x = np.stack(columns, 1)
    missing = np.isnan(x).sum(0)
    if missing.any():
        worst = sorted(zip(missing.tolist(), numeric, strict=True), reverse=True)[:5]
        counts = ", ".join(f"{name} ({number(n)})" for n, name in worst if n)
        notes.append(_("Missing values: {counts}.", counts=counts))
    return tuple(numeric), x


def _listed(names: Sequence[str]) -> str:
    if len(names) <= 8:
        return ", ".join(names)
    return _("{names} and {n} more", names=", ".join(names[:8]), n=number(len(names) - 8))


def _text(column) -> np.ndarray:
    return np.array(["missing" if v is None else str(v) for v in column.to_pylist()])


def _times(column, notes: list[str]) -> np.ndarray:
    """Seconds, or the numbers themselves, by which rows are ordered. Raises: SettingError."""
    import pyarrow as pa

    t = column.type
    try:
        if pa.types.is_string(t):
            column, t = column.cast(pa.timestamp("us")), pa.timestamp("us")
        if pa.types.is_date(t):
            column, t = column.cast(pa.timestamp("us")), pa.timestamp("us")
        if pa.types.is_timestamp(t):
            column = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        when = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    except pa.ArrowException as e:
        raise SettingError(_("the time column cannot be read as times ({reason}).", reason=_first_line(e))) from None
    when = when / 1e6 if pa.types.is_timestamp(t) else when
    if lacking := int(np.isnan(when).sum()):
        raise SettingError(
            ngettext(
                "the time column lacks {n} value: expected one in every row.",
                "the time column lacks {n} values: expected one in every row.",
                lacking,
            )
        )
    if (np.diff(when) < 0).any():
        notes.append(_("The rows were not in order of time and were sorted."))
    return when


# ---------------------------------------------------------------- numbers to rows


def _vectors(
    what: str, x: np.ndarray, labels: np.ndarray | None, choices: Choices, notes: list[str], *, made: list[Decision]
) -> Rows:
    whole = ~np.isnan(x).any(1)
    if not whole.all():
        notes.append(
            ngettext(
                "{lacking} of {n} row lacks a value and was left out.",
                "{lacking} of {n} rows lack a value and were left out.",
                len(x),
                lacking=number(int((~whole).sum())),
            )
        )
    if not whole.any():
        raise SettingError(_("every row lacks a value, so there are no samples."))
    x, labels = x[whole], None if labels is None else labels[whole]
    if choices.size and choices.kind != "auto" and MODALITIES.get(choices.kind).layout != "grid":
        choices = replace(choices, kind="auto")  # a size means pictures
    x, modality = as_samples(x, choices, notes, made, "" if choices.size else "vector")
    return Rows(what, modality, x, fewer_classes(labels, notes))


def _windows(
    what: str,
    x: np.ndarray,
    when: np.ndarray | None,
    labels: np.ndarray | None,
    choices: Choices,
    *,
    notes: list[str],
    decided: list[Decision],
) -> Rows:
    """Windows of `window` rows, one every `stride`, without missing values. If several rows have the same time and
    there are labels, each label is a series of its own; else a window has the most frequent label of its rows."""
    window = choices.window or min(WINDOW, max(2, len(x) // 4))
    stride = choices.stride or max(1, window // 2)
    if not (choices.window and choices.stride):
        notes.append(
            ngettext(
                "Windows of {window} time steps, one at every step.",
                "Windows of {window} time steps, one every {n} steps.",
                stride,
                window=number(window),
            )
        )
    order = np.arange(len(x)) if when is None else np.argsort(when, kind="stable")
    parts = [order]
    several = labels is not None and when is not None and len(np.unique(when)) < len(when)
    if labels is not None and several:
        parts = [order[labels[order] == name] for name in np.unique(labels)]
        notes.append(
            ngettext(
                "Several rows have the same time, so the {n} label is a series of its own.",
                "Several rows have the same time, so each of the {n} labels is a series of its own.",
                len(parts),
            )
        )
    elif when is not None:
        _note_uneven(when[order], notes)
    made: list[tuple[np.ndarray, int, int]] = []
    lacking = 0
    for i, rows in enumerate(parts):
        for start in range(0, len(rows) - window + 1, stride):
            chosen = rows[start : start + window]
            if np.isnan(x[chosen]).any():
                lacking += 1
            else:
                made.append((chosen, i, start))
        check_room(len(made), window * x.shape[1], 8)
    if lacking:
        notes.append(
            ngettext(
                "{n} window lacks a value and was left out.", "{n} windows lack a value and were left out.", lacking
            )
        )
    if not made:
        raise SettingError(
            ngettext(
                "no window of {window} rows without missing values in {n} row: choose a shorter window.",
                "no window of {window} rows without missing values in {n} rows: choose a shorter window.",
                len(x),
                window=number(window),
            )
        )
    chosen = np.stack([rows for rows, _part, _start in made])
    starts = np.array([start for _rows, _part, start in made])
    names = None if labels is None else fewer_classes(np.array([_most(labels[rows]) for rows in chosen]), notes)
    samples, modality = as_samples(x[chosen].transpose(0, 2, 1), replace(choices, size=None), notes, decided, "line")
    return Rows(
        what,
        modality,
        samples,
        names,
        when=np.stack([starts, starts + window - 1], 1),
        source=np.array([part for _rows, part, _start in made]),
    )


def _most(labels: np.ndarray) -> str:
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])


def _note_uneven(when: np.ndarray, notes: list[str]) -> None:
    steps = np.diff(when)
    if len(steps) and steps.max() > 1.01 * steps.min():
        notes.append(
            _(
                "Time steps vary from {min} to {max} but are treated as even.",
                min=significant(float(steps.min()), 6),
                max=significant(float(steps.max()), 6),
            )
        )
