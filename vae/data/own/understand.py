"""Samples read from the given files, with a preview, before anything is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from ...disk.guarded_pictures import FORMATS
from ...errors import SettingError
from ...registry import MODALITIES
from ...settings import QUESTIONS, flag
from ...text import _, ngettext, number, significant, size
from ...types import NO_VARIABLES, Samples, Variables
from ..metadata import DATA_BYTES, FILE, ROW, Columns, limited, taken
from . import splitting, standard, zip_names
from .annotated import SUFFIX as ANNOTATED
from .annotated import read_annotated
from .arrays import SUFFIXES as ARRAYS
from .arrays import idx_by_name, read_arrays, read_idx_files
from .choices import Choices
from .decisions import Decision, decide
from .images import NoPictures, is_picture, read_pictures
from .labels_beside import labels_beside
from .layouts import as_samples
from .rows import FEWEST, Rows, natural
from .sample_files import of_modality, read_samples
from .sample_tables import read_sample_tables, sample_tables
from .sources import Given, Skipped
from .table_files import LONE, is_table
from .table_files import SUFFIXES as TABLES
from .tables import read_table
from .text_tables import listed

SHOWN = 16  # samples of a preview
FEW = 3  # skipped files that an error names
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Preview:
    """A summary of the samples. low, high: range of the original values; labels: name -> number of samples;
    pictures: up to 16 samples as they will be shown, uint8 (k, c, h, w); decisions: each can be changed
    by a field of `Choices`."""

    source: str
    what: str
    modality: str
    shape: tuple[int, ...]
    n_train: int
    n_test: int
    low: float
    high: float
    labels: dict[str, int]
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    n_bytes: int
    pictures: np.ndarray
    decisions: tuple[Decision, ...] = ()

    @property
    def measured(self) -> str:
        """The unit of the numbers of `shape`, in words."""
        return _(MODALITIES.get(self.modality).measured)

    def lines(self, most: int = 1_000_000) -> list[str]:
        """The summary as text; at most so many skipped files are named."""
        out = [
            f"{self.source}: {self.what}",
            _(
                "{n} samples of {shape} {unit}, values {low} to {high}; {train} for training, {test} for testing; "
                "{size}",
                n=number(self.n_train + self.n_test),
                shape="x".join(map(str, self.shape)),
                unit=self.measured,
                low=significant(self.low, 4),
                high=significant(self.high, 4),
                train=number(self.n_train),
                test=number(self.n_test),
                size=size(self.n_bytes),
            ),
        ]
        if self.labels:
            shown = list(self.labels.items())[:30]
            listed = ", ".join(f"{name} ({number(n)})" for name, n in shown)
            rest = len(self.labels) - len(shown)
            out.append(
                _("labels: {labels} and {n} more", labels=listed, n=number(rest))
                if rest
                else _("labels: {labels}", labels=listed)
            )
        else:
            out.append(_("labels: none"))
        if self.columns:
            columns = ", ".join(self.columns[:30]) + ", ..." * (len(self.columns) > 30)
            out.append(_("columns: {columns}", columns=columns))
        out += [_("decided: {decision}", decision=decision.line()) for decision in self.decisions]
        out += [_("note: {note}", note=note) for note in self.notes]
        if self.skipped:
            out.append(ngettext("skipped: {n} file", "skipped: {n} files", len(self.skipped)))
            out += [f"  {s.name}: {s.reason}" for s in self.skipped[:most]]
            if len(self.skipped) > most:
                out.append("  " + _("... and {n} more", n=number(len(self.skipped) - most)))
        return out


@dataclass(frozen=True)
class Understood:
    """A data set before it is stored. variables: with mean and std of each channel or column before it was
    standardised."""

    preview: Preview
    samples: Samples
    classes: tuple[str, ...]
    variables: Variables = NO_VARIABLES

    @property
    def mean(self) -> tuple[float, ...]:
        return self.variables.mean

    @property
    def std(self) -> tuple[float, ...]:
        return self.variables.std


def understand(found: Given, choices: Choices, progress: Progress = lambda done, n: None) -> Understood:
    """Read the files, infer what they are, and split the samples. Deterministic for a seed.

    Raises: SettingError: nothing can be read, an option does not fit, or fewer than 8 samples.
    """
    choices.check()
    made: list[Decision] = []
    found = _named(found, choices, made)
    try:
        rows = _read(found, choices, progress)
    except NoPictures as e:
        raise SettingError(f"{e} {readable()}") from None
    if len(rows.x) < FEWEST:
        reason = ngettext(
            "{name}: {n} sample; expected at least {fewest}.",
            "{name}: {n} samples; expected at least {fewest}.",
            len(rows.x),
            name=found.name,
            fewest=FEWEST,
        )
        if rows.skipped:
            shown = "; ".join(f"{s.name}: {s.reason}" for s in rows.skipped[:FEW])
            reason += " " + ngettext(
                "{n} file was skipped ({reasons}).",
                "{n} files were skipped ({reasons}).",
                len(rows.skipped),
                reasons=shown,
            )
        raise SettingError(reason)
    notes = list(rows.notes)
    if found.passed_over:
        notes.append(
            ngettext(
                "{n} system file was ignored (hidden, __MACOSX or Thumbs.db).",
                "{n} system files were ignored (hidden, __MACOSX or Thumbs.db).",
                found.passed_over,
            )
        )
    made += rows.decisions
    metadata = _kept(rows, choices, made, notes)
    decided = {decision.name for decision in made}
    if idle := [flag(name) for name in QUESTIONS if getattr(choices, name) and name not in decided]:
        notes.append(_("These files leave nothing to decide by {flags}.", flags=", ".join(idle)))
    low, high = float(rows.x.min()), float(rows.x.max())
    if low == high:
        notes.append(_("All values are {value}: there is nothing to model.", value=significant(low, 4)))
    train, test = splitting.split(rows, choices, notes)
    x_train, x_test, mean, std = standard.standardised(rows.x[train], rows.x[test], rows.modality)
    notes += standard.outliers(rows)
    names = [] if rows.labels is None else sorted(np.unique(rows.labels).tolist(), key=natural)
    y = None if rows.labels is None else _codes(rows.labels, names)
    y_train, y_test = (None, None) if y is None else (y[train], y[test])
    used = np.concatenate([train, test])
    counts = {name: int((y[used] == i).sum()) for i, name in enumerate(names)} if y is not None else {}
    shown = np.linspace(0, len(x_train) - 1, min(SHOWN, len(x_train))).astype(int)
    preview = Preview(
        source=found.name,
        what=rows.what,
        modality=rows.modality,
        shape=rows.x.shape[1:],
        n_train=len(train),
        n_test=len(test),
        low=low,
        high=high,
        labels=counts,
        columns=rows.columns,
        notes=tuple(notes),
        skipped=(*found.skipped, *(s for s in rows.skipped if s not in found.skipped)),
        n_bytes=x_train.nbytes + x_test.nbytes,
        pictures=MODALITIES.get(rows.modality).pictures(x_train[shown]),
        decisions=tuple(made),
    )
    spans = splitting.spans(rows)
    samples = Samples(
        x_train,
        y_train,
        x_test,
        y_test,
        spans_train=None if spans is None else spans[train],
        metadata_train=taken(metadata, train),
    )
    variables = replace(rows.measured, names=rows.columns, mean=mean, std=std)
    return Understood(preview, samples, tuple(names), variables)


def readable() -> str:
    """What files are read, in a sentence."""
    return _(
        "What is read: pictures ({pictures}), tables ({tables}), arrays ({arrays}, IDX), and folders or ZIPs of them.",
        pictures=", ".join(FORMATS),
        tables=", ".join((*TABLES, *LONE, ANNOTATED)),
        arrays=", ".join(ARRAYS),
    )


# ---------------------------------------------------------------- parts


def _named(found: Given, choices: Choices, made: list[Decision]) -> Given:
    """The files with their names in the chosen encoding; as they are if no name depends on it. Raises: SettingError."""
    names = [file.raw for file in found.files if file.raw]
    if not names:
        return found
    guess = zip_names.guessed(names)
    why = (
        _("the names are not declared as UTF-8, but are")
        if guess == "utf-8"
        else _("the names are not declared as UTF-8; so they read {name}", name=names[0].decode(guess))
    )
    codec = decide(made, choices, "zip_names", guess, why, options=zip_names.possible(names))
    if codec == guess:
        return found
    files = [replace(file, name=zip_names.plain(file.raw.decode(codec))) if file.raw else file for file in found.files]
    return replace(found, files=tuple(sorted(files, key=lambda f: f.name)))


def _read(found: Given, choices: Choices, progress: Progress) -> Rows:
    """Read with the reader that fits the files. Raises: SettingError: none does."""
    files = found.files
    if own := of_modality(files, choices):
        return read_samples(_only(found, own[1], files), own[0], progress)
    pictures = [f for f in files if is_picture(f)]
    if annotated := [f for f in files if f.suffix == ANNOTATED]:
        return read_annotated(_only(found, annotated[:1], files), choices)
    arrays = [f for f in files if f.name.lower().endswith(ARRAYS)]
    tables = [f for f in files if is_table(f, len(files) == 1)]
    kind = None if choices.kind == "auto" else MODALITIES.get(choices.kind)
    if kind and kind.layout in ("line", "vector") and not pictures and not arrays and (each := sample_tables(files)):
        return read_sample_tables(_only(found, each, files), kind, choices, progress)
    idx = [f for f in files if idx_by_name(f)]
    if idx and not pictures:
        return read_idx_files(_only(found, idx, files), choices)
    if len(files) == 1 and not pictures and not tables and not arrays:
        return _as_chosen(read_pictures(found, choices, progress), choices)  # judged by its content
    if len(arrays) + len(tables) == 1 and not pictures:
        only = _only(found, arrays or tables, files)
        return read_arrays(only, choices) if arrays else read_table(only, choices, progress)
    if not pictures and (arrays or tables):
        every = ", ".join(PurePosixPath(f.name).name for f in (arrays + tables)[:6])
        raise SettingError(
            _(
                "{name}: contains several tables or arrays ({names}). If each is one sample, choose what they are: "
                "Read as series or vectors (--as series, --as vector). Else give only the one to use.",
                name=found.name,
                names=every,
            )
        )
    return _as_chosen(_labelled(found, pictures, tables, choices, progress), choices)


def _labelled(found: Given, pictures: list, tables: list, choices: Choices, progress: Progress) -> Rows:
    """Pictures with the labels of a table beside them, if there is one; else with those of their folders."""
    made: list[Decision] = []
    notes: list[str] = []
    beside = labels_beside(pictures, tables, choices, made, notes) if pictures else None
    labels, table = beside or (None, None)
    left = replace(found, files=tuple(f for f in found.files if f is not table))
    rows = read_pictures(left, choices, progress, labels)
    return replace(rows, notes=(*notes, *rows.notes), decisions=(*made, *rows.decisions))


def _as_chosen(rows: Rows, choices: Choices) -> Rows:
    """Pictures as samples of the chosen kind, if it is another one."""
    if choices.kind in ("auto", rows.modality):
        return rows
    notes, made = list(rows.notes), list(rows.decisions)
    x, modality = as_samples(rows.x, replace(choices, size=None), notes, made)
    return replace(rows, x=x, modality=modality, notes=tuple(notes), decisions=tuple(made))


def _only(found: Given, chosen: list, files: tuple) -> Given:
    rest = tuple(Skipped(f.name, _("not used: other files were read")) for f in files if f not in chosen)
    return Given(found.name, tuple(chosen), (*found.skipped, *rest), found.passed_over)


def _kept(rows: Rows, choices: Choices, made: list[Decision], notes: list[str]) -> Columns:
    """What is kept of the samples beside their values."""
    others = [name for name in rows.metadata if name not in (FILE, ROW)]
    what = _("names of files") if not others else _("columns that are not modelled: {names}", names=listed(others))
    if rows.metadata and (others or choices.metadata) and decide(made, choices, "metadata", "yes", what) == "no":
        return {}
    kept, left = limited(rows.metadata, DATA_BYTES)
    if left:
        notes.append(_("Columns that are too large to be kept with the samples: {names}.", names=listed(left)))
    return kept


def _codes(labels: np.ndarray, names: list[str]) -> np.ndarray:
    known, codes = np.unique(labels, return_inverse=True)
    return np.array([names.index(v) for v in known.tolist()], np.int64)[codes]
