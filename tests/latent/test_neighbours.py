"""Exact neighbours, whatever the batch, whatever the ties."""

from __future__ import annotations

import numpy as np
import pytest

from vae.errors import ShapeError
from vae.latent.neighbours import Index, metric_scale


def by_hand(points: np.ndarray, queries: np.ndarray, scale: np.ndarray, k: int):
    gap = (queries[:, None].astype(float) - points[None]) * scale
    distance = np.sqrt((gap**2).sum(2))
    order = np.lexsort((np.broadcast_to(np.arange(len(points)), distance.shape), distance), axis=1)[:, :k]
    return np.take_along_axis(distance, order, 1), order


@pytest.mark.parametrize(("n", "d", "k"), [(3000, 10, 15), (500, 40, 8), (70, 2, 15), (9, 3, 9), (1, 4, 1)])
def test_neighbours_are_exact(n, d, k):
    random = np.random.default_rng(n)
    points = (random.normal(size=(n, d)) + 5).astype(np.float32)
    queries = (random.normal(size=(300, d)) + 5).astype(np.float32)
    scale = random.uniform(0.01, 1, d).astype(np.float32)
    distance, row = Index(points, scale).query(queries, k)
    expected, expected_row = by_hand(points, queries, scale, k)
    assert distance == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert np.mean(row == expected_row) > 0.999  # float32 centring may swap a pair 1e-7 apart


def test_ties_go_to_the_lower_row_in_every_batch():
    points = np.repeat(np.random.default_rng(0).normal(size=(50, 6)), 40, axis=0).astype(np.float32)
    index = Index(points, np.ones(6))
    _, together = index.query(points, 10)
    assert np.array_equal(together, (np.arange(2000) // 40 * 40)[:, None] + np.arange(10))
    for i in (0, 41, 1999):
        assert np.array_equal(index.query(points[i : i + 1], 10)[1][0], together[i])


def test_distances_do_not_depend_on_the_batch():
    random = np.random.default_rng(1)
    index = Index(random.normal(size=(4000, 16)).astype(np.float32))
    queries = random.normal(size=(300, 16)).astype(np.float32)
    distance, row = index.query(queries, 15)
    for i in range(0, 300, 37):
        one, one_row = index.query(queries[i : i + 1], 15)
        assert np.array_equal(one[0], distance[i])
        assert np.array_equal(one_row[0], row[i])


def test_queries_from_far_away_and_rows_of_the_set():
    points = np.random.default_rng(2).normal(size=(800, 5)).astype(np.float32)
    index = Index(points)
    distance, row = index.query(np.concatenate([points[:3], np.full((1, 5), 1e30, np.float32)]), 4)
    assert np.array_equal(row[:3, 0], [0, 1, 2])
    assert np.array_equal(distance[:3, 0], [0, 0, 0])
    assert np.isfinite(distance).all()


def test_own_point_comes_first_among_its_copies():
    points = np.concatenate([np.zeros((30, 3)), np.random.default_rng(0).normal(size=(30, 3))]).astype(np.float32)
    distance, row = Index(points).query_points(8)
    assert np.array_equal(row[:, 0], np.arange(60))
    assert np.array_equal(distance[:, 0], np.zeros(60))
    assert all(len(set(r)) == 8 for r in row)
    assert (np.diff(distance, axis=1) >= 0).all()


def test_k_is_cut_to_the_set():
    distance, row = Index(np.eye(3)).query(np.zeros((2, 3)), 10)
    assert distance.shape == row.shape == (2, 3)


def test_scale_leaves_out_dead_dimensions_and_keeps_small_latents():
    random = np.random.default_rng(0)
    z = random.normal(size=(5000, 4)) * [1.0, 0.5, 0.15, 0.003]
    assert metric_scale(z) == pytest.approx([1, 1, 0.5, 0.01], rel=0.06)
    assert metric_scale(z * 0.01) == pytest.approx(metric_scale(z / 1.0), rel=0.06)
    assert np.array_equal(metric_scale(np.ones((5, 2))), [1, 1])


def test_bad_input_is_named():
    index = Index(np.eye(4))
    for bad in (np.zeros((1, 3)), np.full((1, 4), np.nan), np.zeros(4)):
        with pytest.raises(ShapeError, match=r"expected \(n, 4\)"):
            index.query(bad, 2)
    with pytest.raises(ShapeError, match="at least 1 neighbour"):
        index.query(np.zeros((1, 4)), 0)
    with pytest.raises(ShapeError, match="0 rows"):
        Index(np.zeros((0, 4)))
