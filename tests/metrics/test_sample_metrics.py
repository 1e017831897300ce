"""Frechet distance against its closed form, and the neighbour scores on sets whose scores can be counted by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vae.errors import ShapeError
from vae.metrics.sample import (
    BLOCKS,
    frechet_distance,
    jackknife_error,
    label_agreement,
    neighbour_scores,
    sample_estimates,
)


def exactly(n: int, mean: np.ndarray, covariance: np.ndarray, seed: int = 0) -> np.ndarray:
    """n rows whose sample mean and unbiased covariance are these, to rounding."""
    x = np.random.default_rng(seed).standard_normal((n, len(mean)))
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T
    return mean + x @ np.linalg.cholesky(covariance).T


def means(real: np.ndarray, fake: np.ndarray, k: int = 5) -> dict[str, float]:
    return {name: float(each.mean()) for name, each in neighbour_scores(real, fake, k).items()}


# ---------------------------------------------------------------- Frechet distance


def test_frechet_distance_of_commuting_covariances():
    """|m|^2 + sum_j (s_j - t_j)^2 where both are diagonal in one turned basis."""
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    s, t, m = np.array([2.0, 1.0, 0.5]), np.array([0.5, 3.0, 0.5]), np.array([1.0, -2.0, 0.5])
    a = exactly(300, np.zeros(3), turn @ np.diag(s**2) @ turn.T)
    b = exactly(200, m, turn @ np.diag(t**2) @ turn.T, seed=2)
    assert frechet_distance(a, b) == pytest.approx((m**2).sum() + ((s - t) ** 2).sum(), rel=1e-9)
    assert frechet_distance(b, a) == pytest.approx(frechet_distance(a, b), rel=1e-9)


def test_frechet_distance_of_covariances_that_do_not_commute():
    """In two dimensions tr (AB)^(1/2) = sqrt(tr AB + 2 sqrt(det A det B)), by Cayley and Hamilton."""
    a, b = np.array([[2.0, 0.9], [0.9, 1.0]]), np.array([[0.7, -0.5], [-0.5, 3.0]])
    cross = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a) * np.linalg.det(b)))
    expected = np.trace(a) + np.trace(b) - 2 * cross
    found = frechet_distance(exactly(100, np.zeros(2), a), exactly(80, np.zeros(2), b, seed=3))
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rank", [1, 4, 8])
def test_frechet_distance_to_itself_is_zero_also_where_the_covariance_is_singular(rank):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((50, rank)) @ rng.standard_normal((rank, 8)) * 100).astype(np.float32)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-8 * float(x.var(0).sum()))
    assert frechet_distance(x, x[::-1] + np.float32(3)) == pytest.approx(8 * 9, rel=1e-4)


def test_frechet_distance_to_a_point_is_the_spread():
    """Mode collapse: every generated row the same."""
    x = exactly(100, np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    assert frechet_distance(x, np.zeros((100, 3))) == pytest.approx(14, rel=1e-9)


def test_jackknife_error_is_the_spread_over_repeated_draws():
    """Of 60 pairs of sets: within 4 standard errors of a spread of 60 (relative 1/sqrt(120))."""
    rng, found, errors = np.random.default_rng(0), [], []
    for _ in range(60):
        a, b = rng.standard_normal((120, 2)), 1.5 * rng.standard_normal((90, 2)) + 1
        found.append(frechet_distance(a, b))
        errors.append(jackknife_error(a, b))
    assert np.mean(errors) == pytest.approx(np.std(found, ddof=1), rel=0.36)
    assert jackknife_error(a[: 2 * BLOCKS - 1], b) is None


# ---------------------------------------------------------------- neighbours


def test_neighbour_scores_counted_by_hand():
    """On a line, k=1. Real 0, 1, 3, 7 have reaches 1, 1, 2, 4; fake 0.5, 9.5, 20, 20.5 reach 9, 9, .5, .5."""
    real, fake = np.array([[0.0], [1.0], [3.0], [7.0]]), np.array([[0.5], [9.5], [20.0], [20.5]])
    scores = neighbour_scores(real, fake, k=1)
    assert scores["precision"].tolist() == [1, 1, 0, 0]
    assert scores["density"].tolist() == [2, 1, 0, 0]  # .5 is held by 0 and 1, 9.5 by 7
    assert scores["recall"].tolist() == [1, 1, 1, 1]  # .5 and 9.5 reach all of them
    assert scores["coverage"].tolist() == [1, 1, 0, 1]  # and nothing lies within 2 of 3


def test_a_ball_reaches_to_the_kth_other_row():
    """Not to the k-th counting itself: with k=2 the reaches of 0, 1, 3, 7 are 3, 2, 3, 6."""
    real = np.array([[0.0], [1.0], [3.0], [7.0]])
    inside = [np.array([[v], [v], [v]]) for v in (-2.9, -3.1, 12.9, 13.1)]
    assert [means(real, fake, k=2)["precision"] for fake in inside] == [1, 0, 1, 0]
    assert means(real, inside[0], k=2)["density"] == 0.5


def test_equal_distributions_score_high_and_density_and_coverage_have_their_expectation():
    """Naeem et al., 2020, section 3.3: E[density] = 1, E[coverage] = 1 - (n-1)...(n-k) / (2n-1)...(2n-k)."""
    rng = np.random.default_rng(0)
    scores = means(rng.standard_normal((1500, 4)), rng.standard_normal((1500, 4)))
    expected = 1 - np.prod([(1500 - i) / (3000 - i) for i in range(1, 6)])
    assert scores["density"] == pytest.approx(1, abs=0.06)
    assert scores["coverage"] == pytest.approx(expected, abs=0.03)
    assert min(scores["precision"], scores["recall"]) > 0.85


def test_a_dropped_mode_costs_recall_and_coverage_not_precision():
    rng = np.random.default_rng(0)
    modes = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0], [100.0, 100.0]])
    real = (modes[:, None] + rng.standard_normal((4, 100, 2))).reshape(-1, 2)
    one = modes[0] + rng.standard_normal((400, 2))
    scores = means(real, one)
    assert scores["recall"] == pytest.approx(0.25, abs=0.03)
    assert scores["coverage"] == pytest.approx(0.25, abs=0.01)
    assert scores["precision"] > 0.9
    whole = means(real, (modes[:, None] + rng.standard_normal((4, 100, 2))).reshape(-1, 2))
    assert min(whole.values()) > 0.85


def test_junk_costs_precision_not_recall():
    rng = np.random.default_rng(0)
    real, good = rng.standard_normal((400, 2)), rng.standard_normal((400, 2))
    scores = means(real, np.concatenate([good, good + 1000]))
    assert scores["precision"] == pytest.approx(0.5, abs=0.05)
    assert scores["recall"] > 0.9


def test_an_outlier_among_the_real_does_not_raise_density():
    """Naeem et al., 2020, section 3: precision trusts the outlier's ball, density counts it as one of many."""
    rng = np.random.default_rng(0)
    real = np.concatenate([0.1 * rng.standard_normal((200, 2)), [[10.0, 0.0]]])
    scores = means(real, np.full((200, 2), [6.0, 5.0]))
    assert scores["precision"] == 1
    assert scores["density"] == pytest.approx(0.2)


def test_rows_of_a_distance_matrix_do_not_change_the_scores(monkeypatch):
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((70, 3)), rng.standard_normal((50, 3)) + 1
    whole = neighbour_scores(real, fake)
    monkeypatch.setattr("vae.metrics.sample.ROWS", 16)
    assert all(np.array_equal(whole[name], each) for name, each in neighbour_scores(real, fake).items())


def test_estimates_carry_n_seed_error_and_protocol():
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((90, 3)), rng.standard_normal((60, 3))
    found = sample_estimates(real, fake, seed=7, protocol="features of a test")
    assert list(found) == ["frechet_distance", "precision", "recall", "density", "coverage"]
    assert {name: e.n for name, e in found.items()} == {
        "frechet_distance": 60, "precision": 60, "recall": 90, "density": 60, "coverage": 90,
    }  # fmt: skip
    for name, e in found.items():
        assert e.seed == 7
        assert e.standard_error > 0
        assert "90 real and 60 generated" in e.protocol
        assert "features of a test" in e.protocol
        assert name == "frechet_distance" or e.value == pytest.approx(means(real, fake)[name])
        assert "fid" not in e.protocol.lower()


def test_sets_that_cannot_be_compared_are_refused():
    with pytest.raises(ShapeError, match=r"\(9, 2\) and \(9, 3\)"):
        frechet_distance(np.zeros((9, 2)), np.zeros((9, 3)))
    with pytest.raises(ShapeError, match="at least 2 rows"):
        frechet_distance(np.zeros((9, 2)), np.zeros((1, 2)))
    with pytest.raises(ShapeError, match="at least 6 rows"):
        neighbour_scores(np.zeros((9, 2)), np.zeros((5, 2)))


# ---------------------------------------------------------------- labels


def agreement(draws, decode, said=lambda x: x):
    """Of a model whose picture is a number, under a classifier that says it."""
    engine = SimpleNamespace(sample=draws, decode=decode)
    record = {"classes": 3, "test_accuracy": 0.9}
    return label_agreement(engine, SimpleNamespace(classify=said, record=record, name="test accuracy .900"), 7, 300)[
        "label_agreement"
    ]


def noise(n: int, seed: int, y: np.ndarray) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 3, n)


def test_labels_agree_always_by_chance_or_for_as_many_labels_as_are_heeded():
    """A model that draws its label, one that draws any, one that never draws the last."""
    perfect = agreement(noise, lambda z, y: y)
    assert (perfect.value, perfect.standard_error, perfect.n, perfect.seed) == (1, 0, 300, 7)
    assert "100 prior draws for each of 3 labels" in perfect.protocol
    assert "test accuracy .900" in perfect.protocol
    useless = agreement(noise, lambda z, y: z)
    assert abs(useless.value - 1 / 3) < 4 * useless.standard_error
    assert useless.standard_error == pytest.approx(np.sqrt(2 / 9 / 300), rel=0.05)
    two = agreement(noise, lambda z, y: np.minimum(y, 1))
    assert two.value == pytest.approx(2 / 3)
    assert two.standard_error == 0


def test_labels_agree_with_what_the_prior_was_told():
    """A model whose label lives in the draw alone."""
    assert agreement(lambda n, seed, y: y, lambda z, y: z).value == 1
