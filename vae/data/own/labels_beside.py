"""Labels of pictures in a table beside them: one column has the names of the files, another the labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from ...errors import SettingError
from ...text import _, ngettext
from .choices import Choices
from .decisions import NONE, Decision, decide
from .label_columns import NAMED_LABEL, text_of
from .sources import File
from .table_files import is_content, read_columns
from .text_tables import listed

FOLDERS = "folders"  # labels from the names of folders, not from the table
TABLES_MAX = 8  # that are looked into


def labels_beside(
    pictures: Sequence[File], tables: Sequence[File], choices: Choices, made: list[Decision], notes: list[str]
) -> tuple[dict[str, str], File] | None:
    """The label of each picture by the name of its file, and the table that has them; None if none does, or if other
    labels were chosen. The first table is taken in which a column names at least half of the pictures.

    Raises: SettingError: it has no such column of labels.
    """
    for table in tables[:TABLES_MAX]:
        own: list[Decision] = []
        try:
            columns, _decimal = read_columns(table, choices, own, [])
        except SettingError:  # told where it is listed as no picture
            continue
        words = [f.name for f in columns.schema if not is_content(f.type)]
        named = {name: text_of(columns.column(name)).tolist() for name in words[:100]}
        name, found = _names_of(pictures, named)
        if len(found) < len(pictures) / 2:
            continue
        made += own
        options = [n for n in named if n != name]
        called = next((n for n in options if n.lower() in NAMED_LABEL), options[0] if options else NONE)
        why = _("{table} names the pictures in its column {column}", table=table.name, column=name)
        label = decide(made, choices, "labels", called, why, options=list(dict.fromkeys([*options, FOLDERS, NONE])))
        if label not in options:
            return None if label == FOLDERS else ({}, table)
        notes.append(
            ngettext(
                "The label of {n} picture is from {table}.",
                "The labels of {n} pictures are from {table}.",
                len(found),
                table=table.name,
            )
        )
        if odd := [file for file in pictures if file.name not in found]:
            notes.append(_("Pictures without a label there: {names}.", names=listed([file.name for file in odd])))
        return {file: named[label][row] for file, row in found.items()}, table
    return None


def _names_of(pictures: Sequence[File], columns: dict[str, list[str]]) -> tuple[str, dict[str, int]]:
    """The column that names most pictures, by path, file name, or file name without suffix; and the row of each."""
    best: tuple[str, dict[str, int]] = ("", {})
    for name, cells in columns.items():
        rows = {cell.replace("\\", "/").removeprefix("./"): i for i, cell in enumerate(cells)}
        found = {}
        for file in pictures:
            path = PurePosixPath(file.name)
            ways = (file.name, *("/".join(path.parts[i:]) for i in range(1, len(path.parts))), path.stem)
            if (row := next((rows[way] for way in ways if way in rows), None)) is not None:
                found[file.name] = row
        if len(found) > len(best[1]):
            best = (name, found)
    return best
