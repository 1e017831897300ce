"""Codes whose classes are known to be told, or known not to be."""

from __future__ import annotations

import numpy as np
import pytest

from vae.errors import ShapeError
from vae.metrics import usefulness
from vae.metrics.usefulness import (
    baseline_estimates,
    cluster_estimates,
    helps,
    knn,
    linear_probe,
    majority_estimate,
    use_estimates,
)


def apart(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three classes in three corners, far apart."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (10 * np.eye(3)[y] + rng.standard_normal((n, 3))).astype(np.float32), y


def test_classes_that_lie_apart_are_told_by_all():
    found = use_estimates(*apart(200, 0), *apart(150, 1), seed=0)
    assert {name: e.value for name, e in found.items()} == {
        "knn_accuracy": 1, "linear_probe_accuracy": 1, "kmeans_ari": 1, "kmeans_nmi": pytest.approx(1),
    }  # fmt: skip


def test_a_code_that_knows_nothing_is_at_chance():
    """Accuracy 1/3 and indices 0, within 4 standard errors of 600 (.077)."""
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((900, 2)).astype(np.float32), rng.integers(0, 3, 900)
    found = use_estimates(z[:300], y[:300], z[300:], y[300:], seed=0)
    assert found["knn_accuracy"].value == pytest.approx(1 / 3, abs=0.077)
    assert found["linear_probe_accuracy"].value == pytest.approx(1 / 3, abs=0.077)
    assert found["kmeans_ari"].value == pytest.approx(0, abs=0.02)
    assert found["kmeans_nmi"].value == pytest.approx(0, abs=0.02)


def test_rings_are_told_by_neighbours_and_not_by_a_line():
    rng = np.random.default_rng(0)
    y, angle = rng.integers(0, 2, 900), rng.uniform(0, 2 * np.pi, 900)
    z = ((1 + 3 * y) * np.stack([np.cos(angle), np.sin(angle)])).T.astype(np.float32)
    found = use_estimates(z[:300], y[:300], z[300:], y[300:], seed=0)
    assert found["knn_accuracy"].value == 1
    assert found["linear_probe_accuracy"].value < 0.65
    assert found["kmeans_ari"].value < 0.1


def test_a_collapsed_code_is_measured_too():
    """Every latent the same: neighbours and probe say one class; there is one cluster. No warning."""
    z, y = np.zeros((60, 4), np.float32), np.arange(60) % 3
    found = use_estimates(z, y, z, y, seed=0)
    assert found["linear_probe_accuracy"].value == pytest.approx(1 / 3)
    assert found["kmeans_ari"].value == found["kmeans_nmi"].value == 0
    assert "1 clusters" in found["kmeans_ari"].protocol


def test_knn_takes_the_majority_of_k():
    z = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [30.0]], np.float32)
    y = np.array([0, 1, 1, 2, 2, 3])
    assert knn(z, y, np.array([[0.0], [10.4]], np.float32), k=3).tolist() == [1, 2]
    assert knn(z, y, np.array([[0.0], [10.4], [40.0]], np.float32), k=1).tolist() == [0, 2, 3]


def test_the_probe_does_not_depend_on_the_scale_of_a_latent():
    """Else its L2 penalty would measure how wide the family draws its codes."""
    (z, y), (t, _) = apart(200, 0), apart(400, 1)
    z, t = z + 20 * np.float32([0, 1, 0]), t + 20 * np.float32([0, 1, 0])
    scale = np.float32([1e-4, 1.0, 1e4])
    assert np.array_equal(linear_probe(z, y, t)[1], linear_probe(z * scale, y, t * scale)[1])


def test_a_probe_that_was_stopped_says_so():
    found = use_estimates(*apart(200, 0), *apart(150, 1), seed=0, steps=1)
    assert "before it converged" in found["linear_probe_accuracy"].protocol
    assert "before it converged" not in found["knn_accuracy"].protocol


def test_estimates_carry_n_seed_and_error(monkeypatch):
    monkeypatch.setattr(usefulness, "N_TRAIN", 50)
    (z, y), (t, u) = apart(200, 0), apart(100, 1)
    u[:20] = (u[:20] + 1) % 3  # wrong labels: 80 % can be right
    found = use_estimates(z, y, t, u, seed=3)
    assert {(e.n, e.seed) for e in found.values()} == {(100, 3)}
    e = found["knn_accuracy"]
    assert e.value == pytest.approx(0.8)
    assert e.standard_error == pytest.approx(np.sqrt(0.8 * 0.2 / 100))
    assert "fitted to 50 training latents, measured on 100 test latents" in e.protocol
    assert cluster_estimates(t, u, seed=3)["kmeans_ari"] == found["kmeans_ari"]


def quiet_classes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two classes that differ in the quieter of two values, (n, 2, 1) levels; the louder one is noise."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    loud, quiet = rng.integers(0, 256, n), 110 + 30 * y + rng.integers(0, 9, n)
    return np.stack([loud, quiet], axis=1).astype(np.uint8)[..., None], y


def test_baselines_see_the_values_and_the_first_components_of_them():
    """One component is the noise, two are all there is; levels and what they stand for are the same."""
    (x, y), (t, u) = quiet_classes(400, 0), quiet_classes(300, 1)
    one, two = (baseline_estimates(x, y, t, u, d, seed=0) for d in (1, 2))
    assert one["knn_accuracy_raw"].value == two["knn_accuracy_pca"].value == 1
    assert one["knn_accuracy_pca"].value == pytest.approx(0.5, abs=0.12)
    assert one["linear_probe_accuracy_pca"].value == pytest.approx(0.5, abs=0.12)
    assert two["linear_probe_accuracy_raw"].value > 0.95
    assert "1 principal components" in one["kmeans_ari_pca"].protocol
    again = baseline_estimates(np.float32(x) / 255, y, np.float32(t) / 255, u, 1, seed=0)
    assert again == one
    assert "9 principal" not in baseline_estimates(x, y, t, u, 9, seed=0)["knn_accuracy_pca"].protocol


def test_baselines_are_fitted_to_the_rows_of_the_code_and_the_raw_probe_is_bounded(monkeypatch):
    monkeypatch.setattr(usefulness, "N_TRAIN", 60)
    monkeypatch.setattr(usefulness, "LEAST_STEPS", 1)
    monkeypatch.setattr(usefulness, "WORK", 0)
    (x, y), (t, u) = quiet_classes(400, 0), quiet_classes(300, 1)
    seen = []
    monkeypatch.setattr(usefulness, "knn", lambda z, y, t: seen.append(y) or knn(z, y, t))
    use_estimates(x[:, :, 0].astype(np.float32), y, t[:, :, 0].astype(np.float32), u, seed=3)
    found = baseline_estimates(x, y, t, u, 1, seed=3)
    assert len(seen) == 3
    assert sorted(seen[0]) == sorted(seen[1]) == sorted(seen[2])
    assert np.array_equal(seen[1], seen[2])
    assert all("fitted to 60 training samples, measured on 300 test samples" in e.protocol
               for name, e in found.items() if "accuracy" in name)  # fmt: skip
    assert "stopped after 1 steps" in found["linear_probe_accuracy_raw"].protocol
    assert "standardised" not in found["linear_probe_accuracy_raw"].protocol
    assert "stopped" not in found["linear_probe_accuracy_pca"].protocol
    assert "inputs standardised" in found["linear_probe_accuracy_pca"].protocol


def test_too_little_to_learn_from_is_refused():
    z, y = apart(20, 0)
    with pytest.raises(ShapeError, match="5 training latents of"):
        use_estimates(z[:5], y[:5], z, y, seed=0)
    with pytest.raises(ShapeError, match="20 training latents of 1 class,"):
        use_estimates(z, 0 * y, z, y, seed=0)


def test_the_most_frequent_class_of_training_is_what_accuracies_have_to_beat():
    """Nine of ten in training, eight of ten in the test set, where another class may be the most frequent."""
    y = np.repeat([3, 7], [90, 10])
    found = majority_estimate(y, np.repeat([3, 7], [80, 20]), seed=1)["majority_accuracy"]
    assert (found.value, found.n) == (0.8, 100)
    assert found.standard_error is None, "it is a property of the split"
    assert majority_estimate(y, np.repeat([3, 7], [20, 80]), seed=1)["majority_accuracy"].value == 0.2


def test_an_accuracy_of_all_or_none_has_no_standard_error():
    """It would be 0: as if no other test set could hold a sample that is classified wrongly."""
    found = use_estimates(*apart(200, 0), *apart(150, 1), seed=0)
    assert found["knn_accuracy"].value == 1
    assert found["knn_accuracy"].standard_error is None
    assert majority_estimate(np.zeros(5, int), np.ones(4, int), seed=0)["majority_accuracy"].standard_error is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [(0.95, True), (0.91, None), (0.80, False), (0.60, False)],  # beside .9 and .7; .8 is worse than the raw samples
)
def test_a_code_helps_where_it_is_clearly_better_than_both(code, expected):
    assert helps((code, 0.01), (0.9, 0.01), (0.7, 0.01)) is expected


def test_clusters_have_a_standard_error_of_the_samples_drawn():
    """600 samples say more than 60; each is near the spread of scores over new samples, .024 for 60."""
    few, many = (cluster_estimates(*noisy(n), seed=0)["kmeans_ari"] for n in (60, 600))
    again = [cluster_estimates(*noisy(60, seed), seed=0)["kmeans_ari"].value for seed in range(20)]
    assert few.standard_error == pytest.approx(np.std(again), rel=0.5)
    assert many.standard_error < 0.6 * few.standard_error


def test_kmeans_is_a_mean_over_seeds_and_its_error_knows_their_spread(monkeypatch):
    """Points without clusters, which every start divides in another way."""
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((120, 6)).astype(np.float32), rng.integers(0, 6, 120)
    found = cluster_estimates(z, y, seed=4)["kmeans_nmi"]
    monkeypatch.setattr(usefulness, "RESTARTS", 2)
    first, second = (cluster_estimates(z, y, seed=seed)["kmeans_nmi"].value for seed in (4, 6))
    assert len({found.value, first, second}) == 3
    assert "mean of 5 runs with other seeds" in found.protocol


def noisy(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three classes apart, a tenth of the labels drawn anew."""
    rng = np.random.default_rng(seed)
    z, y = apart(n, seed)
    return z, np.where(rng.random(n) < 0.1, rng.integers(0, 3, n), y)
