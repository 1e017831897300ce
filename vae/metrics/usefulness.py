"""What latents are good for: telling classes by them, on samples that neither model nor reader was fitted to."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from ..errors import NotMeasurable, ShapeError
from ..registry import metric_group
from .estimate import Estimate
from .subject import Subject

K = 5
N_TRAIN = 20_000  # latents that the linear probe and the neighbours are fitted to, at most
STEPS = 1000  # of the probe's optimiser, at most

Latents = Float[np.ndarray, "n d"]
Labels = Int[np.ndarray, " n"]


def use_estimates(
    z_train: Latents, y_train: Labels, z_test: Float[np.ndarray, "m d"], y_test: Int[np.ndarray, " m"], *, seed: int
) -> dict[str, Any]:
    """Accuracy of nearest neighbours and of a linear probe from train latents to test latents, and how well clusters
    of the test latents match the classes. seed: of the rows of the training split that are used, and of k-means.

    Raises: ShapeError: fewer training latents than neighbours, or of only one class.
    """
    if len(z_train) <= K or len(np.unique(y_train)) < 2:
        raise ShapeError(
            f"{len(z_train)} training latents of {len(np.unique(y_train))} classes: expected more than {K}, of two."
        )
    rows = np.random.default_rng(seed).permutation(len(z_train))[:N_TRAIN]
    z, y = z_train[rows], y_train[rows]
    fitted = f"fitted to {len(z)} training latents, measured on {len(z_test)} test latents, posterior means"
    converged, probe = linear_probe(z, y, z_test)
    stopped = "" if converged else f"; stopped after {STEPS} steps, before it converged"
    return {
        "knn_accuracy": _accuracy(knn(z, y, z_test) == y_test, seed, f"majority of k={K} neighbours, {fitted}"),
        "linear_probe_accuracy": _accuracy(
            probe == y_test, seed, f"logistic regression, latents standardised, L2 with C=1, {fitted}{stopped}"
        ),
        **cluster_estimates(z_test, y_test, seed=seed),
    }


def knn(z: Latents, y: Labels, z_test: Float[np.ndarray, "m d"], k: int = K) -> Int[np.ndarray, " m"]:
    """The class of most of the k nearest training latents, exact and Euclidean; of equal counts the smallest class."""
    from sklearn.neighbors import KNeighborsClassifier  # here: importing scikit-learn takes a second

    return KNeighborsClassifier(k).fit(z, y).predict(z_test)


def linear_probe(z: Latents, y: Labels, z_test: Float[np.ndarray, "m d"]) -> tuple[bool, Int[np.ndarray, " m"]]:
    """Whether it converged, and the classes that a multinomial logistic regression on standardised latents says."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = z.mean(0), z.std(0)
    scale[scale == 0] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told by the first value
        fitted = LogisticRegression(C=1.0, max_iter=STEPS).fit((z - mean) / scale, y)
    return bool((fitted.n_iter_ < STEPS).all()), fitted.predict((z_test - mean) / scale)


def cluster_estimates(z: Latents, y: Labels, *, seed: int) -> dict[str, Any]:
    """k-means with as many clusters as classes against the classes: adjusted Rand index (Hubert and Arabie, 1985), 0 in
    expectation for a random partition, and normalised mutual information (arithmetic mean), both 1 for a perfect one.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    clusters = min(len(np.unique(y)), len(np.unique(z, axis=0)))  # a collapsed code has fewer places than classes
    found = KMeans(clusters, n_init=10, random_state=seed).fit_predict(z)
    text = f"k-means, {clusters} clusters, best of 10 starts, on {len(z)} test latents, posterior means"
    scores = {"kmeans_ari": adjusted_rand_score, "kmeans_nmi": normalized_mutual_info_score}
    return {name: Estimate(float(score(y, found)), len(z), seed, None, text) for name, score in scores.items()}


def _accuracy(right: np.ndarray, seed: int, protocol: str) -> Estimate:
    """The share of right answers, with its binomial standard error."""
    share, n = float(right.mean()), len(right)
    return Estimate(share, n, seed, float(np.sqrt(share * (1 - share) / n)), protocol)


@metric_group(
    name="use",
    title="accuracy of neighbours and of a linear probe, k-means against classes",
    figures=(
        "`knn_accuracy` and `linear_probe_accuracy` from train to test latents; `kmeans_ari`, `kmeans_nmi` "
        "against the classes"
    ),
)
def use_group(s: Subject) -> dict[str, Any]:
    """Encoded without labels, also by conditional models: a label given to the encoder is no finding."""
    d = s.samples
    if d.y_train is None or d.y_test is None:
        raise NotMeasurable(f"{s.dataset.name} has no labels that latents could tell.")
    rows = np.random.default_rng(s.seed).permutation(len(d.x_train))[:N_TRAIN]
    (z_train, _), (z_test, _) = s.engine.encode(d.x_train[rows]), s.engine.encode(d.x_test)
    return use_estimates(z_train, d.y_train[rows], z_test, d.y_test, seed=s.seed)
