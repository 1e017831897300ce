"""Digits that come with a condition, made up for tests: two numbers, or a small picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from vae.registry import DATASETS, Dataset
from vae.types import Condition, Samples


def inked(x: np.ndarray) -> np.ndarray:
    """How much ink is in the upper and in the lower half of digits, (n, 2), each standardised."""
    halves = np.stack([x[:, 0, :4].mean((1, 2)), x[:, 0, 4:].mean((1, 2))], 1) / 255
    return ((halves - 0.32) / 0.06).astype(np.float32)


def small(x: np.ndarray) -> np.ndarray:
    """Digits at half their size, (n, 1, 4, 4) uint8."""
    return x.reshape(-1, 1, 4, 2, 4, 2).mean((3, 5)).astype(np.uint8)


CONDITIONS = {
    inked: Condition((2,), ("upper ink", "lower ink")),
    small: Condition((1, 4, 4), modality="image"),
}


@contextmanager
def told_digits(make: Callable[[np.ndarray], np.ndarray]) -> Iterator[Dataset]:
    """A data set with one of CONDITIONS, that is registered within."""
    digits = DATASETS.get("digits")

    def load() -> Samples:
        s = digits.load()
        return dataclasses.replace(s, c_train=make(s.x_train), c_test=make(s.x_test))

    entry = dataclasses.replace(digits, name=f"digits_{make.__name__}", load=load, condition=CONDITIONS[make])
    also = DATASETS.also
    DATASETS.also = lambda: {**also(), entry.name: entry}
    try:
        yield entry
    finally:
        DATASETS.also = also
