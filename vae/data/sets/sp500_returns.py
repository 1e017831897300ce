"""Daily log-returns of twenty large US stocks, a quarter of a year in each sample."""

from __future__ import annotations

import csv
import io

import numpy as np

from ...errors import DataCorrupt
from ...registry import dataset
from ...types import Samples
from ..published.store import File, Source, find

DAYS = 64  # of trading in a window: a quarter of a year
STEP = 16  # between the starts of two training windows; windows of the test set do not overlap
FIRST, SPLIT = "1996-01-01", "2015-01-01"  # before 1996 one of the stocks is quoted too coarsely; from 2015 on: test
SECTORS = {
    "technology": "AAPL AMD MSFT",
    "finance": "BAC JPM",
    "consumer": "BBY HD",
    "industry": "GE",
    "health": "JNJ LLY MRK PFE UNH",
    "staples": "KO PEP PG WMT",
    "energy": "CVX RRC XOM",
}
SOURCE = Source(
    dataset="sp500_returns",
    title="Prices of 20 S&P 500 stocks",
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


@dataset(
    name="sp500_returns",
    title="Daily returns of 20 S&P 500 stocks",
    summary="daily log-returns of 20 stocks, 64 days",
    size="5 920 / 620",
    comes="0.4 MB download",
    modality="series",
    shape=(1, DAYS),
    classes=tuple(SECTORS),
    licence="BSD-3-Clause (skfolio)",
    origin="https://github.com/skfolio/skfolio",
    cite="the skfolio developers, skfolio: portfolio optimization and risk management built on scikit-learn",
)
def load() -> Samples:
    """x (n, 1, 64): log-returns of consecutive days, in standard deviations of all training returns about their mean.

    Split by time: windows that end before 2015 are the training set, those that start later the test set; the same
    stocks on both sides, no day on both. Labels are sectors, by hand. Raises: DataNotFound, SaveError, DataCorrupt.
    """
    text = find(SOURCE)["sp500_dataset.csv.gz"].decode()
    head, *rows = csv.reader(io.StringIO(text))
    dates = np.array([row[0] for row in rows], "datetime64[D]")
    prices = np.array([row[1:] for row in rows], np.float64)
    return windows(dates, tuple(head[1:]), prices)


def windows(dates: np.ndarray, names: tuple[str, ...], prices: np.ndarray) -> Samples:
    """Windows of prices (days, stocks). Raises: DataCorrupt: a stock whose sector is unknown, or a price below 0."""
    sector = {name: label for label, members in enumerate(SECTORS.values()) for name in members.split()}
    if unknown := [name for name in names if name not in sector]:
        raise DataCorrupt(f"no sector is known for {', '.join(unknown)}; known: {', '.join(sorted(sector))}")
    if not (prices > 0).all():
        raise DataCorrupt("a price is not positive, so it has no logarithm")
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
    return Samples(*sides[0], *sides[1])
