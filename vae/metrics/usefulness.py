"""How useful latents are for classification, on samples that neither the model nor the classifier was fitted to, beside
raw samples and principal components: does the code help at all?"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from ..data.principal import floats
from ..data.validation import as_trained
from ..errors import NotMeasurable, ShapeError
from ..latent.threads import all_on_one_thread
from ..registry import metric_group
from ..text import N_, _, ngettext, number
from .cached_estimates import cached
from .estimate import Estimate, Measured, apart, bootstrap_error, in_english
from .subject import Subject

K = 5
N_TRAIN = 20_000  # latents that the linear probe and the neighbours are fitted to, at most
RESTARTS = 5  # of k-means
STEPS = 1000  # of the probe's optimiser, at most
WORK = 16_000_000_000  # of the probe on raw samples: training rows x values x classes x steps; MNIST: 100 steps
LEAST_STEPS = 20
SCORES = ("knn_accuracy", "linear_probe_accuracy", "kmeans_ari", "kmeans_nmi")
MAJORITY = "majority_accuracy"  # of the most frequent class alone
HELPS = {True: N_("yes"), False: N_("no"), None: N_("not clear")}  # what `helps` returns, in words
BASELINES = ("raw", "pca")  # what stands beside the code: SCORE_raw, SCORE_pca

Latents = Float[np.ndarray, "n d"]
Labels = Int[np.ndarray, " n"]


def use_estimates(
    z_train: Latents,
    y_train: Labels,
    z_test: Float[np.ndarray, "m d"],
    y_test: Int[np.ndarray, " m"],
    *,
    seed: int,
    noun: str = in_english("latents"),
    kind: str = in_english("posterior means"),
    standardise: bool = True,
    steps: int = STEPS,
) -> dict[str, Any]:
    """Accuracy of nearest neighbours and of a linear probe fitted to training latents, on test latents, and how well
    clusters of the test latents match the classes. seed: selects training rows and starts k-means.

    noun, kind: what the protocol calls them; standardise: before the probe; steps: of the probe, at most.

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
    fitted = in_english(f"fitted to {len(z)} training {noun}, measured on {len(z_test)} test {noun}, {kind}")
    converged, probe = linear_probe(z, y, z_test, standardise=standardise, steps=steps)
    scaled = in_english(", inputs standardised") if standardise else ""
    stopped = "" if converged else in_english(f"; stopped after {steps} steps, before it converged")
    return {
        "knn_accuracy": accuracy_estimate(
            knn(z, y, z_test) == y_test, seed, in_english(f"majority of k={K} neighbours, {fitted}")
        ),
        "linear_probe_accuracy": accuracy_estimate(
            probe == y_test,
            seed,
            in_english(f"logistic regression{scaled}, L2 with C=1, {fitted}{stopped}"),
        ),
        **cluster_estimates(z_test, y_test, seed=seed, noun=noun, kind=kind),
    }


def baseline_estimates(
    x_train: np.ndarray,
    y_train: Labels,
    x_test: np.ndarray,
    y_test: Int[np.ndarray, " m"],
    d: int,
    *,
    seed: int,
    dataset: str | None = None,
) -> dict[str, Any]:
    """`use_estimates` of the raw samples (SCORE_raw) and of their first d principal components (SCORE_pca).

    x_train (n, ...), x_test (m, ...): uint8 levels, which become 0-1, or float. The components are fitted to the
    training samples. Raw values are not standardised for the probe: values that hardly ever vary would weigh as much as
    any other (MNIST: accuracy .900 instead of .917). Its steps are bounded by WORK; more make it no better (100 steps
    give .840 on Fashion-MNIST and .917 on MNIST, convergence .833 and .918). dataset: in whose cache folder the
    estimates are kept, as they are the same for all its models; None: nowhere.
    """
    from sklearn.decomposition import PCA

    rows = np.random.default_rng(seed).permutation(len(x_train))[:N_TRAIN]
    x, y, t = _flat(x_train[rows]), y_train[rows], _flat(x_test)
    steps = int(np.clip(WORK // (x.size * len(np.unique(y))), LEAST_STEPS, STEPS))
    noun = in_english("samples")

    def raw() -> dict[str, Any]:
        kind = in_english("raw values")
        return use_estimates(x, y, t, y_test, seed=seed, noun=noun, kind=kind, standardise=False, steps=steps)

    def pca() -> dict[str, Any]:
        with all_on_one_thread():
            fitted = PCA(min(d, *x.shape), random_state=seed).fit(x)
            z, z_test = fitted.transform(x), fitted.transform(t)
        kind = in_english(f"{fitted.n_components_} principal components")
        return use_estimates(z, y, z_test, y_test, seed=seed, noun=noun, kind=kind)

    protocol = {"k": K, "n_train": N_TRAIN, "seed": seed}
    settings = {"raw": protocol | {"steps": steps}, "pca": protocol | {"steps": STEPS, "d": d}}
    both = {}
    for name, measure in (("raw", raw), ("pca", pca)):
        data = {"x": x, "y": y, "x_test": t, "y_test": y_test}
        both[name] = measure() if dataset is None else cached(dataset, name, data, settings[name], measure)
    return {f"{score}_{name}": both[name][score] for score in SCORES for name in BASELINES}


def helps(code: Measured, raw: Measured, pca: Measured) -> bool | None:
    """Whether a score of the code, higher is better, beats those of the raw samples and of PCA: True if it is clearly
    above both, False if it is clearly below one of them, None if neither; `apart` says what is clear."""
    gaps = [(code[0] - other[0], apart(code, other)) for other in (raw, pca)]
    if all(clear and gap > 0 for gap, clear in gaps):
        return True
    return False if any(clear and gap < 0 for gap, clear in gaps) else None


def _flat(x: np.ndarray) -> Float[np.ndarray, "n v"]:
    return floats(x.reshape(len(x), -1))


def knn(z: Latents, y: Labels, z_test: Float[np.ndarray, "m d"], k: int = K) -> Int[np.ndarray, " m"]:
    """The most frequent class of the k nearest training latents, exact and Euclidean; ties go to the smallest class."""
    from sklearn.neighbors import KNeighborsClassifier  # here: importing scikit-learn takes a second

    with all_on_one_thread():
        return KNeighborsClassifier(k).fit(z, y).predict(z_test)


def linear_probe(
    z: Latents, y: Labels, z_test: Float[np.ndarray, "m d"], *, standardise: bool = True, steps: int = STEPS
) -> tuple[bool, Int[np.ndarray, " m"]]:
    """True if it converged within `steps`, and the predictions of a multinomial logistic regression."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = (z.mean(0), z.std(0)) if standardise else (np.zeros_like(z[0]), np.ones_like(z[0]))
    scale[scale == 0] = 1
    with all_on_one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # reported by the first value
        fitted = LogisticRegression(C=1.0, max_iter=steps).fit((z - mean) / scale, y)
    return bool((fitted.n_iter_ < steps).all()), fitted.predict((z_test - mean) / scale)


def cluster_estimates(
    z: Latents, y: Labels, *, seed: int, noun: str = in_english("latents"), kind: str = in_english("posterior means")
) -> dict[str, Any]:
    """k-means with as many clusters as classes against the classes: adjusted Rand index (Hubert and Arabie, 1985), 0 in
    expectation for a random partition, and normalised mutual information (arithmetic mean), both 1 for a perfect one.
    Means over RESTARTS seeds, which differ more than test samples do. Standard errors: that of this mean and, by
    bootstrap of the test samples with the clusters as they are, that of the samples, together.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    clusters = min(
        len(np.unique(y)), len(np.unique(z, axis=0))
    )  # a collapsed code has fewer distinct values than classes
    with all_on_one_thread():
        found = [KMeans(clusters, n_init=10, random_state=seed + i).fit_predict(z) for i in range(RESTARTS)]
    spread = in_english("standard error by their spread and by bootstrap of the test samples")
    runs = in_english(f"mean of {RESTARTS} runs with other seeds, each the best of 10 starts")
    text = in_english(f"k-means, {clusters} clusters, {runs}, on {len(z)} test {noun}, {kind}; {spread}")
    scores = {"kmeans_ari": adjusted_rand_score, "kmeans_nmi": normalized_mutual_info_score}
    out = {}
    for name, score in scores.items():
        values = [float(score(y, one)) for one in found]
        sampled = bootstrap_error(partial(_of_rows, score, y, found[0]), len(z), seed=seed)
        error = float(np.hypot(sampled, np.std(values, ddof=1) / np.sqrt(RESTARTS)))
        out[name] = Estimate(float(np.mean(values)), len(z), seed, error or None, text)
    return out


def _of_rows(score: Callable, y: Labels, found: Labels, rows: Int[np.ndarray, " n"]) -> float:
    return float(score(y[rows], found[rows]))


def accuracy_estimate(right: np.ndarray, seed: int, protocol: str) -> Estimate:
    """The accuracy, with its binomial standard error; none where all or no samples are right."""
    share, n = float(right.mean()), len(right)
    error = float(np.sqrt(share * (1 - share) / n)) if 0 < share < 1 else None
    return Estimate(share, n, seed, error, protocol)


def majority_estimate(y_train: Labels, y_test: Int[np.ndarray, " m"], *, seed: int) -> dict[str, Estimate]:
    """The accuracy of always naming the class that is most frequent in training: what every other one has to beat. It
    is a property of how the data were split and has no standard error."""
    classes, counts = np.unique(y_train, return_counts=True)
    protocol = in_english(f"the most frequent of {len(classes)} classes in training, on {len(y_test)} test samples")
    share = float((y_test == classes[counts.argmax()]).mean())
    return {MAJORITY: Estimate(share, len(y_test), seed, None, protocol)}


@metric_group(
    name="use",
    title=N_("accuracy of nearest neighbours and of a linear probe, k-means clusters against classes"),
    figures=N_(
        "`knn_accuracy` and `linear_probe_accuracy`, fitted to training latents and measured on test latents; "
        "`kmeans_ari`, `kmeans_nmi` of clusters against classes; beside them, of the same samples, those of the raw "
        "values, `knn_accuracy_raw`, `linear_probe_accuracy_raw`, `kmeans_ari_raw`, `kmeans_nmi_raw`, and of as many "
        "principal components as the code has dimensions, `knn_accuracy_pca`, `linear_probe_accuracy_pca`, "
        "`kmeans_ari_pca`, `kmeans_nmi_pca`; and `majority_accuracy` of always naming the most frequent class"
    ),
    terms={
        score + beside: anchor
        for score, anchor in zip(
            SCORES, ("knn-accuracy", "linear-probe", "clustering-scores", "clustering-scores"), strict=True
        )
        for beside in ("", *(f"_{name}" for name in BASELINES))
    }
    | {MAJORITY: "knn-accuracy"},
)
def use_group(s: Subject) -> dict[str, Any]:
    """Samples are encoded without labels, by conditional models, too: otherwise the code would contain the answer."""
    d = as_trained(s.samples, s.engine.card)
    if d.y_train is None or d.y_test is None:
        raise NotMeasurable(_("{dataset} has no labels.", dataset=s.dataset.name))
    rows = np.random.default_rng(s.seed).permutation(len(d.x_train))[:N_TRAIN]
    x_train, y_train = d.x_train[rows], d.y_train[rows]
    z_train, z_test = s.engine.encode(x_train)[0], s.engine.encode(d.x_test)[0]
    found = use_estimates(z_train, y_train, z_test, d.y_test, seed=s.seed)
    found |= majority_estimate(d.y_train, d.y_test, seed=s.seed)
    s.report(_("measuring raw samples and principal components"))
    return found | baseline_estimates(
        x_train, y_train, d.x_test, d.y_test, z_train.shape[1], seed=s.seed, dataset=s.dataset.name
    )
