"""Tables of text (CSV, TSV and their kin) to columns: how letters, columns, decimals and the header are written."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from ...errors import SettingError
from ...text import _, number
from .choices import Choices
from .decisions import Decision, decide

NULLS = (
    "", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "-NaN", "null", "NULL", "None", "NONE", "none", "?", "-", "--",
    "#N/A", "#N/A N/A", "#NA", "<NA>", "NaT", "1.#QNAN", "-1.#QNAN", "1.#IND", "-1.#IND", "#DIV/0!", "#VALUE!", "#NV",
)  # fmt: skip
MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
DELIMITERS = {"tab": "\t", "semicolon": ";", "bar": "|", "comma": ",", "spaces": " "}  # the first of equals is taken
HEAD_LINES, HEAD_BYTES = 100, 2**26  # that are judged
SEPARATORS = {"point": "[,'’ \u00a0\u202f]", "comma": "[.'’ \u00a0\u202f]"}  # of thousands, by the decimal sign
SIGNS = {"point": r"\.", "comma": ","}
BLOCK_MAX = 2**31 - 1  # bytes, of Arrow


def number_pattern(decimal: str) -> str:
    """A regular expression for a whole cell with a number, thousands separated or not."""
    point, separator = SIGNS[decimal], SEPARATORS[decimal]
    whole = rf"(\d+|\d{{1,3}}({separator}\d{{3}})+)"
    return rf"\s*[-+]?({whole}({point}\d*)?|{point}\d+)([eE][-+]?\d+)?\s*"


def read_text(data: bytes, name: str, choices: Choices, made: list[Decision], delimiter: str = "") -> tuple:
    """An Arrow table, and the decimal sign of its cells that Arrow left as text. delimiter: of text in UTF-8 that was
    made from another format; else that and the encoding are decided. Raises: SettingError."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    if not delimiter:
        data = _utf8(data, name, choices, made)
        delimiter = decide(made, choices, "delimiter", *_delimiter(_lines(data)))
    if delimiter == "spaces":
        data = re.sub(rb"[ \t]+", b" ", re.sub(rb"(?m)^[ \t]+|[ \t]+\r?$", b"", data))
    rows = _cells(_lines(data), DELIMITERS[delimiter])
    decimal = decide(made, choices, "decimal", *_decimal(rows, delimiter))
    header = decide(made, choices, "header", *_header(rows, decimal))
    try:
        table = arrow.read_csv(
            io.BytesIO(data),
            read_options=arrow.ReadOptions(
                autogenerate_column_names=header == "no",
                use_threads=False,
                block_size=min(max(2**20, len(data)), BLOCK_MAX),  # a row must fit into a block
            ),
            parse_options=arrow.ParseOptions(delimiter=DELIMITERS[delimiter], newlines_in_values=True),
            convert_options=arrow.ConvertOptions(
                decimal_point="," if decimal == "comma" else ".", strings_can_be_null=True, null_values=list(NULLS)
            ),
        )
    except (pa.ArrowException, OSError, ValueError) as e:
        raise SettingError(_("{name}: cannot be read as CSV ({reason}).", name=name, reason=first_line(e))) from None
    return table.rename_columns(distinct([n.strip() for n in table.column_names])), decimal


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


# ---------------------------------------------------------------- letters


def _utf8(data: bytes, name: str, choices: Choices, made: list[Decision]) -> bytes:
    """The text in UTF-8, without a byte order mark."""
    encoding = decide(made, choices, "encoding", *_encoding(data))
    data = data.removeprefix(MARKS.get(encoding, b""))
    if not _decodes(data, encoding):
        raise SettingError(
            _("{name}: not a text in {encoding}: choose another encoding.", name=name, encoding=encoding)
        )
    if encoding != "utf-8":
        data = data.decode(encoding, errors="replace").encode()
    if b"\0" in data[:HEAD_BYTES]:
        raise SettingError(_("{name}: not a text file, so not a CSV.", name=name))
    return data


def _encoding(data: bytes) -> tuple[str, str]:
    """The likeliest encoding, and why."""
    for encoding, mark in MARKS.items():
        if data.startswith(mark):
            return encoding, _("the byte order mark says so")
    head = data[: 2**16]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(data) % 2 == 0 and max(even, odd) > len(head) / 8 and min(even, odd) < max(even, odd) / 8:
        return "utf-16-be" if even > odd else "utf-16-le", _("every other byte is 0")
    if _decodes(data, "utf-8"):
        return "utf-8", _("all bytes fit it")
    return "cp1252", _("the bytes do not fit UTF-8")


def _decodes(data: bytes, encoding: str) -> bool:
    if encoding == "cp1252":  # five bytes mean nothing in it; they are replaced
        return True
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for at in range(0, len(data), 2**20):
            decoder.decode(data[at : at + 2**20], final=at + 2**20 >= len(data))
    except UnicodeDecodeError:
        return False
    return True


# ---------------------------------------------------------------- columns, decimals, header


def _lines(data: bytes) -> list[str]:
    """The first lines that are not empty."""
    text = io.TextIOWrapper(io.BytesIO(data[:HEAD_BYTES]), "utf-8", errors="replace", newline="")
    return [line for line in islice(text, HEAD_LINES) if line.strip()]


def _delimiter(lines: Sequence[str]) -> tuple[str, str]:
    """The delimiter that divides most of the lines into the same number of cells, more than one."""
    best, share = "comma", 0.0
    for word, sign in DELIMITERS.items():
        rows = [line.split() for line in lines] if sign == " " else _cells(lines, sign)
        n, count = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        found = count / len(rows) if n > 1 else 0.0
        if found > share:
            best, share = word, found
    if not share:
        return best, _("there is a single column")
    return best, _("it divides the rows into the same number of cells")


def _cells(lines: Sequence[str], sign: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=sign, skipinitialspace=sign == " "))
    except csv.Error:  # a cell of more than 128 kB, say
        return [line.rstrip("\r\n").split(sign) for line in lines]


def _decimal(rows: Sequence[Sequence[str]], delimiter: str) -> tuple[str, str]:
    """By the cells that are a number with one sign only; 1.234 and 1,234 may be thousands, and count only if no cell
    is clearer."""
    clear: dict[str, str] = {}
    count: Counter = Counter()
    for cell in (cell.strip() for row in rows for cell in row):
        if not re.fullmatch(r"[-+]?[\d.,'’ \u00a0\u202f]*[.,]\d*([eE][-+]?\d+)?", cell) or not re.search(r"\d", cell):
            continue
        fits = [word for word in SIGNS if re.fullmatch(number_pattern(word), cell)]
        if len(fits) == 1:
            count[fits[0]] += 1
            clear.setdefault(fits[0], cell)
        elif fits:
            count["vague " + ("comma" if "," in cell else "point")] += 1
    if count["comma"] != count["point"]:
        word = "comma" if count["comma"] > count["point"] else "point"
        return word, _("cells such as {cell}", cell=clear[word])
    if count["vague comma"] > count["vague point"] and delimiter != "comma":
        return "comma", _("a comma in numbers of a table that is not separated by commas")
    return "point", _("no cell has a decimal comma")


def _header(rows: Sequence[Sequence[str]], decimal: str) -> tuple[str, str]:
    """Whether the first row differs from the others as names differ from numbers."""
    if len(rows) < 2:
        return "yes", _("there is one row only")
    kind = re.compile(number_pattern(decimal))
    first, rest = rows[0], rows[1:]
    filled = [
        [row[j].strip() for row in rest if j < len(row) and row[j].strip() not in NULLS] for j in range(len(first))
    ]
    numeric = [bool(cells) and sum(map(bool, map(kind.fullmatch, cells))) > len(cells) / 2 for cells in filled]
    heads = [cell.strip() for cell, is_number in zip(first, numeric, strict=True) if is_number]
    words = [cell for cell in heads if cell not in NULLS and not kind.fullmatch(cell)]
    if words:
        return "yes", _("its first row has words above numbers, such as {word}", word=words[0][:40])
    values = [cell for cell in heads if kind.fullmatch(cell)]
    if len(values) > 2 and values in ([str(i + k) for i in range(len(values))] for k in (0, 1)):
        return "yes", _("its first row counts the columns")
    if values:
        return "no", _("its first row has numbers like the other rows, such as {value}", value=values[0])
    if any(cell.strip() in column for cell, column in zip(first, filled, strict=True)):
        return "no", _("a word of its first row is in other rows too")
    return "yes", _("no word of its first row is in other rows")


def listed(names: Sequence[str]) -> str:
    """The first of those names, as text."""
    if len(names) <= 8:
        return ", ".join(names)
    return _("{names} and {n} more", names=", ".join(names[:8]), n=number(len(names) - 8))


def distinct(names: list[str]) -> list[str]:
    """The names, with numbers after those that occur before."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({number(seen[name])})")
    return out
