"""How far two pictures of the same samples agree, by hand and by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes

from vae.errors import ShapeError
from vae.latent.agreement import linear_cka, nearest, procrustes, shared


def code(n: int = 300, d: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32) * np.float32([3, 2, 1, 1])[:d]


def test_neighbours_by_hand_without_the_row_itself_and_among_copies():
    line = np.array([[0], [1], [3], [7]], np.float32)
    assert nearest(line, 2).tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    copies = nearest(np.zeros((5, 2), np.float32), 2)
    assert copies.shape == (5, 2)
    assert all(i not in row for i, row in enumerate(copies.tolist()))
    assert nearest(line, 9).shape == (4, 3)


def test_shared_neighbours_by_hand():
    a, b = np.array([[1, 2], [0, 2], [0, 1]]), np.array([[2, 1], [2, 3], [3, 4]])
    assert shared(a, b).tolist() == [1, 0.5, 0]
    with pytest.raises(ShapeError, match=r"given \(3, 2\) and \(2, 2\)"):
        shared(a, b[:2])


def test_a_rotation_and_a_scale_change_nothing_and_a_shuffle_all():
    x = code()
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0].astype(np.float32)
    turned = 5 * x @ turn + 3
    assert linear_cka(x, turned) == pytest.approx(1, abs=1e-5)
    assert procrustes(x, turned) == pytest.approx(1, abs=1e-5)
    assert shared(nearest(x), nearest(turned)).mean() > 0.999
    other = x[np.random.default_rng(2).permutation(300)]
    assert linear_cka(x, other) < 0.03
    assert procrustes(x, other) < 0.05
    assert shared(nearest(x), nearest(other)).mean() == pytest.approx(15 / 299, abs=0.02)


def test_cka_is_that_of_the_paper_and_procrustes_that_of_scipy():
    """Kornblith et al., 2019, equation 3: HSIC of the linear kernels, by the Gram matrices of the samples."""
    x, y = code(), np.tanh(code()) + 0.3 * code(seed=5)
    h = np.eye(300) - 1 / 300
    k, m = (h @ (v.astype(np.float64) @ v.T.astype(np.float64)) @ h for v in (x, y))
    assert linear_cka(x, y) == pytest.approx((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()), rel=1e-5)
    assert procrustes(x, y) == pytest.approx(1 - scipy_procrustes(x, y)[2], rel=1e-5)
    assert procrustes(x, y[:, :2]) == pytest.approx(procrustes(y[:, :2], x), rel=1e-9), "of other widths"


def test_a_constant_code_has_no_similarity():
    assert np.isnan(linear_cka(code(), np.ones((300, 2), np.float32)))
    assert np.isnan(procrustes(code(), np.ones((300, 2), np.float32)))
