"""Reads IDX, the file format of MNIST and of data sets modelled on it (yann.lecun.com/exdb/mnist)."""

from __future__ import annotations

import math

import numpy as np

from ...errors import DataCorrupt
from ...text import _, ngettext
from ...types import Samples
from .store import File, Source, find

CLASSIC = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


def read_idx(data: bytes) -> np.ndarray:
    """The uint8 array of an IDX file: magic 0 0 8 ndim, then ndim big-endian sizes, then the values.

    Raises: DataCorrupt: another magic number, or a length that does not match the sizes.
    """
    start = 4 + 4 * data[3] if len(data) >= 4 else 4
    if data[:3] != b"\0\0\x08" or len(data) < start:
        raise DataCorrupt(
            _("not an IDX file of unsigned bytes: it starts with {bytes}", bytes=data[:4].hex(" ") or _("nothing"))
        )
    shape = tuple(int(size) for size in np.frombuffer(data[4:start], ">u4"))
    if len(data) != start + math.prod(shape):
        raise DataCorrupt(
            ngettext(
                "IDX file of shape {shape} contains {n} value",
                "IDX file of shape {shape} contains {n} values",
                len(data) - start,
                shape=shape,
            )
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()  # a copy may be written to


def classic_files(hashes: tuple[str, ...], sizes: tuple[int, ...]) -> tuple[File, ...]:
    """The four files of MNIST's layout, 60,000 and 10,000 pictures of 28x28: SHA-256 of the payload, published size."""
    payloads = (47_040_016, 60_008, 7_840_016, 10_008)
    return tuple(File(*row) for row in zip(CLASSIC, sizes, payloads, hashes, strict=True))


def load_classic(source: Source) -> Samples:
    """A data set in MNIST's layout: x (n, 1, 28, 28) uint8, y (n,) int64. Raises: DataNotFound, SaveError."""
    payloads = find(source)
    x_train, y_train, x_test, y_test = (read_idx(payloads.pop(name)) for name in CLASSIC)
    return Samples(x_train[:, None], y_train.astype(np.int64), x_test[:, None], y_test.astype(np.int64))
