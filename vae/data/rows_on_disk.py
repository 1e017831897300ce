"""Some rows of an array on disk, read when they are asked for."""

from __future__ import annotations

from typing import Any, cast

import numpy as np


class Rows:
    """Some rows of an array on disk, read when they are asked for. It has what is used of an array of samples."""

    def __init__(self, source: np.memmap, rows: np.ndarray):
        self.source, self.rows = source, rows
        self.shape, self.dtype = (len(rows), *source.shape[1:]), source.dtype
        self.ndim, self.nbytes = source.ndim, source[:1].nbytes * len(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> np.ndarray:
        return self.source[self.rows[key]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.source[self.rows], dtype)

    def reshape(self, n: int, *shape: int) -> Rows:
        """The same rows in another shape."""
        return Rows(cast(np.memmap, self.source.reshape(len(self.source), *shape)), self.rows)


def some(x: Any, rows: np.ndarray) -> Any:
    """Rows of an array of samples, or of `Rows`: a copy in memory, or, of what lies on disk, still there."""
    if isinstance(x, Rows):
        return Rows(x.source, x.rows[rows])
    return Rows(x, rows) if isinstance(x, np.memmap) else x[rows]
