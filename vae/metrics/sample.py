"""Distances between generated and real samples, as two sets of features (n, m). Pure NumPy.

Distances are exact and Euclidean. No metric here is an FID or comparable with one, whose features are another net's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from ..errors import NotMeasurable, SettingError, ShapeError
from ..registry import metric_group
from ..text import N_, _
from .estimate import Estimate, in_english
from .features import feature_space
from .subject import Subject

SOURCES = {
    "precision": in_english("Kynkaanniemi et al., 2019"),
    "recall": in_english("Kynkaanniemi et al., 2019"),
    "density": in_english("Naeem et al., 2020"),
    "coverage": in_english("Naeem et al., 2020"),
}
K = 5  # neighbours of precision, recall, density and coverage, as Naeem et al. use
BLOCKS = 20  # of the jackknife
N = 10_000  # generated samples, and real ones, at most
ROWS = 1000  # of the distance matrix at a time

Features = Float[np.ndarray, "n m"]


def sample_estimates(real: Features, fake: Float[np.ndarray, "k w"], *, seed: int, protocol: str) -> dict[str, Any]:
    """Frechet distance, precision, recall, density and coverage of fake against real, by name.

    seed: of the samples; protocol: what the features are and how fake was made. The Frechet distance increases as sets
    get smaller, even between equal distributions: compare at equal n only. Its standard error is a jackknife estimate;
    those of the other four treat the set that spans the balls as fixed.
    """
    n = min(len(real), len(fake))
    n_both = in_english(f"{len(real)} real and {len(fake)} generated samples")
    out = {
        "frechet_distance": Estimate(
            frechet_distance(real, fake), n, seed, jackknife_error(real, fake),
            f"Frechet distance of Gaussians fitted to {n_both}; {protocol}",
        )
    }  # fmt: skip
    for name, each in neighbour_scores(real, fake).items():
        error = float(each.std(ddof=1) / np.sqrt(len(each)))
        out[name] = Estimate(
            float(each.mean()),
            len(each),
            seed,
            error,
            f"k={K}, {SOURCES[name]}; {n_both}; {protocol}",
        )
    return out


def frechet_distance(a: Features, b: Float[np.ndarray, "k w"]) -> float:
    """|mean_a - mean_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), S the unbiased covariances: the squared Frechet
    (2-Wasserstein) distance of the Gaussians with these moments. Dowson and Landau, 1982; never negative.

    The trace of the root is the sum of the singular values of S_a^(1/2) S_b^(1/2): symmetric roots only, so that
    singular covariances cost no precision. Raises: ShapeError: fewer than two rows, or different widths.
    """
    _check(a, b, least=2)
    a, b = a.astype(np.float64), b.astype(np.float64)
    s_a, s_b = np.atleast_2d(np.cov(a, rowvar=False)), np.atleast_2d(np.cov(b, rowvar=False))
    cross = np.linalg.svd(_root(s_a) @ _root(s_b), compute_uv=False).sum()
    distance = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(s_a) + np.trace(s_b) - 2 * cross
    return max(0.0, float(distance))


def jackknife_error(a: Features, b: Float[np.ndarray, "k w"]) -> float | None:
    """Standard error of the Frechet distance: the jackknife variances of the two sets, by leaving out one of 20 blocks
    in turn, are added. Quenouille, 1956. None if a set has fewer than 40 rows.
    """
    if min(len(a), len(b)) < 2 * BLOCKS:
        return None
    variance = 0.0
    for left, other in ((a, b), (b, a)):
        block = np.arange(len(left)) % BLOCKS
        each = np.array([frechet_distance(left[block != i], other) for i in range(BLOCKS)])
        variance += (BLOCKS - 1) / BLOCKS * float(np.square(each - each.mean()).sum())
    return float(np.sqrt(variance))


def neighbour_scores(real: Features, fake: Float[np.ndarray, "k w"], k: int = K) -> dict[str, np.ndarray]:
    """The contribution of each row; the means are the scores. A ball is centred on a row and reaches to its k-th
    nearest other row of the same set.

    precision (fake rows): 1 if inside some real ball. recall (real rows): 1 if inside some fake ball. Kynkaanniemi et
    al., 2019, equations 1-3. density (fake rows): number of real balls that contain it, over k. coverage (real
    rows): 1 if its ball contains a fake row. Naeem et al., 2020, equations 3-4.

    Raises: ShapeError: no more than k rows in a set, or different widths.
    """
    _check(real, fake, least=k + 1)
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    real_reach, fake_reach = _reach(real, k), _reach(fake, k)
    held_by = np.zeros(len(fake), np.int64)  # real balls around each fake row
    recall, coverage = np.zeros(len(real)), np.zeros(len(real))
    for i in range(0, len(real), ROWS):
        d = _squared_distances(real[i : i + ROWS], fake)
        in_real = d < real_reach[i : i + ROWS, None]
        held_by += in_real.sum(0)
        coverage[i : i + ROWS] = in_real.any(1)
        recall[i : i + ROWS] = (d < fake_reach).any(1)
    return {"precision": (held_by > 0).astype(float), "recall": recall, "density": held_by / k, "coverage": coverage}


def _reach(x: Features, k: int) -> Float[np.ndarray, " n"]:
    """Squared distance of each row to its k-th nearest other row."""
    out = np.empty(len(x))
    for i in range(0, len(x), ROWS):
        d = _squared_distances(x[i : i + ROWS], x)
        d[np.arange(len(d)), np.arange(i, i + len(d))] = np.inf  # not itself, though copies of it count
        out[i : i + ROWS] = np.partition(d, k - 1, axis=1)[:, k - 1]
    return out


def _squared_distances(a: Features, b: Float[np.ndarray, "k w"]) -> Float[np.ndarray, "n k"]:
    d = np.square(a).sum(1)[:, None] - 2 * (a @ b.T) + np.square(b).sum(1)
    return np.maximum(d, 0, out=d)


def _root(s: Float[np.ndarray, "m m"]) -> Float[np.ndarray, "m m"]:
    """The symmetric square root of a covariance; eigenvalues that are negative by rounding count as 0."""
    values, vectors = np.linalg.eigh(s)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def _check(a: np.ndarray, b: np.ndarray, *, least: int) -> None:
    if a.shape[1] != b.shape[1] or min(len(a), len(b)) < least:
        raise ShapeError(
            _(
                "features: given shapes {a} and {b}, expected equal widths and at least {least} rows each.",
                a=a.shape,
                b=b.shape,
                least=least,
            )
        )


@metric_group(
    name="samples",
    title=N_("Frechet distance, precision, recall, density and coverage in a classifier's features"),
    figures=N_(
        "`frechet_distance`, `precision`, `recall`, `density`, `coverage` (k=5, exact neighbours) of generated against "
        "test samples, in the features of a small classifier trained by zscope; for conditional models also "
        "`label_agreement`, the share of samples generated for a label that this classifier assigns to it (its own "
        "test accuracy is in the protocol)"
    ),
    terms={
        "frechet_distance": "frechet-distance",
        "precision": "precision-and-recall",
        "recall": "precision-and-recall",
        "density": "density-and-coverage",
        "coverage": "density-and-coverage",
        "label_agreement": "label-agreement",
    },
)
def samples_group(s: Subject) -> dict[str, Any]:
    """As many generated samples as test samples, from the prior or, without one, from the aggregate posterior."""
    try:
        features = feature_space(s.dataset.name, s.samples, device=s.device, report=s.report)
    except SettingError as e:
        raise NotMeasurable(str(e)) from e
    assert s.samples.y_test is not None  # or there would be no features
    real, y = s.samples.x_test[:N], s.samples.y_test[:N]
    source = "prior" if s.engine.has_prior else "aggregate"
    z = s.engine.sample(len(real), seed=s.seed, source=source, y=y)
    given = in_english(", labels of the test set") if s.engine.conditional else ""
    drawn = in_english(f"draws from the {source}")
    if "chains" in s.engine.traits:
        drawn = in_english("states of Markov chains")
    protocol = in_english(f"E[x|z] of {drawn}{given}, against test samples; features of the {features.name}")
    out = sample_estimates(features(real), features(s.engine.decode(z, y)), seed=s.seed, protocol=protocol)
    return out | (label_agreement(s.engine, features, s.seed) if s.engine.conditional else {})


def label_agreement(engine: Any, features: Any, seed: int, n: int = N) -> dict[str, Estimate]:
    """The share of pictures generated for a label that the classifier assigns to it: n in all, equally many per label.

    features: a FeatureSpace. Its own accuracy on real test pictures is in the protocol: its mistakes count against the
    model.
    """
    r = features.record
    y = np.repeat(np.arange(r["classes"]), n // r["classes"])
    pictures = engine.decode(engine.sample(len(y), seed=seed, y=y), y)
    right = (features.classify(pictures) == y).reshape(r["classes"], -1)
    error = float(np.sqrt((right.var(1, ddof=1) / right.shape[1]).sum()) / r["classes"])  # the labels are not random
    protocol = in_english(
        f"share of E[x|z, y], {right.shape[1]} prior draws for each of {r['classes']} labels, classified as their "
        f"label; {features.name}"
    )
    return {"label_agreement": Estimate(float(right.mean()), right.size, seed, error, protocol)}
