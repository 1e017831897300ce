"""Maps that follow one another: points move and do not jump, and each is as good a map as one of its own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from vae.errors import ShapeError
from vae.latent.aligned import aligned, onto
from vae.latent.fit import fit_map


@pytest.fixture(scope="module")
def forming():
    """Six clusters that drift apart step by step, turned a little each time, with noise of their own."""
    rng = np.random.default_rng(0)
    centres, noise = rng.normal(size=(6, 5)), rng.normal(size=(300, 5))
    turn = np.linalg.qr(np.eye(5) + 0.15 * rng.normal(size=(5, 5)))[0]
    found, through = [], np.eye(5)
    for far in (2.0, 2.5, 3.0, 3.5):
        found.append((far * centres[np.arange(300) % 6] + noise) @ through)
        through = through @ turn
    return [z.astype(np.float32) for z in found]


def moved(maps) -> float:
    """Mean displacement from one map to the next, as a share of the map's width."""
    return float(np.mean([np.linalg.norm(a - b, axis=1).mean() / np.ptp(b) for a, b in pairwise(maps)]))


def test_points_move_a_third_as_far_as_between_maps_of_their_own_and_the_maps_are_as_good(forming):
    maps, own = list(aligned(forming)), [fit_map(z).xy for z in forming]
    assert (maps[0] == own[0]).all()
    assert moved(maps) < moved(own) / 3
    for z, one, alone in zip(forming, maps, own, strict=True):
        assert trustworthiness(z, one, n_neighbors=15) > trustworthiness(z, alone, n_neighbors=15) - 0.02


def test_the_same_latents_give_the_same_maps_lazily(forming):
    again = aligned(forming)
    assert (next(again) == next(aligned(forming))).all()
    assert all((a == b).all() for a, b in zip(again, list(aligned(forming))[1:], strict=True))


def test_onto_undoes_a_turn_a_mirror_and_a_shift():
    target = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    turn = np.array([[0.6, 0.8], [0.8, -0.6]])
    assert np.allclose(onto((target @ turn + [3, -7]).astype(np.float32), target), target, atol=1e-5)


def test_other_rows_are_refused(forming):
    with pytest.raises(ShapeError, match="given 299 rows, expected 300"):
        list(aligned([forming[0], forming[1][:-1]]))
    with pytest.raises(ShapeError, match=r"start: given \(3, 2\), expected \(300, 2\)"):
        fit_map(forming[0], start=np.zeros((3, 2)))
