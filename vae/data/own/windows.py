"""Series of the rows of a table in order of time: windows of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import SettingError
from ...text import _, ngettext, number, significant
from .choices import WINDOW, Choices
from .decisions import Decision
from .layouts import as_samples
from .rows import FEWEST, Rows, check_room, fewer_classes


def windows(
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
    order = np.arange(len(x)) if when is None else np.argsort(when, kind="stable")
    parts = [order]
    several = when is not None and len(np.unique(when)) < len(when)
    if labels is not None and several:
        parts = [order[labels[order] == name] for name in np.unique(labels)]
        notes.append(
            ngettext(
                "Several rows have the same time, so the {n} label is a series of its own.",
                "Several rows have the same time, so each of the {n} labels is a series of its own.",
                len(parts),
            )
        )
    elif several:
        notes.append(
            _(
                "Several rows have the same time but are read as one series. If a column says which series a row "
                "belongs to, choose it as the labels: --labels COLUMN."
            )
        )
    if when is not None and len(parts) == 1:
        _note_uneven(when[order], notes)
    window = choices.window or min(WINDOW, max(2, min(map(len, parts)) // FEWEST))
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
    if 0 < len(made) < FEWEST:
        raise SettingError(
            ngettext(
                "{n} window of {window} time steps, one every {stride}, in {rows} rows; expected at least {fewest}: "
                "choose a shorter window or stride (--window, --stride).",
                "{n} windows of {window} time steps, one every {stride}, in {rows} rows; expected at least {fewest}: "
                "choose a shorter window or stride (--window, --stride).",
                len(made),
                window=number(window),
                stride=number(stride),
                rows=number(len(x)),
                fewest=FEWEST,
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
        taken=chosen[:, 0],
        step=0.0 if when is None else float(np.median(np.diff(when[max(parts, key=len)]))),
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
