"""Is a generated sample a copy of a training sample? The nearest one, and how near the model comes to one anyway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ..errors import ShapeError
from ..latent.neighbours import Index

WIDTH = 64  # coordinates in which candidates are sought
SKETCH = 2_000  # samples that those coordinates are chosen from
FIRST = 32  # candidates measured in full at first
CHUNK = 4_096  # samples turned to floats at once
SUSPECT = 0.01  # nearer to a training sample than all but this share of the yardstick: perhaps a copy


@dataclass(frozen=True)
class Found:
    """Of each sample: the nearest training sample's row, its root mean squared difference a value, and the share of the
    yardstick that lies nearer to a training sample than that, NaN without a yardstick."""

    rows: Int[np.ndarray, " b"]
    rms: Float[np.ndarray, " b"]
    share: Float[np.ndarray, " b"]


class Copies:
    """The training samples, to be searched for what a generated sample may copy.

    The yardstick is what the model makes of samples it has never seen, decode(encode(x)) of a test set: a decoder's
    pictures are smoother than real ones and so nearer to every one of them, which says nothing of copying. A sample
    nearer than 99 % of the yardstick deserves a look; one in a hundred honest ones is. After the test of data-copying
    of Meehan, Chaudhuri and Dasgupta, 2020, which compares the same two distances over whole sets.
    """

    def __init__(self, train: np.ndarray, yardstick: np.ndarray | None = None, seed: int = 0):
        """train: (n, *shape), uint8 0-255 or float. yardstick: (m, *shape), as decoded.

        Raises: ShapeError: no training samples, or a yardstick of another shape.
        """
        if len(train) == 0:
            raise ShapeError("training samples: given none, expected at least 1.")
        self.train, self.shape = train.reshape(len(train), -1), train.shape[1:]
        some = np.sort(np.random.default_rng(seed).permutation(len(train))[:SKETCH])
        sketch = _floats(self.train[some])
        self._centre = sketch.mean(0)
        _, _, axes = np.linalg.svd(sketch - self._centre, full_matrices=False)
        self._axes = np.ascontiguousarray(axes[:WIDTH].T)  # orthonormal: distances along them are never too long
        parts = [self._seen(_floats(self.train[i : i + CHUNK])) for i in range(0, len(train), CHUNK)]
        self._index = Index(np.concatenate(parts), np.ones(self._axes.shape[1], np.float32))
        self.yardstick = None if yardstick is None else np.sort(self._nearest(self._checked(yardstick))[1])

    @classmethod
    def of_model(
        cls,
        train: np.ndarray,
        n_test: int,
        reconstruct: Callable[[np.ndarray], np.ndarray],
        *,
        n: int = 500,
        seed: int = 0,
    ) -> Copies:
        """With the yardstick made of n of n_test test samples. reconstruct: their rows (n,) -> what the model makes of
        them, (n, *shape)."""
        return cls(train, reconstruct(np.sort(np.random.default_rng(seed).permutation(n_test)[:n])), seed)

    def find(self, x: Float[np.ndarray, "b ..."]) -> Found:
        """The nearest training sample to each of x (b, *shape). Exact. Raises: ShapeError."""
        rows, rms = self._nearest(self._checked(x))
        if self.yardstick is None:
            return Found(rows, rms, np.full(len(rows), np.nan))
        return Found(rows, rms, np.searchsorted(self.yardstick, rms) / len(self.yardstick))

    def _checked(self, x: np.ndarray) -> np.ndarray:
        if x.shape[1:] != self.shape or not len(x):
            raise ShapeError(f"samples: given {x.shape}, expected (b, {', '.join(map(str, self.shape))}).")
        return _floats(x.reshape(len(x), -1))

    def _seen(self, x: np.ndarray) -> np.ndarray:
        return (x - self._centre) @ self._axes

    def _nearest(self, x: Float[np.ndarray, "b v"]) -> tuple[np.ndarray, np.ndarray]:
        """Candidates by their distance along the axes, a lower bound, until none that is left can be nearer."""
        rows, distance = np.empty(len(x), np.int64), np.empty(len(x))
        left, k = np.arange(len(x)), FIRST
        while len(left):
            bounds, candidates = self._index.query(self._seen(x[left]), k)
            undecided = []
            for i, bound, found in zip(left, bounds, candidates, strict=True):
                gap = np.linalg.norm(_floats(self.train[found]) - x[i], axis=1)
                best = int(gap.argmin())
                rows[i], distance[i] = found[best], gap[best]
                if len(found) < len(self.train) and bound[-1] < gap[best]:
                    undecided.append(i)
            left, k = np.array(undecided, np.int64), 4 * k
        return rows, distance / np.sqrt(x.shape[1])


def _floats(x: np.ndarray) -> Float[np.ndarray, "b v"]:
    return x.astype(np.float32) / 255 if x.dtype == np.uint8 else x.astype(np.float32)
