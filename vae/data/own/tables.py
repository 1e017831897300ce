"""CSV and Parquet files to samples: a row each, or windows of the rows in order of time."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import numpy as np

from ...errors import SettingError, UnknownName
from ...registry import MODALITIES
from .arrays import as_samples
from .choices import WINDOW, Choices
from .rows import Rows, check_room, fewer_classes
from .sources import File, Given

PARQUET = (".parquet", ".pq")
SUFFIXES = (".csv", ".tsv", *PARQUET)
NAMED_LABEL = ("label", "labels", "class", "target", "species", "y")
NAMED_TIME = ("time", "date", "datetime", "timestamp", "t")
NAMED_ROW = ("", "id", "index", "row", "unnamed: 0", "__index_level_0__")
EMPTY = 0.5  # a column with a larger share of missing values is left out before rows are
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def read_table(found: Given, choices: Choices) -> Rows:
    """Numeric columns of one CSV or Parquet file: vectors, or with a time column or a window, series.

    Raises: SettingError: no table, no such column, or nothing numeric in it.
    """
    file, notes = found.files[0], []
    table = _parquet(file) if file.suffix in PARQUET else _csv(file)
    if not table.num_rows:
        raise SettingError(f"{file.name}: the table has no rows.")
    names = table.column_names
    for what, name in (("time column", choices.time_column), ("label column", choices.label_column)):
        if name and name not in names:
            raise SettingError(str(UnknownName(what, name, names)))
    called = [n for n in names if n.lower() in NAMED_LABEL and n != choices.time_column]
    label = choices.label_column or next(iter(called), "")
    if label and not choices.label_column:
        notes.append(f"Column {label} is taken for the label.")
    if not choices.time_column:
        notes += [f"{n} may be a time: as the time column it makes series of the rows." for n in _timelike(table)[:1]]
    layout = "" if choices.kind == "auto" else MODALITIES.get(choices.kind).layout
    series = layout == "line" or bool(choices.time_column or choices.window)
    if series and layout not in ("", "line"):
        raise SettingError(f"a time column or a window makes series, not samples of kind {choices.kind}.")
    columns, x = _numbers(table, [n for n in names if n not in (choices.time_column, label)], series, notes)
    labels = _text(table.column(label)) if label else None
    what = f"{'rows in order' if series else 'rows'} of a {'Parquet' if file.suffix in PARQUET else 'CSV'} file"
    if series:
        when = _times(table.column(choices.time_column), notes) if choices.time_column else None
        rows = _windows(what, x, when, labels, choices, notes=notes)
    else:
        rows = _vectors(what, x, labels, choices, notes)
    named = MODALITIES.get(rows.modality).layout in ("vector", "line")  # a value or a channel is a column
    return replace(rows, columns=columns if named else (), notes=tuple(notes), skipped=found.skipped)


def _timelike(table) -> list[str]:
    """Columns that may be the time of their rows: by their type, or by their name."""
    import pyarrow as pa

    return [f.name for f in table.schema if pa.types.is_temporal(f.type) or f.name.lower() in NAMED_TIME]


# ---------------------------------------------------------------- files to columns


def _parquet(file: File):
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(io.BytesIO(file.read()))
        check_room(source.metadata.num_rows, source.metadata.num_columns, 8)
        return source.read()
    except (pa.ArrowException, OSError, ValueError) as e:
        raise SettingError(f"{file.name}: not a Parquet file, or a damaged one ({_first_line(e)}).") from None


def _csv(file: File):
    import pyarrow as pa
    from pyarrow import csv as arrow

    data = file.read()
    head = data[: 2**16].decode("utf-8", errors="replace")
    if "\0" in head:
        raise SettingError(f"{file.name}: not a text file, so no CSV.")
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
        raise SettingError(f"{file.name}: cannot be read as CSV ({_first_line(e)}).") from None
    return table.rename_columns(_distinct([n.strip() for n in table.column_names]))


def _delimiter(head: str) -> str:
    try:
        return csv.Sniffer().sniff(head[:8192].rsplit("\n", 1)[0], ",;\t|").delimiter
    except csv.Error:  # a single column has none
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
    """The numeric columns by name, and (rows, columns) float64 with NaN where a value is missing."""
    import pyarrow as pa

    kept, columns = [], []
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
            notes.append(f"Column {name or '(without a name)'} only counts the rows, and is left out.")
        else:
            kept.append(name)
            columns.append(values)
    if other:
        notes.append(f"Not numeric, and left out: {_listed(other)}.")
    if empty:
        notes.append(f"More than half missing, and left out: {_listed(empty)}.")
    if not kept:
        raise SettingError(f"no numeric column among {_listed(names) or 'none'}: there is nothing to learn from.")
    check_room(table.num_rows, len(kept), 8)
    x = np.stack(columns, 1)
    missing = np.isnan(x).sum(0)
    if missing.any():
        worst = sorted(zip(missing.tolist(), kept, strict=True), reverse=True)[:5]
        notes.append("Missing values: " + ", ".join(f"{n} in {name}" for n, name in worst if n) + ".")
    return tuple(kept), x


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _text(column) -> np.ndarray:
    return np.array(["missing" if v is None else str(v) for v in column.to_pylist()])


def _times(column, notes: list[str]) -> np.ndarray:
    """Seconds, or the numbers themselves; what orders the rows. Raises: SettingError."""
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
        raise SettingError(f"the time column cannot be read as times ({_first_line(e)}).") from None
    when = when / 1e6 if pa.types.is_timestamp(t) else when
    if np.isnan(when).any():
        raise SettingError(f"the time column lacks {np.isnan(when).sum()} values: expected one in every row.")
    if (np.diff(when) < 0).any():
        notes.append("The rows were not in order of time: sorted.")
    return when


# ---------------------------------------------------------------- numbers to rows


def _vectors(what: str, x: np.ndarray, labels: np.ndarray | None, choices: Choices, notes: list[str]) -> Rows:
    whole = ~np.isnan(x).any(1)
    if not whole.all():
        notes.append(f"{(~whole).sum():,} of {len(x):,} rows lack a value, and are left out.")
    if not whole.any():
        raise SettingError("every row lacks a value: there is nothing to learn from.")
    x, labels = x[whole], None if labels is None else labels[whole]
    if choices.size and choices.kind != "auto" and MODALITIES.get(choices.kind).layout != "grid":
        choices = replace(choices, kind="auto")  # a size makes pictures
    x, modality = as_samples(x, choices, notes, "" if choices.size else "vector")
    return Rows(what, modality, x, fewer_classes(labels, notes))


def _windows(
    what: str, x: np.ndarray, when: np.ndarray | None, labels: np.ndarray | None, choices: Choices, *, notes: list[str]
) -> Rows:
    """Windows of `window` rows, one every `stride`, that lack no value. Where several rows have the same time and
    there are labels, each label is a series of its own; else a window has the label that most of its rows have."""
    window = choices.window or min(WINDOW, max(2, len(x) // 4))
    stride = choices.stride or max(1, window // 2)
    if not (choices.window and choices.stride):
        notes.append(f"Windows of {window} time steps, one every {stride}.")
    order = np.arange(len(x)) if when is None else np.argsort(when, kind="stable")
    parts = [order]
    several = labels is not None and when is not None and len(np.unique(when)) < len(when)
    if labels is not None and several:
        parts = [order[labels[order] == name] for name in np.unique(labels)]
        notes.append(f"Several rows have the same time: each of the {len(parts)} labels is a series of its own.")
    elif when is not None:
        _tell_steps(when[order], notes)
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
        notes.append(f"{lacking:,} windows lack a value, and are left out.")
    if not made:
        raise SettingError(f"no window of {window} whole rows in {len(x):,}: choose a smaller one.")
    chosen = np.stack([rows for rows, _, _ in made])
    starts = np.array([start for _, _, start in made])
    names = None if labels is None else fewer_classes(np.array([_most(labels[rows]) for rows in chosen]), notes)
    samples, modality = as_samples(x[chosen].transpose(0, 2, 1), replace(choices, size=None), notes, "line")
    return Rows(
        what,
        modality,
        samples,
        names,
        when=np.stack([starts, starts + window - 1], 1),
        source=np.array([i for _, i, _ in made]),
    )


def _most(labels: np.ndarray) -> str:
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])


def _tell_steps(when: np.ndarray, notes: list[str]) -> None:
    steps = np.diff(when)
    if len(steps) and steps.max() > 1.01 * steps.min():
        notes.append(f"Time steps are uneven, {steps.min():g} to {steps.max():g}: taken as if they were even.")
