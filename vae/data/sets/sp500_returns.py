"""Daily log-returns of twenty large US stocks; each sample is a quarter of a year."""

from __future__ import annotations

import csv
import io

import numpy as np

from ...errors import DataCorrupt
from ...registry import dataset
from ...text import N_, _
from ...types import Samples, Variables
from ..published.store import File, Source, find

DAYS = 64  # trading days per window: a quarter of a year
STEP = 16  # between the starts of two training windows; windows of the test set do not overlap
FIRST, SPLIT = "1996-01-01", "2015-01-01"  # before 1996 one stock is quoted too coarsely; test data from 2015 on
SECTORS = {
    "technology": ("AAPL", "AMD", "MSFT"),
    "finance": ("BAC", "JPM"),
    "consumer": ("BBY", "HD"),
    "industry": ("GE",),
    "health": ("JNJ", "LLY", "MRK", "PFE", "UNH"),
    "staples": ("KO", "PEP", "PG", "WMT"),
    "energy": ("CVX", "RRC", "XOM"),
}
SOURCE = Source(
    dataset="sp500_returns",
    title=N_("Prices of 20 S&P 500 stocks"),
    files=(
        File(
            "sp500_dataset.csv.gz",
            426_065,
            1_213_016,
            "5f769c6d7be57f62a4dfd1f553995855462a17c92b21a4af4245439c6115617f",
        ),
    ),
    mirrors=(
        "https://raw.githubusercontent.com/skfolio/skfolio/c06db8406385cf4bce83577d0f0710ee5a27e67e/"
        "src/skfolio/datasets/data/",
    ),
    folders=("sp500", "sp500_returns", "finance"),
)
VARIABLES = Variables(
    names=(N_("daily log-return"),),
    units=("%",),
    mean=(0.0393578502880714,),  # of all training returns
    std=(2.3290725665835513,),
    step=1.0,
    step_unit=N_("trading days"),
    axis=N_("time"),
)


@dataset(
    name="sp500_returns",
    title=N_("Daily returns of 20 S&P 500 stocks"),
    summary=N_("daily log-returns of 20 stocks, 64 days"),
    size="5,920 / 620",
    comes=N_("426 kB download"),
    modality="series",
    shape=(1, DAYS),
    classes=tuple(SECTORS),
    licence=N_("BSD-3-Clause (skfolio)"),
    origin="https://github.com/skfolio/skfolio",
    cite=N_("the skfolio developers, skfolio: portfolio optimization and risk management built on scikit-learn"),
    variables=VARIABLES,
)
def load() -> Samples:
    """x (n, 1, 64): log-returns of consecutive days, standardised by all training returns.

    Split by time: windows that end before 2015 are the training set, later ones the test set. Both sets have the same
    stocks, but no day in common. Labels are sectors, assigned by hand. Raises: DataNotFound, SaveError, DataCorrupt.
    """
    text = find(SOURCE)["sp500_dataset.csv.gz"].decode()
    head, *rows = csv.reader(io.StringIO(text))
    dates = np.array([row[0] for row in rows], "datetime64[D]")
    prices = np.array([row[1:] for row in rows], np.float64)
    return windows(dates, tuple(head[1:]), prices)


def windows(dates: np.ndarray, names: tuple[str, ...], prices: np.ndarray) -> Samples:
    """Windows of prices (days, stocks). Raises: DataCorrupt: unknown sector of a stock, or a price <= 0."""
    sector = {name: label for label, members in enumerate(SECTORS.values()) for name in members}
    if unknown := [name for name in names if name not in sector]:
        raise DataCorrupt(
            _(
                "no sector is known for {stocks}; known: {known}",
                stocks=", ".join(unknown),
                known=", ".join(sorted(sector)),
            )
        )
    if not (prices > 0).all():
        raise DataCorrupt(_("a price is not positive, so it has no logarithm"))
    returns, days = np.diff(np.log(prices), axis=0), dates[1:]
    train = returns[(days >= np.datetime64(FIRST)) & (days < np.datetime64(SPLIT))]
    test = returns[days >= np.datetime64(SPLIT)]
    mean, std = train.mean(), train.std()
    labels = np.array([sector[name] for name in names], np.int64)
    sides = []
    for part, step in ((train, STEP), (test, DAYS)):
        starts = np.arange(0, len(part) - DAYS + 1, step)
        x = ((part[starts[:, None] + np.arange(DAYS)] - mean) / std).astype(np.float32)  # (windows, DAYS, stocks)
        x = np.ascontiguousarray(x.transpose(2, 0, 1).reshape(-1, 1, DAYS))
        sides.append((x, np.repeat(labels, len(starts))))
        if part is train:
            first = np.tile(starts, len(names))
            spans = np.column_stack([np.repeat(np.arange(len(names)), len(starts)), first, first + DAYS - 1])
    return Samples(*sides[0], *sides[1], spans_train=spans)
