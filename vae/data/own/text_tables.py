"""Tables of text (CSV, TSV and their kin) to columns, in the style that `text_style` found."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from itertools import islice

from ...errors import SettingError
from ...text import _, ngettext, number
from .cells import NULLS
from .choices import Choices
from .decisions import Decision
from .text_style import (
    COMMENT,
    DELIMITERS,
    Style,
    cells,
    completed,
    first_lines,
    is_comment,
    style_of,
    uncommented,
    utf8,
)

BLOCK_MAX = 2**31 - 1  # bytes, of Arrow
UNITS = b"zscope units"  # key of a table's metadata
UNNAMED = "Unnamed: {i}"  # a column without a name, by its place from 0, as pandas calls it


def read_text(
    data: bytes, name: str, choices: Choices, made: list[Decision], notes: list[str], *, delimiter: str = ""
) -> tuple:
    """An Arrow table, and the decimal sign of its cells that Arrow left as text. delimiter: of text in UTF-8 that was
    made from another format; else that and the encoding are decided. Raises: SettingError."""
    try:
        style = style_of([data], choices, made, delimiter)
    except SettingError as e:
        raise SettingError(f"{name}: {e}") from None
    try:
        table = in_style(data, style, notes)
    except SettingError as e:
        raise SettingError(
            _(
                "{name}: {problem} If lines above the table do not belong to it: --skip N. If each row is a series, of "
                "unequal length: --rows series.",
                name=name,
                problem=e,
            )
        ) from None
    return table, style.decimal


def in_style(data: bytes, style: Style, notes: list[str]):
    """An Arrow table of text written in that style. Raises: SettingError: it is not."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    whole = utf8(data, style.encoding)
    data = _table_only(whole, style, notes)
    try:
        table = arrow.read_csv(
            io.BytesIO(data),
            read_options=arrow.ReadOptions(
                autogenerate_column_names=style.header == "no",
                skip_rows_after_names=int(style.units),
                use_threads=False,
                block_size=min(max(2**20, len(data)), BLOCK_MAX),  # a row must fit into a block
            ),
            parse_options=arrow.ParseOptions(delimiter=DELIMITERS[style.delimiter], newlines_in_values=True),
            convert_options=arrow.ConvertOptions(
                decimal_point="," if style.decimal == "comma" else ".",
                strings_can_be_null=True,
                null_values=list(NULLS),
            ),
        )
    except (pa.ArrowException, OSError, ValueError) as e:
        reason = _uneven(whole, style, first_line(e))
        raise SettingError(_("cannot be read as CSV ({reason}).", reason=reason)) from None
    table = table.rename_columns(distinct([n.strip() for n in table.column_names]))
    return _with_units(table, data, style, notes) if style.units else table


def _with_units(table, data: bytes, style: Style, notes: list[str]):
    """The table with the units of its columns, of the row under the header. Raises: SettingError: it is too long."""
    names = table.column_names
    row = next(iter(cells(first_lines(data), style.delimiter)[1:2]), [])
    units = ["" if cell.strip() in NULLS else cell.strip() for cell in row]
    if len(units) > len(names) and any(units[len(names) :]):
        raise SettingError(
            _(
                "the row of units under the header has {n} cells and the table {columns} columns: {units}.",
                n=number(len(units)),
                columns=number(len(names)),
                units=listed(units),
            )
        )
    known = {name: unit for name, unit in zip(names, units, strict=False) if unit}
    said = listed([f"{name}: {unit}" for name, unit in known.items()])
    note = _("The row under the header has the units of the columns: {units}.", units=said)
    notes += [note] * (note not in notes)
    return table.replace_schema_metadata({UNITS: json.dumps(known)})


def _uneven(data: bytes, style: Style, reason: str) -> str:
    """The reason why text is no CSV; of a row with too few or too many cells with its line in the file, which Arrow
    does not know: it is given neither the lines above the table nor the comments in it."""
    found = re.search(r"Expected (\d+) columns, got (\d+): ?(.*)", reason)
    if not found or style.delimiter == "spaces":
        return reason
    width, n = int(found[1]), int(found[2])
    lines = io.TextIOWrapper(io.BytesIO(data), "utf-8", errors="replace", newline="")
    delimiter = DELIMITERS[style.delimiter]
    rows = csv.reader(islice(lines, style.skip, None), delimiter=delimiter)
    try:
        at = next(rows.line_num for row in rows if len(row) == n and not row[0].startswith(COMMENT))
    except (csv.Error, StopIteration):
        return reason
    return _(
        "line {line}: expected {width} cells, got {n}: {cells}",
        line=number(style.skip + at),
        width=number(width),
        n=number(n),
        cells=found[3],
    )


def units_of(table) -> dict[str, str]:
    """The units of its columns, by their names; {} if none are given."""
    return json.loads((table.schema.metadata or {}).get(UNITS, b"{}"))


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _table_only(data: bytes, style: Style, notes: list[str]) -> bytes:
    """The table without lines above it and comments in it; with rows of equal length, if they may be unequal."""
    for _i in range(style.skip):
        end = re.search(rb"\r\n|\n|\r", data)
        data = data[end.end() :] if end else b""
    if re.search(rb"(?m)^#", data):
        data = _without_comments(data.decode("utf-8", errors="replace"), style, notes).encode()
    if style.header == "yes" and (at := data.find(b"\n")) > 0:
        head = data[: at + 1].decode("utf-8", errors="replace")
        if (full := completed(head, style.delimiter, style.width)) != head:
            data = full.encode() + data[at + 1 :]
    if style.delimiter == "spaces":
        data = re.sub(rb"[ \t]+", b" ", re.sub(rb"(?m)^[ \t]+|[ \t]+\r?$", b"", data))
    if style.ragged:
        data = _filled_up(data, DELIMITERS[style.delimiter])
    return data + b"\n" if data and b"\n" not in data else data  # Arrow reads no line without an end


def _without_comments(text: str, style: Style, notes: list[str]) -> str:
    lines = text.splitlines(keepends=True)
    if lines[0].startswith(COMMENT) and style.header == "yes":
        lines[0] = uncommented(lines[0])
    kept = [line for line in lines if not is_comment(line, style.delimiter, style.width)]
    if left := len(lines) - len(kept):
        notes.append(
            ngettext(
                "{n} line that starts with # is a comment and was left out.",
                "{n} lines that start with # are comments and were left out.",
                left,
            )
        )
    return "".join(kept)


def _filled_up(data: bytes, delimiter: str) -> bytes:
    """The rows, each with as many cells as the longest; the same text if they have."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8", errors="replace"), newline=""), delimiter=delimiter))
    except csv.Error:  # told by Arrow
        return data
    rows = [row for row in rows if row]
    width = max(map(len, rows), default=0)
    if all(len(row) == width for row in rows):
        return data
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(row + [""] * (width - len(row)) for row in rows)
    return out.getvalue().encode()


# ---------------------------------------------------------------- names


def listed(names: Sequence[str]) -> str:
    """The first of those names, as text."""
    if len(names) <= 8:
        return ", ".join(names)
    return _("{names} and {n} more", names=", ".join(names[:8]), n=number(len(names) - 8))


def distinct(names: list[str]) -> list[str]:
    """The names, with numbers after those that occur before; an empty one by its place."""
    seen: dict[str, int] = {}
    out = []
    for i, name in enumerate(names):
        name = name or UNNAMED.format(i=i)
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({number(seen[name])})")
    return out
