"""Directions between groups: their length, the statistics that judge them against closed forms, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from vae.errors import SettingError, ShapeError
from vae.latent.attributes import analogy, cohens_d, discriminant, evidence, held_out, interval, mean_difference

CERTAIN = 1e-5  # chance that a test of a coverage fails though all is right


def groups(gap: float, n: int, m: int, d: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Normal latents whose means lie `gap` standard deviations apart along the first dimension."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + gap * np.eye(d)[0], rng.normal(size=(m, d))


def test_cohens_d_of_a_worked_example():
    x, y = np.array([2.0, 4.0, 6.0]), np.array([1.0, 3.0])  # variances 4 and 2, pooled (2 * 4 + 1 * 2) / 3
    assert cohens_d(x, y) == pytest.approx(2 / np.sqrt(10 / 3))
    assert cohens_d(y, x) == -cohens_d(x, y)
    assert cohens_d(np.ones(3), np.ones(4)) == 0
    assert cohens_d(np.ones(3), np.zeros(4)) == np.inf


@pytest.mark.parametrize(("d", "n", "m"), [(0.0, 8, 8), (0.5, 10, 30), (1.5, 12, 12), (4.0, 40, 20)])
def test_the_interval_holds_the_truth_as_often_as_it_says(d, n, m):
    rng, trials = np.random.default_rng(7), 1000
    held = 0
    for _ in range(trials):
        low, high = interval(cohens_d(rng.normal(size=n) + d, rng.normal(size=m)), n, m)
        held += low <= d <= high
    low, high = binom.ppf([CERTAIN / 2, 1 - CERTAIN / 2], trials, 0.95)
    assert low <= held <= high


def test_the_interval_inverts_the_noncentral_t():
    from scipy.stats import nct

    low, high = interval(0.8, 25, 20)
    t, root = 0.8 * np.sqrt(25 * 20 / 45), np.sqrt(25 * 20 / 45)
    assert nct.sf(t, 43, low * root) == pytest.approx(0.025, abs=1e-6)
    assert nct.cdf(t, 43, high * root) == pytest.approx(0.025, abs=1e-6)
    assert interval(-0.8, 25, 20) == pytest.approx((-high, -low))
    wide = interval(60.0, 200, 200)
    assert wide[0] < 60 < wide[1] < 70
    assert interval(np.inf, 5, 5) == (np.inf, np.inf)


def test_the_difference_of_means_leads_from_b_to_a():
    a, b = groups(3.0, 4000, 4000)
    assert mean_difference(a, b) == pytest.approx([3, 0, 0, 0, 0, 0], abs=0.1)


def test_the_discriminant_tells_best_and_leads_as_far():
    rng = np.random.default_rng(1)
    spread = np.array([3.0, 0.3])
    a, b = rng.normal(size=(500, 2)) * spread + [1.0, 1.0], rng.normal(size=(500, 2)) * spread
    u = discriminant(a, b)
    assert abs(u[1]) > 3 * abs(u[0])  # along the means both weigh alike
    assert u @ u == pytest.approx(u @ mean_difference(a, b))
    plain = evidence(a, b, draws=20)
    assert evidence(a, b, method="discriminant", draws=20).d > 3 * plain.d


def test_a_strong_direction_is_strong_and_d_is_that_of_rows_not_seen():
    a, b = groups(3.0, 300, 200)
    found = evidence(a, b, draws=99)
    assert (found.n_a, found.n_b) == (150, 100)
    assert found.low < 3.0 < found.high
    assert found.p == 0.01
    assert not found.weak
    assert np.median(found.random) < 0.5 * found.d
    assert evidence(a, b, draws=99).d == found.d
    assert evidence(a, b, draws=99, seed=1).d != found.d


def test_groups_that_are_alike_give_uniform_p_values_and_are_called_weak():
    values = [evidence(*groups(0.0, 24, 16, seed=seed), draws=19, seed=seed) for seed in range(300)]
    p = np.array([found.p for found in values])
    for share in (0.1, 0.25, 0.5):
        low, high = binom.ppf([CERTAIN / 2, 1 - CERTAIN / 2], len(p), share)
        assert low <= (p <= share + 1e-9).sum() <= high
    assert np.mean([found.weak for found in values]) > 0.95


def test_many_dimensions_of_noise_do_not_make_an_effect():
    """Seen rows would be told apart by their own noise; held-out rows are not."""
    found = evidence(*groups(0.0, 40, 40, d=200), draws=49)
    assert abs(found.d) < 1
    assert found.weak
    a, b = groups(0.0, 40, 40, d=200)
    u = mean_difference(a, b)
    assert cohens_d(a @ u, b @ u) > 3  # what one would have believed


def test_halves_are_apart_and_all_there():
    learn, judge = held_out(11, seed=3)
    assert (len(learn), len(judge)) == (5, 6)
    assert sorted([*learn, *judge]) == list(range(11))


def test_analogy():
    assert analogy([3.0, 1.0], [1.0, 1.0], [0.0, 5.0]) == pytest.approx([2.0, 5.0])
    with pytest.raises(ShapeError, match="C"):
        analogy([1.0, 2.0], [1.0, 2.0], [1.0])


def test_what_is_refused():
    a, b = groups(1.0, 10, 10)
    with pytest.raises(ShapeError, match="group A: given 3 rows"):
        evidence(a[:3], b)
    with pytest.raises(ShapeError, match="group B"):
        evidence(a, b[:, :2])
    with pytest.raises(SettingError, match="known: means, discriminant"):
        evidence(a, b, method="magic")
