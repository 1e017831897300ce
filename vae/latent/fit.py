"""A new map: UMAP on exact neighbours, started from two principal axes, the same for the same seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..errors import SettingError, ShapeError
from .forward import Forward
from .neighbours import Index, metric_scale
from .rows import rows
from .threads import one_thread

LANDMARKS = 20_000
MIN_DIST = 0.1
WIDTH = 10.0  # the start lies within +-10, UMAP's own scale: its step sizes assume it


@dataclass(frozen=True)
class FittedMap:
    """xy: (n, 2) float32 map positions; a, b: of the attraction 1 / (1 + a r^2b) that the map was fitted with.

    landmarks: (m,) rows that UMAP placed itself, the rest were placed against them; None: all.
    """

    xy: np.ndarray
    a: float
    b: float
    landmarks: np.ndarray | None = None


def fit_map(
    z: ArrayLike,
    *,
    seed: int = 0,
    n_epochs: int = 200,
    n_neighbors: int = 15,
    min_dist: float = MIN_DIST,
    negative_sample_rate: int = 5,
    landmarks: int = LANDMARKS,
    scale: ArrayLike | None = None,
    report: Callable[[float], None] | None = None,
    start: ArrayLike | None = None,
    step: float = 1.0,
) -> FittedMap:
    """Map positions of latents by UMAP (McInnes et al., 2018). Same seed and options, same bits.

    Differs from stock umap-learn: neighbours are exact, the start is deterministic, and above `landmarks` rows a random
    subset is fitted and the rest placed by the forward map. Sets too small for UMAP (n < 4) are laid on their two
    principal axes.

    Args: negative_sample_rate: 10 gives a slightly better map for twice the time. report: called with the share of the
        epochs that are done, now and then. start (n, 2): where the layout begins, for up to `landmarks` rows; None: the
        principal axes. step: the first step size of the layout, which falls to 0; a small one stays near its start.
    Raises: ShapeError: z is not (n, d) finite, or empty, or start is not one place for each row. SettingError: an
        option out of range.
    """
    z = rows(z)
    if len(z) == 0:
        raise ShapeError("z: given 0 rows, expected at least 1 to draw a map.")
    for name, value, least in (
        ("n_epochs", n_epochs, 1),
        ("n_neighbors", n_neighbors, 2),
        ("negative_sample_rate", negative_sample_rate, 1),
        ("landmarks", landmarks, 4),
    ):
        if int(value) != value or value < least:
            raise SettingError(f"{name}={value!r}: expected a whole number of at least {least}.")
    a, b = attraction(float(min_dist))
    scale = metric_scale(z) if scale is None else rows(np.asarray(scale)[None], z.shape[1], "scale")[0]
    chosen = landmark_rows(len(z), landmarks, seed)
    index = Index(z if chosen is None else z[chosen], scale)
    if start is not None and (chosen is not None or np.shape(start) != (len(z), 2)):
        raise ShapeError(f"start: given {np.shape(start)}, expected {(len(z), 2)} with at most {landmarks} rows.")
    begin = principal_layout(index.points) if start is None else rows(start, 2, "start")
    fitted = _umap(
        index,
        begin,
        seed,
        n_epochs=n_epochs,
        n_neighbors=n_neighbors,
        negative_sample_rate=negative_sample_rate,
        a=a,
        b=b,
        report=report,
        step=step,
    )
    if chosen is None:
        return FittedMap(fitted, a, b)
    rest = np.setdiff1d(np.arange(len(z)), chosen)
    xy = np.empty((len(z), 2), np.float32)
    xy[chosen] = fitted
    xy[rest] = Forward(index, fitted, a, b).place(z[rest])
    return FittedMap(xy, a, b, chosen)


def landmark_rows(n: int, landmarks: int = LANDMARKS, seed: int = 0) -> Int[np.ndarray, " m"] | None:
    """Rising row numbers of a random subset of that size; None if n is no larger."""
    return None if n <= landmarks else np.sort(np.random.default_rng(seed).permutation(n)[:landmarks])


@lru_cache(maxsize=16)
def attraction(min_dist: float = MIN_DIST, spread: float = 1.0) -> tuple[float, float]:
    """(a, b) for which 1 / (1 + a r^2b) best follows 1 up to min_dist, then exp(-(r - min_dist) / spread): UMAP's fit.

    Raises: SettingError: min_dist outside 0 to spread.
    """
    if not 0.0 <= min_dist <= spread:
        raise SettingError(f"min_dist={min_dist!r}: expected 0 to {spread}.")
    from scipy.optimize import curve_fit  # .4 s, and a loaded map has its a and b

    r = np.linspace(0.0, 3.0 * spread, 300)
    wanted = np.where(r < min_dist, 1.0, np.exp(-(r - min_dist) / spread))
    (a, b), _ = curve_fit(lambda x, a, b: 1.0 / (1.0 + a * x ** (2 * b)), r, wanted)
    return float(a), float(b)


def principal_layout(points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
    """The points on their two principal axes, the first scaled to +-10; the largest load of each is positive.

    One dimension, or none that varies, leaves 0 in the missing axis.
    """
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    with one_thread():
        values, vectors = np.linalg.eigh(centred.T @ centred)
    vectors = vectors[:, ::-1][:, :2]
    vectors = vectors * np.where(vectors[np.argmax(np.abs(vectors), axis=0), range(vectors.shape[1])] < 0, -1.0, 1.0)
    xy = np.zeros((len(points), 2))
    xy[:, : vectors.shape[1]] = centred @ vectors
    reach = np.abs(xy).max()
    return xy * (WIDTH / reach) if values[-1] > 0 and reach > 1e-12 else np.zeros_like(xy)


def _umap(
    index: Index,
    start: Float[np.ndarray, "n 2"],
    seed: int,
    *,
    n_epochs: int,
    n_neighbors: int,
    negative_sample_rate: int,
    a: float,
    b: float,
    report: Callable[[float], None] | None,
    step: float,
) -> Float[np.ndarray, "n 2"]:
    n, k = index.n, min(n_neighbors, index.n)
    if n < 4:
        return np.asarray(start, np.float32)
    random = np.random.RandomState(seed)  # the kind umap-learn takes
    start = start + random.normal(scale=1e-4 * WIDTH, size=start.shape)  # UMAP cannot part points that coincide
    distances, neighbours = index.query_points(k)
    fuzzy_simplicial_set, simplicial_set_embedding = _umap_learn()
    graph, _, _ = fuzzy_simplicial_set(
        index.points, k, random, "euclidean", knn_indices=neighbours, knn_dists=distances.astype(np.float32)
    )
    xy, _ = simplicial_set_embedding(
        data=index.points,
        graph=graph,
        n_components=2,
        initial_alpha=step,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=negative_sample_rate,
        n_epochs=n_epochs,
        init=start.astype(np.float32),
        random_state=random,
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=False,  # numba's threads would race, and the same seed give another map
        verbose=False,
        tqdm_kwds={"disable": report is None, "file": _Epochs(report), "bar_format": "{n_fmt}/{total_fmt};"},
    )
    xy = np.asarray(xy, np.float32)
    return xy - xy.mean(axis=0, dtype=np.float64).astype(np.float32)


class _Epochs:
    """The file that umap-learn's progress bar writes to: "50/200;" becomes report(.25)."""

    def __init__(self, report: Callable[[float], None] | None):
        self.report = report

    def write(self, text: str) -> None:
        done, slash, total = text.strip().rstrip(";").partition("/")
        if self.report and slash and done.isdigit() and total.isdigit() and int(total):
            self.report(int(done) / int(total))

    def flush(self) -> None:
        pass


@lru_cache(maxsize=1)
def _umap_learn():
    """umap-learn's two stages. Imported here alone: 2 s. What their first call compiles, 7 s, numba keeps on disk as it
    does what umap-learn declares so itself: only the first map of an installation waits for it.
    """
    with warnings.catch_warnings():  # it warns on import that TensorFlow, which we do not use, is missing
        warnings.simplefilter("ignore")
        from umap import layouts, umap_
    for compiled in (
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
        layouts._get_optimize_layout_euclidean_single_epoch_fn(parallel=False),
    ):
        compiled.enable_caching()
    return umap_.fuzzy_simplicial_set, umap_.simplicial_set_embedding
