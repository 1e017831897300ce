"""How useful latents are for classification, on samples that neither the model nor the classifier was fitted to."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from ..data.validation import as_trained
from ..errors import NotMeasurable, ShapeError
from ..registry import metric_group
from ..text import N_, _, ngettext, number
from .estimate import Estimate, in_english
from .subject import Subject

K = 5
N_TRAIN = 20_000  # latents that the linear probe and the neighbours are fitted to, at most
STEPS = 1000  # of the probe's optimiser, at most

Latents = Float[np.ndarray, "n d"]
Labels = Int[np.ndarray, " n"]


def use_estimates(
    z_train: Latents, y_train: Labels, z_test: Float[np.ndarray, "m d"], y_test: Int[np.ndarray, " m"], *, seed: int
) -> dict[str, Any]:
    """Accuracy of nearest neighbours and of a linear probe fitted to training latents, on test latents, and how well
    clusters of the test latents match the classes. seed: selects training rows and starts k-means.

    Raises: ShapeError: fewer training latents than neighbours, or only one class.
    """
    if len(z_train) <= K or len(np.unique(y_train)) < 2:
        raise ShapeError(
            ngettext(
                "given {latents} training latents of {n} class, expected more than {k} of at least 2 classes.",
                "given {latents} training latents of {n} classes, expected more than {k} of at least 2 classes.",
                len(np.unique(y_train)),
                latents=number(len(z_train)),
                k=K,
            )
        )
    rows = np.random.default_rng(seed).permutation(len(z_train))[:N_TRAIN]
    z, y = z_train[rows], y_train[rows]
    fitted = in_english(f"fitted to {len(z)} training latents, measured on {len(z_test)} test latents, posterior means")
    converged, probe = linear_probe(z, y, z_test)
    stopped = "" if converged else in_english(f"; stopped after {STEPS} steps, before it converged")
    return {
        "knn_accuracy": _accuracy(
            knn(z, y, z_test) == y_test, seed, in_english(f"majority of k={K} neighbours, {fitted}")
        ),
        "linear_probe_accuracy": _accuracy(
            probe == y_test,
            seed,
            in_english(f"logistic regression, latents standardised, L2 with C=1, {fitted}{stopped}"),
        ),
        **cluster_estimates(z_test, y_test, seed=seed),
    }


def knn(z: Latents, y: Labels, z_test: Float[np.ndarray, "m d"], k: int = K) -> Int[np.ndarray, " m"]:
    """The most frequent class of the k nearest training latents, exact and Euclidean; ties go to the smallest class."""
    from sklearn.neighbors import KNeighborsClassifier  # here: importing scikit-learn takes a second

    return KNeighborsClassifier(k).fit(z, y).predict(z_test)


def linear_probe(z: Latents, y: Labels, z_test: Float[np.ndarray, "m d"]) -> tuple[bool, Int[np.ndarray, " m"]]:
    """True if it converged, and the predictions of a multinomial logistic regression on standardised latents."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = z.mean(0), z.std(0)
    scale[scale == 0] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # reported by the first value
        fitted = LogisticRegression(C=1.0, max_iter=STEPS).fit((z - mean) / scale, y)
    return bool((fitted.n_iter_ < STEPS).all()), fitted.predict((z_test - mean) / scale)


def cluster_estimates(z: Latents, y: Labels, *, seed: int) -> dict[str, Any]:
    """k-means with as many clusters as classes against the classes: adjusted Rand index (Hubert and Arabie, 1985), 0 in
    expectation for a random partition, and normalised mutual information (arithmetic mean), both 1 for a perfect one.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    clusters = min(
        len(np.unique(y)), len(np.unique(z, axis=0))
    )  # a collapsed code has fewer distinct values than classes
    found = KMeans(clusters, n_init=10, random_state=seed).fit_predict(z)
    text = in_english(f"k-means, {clusters} clusters, best of 10 starts, on {len(z)} test latents, posterior means")
    scores = {"kmeans_ari": adjusted_rand_score, "kmeans_nmi": normalized_mutual_info_score}
    return {name: Estimate(float(score(y, found)), len(z), seed, None, text) for name, score in scores.items()}


def _accuracy(right: np.ndarray, seed: int, protocol: str) -> Estimate:
    """The accuracy, with its binomial standard error."""
    share, n = float(right.mean()), len(right)
    return Estimate(share, n, seed, float(np.sqrt(share * (1 - share) / n)), protocol)


@metric_group(
    name="use",
    title=N_("accuracy of nearest neighbours and of a linear probe, k-means clusters against classes"),
    figures=N_(
        "`knn_accuracy` and `linear_probe_accuracy`, fitted to training latents and measured on test latents; "
        "`kmeans_ari`, `kmeans_nmi` of clusters against classes"
    ),
    terms={
        "knn_accuracy": "knn-accuracy",
        "linear_probe_accuracy": "linear-probe",
        "kmeans_ari": "clustering-scores",
        "kmeans_nmi": "clustering-scores",
    },
)
def use_group(s: Subject) -> dict[str, Any]:
    """Samples are encoded without labels, by conditional models, too: otherwise the code would contain the answer."""
    d = as_trained(s.samples, s.engine.card)
    if d.y_train is None or d.y_test is None:
        raise NotMeasurable(_("{dataset} has no labels.", dataset=s.dataset.name))
    rows = np.random.default_rng(s.seed).permutation(len(d.x_train))[:N_TRAIN]
    z_train, z_test = s.engine.encode(d.x_train[rows])[0], s.engine.encode(d.x_test)[0]
    return use_estimates(z_train, d.y_train[rows], z_test, d.y_test, seed=s.seed)
