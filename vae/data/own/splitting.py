"""Which samples are for training and which for testing."""

from __future__ import annotations

import numpy as np

from ...errors import SettingError
from ...text import ngettext, number, significant
from .. import splits
from .choices import Choices
from .rows import FEWEST, Rows, natural

SHOWN = 8  # classes that a note names


def split(rows: Rows, choices: Choices, notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Training and test rows: the source's own split, else by time, else random and stratified by class.

    Raises: SettingError: too few windows for a split by time.
    """
    if rows.test is not None and 0 < rows.test.sum() < len(rows.test):
        _note_unknown(rows.labels, rows.test, notes)
        return np.flatnonzero(~rows.test), np.flatnonzero(rows.test)
    if rows.when is not None:
        return _by_time(rows, choices, notes)
    random = np.random.default_rng(choices.seed)
    classes = np.zeros(len(rows.x), int) if rows.labels is None else np.unique(rows.labels, return_inverse=True)[1]
    test, counts = splits.stratified(classes, choices.test_share, random)
    if untested := int((counts == 0).sum()):
        notes.append(
            ngettext(
                "{n} of {classes} classes has no test sample: it has too few samples for a share of {share}.",
                "{n} of {classes} classes have no test sample: they have too few samples for a share of {share}.",
                untested,
                classes=number(len(counts)),
                share=significant(choices.test_share, 3),
            )
        )
    return np.flatnonzero(~test), np.flatnonzero(test)


def spans(rows: Rows) -> np.ndarray | None:
    """For windows of series (n, 3) int64: the series, its first and its last step; None for other samples."""
    if rows.when is None or rows.source is None:
        return None
    return np.column_stack([np.unique(rows.source, return_inverse=True)[1], rows.when]).astype(np.int64)


# ---------------------------------------------------------------- parts


def _note_unknown(labels: np.ndarray | None, test: np.ndarray, notes: list[str]) -> None:
    if labels is None:
        return
    unknown = sorted(set(labels[test].tolist()) - set(labels[~test].tolist()), key=natural)
    if unknown:
        notes.append(
            ngettext(
                "{n} class has test samples but no training samples: {names}.",
                "{n} classes have test samples but no training samples: {names}.",
                len(unknown),
                names=", ".join(unknown[:SHOWN]) + ", ..." * (len(unknown) > SHOWN),
            )
        )


def _by_time(rows: Rows, choices: Choices, notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The last share of each series is the test set; a window across the border is in neither set."""
    windows = spans(rows)
    assert windows is not None  # or the caller would not split by time
    train, test = splits.by_time(windows, choices.test_share)
    if train.sum() < FEWEST // 2 or not test.any():
        raise SettingError(
            ngettext(
                "the split by time leaves {n} window for training and {test} for testing: choose a shorter "
                "window or stride.",
                "the split by time leaves {n} windows for training and {test} for testing: choose a shorter "
                "window or stride.",
                int(train.sum()),
                test=number(int(test.sum())),
            )
        )
    neither = len(train) - (train | test).sum()
    notes.append(
        ngettext(
            "Split by time: the last windows are the test set; {n} window across the border is in neither set.",
            "Split by time: the last windows are the test set; {n} windows across the border are in neither set.",
            int(neither),
        )
    )
    return np.flatnonzero(train), np.flatnonzero(test)
