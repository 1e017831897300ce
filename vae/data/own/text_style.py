"""How tables of text are written: encoding, delimiter, lines above the table, decimal sign, header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ...errors import SettingError
from ...text import _
from .cells import MINUS, is_number, is_word
from .choices import Choices
from .decisions import Decision, decide
from .text_header import Cells, decimal_sign, header, units

MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
DELIMITERS = {"tab": "\t", "semicolon": ";", "bar": "|", "comma": ",", "spaces": " "}  # the first of equals is taken
HEAD_LINES, HEAD_CELLS, HEAD_BYTES = 100, 1000, 2**26  # that are judged
COMMENT = "#"
MOST = 0.9  # of the rows of a table have the same number of cells
Lines = Sequence[str]


@dataclass(frozen=True)
class Style:
    """delimiter, decimal, header: as in `QUESTIONS`. skip: lines above the table; width: cells of most rows; units:
    whether the row under the header has units, no values; ragged: whether rows may be of unequal length."""

    encoding: str
    delimiter: str
    decimal: str
    header: str
    skip: int
    width: int
    units: bool = False
    ragged: bool = False


def style_of(texts: Sequence[bytes], choices: Choices, made: list[Decision], delimiter: str = "") -> Style:
    """How these files are written, one way for all of them. delimiter: of text in UTF-8 that was made from another
    format; else that and the encoding are decided. Raises: SettingError: none is a text."""
    encoding = "utf-8" if delimiter else decide(made, choices, "encoding", *_encoding(texts))
    heads = []
    for text in texts:
        try:
            heads.append(first_lines(utf8(text, encoding)))
        except SettingError:
            if len(texts) == 1:
                raise
    if not heads:
        raise SettingError(_("none of the files is a text in {encoding}: choose another encoding.", encoding=encoding))
    if not delimiter:
        kept = [line for lines in heads for line in lines[int(choices.skip or 0) :] if line.strip()]
        delimiter = decide(made, choices, "delimiter", *_delimiter(kept, choices.decimal))
    ragged = choices.rows == "series" or (choices.rows == "" and choices.kind == "series")
    starts = [_start(lines, delimiter, ragged) for lines in heads]
    start, width = _most(starts)
    skips = [str(i) for i in range(max(map(len, heads)))] or ["0"]
    why = _("the rows of the table start below") if start else _("the table starts in the first line")
    skip = int(decide(made, choices, "skip", str(start), why, options=skips))
    tables = [[row[:HEAD_CELLS] for row in rows_of(lines[skip:], delimiter, width)] for lines in heads]
    decimal = decide(made, choices, "decimal", *decimal_sign([row for rows in tables for row in rows], delimiter))
    named = decide(made, choices, "header", *_most([header(rows, decimal) for rows in tables]))
    pairs = [units(rows) for rows in tables if len(rows) > 1] if named == "yes" else []
    below = bool(pairs) and decide(made, choices, "units", *_most(pairs)) == "yes"
    return Style(encoding, delimiter, decimal, named, skip, width, below, ragged)


def _most(values: Sequence[tuple]) -> tuple:
    """The most frequent answer, with the reason of the first that gave it."""
    best = Counter(value for value, _why in values).most_common(1)[0][0]
    return next(pair for pair in values if pair[0] == best)


# ---------------------------------------------------------------- letters


def utf8(data: bytes, encoding: str) -> bytes:
    """The text in UTF-8, without a byte order mark. Raises: SettingError: not a text in that encoding."""
    data = data.removeprefix(MARKS.get(encoding, b""))
    if not _decodes(data, encoding):
        raise SettingError(_("not a text in {encoding}: choose another encoding.", encoding=encoding))
    if encoding != "utf-8":
        data = data.decode(encoding, errors="replace").encode()
    if b"\0" in data[:HEAD_BYTES]:
        raise SettingError(_("not a text file, so not a CSV."))
    return data


def _encoding(texts: Sequence[bytes]) -> tuple[str, str]:
    """The likeliest encoding, and why."""
    for encoding, mark in MARKS.items():
        if all(data.startswith(mark) for data in texts):
            return encoding, _("the byte order mark says so")
    head = texts[0][: 2**16]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(texts[0]) % 2 == 0 and max(even, odd) > len(head) / 8 and min(even, odd) < max(even, odd) / 8:
        return "utf-16-be" if even > odd else "utf-16-le", _("every other byte is 0")
    if all(_decodes(data, "utf-8") for data in texts):
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


# ---------------------------------------------------------------- lines and cells


def first_lines(data: bytes) -> list[str]:
    """The first lines of a text in UTF-8."""
    text = io.TextIOWrapper(io.BytesIO(data[:HEAD_BYTES]), "utf-8", errors="replace", newline="")
    return list(islice(text, HEAD_LINES))


def cells(lines: Lines, delimiter: str) -> list[list[str]]:
    """The cells of each line that is not empty."""
    lines = [line for line in lines if line.strip()]
    if delimiter == "spaces":
        lines = [" ".join(re.split(r"[ \t]+", line.strip())) for line in lines]
    try:
        return [row for row in csv.reader(lines, delimiter=DELIMITERS[delimiter]) if row]
    except csv.Error:  # a cell of more than 128 kB, say
        return [line.rstrip("\r\n").split(DELIMITERS[delimiter]) for line in lines]


def is_comment(line: str, delimiter: str, width: int) -> bool:
    """Whether a line is a remark in a table of that width, not a row whose first cell starts with that sign."""
    return line.startswith(COMMENT) and [len(row) for row in cells([line], delimiter)] != [width]


def uncommented(line: str) -> str:
    return line.lstrip(COMMENT + " ")


def rows_of(lines: Lines, delimiter: str, width: int) -> list[list[str]]:
    """The rows of the table; its first line may be a comment with the names."""
    if lines and lines[0].startswith(COMMENT) and lines[1:]:
        lines = [uncommented(lines[0]), *lines[1:]]
    lines = [*(completed(line, delimiter, width) for line in lines[:1]), *lines[1:]]
    return cells([line for line in lines if not is_comment(line, delimiter, width)], delimiter)


def _delimiter(lines: Lines, decimal: str) -> tuple[str, str]:
    """The delimiter that divides most of the lines into the same number of cells, more than one."""
    lines = [line for line in lines if not line.startswith(COMMENT)] or lines
    commas = _decimal_commas(lines, decimal)
    best, share = "comma", 0.0
    for word in DELIMITERS:
        if word == "comma" and commas:
            continue
        rows = cells(lines, word)
        n, count = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        found = count / len(rows) if n > 1 else 0.0
        if found > share:
            best, share = word, found
    if commas and not share:
        return "semicolon", _("there is a single column, of numbers such as {cell}", cell=commas)
    if not share:
        return best, _("there is a single column")
    return best, _("it divides the rows into the same number of cells")


def _decimal_commas(lines: Lines, decimal: str) -> str:
    """A number whose comma cannot separate cells, in lines of such numbers with nothing but spaces between; or "":
    all have one comma, and what follows it has zeros in front as no whole number has, or several are in a line."""
    parts = [line.split() for line in lines]
    numeric = [row for row in parts if row and all(re.fullmatch(rf"[-+{MINUS}]?\d+(,\d+)?", cell) for cell in row)]
    found = [cell for row in numeric for cell in row if "," in cell]
    names = [row for row in parts if row not in numeric and "," in " ".join(row)]
    if not found or len(numeric) < max(1, MOST * len(parts) - 1) or (names and decimal != "comma"):
        return ""
    telling = [cell for cell in found if re.fullmatch(rf"[-{MINUS}]0,\d+|[-+{MINUS}]?\d+,0\d+", cell)]
    several = [cell for row in numeric if len(row) > 1 for cell in row if "," in cell]
    return (telling or several or found[: decimal == "comma"] or [""])[0]


# ---------------------------------------------------------------- where the table starts


def _start(lines: Lines, delimiter: str, ragged: bool) -> tuple[int, int]:
    """Lines above the table, and the cells of most of its rows: it starts with the first row that is as wide as most,
    below titles, which leave more than half of a row empty."""
    rows = [(at, cells([line], delimiter)[0]) for at, line in enumerate(lines) if cells([line], delimiter)]
    plain = [row for at, row in rows if not lines[at].startswith(COMMENT)]
    counts = Counter(map(len, plain or [row for _at, row in rows]))
    wide = Counter({width: n for width, n in counts.items() if width > 1}) or counts
    width = wide.most_common(1)[0][0] if wide else 1
    body = [(at, row) for at, row in rows if not is_comment(lines[at], delimiter, width)]
    if not body:
        return 0, width
    first = next((i for i, (_at, row) in enumerate(body) if len(row) == width), 0)
    if (ragged and any(len(row) > 1 for _at, row in body[:first])) or sum(
        len(row) == width for _at, row in body[first:]
    ) < MOST * (len(body) - first):
        first = 0
    else:
        first += _titles([row for _at, row in body[first:]], [at for at, _row in body[first:]])
        first -= bool(first and _lacks_a_name(body[first - 1][1], width) and any(map(is_number, body[first][1])))
    at = body[first][0]
    above = [line for line in lines[:at] if line.startswith(COMMENT)]
    named = (
        above and not any(map(is_word, body[first][1])) and len(cells([uncommented(above[-1])], delimiter)[0]) == width
    )
    if named:  # the last comment above numbers has their names
        return max(i for i in range(at) if lines[i].startswith(COMMENT)), width
    return (at if first or above else 0), width


def _titles(rows: Cells, lines: Sequence[int]) -> int:
    """How many of the first rows are titles: those above a row of words that leave half of it empty, or that a blank
    line divides from it. lines: the line of each row."""
    for i, row in enumerate(rows[:HEAD_LINES]):
        if i and all(map(is_word, row[1:])) and (is_word(row[0]) or not row[0].strip()):
            divided = lines[i] > lines[i - 1] + 1
            if divided or all(2 * _reach(above) <= len(row) for above in rows[:i]):
                return i
        if sum(map(is_number, row)) > len(row) / 2:
            return 0  # the table has started
    return 0


def _lacks_a_name(row: Sequence[str], width: int) -> bool:
    """Whether the first column, of the names of the rows, has no name in that header, as R writes it."""
    return len(row) == width - 1 > 1 and all(map(is_word, row))


def completed(line: str, delimiter: str, width: int) -> str:
    """The header with an empty name in front, if it lacks one."""
    lacks = any(_lacks_a_name(row, width) for row in cells([line], delimiter))
    return f'""{DELIMITERS[delimiter]}{line.lstrip()}' if lacks else line


def _reach(row: Sequence[str]) -> int:
    """Cells up to the last that is not empty."""
    return max((j + 1 for j, cell in enumerate(row) if cell.strip()), default=0)
