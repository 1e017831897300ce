"""A share of samples held out: the test set of a user's data, the validation set of a training."""

from __future__ import annotations

import numpy as np


def stratified(classes: np.ndarray, share: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which of n samples are held out, drawn at random, (n,) bool, and how many of each class, (classes,). classes:
    (n,) integers."""
    sizes = np.bincount(classes)
    counts = held_out_counts(sizes, share, random)
    held_out = np.zeros(len(classes), bool)
    members = np.split(np.argsort(classes, kind="stable"), np.cumsum(sizes)[:-1])
    for own, n in zip(members, counts.tolist(), strict=True):
        held_out[random.permutation(own)[:n]] = True
    return held_out, counts


def held_out_counts(sizes: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """How many samples of each class are held out: that share of all, at least one; of each class its share to within
    one sample, and never its last one, which trains. Ties are broken at random."""
    exact = share * sizes
    counts = np.minimum(exact.astype(int), np.maximum(sizes - 1, 0))
    total = max(1, round(share * int(sizes.sum())))
    remainders = np.where(sizes - counts > 1, exact - counts, -1.0)
    order = np.lexsort((random.random(len(sizes)), -remainders))
    order = order[remainders[order] >= 0]
    counts[order[: max(0, total - int(counts.sum()))]] += 1
    return counts


def by_time(spans: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Which of n windows of series train and which are held out, (n,) bool each: the last share of each series is held
    out, and a window across the border is neither. spans: (n, 3) the series, its first and its last step."""
    train, held_out = np.zeros(len(spans), bool), np.zeros(len(spans), bool)
    for series in np.unique(spans[:, 0]):
        own = spans[:, 0] == series
        border = min(round((int(spans[own, 2].max()) + 1) * (1 - share)), int(spans[own, 1].max()))
        train |= own & (spans[:, 2] < border)
        held_out |= own & (spans[:, 1] >= border)
    return train, held_out
