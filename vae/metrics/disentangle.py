"""Disentanglement: how far each latent dimension encodes one ground-truth factor, and each factor is in one dimension.

Inactive dimensions (`active_dimensions`) are left out of the FactorVAE score, DCI, SAP and the binned MIG. These see
posterior means, not the noise beside them: a collapsed code, whose means still vary a little, would score as if it told
the factors. Published code of the FactorVAE score (disentanglement_lib) leaves out "dimensions collapsed to the prior",
too, but by means with a standard deviation below .05; with .013 nats that of a dimension is .16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ..errors import NotMeasurable, ShapeError
from ..registry import metric_group
from ..text import N_, _, ngettext
from ..types import Samples
from .estimate import Estimate, in_english
from .factors import check_active, check_codes, check_factors
from .mig import mig_binned, mig_sampled
from .sap import sap
from .subject import Subject

BATCH = 64  # samples that agree in one factor and cast one vote
TRAIN_VOTES, TEST_VOTES = 10_000, 5_000
TREES = 20
LEAVES = (100, 25, 5)  # minimum samples per leaf
FOREST_ROWS = 5_000  # at most: the forests take most of the time


def evaluate_disentanglement(
    encode: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    samples: Samples,
    *,
    n: int = 10_000,
    seed: int = 0,
    categorical: Sequence[str] = ("shape",),
    rate_per_dim_nats: ArrayLike | None = None,
    prior: bool = True,
) -> dict[str, Estimate]:
    """All scores of this file on n test samples drawn without replacement (all, if there are fewer); DCI on up to 5000.

    encode: x as in samples -> mu, std (n, d). categorical: names of the factors whose values have no order.
    rate_per_dim_nats: (d,), as on a model's card, by which inactive dimensions are told; None: by variance alone.
    prior: False for codes without one, whose variances are judged relative to the largest of them. Keys:
    mig_binned, mig_sampled, factor_vae_score, dci_disentanglement, dci_completeness, dci_completeness_log_d,
    dci_informativeness, sap.
    mig_sampled is left out if a std is 0: a deterministic code has no posterior to sample from.
    Raises: ShapeError: samples without factors, or n too small for every factor to vary.
    """
    if samples.factors_test is None:
        raise ShapeError(_("samples: given no ground-truth factors, expected factors_test (n, f), as sprites has."))
    n = min(n, len(samples.x_test))
    rows = np.random.default_rng(seed).choice(len(samples.x_test), n, replace=False)
    factors, (mu, std) = samples.factors_test[rows], encode(samples.x_test[rows])
    used: dict[str, Any] = {"rate_per_dim_nats": rate_per_dim_nats, "prior": prior, "seed": seed}
    unordered = [name in categorical for name in samples.factor_names]
    found = {"mig_binned": mig_binned(mu, factors, **used)}
    if (np.asarray(std) > 0).all():
        found["mig_sampled"] = mig_sampled(mu, std, factors, seed=seed)
    return found | {
        "factor_vae_score": factor_vae_score(mu, factors, **used),
        **dci(mu[:FOREST_ROWS], factors[:FOREST_ROWS], **used),
        "sap": sap(mu, factors, categorical=unordered, **used),
    }


def factor_vae_score(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    rate_per_dim_nats: ArrayLike | None = None,
    prior: bool = True,
    seed: int = 0,
) -> Estimate:
    """Accuracy of naming the factor that is held fixed, from the dimension with the least variance. Kim and Mnih, 2018.

    A vote: a random factor, 64 samples that share its value, and the active dimension whose variance over them is
    smallest relative to its variance over all samples. Each dimension predicts the factor it votes for most often; the
    score is the accuracy on new votes. 1 is best; chance is 1 / f for f factors. Without an active dimension the score
    is 0. codes: (n, d) posterior means; factors: (n, f) whole numbers, close to uniform and independent, as samples
    with the same value are drawn from these rows. rate_per_dim_nats, prior: as in `evaluate_disentanglement`.
    standard_error: of the votes, given the codes.
    Raises: ShapeError: also if only one sample has some value of a factor.
    """
    codes = check_codes(codes)
    factors = check_factors(factors, len(codes))
    active, counted = check_active(codes, rate_per_dim_nats, prior)
    rng = np.random.default_rng(seed)
    held, voter = _votes(codes[:, active], factors, TRAIN_VOTES + TEST_VOTES, rng)
    counts = np.zeros((codes.shape[1], factors.shape[1]), np.int64)
    np.add.at(counts, (voter[:TRAIN_VOTES], held[:TRAIN_VOTES]), 1)
    right = counts.argmax(axis=1)[voter[TRAIN_VOTES:]] == held[TRAIN_VOTES:]
    value = float(right.mean()) if active.any() else 0.0
    error = float(np.sqrt(value * (1 - value) / TEST_VOTES)) if active.any() else None
    protocol = in_english(
        f"FactorVAE score: {TEST_VOTES} votes of {BATCH} samples after {TRAIN_VOTES} to learn from, "
        f"{counted}, chance 1/{factors.shape[1]} (Kim and Mnih, 2018)"
    )
    return Estimate(value, len(codes), seed, error, protocol)


def dci(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    rate_per_dim_nats: ArrayLike | None = None,
    prior: bool = True,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Disentanglement, completeness and informativeness. Eastwood and Williams, 2018.

    A random forest predicts each factor from the active dimensions of half of the samples; a quarter selects the leaf
    size, without which the importances fit noise. Its impurity importances (d, f) say which dimension is used for which
    factor. dci_disentanglement: is a dimension used for one factor only, dimensions weighted by their use.
    dci_completeness: is a factor in one dimension only. Both are 1 minus an entropy relative to its maximum: log f, and
    log a for the a active dimensions, as a dead one can hold no part of a factor. dci_completeness_log_d: relative to
    log d as in the paper, where d is the width of the code; with dead dimensions it is the larger of the two.
    dci_informativeness: accuracy on the last quarter, mean over factors (the paper reports an error; here higher is
    better, and chance is the share of the most frequent value). Standard error: of that accuracy, given the forests;
    importances have no valid one. codes: (n, d); factors: (n, f) whole numbers; rate_per_dim_nats, prior: as in
    `evaluate_disentanglement`. Raises: ShapeError: also if n < 8.
    """
    codes = check_codes(codes)
    factors = check_factors(factors, len(codes))
    n, (active, counted) = len(codes), check_active(codes, rate_per_dim_nats, prior)
    seen = codes[:, active] if active.any() else np.zeros((n, 1))
    if n < 8:
        raise ShapeError(
            ngettext(
                "codes: given {n} sample, expected at least 8 for training, selection and test.",
                "codes: given {n} samples, expected at least 8 for training, selection and test.",
                n,
            )
        )
    train, choose, test = np.split(np.random.default_rng(seed).permutation(n), [n // 2, 3 * n // 4])
    importance, right = np.empty((seen.shape[1], factors.shape[1])), np.empty((len(test), factors.shape[1]))
    for k, values in enumerate(factors.T):
        forest = _forest(seen[train], values[train], seen[choose], values[choose], seed)
        importance[:, k] = forest.feature_importances_
        right[:, k] = forest.predict(seen[test]) == values[test]
    hits = right.mean(axis=1)
    error = float(hits.std(ddof=1) / np.sqrt(len(hits)))
    by = in_english(f"{TREES}-tree random forests, {counted} (Eastwood and Williams, 2018)")
    of_completeness = in_english(f"DCI completeness: importances of {by}")
    with_dead = np.pad(importance, ((0, codes.shape[1] - len(importance)), (0, 0)))
    accuracy = in_english(f"DCI informativeness: accuracy on {len(test)} held-out samples of {by}")
    return {
        "dci_disentanglement": Estimate(
            disentanglement(importance), n, seed, None, f"DCI disentanglement: importances of {by}"
        ),
        "dci_completeness": Estimate(
            completeness(importance), n, seed, None, f"{of_completeness}, log base {len(importance)}, active dimensions"
        ),
        "dci_completeness_log_d": Estimate(
            completeness(with_dead), n, seed, None, f"{of_completeness}, log base {len(with_dead)}, all dimensions"
        ),
        "dci_informativeness": Estimate(float(hits.mean()), n, seed, error, accuracy),
    }


def disentanglement(importance: Float[np.ndarray, "d f"]) -> float:
    """1 minus the entropy of a dimension's importances over factors, base f; dimensions weighted by their sum."""
    use = importance.sum(axis=1)
    return float(_concentration(importance.T) @ use / use.sum()) if use.any() else 0.0


def completeness(importance: Float[np.ndarray, "d f"]) -> float:
    """1 minus the entropy of a factor's importances over dimensions, base d, the number of rows; mean over factors."""
    return float(_concentration(importance).mean())


def _votes(
    codes: Float[np.ndarray, "n a"], factors: Int[np.ndarray, "n f"], votes: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The factor held fixed and the dimension that varied least, (votes,) each. The fixed value is a random row's."""
    n, f = factors.shape
    orders = np.argsort(factors, axis=0, kind="stable")  # rows that agree in factor k are neighbours in column k
    counts = [np.bincount(column) for column in factors.T]
    for k, count in enumerate(counts):
        if count.min() < 2:
            raise ShapeError(
                ngettext(
                    "factor {k}: a value has only 1 sample, expected at least 2 of each: give more than {n} sample.",
                    "factor {k}: a value has only 1 sample, expected at least 2 of each: give more than {n} samples.",
                    n,
                    k=k,
                )
            )
    held, voter = rng.integers(f, size=votes), np.zeros(votes, np.int64)
    if not codes.shape[1]:
        return held, voter
    many = np.concatenate(counts)
    first = np.concatenate(
        [np.cumsum(count) - count for count in counts]
    )  # position of a value's first row in its order
    column = np.cumsum([0, *map(len, counts)])[held] + factors[rng.integers(n, size=votes), held]
    total = codes.var(axis=0, ddof=1)
    for part in (slice(i, i + 500) for i in range(0, votes, 500)):
        drawn = rng.random((len(held[part]), BATCH)) * many[column[part], None]
        rows = orders[first[column[part], None] + drawn.astype(np.int64), held[part, None]]
        voter[part] = (codes[rows].var(axis=1, ddof=1) / total).argmin(axis=1)
    return held, voter


def _forest(x: np.ndarray, values: np.ndarray, x_choose: np.ndarray, values_choose: np.ndarray, seed: int):
    """The forest fitted to x, with the leaf size that gives values_choose the highest mean log probability."""
    from sklearn.ensemble import RandomForestClassifier

    best, best_score = None, -np.inf
    for leaf in LEAVES:
        forest = RandomForestClassifier(TREES, min_samples_leaf=leaf, max_features=None, random_state=seed)
        forest.fit(x, values)
        p = (forest.predict_proba(x_choose) * (forest.classes_ == values_choose[:, None])).sum(axis=1)
        score = np.log(p.clip(min=1e-3)).mean()
        if score > best_score:
            best, best_score = forest, score
    return best


def _concentration(weights: Float[np.ndarray, "m k"]) -> Float[np.ndarray, " k"]:
    """1 - H(column) / log m of each column as a distribution over m; 1 if m is 1, 0 for a column of zeros."""
    total = weights.sum(axis=0)
    p = weights / np.where(total > 0, total, 1)
    entropy = -(p * np.log(np.where(p > 0, p, 1))).sum(axis=0)
    return np.where(total > 0, 1 - entropy / np.log(max(len(weights), 2)), 0.0)


@metric_group(
    name="disentanglement",
    title=N_("MIG by two estimators, FactorVAE score, DCI and SAP, for data with known factors"),
    figures=N_("`mig_binned` to `sap` below, for data with known factors (`sprites`)"),
    terms={
        "mig_binned": "mig",
        "mig_sampled": "mig",
        "factor_vae_score": "factorvae-score",
        "dci_disentanglement": "dci",
        "dci_completeness": "dci",
        "dci_completeness_log_d": "dci",
        "dci_informativeness": "dci",
        "sap": "sap",
    },
)
def disentanglement_group(s: Subject) -> dict[str, Estimate]:
    if s.samples.factors_test is None:
        raise NotMeasurable(_("{dataset} has no ground-truth factors; sprites has.", dataset=s.dataset.name))
    rates = (s.engine.card.get("metrics") or {}).get("rate_per_dim_nats")
    return evaluate_disentanglement(
        s.engine.encode, s.samples, seed=s.seed, rate_per_dim_nats=rates, prior=s.engine.has_prior
    )
