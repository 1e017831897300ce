"""The edits of a data set as a CSV file: a line for each edited sample, to be read, sent and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import SettingError
from ..text import _
from ..types import Samples
from . import metadata
from .edit_list import checked_word
from .edits import DROP, LABEL, SPLITS, TAG, TEST, TRAIN, Change, Edits

HEAD = ("split", "sample", "name", "label", "new_label", "tags", "dropped")
BETWEEN = "; "  # two tags
YES, NO = ("1", "true", "yes"), ("", "0", "false", "no")


@dataclass(frozen=True)
class Known:
    """What is known of the samples, by split. labels: (n,) int64, -1 for none, or None. names: (n,) of their files or
    rows in the user's files, or None. sizes: how many there are."""

    classes: tuple[str, ...]
    sizes: Mapping[str, int]
    labels: Mapping[str, np.ndarray | None]
    names: Mapping[str, np.ndarray | None]

    @classmethod
    def of(cls, samples: Samples, classes: Sequence[str]) -> Known:
        """Of a data set as it came."""
        columns = samples.metadata_train
        names = next((columns[key] for key in (metadata.FILE, metadata.ROW) if key in columns), None)
        return cls(
            tuple(classes),
            {TRAIN: len(samples.x_train), TEST: len(samples.x_test)},
            {TRAIN: samples.y_train, TEST: samples.y_test},
            {TRAIN: names, TEST: None},
        )

    def label(self, split: str, sample: int) -> str:
        """Its label in the data set, "" without one."""
        y = self.labels[split]
        return "" if y is None or y[sample] < 0 else self.classes[y[sample]]

    def name(self, split: str, sample: int) -> str:
        """The file or the row that it came from, "" if that is not known."""
        names = self.names[split]
        value = "" if names is None else names[sample]
        return f"{value:g}" if isinstance(value, float) else str(value)


def written(edits: Edits, known: Known) -> str:
    """The edits as CSV: a line for each edited sample of the training split, then of the test split."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(HEAD)
    for name, split in ((TRAIN, edits.train), (TEST, edits.test)):
        gone = set(split.dropped)
        for i in split.touched:
            tags = BETWEEN.join(split.tags.get(i, ()))
            new = split.labels.get(i, "")
            lines.writerow([name, i, known.name(name, i), known.label(name, i), new, tags, int(i in gone)])
    return out.getvalue()


def read(text: str, known: Known) -> tuple[Change, ...]:
    """The changes that a CSV file asks for, which has at least the columns `split` and `sample`.

    Raises: SettingError: a line is not of these samples: the message names it; or it asks for nothing."""
    lines = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    if missing := {"split", "sample"} - set(lines.fieldnames or ()):
        raise SettingError(
            _(
                "the file lacks the columns {missing}: expected {expected}, as an export has.",
                missing=", ".join(sorted(missing)),
                expected=", ".join(HEAD),
            )
        )
    asked: dict[tuple[str, str, str], set[int]] = {}
    for at, line in enumerate(lines, 2):
        try:
            for key, sample in _asked({k: (v or "").strip() for k, v in line.items() if isinstance(k, str)}, known):
                asked.setdefault(key, set()).add(sample)
        except SettingError as error:
            raise SettingError(_("line {at}: {error}", at=at, error=error)) from None
    if not asked:
        raise SettingError(_("the file asks for no edit: none of its lines drops, relabels or tags a sample."))
    changes = []
    for (split, kind, value), found in asked.items():
        samples = tuple(sorted(found))
        old = tuple(known.label(split, i) for i in samples) if kind == LABEL else ()
        changes.append(Change(kind, samples, value, old, split))
    return tuple(changes)


def _asked(line: Mapping[str, str], known: Known) -> list[tuple[tuple[str, str, str], int]]:
    """(split, kind, value) and sample of each edit of a line."""
    split, given = line["split"], line["sample"]
    if split not in SPLITS or not given.isdecimal() or int(given) >= known.sizes[split]:
        sizes = "; ".join(f"{name} 0-{known.sizes[name] - 1}" for name in SPLITS if known.sizes[name])
        raise SettingError(
            _("sample {sample!r} of split {split!r}: expected one of {sizes}.", sample=given, split=split, sizes=sizes)
        )
    sample = int(given)
    for column, expected in (("name", known.name(split, sample)), ("label", known.label(split, sample))):
        if (found := line.get(column)) and found != expected:
            raise SettingError(
                _(
                    "sample {sample} of split {split} has the {column} {expected!r} here, not {found!r}: the file is "
                    "of another data set.",
                    sample=sample,
                    split=split,
                    column=column,
                    expected=expected,
                    found=found,
                )
            )
    dropped = line.get("dropped", "").lower()
    if dropped not in (*YES, *NO):
        raise SettingError(_("dropped is {given!r}: expected 1 or 0.", given=dropped))
    asked = [((split, DROP, ""), sample)] if dropped in YES else []
    if new := line.get("new_label"):
        asked.append(((split, LABEL, checked_word(new, _("label"))), sample))
    tags = [tag.strip() for tag in line.get("tags", "").split(BETWEEN.strip())]
    return asked + [((split, TAG, checked_word(tag, _("tag"))), sample) for tag in tags if tag]
