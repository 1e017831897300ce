"""ECG beats: two leads of a real heart, one window around each beat annotated by cardiologists."""

from __future__ import annotations

import numpy as np

from ...registry import dataset
from ...text import N_
from ...types import Samples, Variables
from ..published.store import File, Source, find
from ..published.wfdb import read_212, read_beats

BEFORE, AFTER = 96, 160  # samples of 1/360 s before and after the R peak: 0.71 s, most of a beat of this heart
THIN = 2  # neighbouring samples are averaged: 180 Hz
TRAIN_SHARE = 0.75  # of the half-hour recording; the rest is the test set
UNITS_PER_MV = 200
SYMBOLS = ("N", "A")  # normal, atrial premature; the only ventricular beat is left out: it alone would be its class
SOURCE = Source(
    dataset="ecg_beats",
    title=N_("MIT-BIH record 100"),
    files=(
        File("100.dat", 1_950_000, 1_950_000, "b2ea3c250e56e48f4b7b90697832b8ecd1afa1e0bb31f2dcfea4ed6e1075a639"),
        File("100.atr", 4_558, 4_558, "8d8a5349fb16638ebbf649f1779d12e96d91b736b2aafe59db43719ae583d471"),
    ),
    mirrors=(
        "https://physionet.org/files/mitdb/1.0.0/",
        "https://physionet-open.s3.amazonaws.com/mitdb/1.0.0/",
    ),
    folders=("mitdb", "ecg_beats", "timeseries/mitdb"),
)


VARIABLES = Variables(
    names=("MLII", "V5"),
    units=("mV", "mV"),
    mean=(-0.30459753, -0.1992842),  # of the training beats
    std=(0.19670169, 0.1499968),
    step=THIN / 360,
    start=-BEFORE / 360,
    step_unit=N_("s"),
    axis=N_("time from the R peak"),
)


@dataset(
    name="ecg_beats",
    title=N_("ECG beats from MIT-BIH record 100"),
    summary=N_("beats of one heart, 2 leads of 128 values"),
    size="1,702 / 567",
    comes=N_("2.0 MB download"),
    modality="series",
    shape=(2, (BEFORE + AFTER) // THIN),
    classes=("normal", "premature"),
    licence="ODC-BY 1.0",
    origin="https://physionet.org/content/mitdb/1.0.0/",
    cite=N_(
        "G. B. Moody, R. G. Mark, The impact of the MIT-BIH Arrhythmia Database, IEEE Eng. Med. Biol. 20(3), 2001; "
        "A. L. Goldberger et al., PhysioBank, PhysioToolkit, and PhysioNet, Circulation 101(23), 2000"
    ),
    variables=VARIABLES,
)
def load() -> Samples:
    """x (n, 2, 128): leads MLII and V5 at 180 Hz, the R peak at 48, each lead standardised by the training beats.
    Split by time: the first three quarters of the recording are the training set.

    Both sets are from the same heart. Raises: DataNotFound, SaveError.
    """
    payloads = find(SOURCE)
    return cut(read_212(payloads["100.dat"], 2), *read_beats(payloads["100.atr"]))


def cut(signal: np.ndarray, marks: np.ndarray, symbols: np.ndarray) -> Samples:
    """Beats of signal (n, 2) around marks (m,); one whose window crosses the split is in neither set."""
    mv = (signal - np.float32(1024)) / UNITS_PER_MV
    known = np.isin(symbols, SYMBOLS)
    marks, y = marks[known], (symbols[known] == SYMBOLS[1]).astype(np.int64)
    border = int(TRAIN_SHARE * len(signal))
    sides = []
    for start, stop in ((0, border), (border, len(signal))):
        inside = (marks - BEFORE >= start) & (marks + AFTER <= stop)
        rows = marks[inside, None] + np.arange(-BEFORE, AFTER)
        beats = mv[rows].reshape(len(rows), -1, THIN, mv.shape[1]).mean(2)
        sides.append((beats.transpose(0, 2, 1), y[inside]))
    (x_train, y_train), (x_test, y_test) = sides
    mean, std = x_train.mean((0, 2), keepdims=True), x_train.std((0, 2), keepdims=True)
    x_train, x_test = (np.ascontiguousarray((x - mean) / std, np.float32) for x in (x_train, x_test))
    return Samples(x_train, y_train, x_test, y_test)
