"""Is a generated sample a copy of a training sample? Its nearest training sample, compared with a baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ..data.principal import floats
from ..data.rows_on_disk import Rows
from ..errors import ShapeError
from ..latent.neighbours import Index
from ..text import _

WIDTH = 64  # principal components in which candidates are searched
SKETCH = 2_000  # samples from which the components are computed
FIRST = 32  # candidates of the first search
CHUNK = 4_096  # samples converted to floats at once
SUSPECT = 0.01  # share of the yardstick below which a sample may be a copy


@dataclass(frozen=True)
class Found:
    """For each sample: the row of the nearest training sample, the root mean squared difference per value, and the
    share of the yardstick that is nearer to a training sample than that; NaN without a yardstick."""

    rows: Int[np.ndarray, " b"]
    rms: Float[np.ndarray, " b"]
    share: Float[np.ndarray, " b"]


class Copies:
    """Searches the training samples for the ones that a generated sample may be a copy of.

    The yardstick is the distance of test reconstructions, decode(encode(x)), to their nearest training sample: decoded
    pictures are smoother than real ones and therefore nearer to all of them, which is no evidence of copying. A sample
    nearer than 99 % of the yardstick is suspicious; one in a hundred that are no copies is, too. After the data-copying
    test of Meehan, Chaudhuri and Dasgupta, 2020, which compares the same two distances over whole sets.
    """

    def __init__(self, train: np.ndarray | Rows, yardstick: np.ndarray | None = None, seed: int = 0):
        """train: (n, *shape), uint8 0-255 or float. yardstick: (m, *shape), decoded samples.

        Raises: ShapeError: no training samples, or a yardstick of another shape.
        """
        if len(train) == 0:
            raise ShapeError(_("training samples: given none, expected at least 1."))
        self.train, self.shape = train.reshape(len(train), -1), train.shape[1:]
        some = np.sort(np.random.default_rng(seed).permutation(len(train))[:SKETCH])
        sketch = floats(self.train[some])
        self._centre = sketch.mean(0)
        axes = np.linalg.svd(sketch - self._centre, full_matrices=False)[2]
        self._axes = np.ascontiguousarray(axes[:WIDTH].T)  # orthonormal: distances along them are lower bounds
        parts = [self._seen(floats(self.train[i : i + CHUNK])) for i in range(0, len(train), CHUNK)]
        self._index = Index(np.concatenate(parts), np.ones(self._axes.shape[1], np.float32))
        self.yardstick = None if yardstick is None else np.sort(self._nearest(self._checked(yardstick))[1])

    @classmethod
    def of_model(
        cls,
        train: np.ndarray | Rows,
        n_test: int,
        reconstruct: Callable[[np.ndarray], np.ndarray],
        *,
        n: int = 500,
        seed: int = 0,
    ) -> Copies:
        """With n of n_test reconstructed test samples as the yardstick. reconstruct: rows (n,) -> reconstructions
        (n, *shape)."""
        return cls(train, reconstruct(np.sort(np.random.default_rng(seed).permutation(n_test)[:n])), seed)

    def find(self, x: Float[np.ndarray, "b ..."]) -> Found:
        """The nearest training sample to each of x (b, *shape). Exact. Raises: ShapeError."""
        rows, rms = self._nearest(self._checked(x))
        if self.yardstick is None:
            return Found(rows, rms, np.full(len(rows), np.nan))
        return Found(rows, rms, np.searchsorted(self.yardstick, rms) / len(self.yardstick))

    def _checked(self, x: np.ndarray) -> np.ndarray:
        if x.shape[1:] != self.shape or not len(x):
            shape = ", ".join(map(str, self.shape))
            raise ShapeError(_("samples: given shape {given}, expected (b, {shape}).", given=x.shape, shape=shape))
        return floats(x.reshape(len(x), -1))

    def _seen(self, x: np.ndarray) -> np.ndarray:
        return (x - self._centre) @ self._axes

    def _nearest(self, x: Float[np.ndarray, "b v"]) -> tuple[np.ndarray, np.ndarray]:
        """Takes candidates by their distance along the axes, a lower bound, until no other can be nearer."""
        rows, distance = np.empty(len(x), np.int64), np.empty(len(x))
        left, k = np.arange(len(x)), FIRST
        while len(left):
            bounds, candidates = self._index.query(self._seen(x[left]), k)
            undecided = []
            for i, bound, found in zip(left, bounds, candidates, strict=True):
                gap = np.linalg.norm(floats(self.train[found]) - x[i], axis=1)
                best = int(gap.argmin())
                rows[i], distance[i] = found[best], gap[best]
                if len(found) < len(self.train) and bound[-1] < gap[best]:
                    undecided.append(i)
            left, k = np.array(undecided, np.int64), 4 * k
        return rows, distance / np.sqrt(x.shape[1])
