"""Disentanglement metrics on codes whose score is known: perfect, useless, and in between by hand or in closed form."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vae.errors import ShapeError
from vae.metrics import mig
from vae.metrics.disentangle import (
    completeness,
    dci,
    disentanglement,
    evaluate_disentanglement,
    factor_vae_score,
)
from vae.metrics.estimate import Estimate
from vae.metrics.mig import binned_information, mig_binned, mig_sampled
from vae.metrics.sap import sap, threshold_accuracy
from vae.types import Samples

SIZES = (3, 5, 2)  # of the factors: no two alike, nor the number of factors or dimensions
STD = 0.02


def grid(sizes=SIZES, repeats: int = 16) -> np.ndarray:
    """Every cell of the factor grid, each `repeats` times, in no order that a reshape could keep: (n, f)."""
    cells = np.array(list(itertools.product(*map(range, sizes))))
    return np.random.default_rng(0).permutation(np.repeat(cells, repeats, axis=0))


def noise(n: int, d: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def with_dead(codes: np.ndarray) -> np.ndarray:
    """A constant dimension first and last, and one that collapsed to a thousandth."""
    n = len(codes)
    return np.hstack([np.full((n, 1), 0.3), codes, 1e-3 * noise(n, 1, 9), np.zeros((n, 1))])


def sampled(codes: np.ndarray, factors: np.ndarray) -> Estimate:
    """Draws from posteriors of width STD, but of width 1, that of the prior, where the means do not vary."""
    return mig_sampled(codes, np.broadcast_to(np.where(codes.std(0) > 0.01, STD, 1.0), codes.shape), factors)


METRICS = {  # codes, factors -> the estimates of one function
    "mig_binned": lambda z, v: {"mig_binned": mig_binned(z, v)},
    "mig_sampled": lambda z, v: {"mig_sampled": sampled(z, v)},
    "factor_vae_score": lambda z, v: {"factor_vae_score": factor_vae_score(z, v)},
    "dci": dci,
    "sap": lambda z, v: {"sap": sap(z, v)},
}
DCI = {"dci_disentanglement", "dci_completeness", "dci_completeness_log_d", "dci_informativeness"}
KEYS = set(METRICS) - {"dci"} | DCI
CHANCE = {"factor_vae_score": 1 / 3, "dci_informativeness": (1 / 3 + 1 / 5 + 1 / 2) / 3}  # 0 for the others
every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


def values(estimates: dict[str, Estimate]) -> dict[str, float]:
    return {name: e.value for name, e in estimates.items()}


# ---------------------------------------------------------------- every metric


@every_metric
def test_a_dimension_for_each_factor_scores_one(metric):
    factors = grid()
    found = metric(factors[:, ::-1] * [0.7, -1.0, 2.0] + 5, factors)
    assert values(found) == pytest.approx(dict.fromkeys(found, 1), abs=1e-3)
    assert {e.n for e in found.values()} == {len(factors)}


@every_metric
def test_noise_scores_what_chance_does(metric):
    factors = grid(repeats=60)
    found = metric(noise(len(factors), 4), factors)
    assert values(found) == pytest.approx({name: CHANCE.get(name, 0) for name in found}, abs=0.06)


@every_metric
def test_the_order_of_dimensions_does_not_matter(metric):
    """Up to what is drawn: noise of the posteriors, votes, bootstraps of the trees."""
    factors = grid()
    codes = np.hstack([factors + 0.4 * noise(len(factors), 3), noise(len(factors), 1, 2)])
    found, moved = metric(codes, factors), metric(codes[:, [2, 0, 3, 1]], factors)
    exact = not found.keys() & {"mig_sampled", "factor_vae_score", *DCI}
    assert values(moved) == pytest.approx(values(found), abs=1e-12 if exact else 0.03)


@every_metric
def test_dead_dimensions_do_not_count(metric):
    """Two of three factors in one dimension, the third in another, noise in a third: the scores stay as they are."""
    factors = grid(repeats=20)
    codes = np.stack([factors[:, 0] + 0.2 * factors[:, 1], factors[:, 2], noise(len(factors), 1)[:, 0]], axis=1)
    found, beside = metric(codes, factors), metric(with_dead(codes), factors)
    assert all(e.value > 0.1 for e in found.values())
    exact = not found.keys() & {"mig_sampled", "mig_binned"}
    assert values(beside) == pytest.approx(values(found), abs=1e-12 if exact else 0.03)


@every_metric
def test_a_collapsed_code_scores_what_chance_does(metric):
    factors = grid()
    expected = CHANCE | {"factor_vae_score": 0}  # without an active dimension nobody votes
    found = metric(np.zeros((len(factors), 3)), factors)
    assert values(found) == pytest.approx({name: expected.get(name, 0) for name in found}, abs=0.06)


@every_metric
def test_a_seed_repeats(metric):
    factors = grid(repeats=8)
    codes = factors + 0.5 * noise(len(factors), 3)
    assert metric(codes, factors) == metric(codes, factors)


@every_metric
def test_only_the_order_of_factor_numbers_counts(metric):
    """Values 0 2 4 7 9 are five values, not ten; -1 is one too."""
    factors = grid(repeats=8)
    codes = factors + 0.1 * noise(len(factors), 3)
    relabelled = np.stack([factors[:, 0] - 1, np.array([0, 2, 4, 7, 9])[factors[:, 1]], factors[:, 2] * 50], axis=1)
    assert metric(codes, relabelled) == metric(codes, factors)


@every_metric
def test_what_no_score_exists_for_is_refused(metric):
    factors, codes = grid(), noise(len(grid()), 3)
    constant = factors.copy()
    constant[:, 1] = 4
    with pytest.raises(ShapeError, match=r"factor 1 has only 1 value, \[4\]"):
        metric(codes, constant)
    with pytest.raises(ShapeError, match="NaN or infinite"):
        metric(np.where(codes > 2, np.nan, codes), factors)
    with pytest.raises(ShapeError, match="expected whole numbers"):
        metric(codes, factors + 0.5)
    with pytest.raises(ShapeError, match="expected whole numbers"):
        metric(codes[1:], factors)
    with pytest.raises(ShapeError, match=r"expected \(n, d\)"):
        metric(codes[:, 0], factors)


# ---------------------------------------------------------------- mutual information gap


@pytest.mark.parametrize("estimate", [mig_binned, sampled])
def test_mig_is_the_gap_between_the_two_best(estimate):
    """One factor of 4 values, 2 bits; a dimension that knows it, one that knows 1 bit of it: (2 - 1) / 2."""
    v = grid((4,), 50)
    assert estimate(np.hstack([v, v // 2]), v).value == pytest.approx(0.5, abs=1e-3)
    assert estimate(np.hstack([v, -v, v // 2]), v).value == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("estimate", [mig_binned, sampled])
def test_mig_is_in_units_of_each_factors_entropy(estimate):
    """Known in full, to 1 bit of log2(5), and not at all. With 2 of 5 values apart: H(2/5) / H(uniform over 5)."""
    factors = grid(repeats=60)
    codes = np.stack([factors[:, 0], factors[:, 1] < 2], axis=1).astype(float)
    bit = -(0.4 * np.log(0.4) + 0.6 * np.log(0.6)) / np.log(5)
    assert estimate(codes, factors).value == pytest.approx((1 + bit + 0) / 3, abs=0.01)


def test_binned_information_is_that_of_the_joint_table():
    """Table [[3, 1], [1, 3]] / 8: by hand, sum p log(p / (1/4))."""
    bits, v = np.array([0, 0, 0, 0, 1, 1, 1, 1.0]), np.array([0, 0, 0, 1, 0, 1, 1, 1])
    expected = 2 * (3 / 8 * np.log(1.5) + 1 / 8 * np.log(0.5))
    assert binned_information(bits[:, None], v[:, None]) == pytest.approx(expected)


def test_each_dimension_has_bins_of_its_own():
    """A dimension a million times wider must not push the other into one bin."""
    factors = grid()
    assert mig_binned(factors * [1.0, 1e6, 1e3], factors).value == pytest.approx(1, abs=1e-9)


def test_more_values_than_bins_cannot_reach_one():
    v = grid((40,), 20)
    assert mig_binned(v, v).value == pytest.approx(np.log(20) / np.log(40))
    assert mig_binned(v, v, bins=40).value == pytest.approx(1)


@pytest.mark.parametrize("std", [0.3, 1.0])
def test_sampled_information_is_that_of_a_binary_gaussian_channel(std):
    """v = +-1 in noise of width std: h(z) - h(z|v), h(z) by quadrature. Within 5 standard errors."""
    v = grid((2,), 1500)
    mu = np.hstack([2.0 * v - 1, np.zeros((len(v), 1))])
    z = np.linspace(-9, 9, 20_001)
    p = sum(np.exp(-0.5 * ((z - m) / std) ** 2) for m in (-1, 1)) / (2 * std * np.sqrt(2 * np.pi))
    h = -np.sum(p * np.log(p.clip(min=1e-300))) * (z[1] - z[0])
    expected = (h - 0.5 * np.log(2 * np.pi * np.e * std**2)) / np.log(2)
    found = mig_sampled(mu, np.full_like(mu, std), v)
    assert 0.2 < expected < 0.999
    assert found.value == pytest.approx(expected, abs=5 * found.standard_error)
    assert found.standard_error < 0.02


def test_density_gains_equal_the_formula_one_by_one():
    """log q(z_j|v_k) - log q(z_j), each a mean over the posteriors of the samples that it is about, axis by axis."""
    from scipy.stats import norm

    factors = grid(repeats=2)
    rng = np.random.default_rng(3)
    mu, std = rng.standard_normal((60, 4)), rng.uniform(0.1, 2, (60, 4))
    rows, z = rng.permutation(60)[:7], rng.standard_normal((7, 4))
    found = mig._density_gains(z, rows, mu, std, factors)
    for s, j, k in np.ndindex(7, 4, 3):
        density = norm.pdf(z[s, j], mu[:, j], std[:, j])
        same = factors[:, k] == factors[rows[s], k]
        assert found[s, j, k] == pytest.approx(np.log(density[same].mean() / density.mean()), rel=1e-9)


def test_a_wide_posterior_drowns_what_its_mean_knows():
    """The two estimators differ where they should: means that tell the factor, in noise a thousand times wider."""
    factors = grid()
    binned, drawn = mig_binned(factors, factors), mig_sampled(factors, np.full(factors.shape, 1e3), factors)
    assert binned.value > 0.99
    assert drawn.value < 0.05
    assert binned.protocol != drawn.protocol


def test_a_code_without_a_posterior_has_no_sampled_mig():
    factors = grid()
    with pytest.raises(ShapeError, match="not above 0"):
        mig_sampled(factors, np.zeros(factors.shape), factors)
    with pytest.raises(ShapeError, match="all positive"):
        mig_sampled(factors, np.ones((len(factors), 2)), factors)


# ---------------------------------------------------------------- FactorVAE score


def test_a_factor_without_a_dimension_costs_its_share_of_the_votes():
    """Dimensions for two of three factors: votes of the third go to either, and are counted for it: 2/3."""
    factors = grid(repeats=30)
    found = factor_vae_score(factors[:, :2], factors)
    assert found.value == pytest.approx(2 / 3, abs=5 * found.standard_error)


def test_one_dimension_can_stand_for_one_factor_only():
    """However much it knows of all three: 1/3."""
    factors = grid(repeats=30)
    found = factor_vae_score(factors @ [[1.0], [10.0], [0.1]], factors)
    assert found.value == pytest.approx(1 / 3, abs=5 * found.standard_error)


def test_variances_are_in_units_of_each_dimensions_own():
    """Without it, the narrow dimension would get every vote."""
    factors = grid(repeats=30)
    codes = (factors + 0.2 * noise(len(factors), 3)) * [100.0, 0.5, 7.0]
    assert factor_vae_score(codes, factors).value > 0.99


def test_a_value_of_one_sample_cannot_be_held():
    factors = np.vstack([grid(), [[0, 5, 0]]])
    with pytest.raises(ShapeError, match="factor 1: a value has only 1 sample"):
        factor_vae_score(noise(len(factors), 2), factors)


# ---------------------------------------------------------------- DCI


def test_scores_of_an_importance_matrix():
    """A row shared by two of three factors scores 1 - log 2 / log 3; it weighs twice the row for one."""
    importance = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    assert disentanglement(importance) == pytest.approx(2 / 3 * (1 - np.log(2) / np.log(3)) + 1 / 3)
    assert completeness(importance) == pytest.approx(1)
    assert completeness(importance.T) == pytest.approx((1 - np.log(2) / np.log(3) + 1 + 0) / 3)
    assert disentanglement(np.full((4, 3), 0.25)) == pytest.approx(0)
    assert completeness(np.full((4, 3), 0.25)) == pytest.approx(0)


def test_two_factors_in_one_dimension_are_complete_but_not_disentangled():
    factors = grid(repeats=30)
    found = dci(np.stack([factors[:, 0] * 5.0 + factors[:, 1], factors[:, 2]], axis=1), factors)
    expected = 2 / 3 * (1 - np.log(2) / np.log(3)) + 1 / 3
    assert found["dci_disentanglement"].value == pytest.approx(expected, abs=0.01)
    assert found["dci_completeness"].value == pytest.approx(1, abs=0.01)
    assert found["dci_informativeness"].value == pytest.approx(1)


def test_a_factor_in_two_dimensions_is_disentangled_but_not_complete():
    """4 values: the greater bit and the smaller, in a dimension each. Both are needed, each for half of it."""
    v = grid((4, 3), 60)
    found = dci(np.stack([v[:, 0] // 2, v[:, 0] % 2, v[:, 1]], axis=1).astype(float), v)
    assert found["dci_disentanglement"].value == pytest.approx(1, abs=0.01)
    assert found["dci_completeness"].value == pytest.approx((1 - np.log(2) / np.log(3) + 1) / 2, abs=0.03)


def test_informativeness_is_of_samples_not_learnt_from():
    """A forest can learn noise by heart; it is asked about other samples."""
    factors = grid((2, 2), 60)
    found = dci(noise(len(factors), 6), factors)["dci_informativeness"]
    assert found.value == pytest.approx(0.5, abs=5 * found.standard_error)


# ---------------------------------------------------------------- SAP


def test_sap_is_the_gap_of_squared_correlations():
    """v in 0-3 and v // 2: squared correlation .5^2 / (1.25 * .25) = .8, by hand; gap to the exact code .2."""
    v = grid((4,), 30)
    assert sap(np.hstack([v, v // 2]), v).value == pytest.approx(0.2)


def test_sap_of_a_category_is_the_gap_of_balanced_accuracies():
    """3 values. In order: 1 with two thresholds, the middle one too; one told from the rest: (1 + 1/2 + 1/2) / 3."""
    v = grid((3,), 30)
    assert sap(v, v, categorical=[True]).value == pytest.approx(1 - 1 / 3)
    assert sap(np.hstack([v, v == 1]), v, categorical=[True]).value == pytest.approx(1 - 2 / 3)
    assert sap(np.hstack([v, v == 1]), v).value == pytest.approx(1)


def test_accuracy_is_balanced():
    """9 of one, 1 of the other, known to be alike: 1/2, not .9."""
    values = np.array([0] * 9 + [1])
    assert threshold_accuracy(np.zeros(10), values, 2) == pytest.approx(0.5)


def test_threshold_accuracy_is_the_best_of_all_thresholds():
    """Against every pair of cuts and every naming of the three pieces, ties among z included."""
    rng = np.random.default_rng(5)
    for _ in range(5):
        z, values = rng.integers(0, 7, 12).astype(float), rng.permutation(np.arange(12) % 3)
        best = 0.0
        for low, high in itertools.combinations_with_replacement(np.arange(-0.5, 8), 2):
            piece = (z > low).astype(int) + (z > high)
            for names in itertools.product(range(3), repeat=3):
                told = np.array(names)[piece] == values
                best = max(best, float(np.mean([told[values == c].mean() for c in range(3)])))
        assert threshold_accuracy(z, values, 3) == pytest.approx(best)


def test_kinds_of_factors_are_given_for_each():
    with pytest.raises(ShapeError, match="categorical: given"):
        sap(noise(len(grid()), 2), grid(), categorical=[True])


# ---------------------------------------------------------------- errors and the whole


@pytest.mark.parametrize("estimate", [mig_binned, sap])
def test_standard_errors_are_the_spread_over_new_samples(estimate):
    """Mean over 30 data sets against their spread, which 30 know to 13 %: within 4 of these."""
    factors = grid(repeats=8)
    found = [estimate(factors + 0.5 * noise(len(factors), 3, seed), factors) for seed in range(30)]
    spread = np.std([e.value for e in found], ddof=1)
    assert np.mean([e.standard_error for e in found]) == pytest.approx(spread, rel=0.52)


def picture_set(n: int = 480) -> tuple[Samples, np.ndarray]:
    factors = grid()[:n]
    x = np.arange(n, dtype=np.uint8 if n < 256 else np.int64)[:, None]
    return Samples(x, None, x, None, factors, factors, ("size", "x", "shape")), factors


def test_evaluate_gives_every_score_of_the_rows_it_encoded():
    samples, factors = picture_set()
    seen = []

    def encode(x):
        seen.append(x[:, 0])
        mu = factors[x[:, 0]].astype(np.float32)
        return mu, np.full_like(mu, STD)

    found = evaluate_disentanglement(encode, samples, n=400, seed=3)
    assert set(found) == KEYS
    for name, estimate in found.items():
        perfect = (1 + 1 + 1 / 2) / 3 if name == "sap" else 1  # shape is categorical, of 2 values
        assert estimate.value == pytest.approx(perfect, abs=0.01), name
        assert (estimate.n, estimate.seed) == (400, 3)
    assert len(np.unique(np.concatenate(seen))) == 400
    assert {name for name, e in found.items() if e.standard_error is None} == {
        "dci_disentanglement",
        "dci_completeness",
        "dci_completeness_log_d",
    }


def test_evaluate_leaves_the_sampled_mig_out_for_a_deterministic_code():
    samples, factors = picture_set()
    found = evaluate_disentanglement(lambda x: (factors[x[:, 0]], np.zeros((len(x), 3))), samples)
    assert set(found) == KEYS - {"mig_sampled"}
    assert found["sap"].n == 480


def test_evaluate_wants_ground_truth():
    x = np.zeros((5, 1), np.uint8)
    with pytest.raises(ShapeError, match="ground-truth factors"):
        evaluate_disentanglement(lambda x: (x, x), Samples(x, None, x, None))
