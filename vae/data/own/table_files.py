"""Files of tables to columns: text, Parquet and sheets, compressed with gzip or not."""

from __future__ import annotations

import csv
import io
import json
from importlib.util import find_spec
from itertools import zip_longest

from ...disk import guarded
from ...disk.guarded import LIMITS, Refused
from ...errors import SettingError
from ...text import _
from .cells import is_number, is_word
from .choices import Choices
from .decisions import Decision, decide
from .rows import check_room
from .sources import File
from .text_tables import distinct, first_line, listed, read_text

PARQUET = (".parquet", ".pq")
SHEETS = (".xlsx", ".xls", ".xlsb", ".ods")
TEXT = (".csv", ".tsv")
LONE = (".txt", ".dat", ".data", ".tab")  # tables if they are all that is given
SUFFIXES = (*TEXT, *SHEETS, *PARQUET)
LEAST = 3  # numbers in a column of a sheet that is a table


def is_table(file: File, alone: bool = False) -> bool:
    """Judged by its file name. alone: whether nothing else is given."""
    return file.inner_suffix in SUFFIXES or (alone and file.inner_suffix in LONE)


def format_of(file: File) -> str:
    """The kind of table, as it is said."""
    if file.inner_suffix in PARQUET:
        return "Parquet"
    return file.inner_suffix[1:].upper() if file.inner_suffix in SHEETS else "CSV"


def read_columns(file: File, choices: Choices, made: list[Decision], notes: list[str]) -> tuple:
    """An Arrow table, and the decimal sign of the cells that are still text. Raises: SettingError: not a table."""
    try:
        data = file.unpacked()
        if file.inner_suffix in PARQUET:
            return _parquet(file, data, notes), "point"
        if file.inner_suffix in SHEETS:
            sheet = _sheet(file, data, choices, made)
            return read_text(sheet, file.name, choices, made, notes, delimiter="comma")
    except Refused as e:
        raise SettingError(f"{file.name}: {e}") from None
    return read_text(data, file.name, choices, made, notes)


def needs(package: str, module: str, what: str) -> None:
    """Raises: SettingError: a library that reads such files is not installed."""
    if find_spec(module) is None:
        raise SettingError(
            _("{what} needs {package}, which is not installed: pip install {package}", what=what, package=package)
        )


# ---------------------------------------------------------------- Parquet


def _parquet(file: File, data: bytes, notes: list[str]):
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(io.BytesIO(data))
        meta, fields = source.metadata, [f for f in source.schema_arrow if _useful(f.type)]
        used = {f.name for f in fields}
        if left := [name for name in source.schema_arrow.names if name not in used]:
            notes.append(_("Columns left out because they are not numeric: {names}.", names=listed(left)))
        groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
        values = sum(group.column(j).num_values for group in groups for j in range(group.num_columns))
        check_room(1, values, 8)
        LIMITS.check(file.packed, values * 8)
        words = {f.name: f.type for f in fields if _is_text(f.type)}
        pictures = [path for f in fields for path in _bytes_in(f)]
        source = pq.ParquetFile(io.BytesIO(data), read_dictionary=[*words, *pictures])  # each word and picture once
        table = source.read(columns=[f.name for f in fields])
        LIMITS.check(file.packed, sum(_written_out(table.column(name)) for name in words))
        for name, kind in words.items():
            plain = table.column(name).cast(kind.value_type if pa.types.is_dictionary(kind) else kind)
            table = table.set_column(table.column_names.index(name), name, plain)
        table = table.rename_columns(distinct(table.column_names))
        return table.replace_schema_metadata(source.schema_arrow.metadata)
    except Refused:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as e:
        raise SettingError(
            _("{name}: not a Parquet file, or a damaged one ({reason}).", name=file.name, reason=first_line(e))
        ) from None


def _useful(t) -> bool:
    """Whether a column of this type may be numbers, labels, times, lists of numbers, or pictures."""
    import pyarrow.types as types

    t = getattr(t, "storage_type", t)  # of an extension, such as a tensor
    while types.is_list(t) or types.is_large_list(t) or types.is_fixed_size_list(t):
        t = t.value_type
        if not (types.is_primitive(t) or types.is_list(t) or types.is_large_list(t) or types.is_fixed_size_list(t)):
            return False
    return not types.is_nested(t) or is_picture_struct(t)


def is_content(t) -> bool:
    """Whether a cell of a column of this type is more than a word or a number: a list or a picture."""
    import pyarrow.types as types

    t = t.value_type if types.is_dictionary(t) else getattr(t, "storage_type", t)
    return types.is_nested(t) or types.is_binary(t) or types.is_large_binary(t)


def _is_text(t) -> bool:
    import pyarrow.types as types

    t = t.value_type if types.is_dictionary(t) else t
    return types.is_string(t) or types.is_large_string(t)


def is_picture_struct(t) -> bool:
    """Whether it is the hub's layout of a picture: {bytes, path}."""
    import pyarrow.types as types

    return types.is_struct(t) and any(t.field(i).name == "bytes" for i in range(t.num_fields))


def picture_columns(table) -> list[str]:
    """The columns with pictures, as bytes or in the hub's layout."""
    return [f.name for f in table.schema if _bytes_in(f)]


def class_names(table, column: str) -> tuple[str, ...]:
    """The names of the classes of a column, where a data set of the hub has noted them; else none."""
    try:
        noted = json.loads((table.schema.metadata or {}).get(b"huggingface", b"{}"))
        names = noted["info"]["features"][column]["names"]
        return tuple(map(str, names)) if isinstance(names, list) else ()
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


def _bytes_in(field) -> list[str]:
    """The paths of a column's bytes and texts that may be long."""
    import pyarrow.types as types

    if is_picture_struct(field.type):
        return [f"{field.name}.{field.type.field(i).name}" for i in range(field.type.num_fields)]
    t = field.type.value_type if types.is_dictionary(field.type) else field.type
    return [field.name] if types.is_binary(t) or types.is_large_binary(t) else []


def _written_out(column) -> int:
    """Bytes of a column of text that was read as numbers of its words."""
    import pyarrow.compute as pc

    lengths = (pc.binary_length(part.dictionary).take(part.indices) for part in column.chunks)
    return sum(pc.sum(pc.cast(of_rows, "int64")).as_py() or 0 for of_rows in lengths)


# ---------------------------------------------------------------- sheets


def _sheet(file: File, data: bytes, choices: Choices, made: list[Decision]) -> bytes:
    """One sheet as CSV in UTF-8: that chosen, else the first with a column of numbers, else the first with rows.
    Raises: SettingError; Refused: it unpacks to too much."""
    needs("python-calamine", "python_calamine", _("A spreadsheet ({suffix})", suffix=file.inner_suffix))
    from python_calamine import CalamineWorkbook

    if file.inner_suffix != ".xls":  # the others are ZIPs
        guarded.open_zip(io.BytesIO(data), packed=file.packed).close()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {n: book.get_sheet_by_name(n).to_python(skip_empty_area=True) for n in book.sheet_names}
    except Exception as e:  # of the library, which has errors of its own
        raise SettingError(
            _("{name}: not a spreadsheet, or a damaged one ({reason}).", name=file.name, reason=first_line(e))
        ) from None
    written = {name: [[_cell(value) for value in row] for row in rows] for name, rows in sheets.items()}
    if not written:
        return b""
    name = next(iter(written))
    if len(written) > 1:
        name = decide(made, choices, "sheet", *first_table(written), options=list(written))
    out = io.StringIO()
    csv.writer(out).writerows(written[name])
    return out.getvalue().encode()


def first_table(sheets: dict[str, list[list[str]]]) -> tuple[str, str]:
    """The name of the first sheet with a column of numbers, and why; else of the first with rows."""
    for name, rows in sheets.items():
        columns = zip_longest(*rows, fillvalue="")
        counts = [(sum(map(is_number, column)), sum(map(is_word, column))) for column in columns]
        if any(numbers >= LEAST and numbers > words for numbers, words in counts):
            return name, _("the first sheet with a column of numbers")
    return next((name for name, rows in sheets.items() if rows), next(iter(sheets))), _("the first sheet with rows")


def _cell(value) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
