"""Fitting a map: UMAP on exact neighbours, initialised with two principal components; reproducible for a seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..errors import SettingError, ShapeError
from ..text import _
from .compact import all_equal
from .forward import Forward
from .neighbours import Index, metric_scale
from .rows import rows
from .threads import one_thread
from .traverse import principal

LANDMARKS = 20_000
MIN_DIST = 0.1
MANY = 1024  # dimensions, beyond which the principal axes are those of a randomized SVD
WIDTH = 10.0  # the initial layout lies within +-10, the scale that UMAP's step sizes assume


@dataclass(frozen=True)
class FittedMap:
    """xy: (n, 2) float32 map positions; a, b: parameters of the attraction 1 / (1 + a r^2b) of the fit.

    landmarks: (m,) rows that UMAP itself placed; the others were placed by the forward map. None: all.
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
    """Map positions of latents by UMAP (McInnes et al., 2018). The same seed and options give the same bits.

    Unlike stock umap-learn, neighbours are exact, the initial layout is deterministic, and of more than `landmarks`
    rows a random subset is fitted and the others are placed by the forward map. Sets too small for UMAP (n < 4) are
    projected on their two principal axes.

    Args: negative_sample_rate: 10 gives a slightly better map in twice the time. report: called now and then with the
        share of epochs done. start (n, 2): the initial layout, for up to `landmarks` rows; None: the principal axes.
        step: the initial learning rate of the layout, which decays to 0; a small one stays near the initial layout.
    Raises: ShapeError: z is not (n, d) finite, or empty, or start is not one position per row. SettingError: an
        option is out of range.
    """
    z = rows(z)
    if len(z) == 0:
        raise ShapeError(_("z: given 0 rows, expected at least 1 to draw a map."))
    for name, value, least in (
        ("n_epochs", n_epochs, 1),
        ("n_neighbors", n_neighbors, 2),
        ("negative_sample_rate", negative_sample_rate, 1),
        ("landmarks", landmarks, 4),
    ):
        if int(value) != value or value < least:
            raise SettingError(
                _("{name}={value!r}: expected a whole number of at least {least}.", name=name, value=value, least=least)
            )
    a, b = attraction(float(min_dist))
    scale = metric_scale(z) if scale is None else rows(np.asarray(scale)[None], z.shape[1], "scale")[0]
    chosen = landmark_rows(len(z), landmarks, seed)
    index = Index(z if chosen is None else z[chosen], scale)
    if start is not None and (chosen is not None or np.shape(start) != (len(z), 2)):
        raise ShapeError(
            _(
                "start: given {given}, expected {expected} with at most {landmarks} rows.",
                given=np.shape(start),
                expected=(len(z), 2),
                landmarks=landmarks,
            )
        )
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
    """Row numbers, ascending, of a random subset of that size; None if n is no larger."""
    return None if n <= landmarks else np.sort(np.random.default_rng(seed).permutation(n)[:landmarks])


@lru_cache(maxsize=16)
def attraction(min_dist: float = MIN_DIST, spread: float = 1.0) -> tuple[float, float]:
    """(a, b) for which 1 / (1 + a r^2b) best fits 1 up to min_dist, then exp(-(r - min_dist) / spread), as in UMAP.

    Raises: SettingError: min_dist outside 0 to spread.
    """
    if not 0.0 <= min_dist <= spread:
        raise SettingError(_("min_dist={min_dist!r}: expected 0 to {spread}.", min_dist=min_dist, spread=spread))
    from scipy.optimize import curve_fit  # here: its import takes .4 s, and a loaded map has its a and b

    r = np.linspace(0.0, 3.0 * spread, 300)
    wanted = np.where(r < min_dist, 1.0, np.exp(-(r - min_dist) / spread))
    (a, b), _covariance = curve_fit(lambda x, a, b: 1.0 / (1.0 + a * x ** (2 * b)), r, wanted)
    return float(a), float(b)


def principal_layout(points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
    """The points projected on their two principal axes, the first scaled to +-10; the largest loading of each axis is
    positive.

    If fewer than two dimensions vary, the missing coordinate is 0.
    """
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    if points.shape[1] > MANY:  # whose covariance takes longer than the map: 22 s at d = 4096
        found = principal(points, 2)
        values, vectors = found.std[::-1], found.v.T
    else:
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
    if n < 4 or all_equal(index.points):  # UMAP would spread equal points by its own noise
        return np.asarray(start, np.float32)
    random = np.random.RandomState(seed)  # the generator that umap-learn takes
    start = start + random.normal(scale=1e-4 * WIDTH, size=start.shape)  # UMAP cannot separate points that coincide
    distances, neighbours = index.query_points(k)
    fuzzy_simplicial_set, simplicial_set_embedding = _umap_learn()
    graph, _sigmas, _rhos = fuzzy_simplicial_set(
        index.points, k, random, "euclidean", knn_indices=neighbours, knn_dists=distances.astype(np.float32)
    )
    xy, _extra = simplicial_set_embedding(
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
        parallel=False,  # the threads of numba race: the same seed would give different maps
        verbose=False,
        tqdm_kwds={"disable": report is None, "file": _Epochs(report), "bar_format": "{n_fmt}/{total_fmt};"},
    )
    xy = np.asarray(xy, np.float32)
    return xy - xy.mean(axis=0, dtype=np.float64).astype(np.float32)


class _Epochs:
    """A file for umap-learn's progress bar: "50/200;" becomes report(.25)."""

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
    """The two stages of umap-learn. They are imported only here, which takes 2 s. Their first call compiles for 7 s;
    numba caches the result on disk, so that only the first map of an installation waits for it.
    """
    with warnings.catch_warnings():  # on import it warns that TensorFlow, which is not used here, is missing
        warnings.simplefilter("ignore")
        from umap import layouts, umap_
    for compiled in (
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
        layouts._get_optimize_layout_euclidean_single_epoch_fn(parallel=False),
    ):
        compiled.enable_caching()
    return umap_.fuzzy_simplicial_set, umap_.simplicial_set_embedding
