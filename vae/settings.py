"""Hyperparameters: dataclass fields with ranges, read from text and checked. And the questions that files answer."""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, dataclass, field
from typing import Any

from .errors import SettingError, UnknownName
from .text import N_, _


def knob(default: Any, help: str, *, low=None, high=None, choices=None, log: bool = False, term: str = "") -> Any:
    """A dataclass field with its range, from which the CLI, the app's controls, the docs and the checks are made.

    log: the range is to be searched on a log scale. term: the heading of docs/terms.md that explains the setting.
    """
    return field(
        default=default,
        metadata={"help": help, "low": low, "high": high, "choices": choices, "log": log, "term": term},
    )


def knobs(cls: type) -> dict[str, dict[str, Any]]:
    """name -> {default, type, help, low, high, choices, log, term} for every field of an Hparams class."""
    return {
        f.name: {"default": None if f.default is MISSING else f.default, "type": type(f.default), **f.metadata}
        for f in dataclasses.fields(cls)
    }


def configure(cls: type, given: dict[str, Any]) -> Any:
    """An Hparams object from names and values (text is parsed), checked against the ranges.

    Raises: SettingError: an unknown name, or a value of the wrong type or outside its range.
    """
    known = knobs(cls)
    values = {}
    for name, value in given.items():
        if name not in known:
            raise SettingError(str(UnknownName(_("setting"), name, known)))
        values[name] = _read(name, value, known[name])
    return cls(**values)


def _read(name: str, value: Any, k: dict[str, Any]) -> Any:
    kind = k["type"]
    try:
        if kind is bool and isinstance(value, str):
            value = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]
        if kind is int and isinstance(value, float) and value != int(value):
            raise ValueError
        value = kind(value)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise SettingError(
            _(
                "{name}={value!r}: expected {type}, for example {default!r}.",
                name=name,
                value=value,
                type=kind.__name__,
                default=k["default"],
            )
        ) from None
    if k["choices"] and value not in k["choices"]:
        raise SettingError(str(UnknownName(_("value for {name}", name=name), value, k["choices"])))
    low, high = k["low"], k["high"]
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise SettingError(_("{name}={value!r}: expected {low} to {high}.", name=name, value=value, low=low, high=high))
    return value


# ---------------------------------------------------------------- your data


@dataclass(frozen=True)
class Question:
    """What the files of a user decide themselves unless it is chosen. title: one or two words; help: what is decided;
    words: the possible answers, if they are the same for all files."""

    title: str
    help: str
    words: tuple[str, ...] = ()


QUESTIONS: dict[str, Question] = {  # by the field of `Choices`, and the flag of the command line
    "labels": Question(N_("Labels"), N_("the column or array of labels, or none")),
    "header": Question(
        N_("Header"), N_("whether the first row of a table has the names of its columns"), ("yes", "no")
    ),
    "units": Question(N_("Units"), N_("whether the row under the header has the units of the columns"), ("yes", "no")),
    "skip": Question(N_("Skip"), N_("the number of lines above a table of text")),
    "sheet": Question(N_("Sheet"), N_("the sheet of a spreadsheet")),
    "decimal": Question(N_("Decimal sign"), N_("how a table of text writes decimals"), ("point", "comma")),
    "encoding": Question(
        N_("Encoding"), N_("how a text file stores letters"), ("utf-8", "cp1252", "mac_roman", "utf-16-le", "utf-16-be")
    ),
    "delimiter": Question(
        N_("Delimiter"),
        N_("what separates the cells of a table of text"),
        ("comma", "semicolon", "tab", "bar", "spaces"),
    ),
    "missing": Question(N_("Missing value"), N_("the number that stands for a missing value in a table, or none")),
    "range": Question(N_("Range"), N_("the values of black and white in pictures, as LOW:HIGH")),
    "layout": Question(
        N_("Layout"),
        N_("what the axes of an array are: n samples, c channels, h rows, w columns, t time steps"),
    ),
    "metadata": Question(
        N_("Metadata"),
        N_("whether names of files, and columns that are not modelled, are kept with the samples and their maps"),
        ("yes", "no"),
    ),
    "zip_names": Question(
        N_("ZIP names"),
        N_("how a ZIP without the UTF-8 flag stores the names of its files"),
        ("utf-8", "cp437", "cp850", "cp1252", "cp866", "cp1251", "cp932", "gbk", "big5", "cp949"),
    ),
    "dates": Question(N_("Dates"), N_("what comes first in a date of text"), ("year", "day", "month")),
    "rows": Question(N_("Rows"), N_("what a row of a table is"), ("sample", "step", "series")),
    "lengths": Question(N_("Lengths"), N_("how series of unequal length are made equal"), ("cut", "pad")),
}


def flag(name: str) -> str:
    """The flag of the command line for that question."""
    return "--" + name.replace("_", "-")
