"""The search for copies: exact, and it tells a copy from what a decoder makes."""

from __future__ import annotations

import numpy as np
import pytest

from vae.errors import ShapeError
from vae.metrics import copies
from vae.metrics.copies import Copies


@pytest.fixture
def train() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3_000, 1, 10, 10), np.uint8)


def by_hand(train: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flat = train.reshape(len(train), -1).astype(np.float64) / 255
    rms = np.array([np.sqrt(((flat - one.ravel()) ** 2).mean(1)) for one in x])
    return rms.argmin(1), rms.min(1)


@pytest.mark.parametrize("width", [1, 8, 64])
def test_the_nearest_is_the_nearest_however_few_coordinates_it_is_sought_in(train, width, monkeypatch):
    """Noise fills all of its 100 dimensions, so bounds from 8 of them are loose and the search has to widen."""
    monkeypatch.setattr(copies, "WIDTH", width)
    x = np.random.default_rng(1).uniform(size=(20, 1, 10, 10)).astype(np.float32)
    found, (rows, rms) = Copies(train).find(x), by_hand(train, x)
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_allclose(found.rms, rms, rtol=1e-5)
    assert np.isnan(found.share).all()


def test_a_copy_is_nearer_than_all_of_the_yardstick_and_the_yardstick_lies_evenly(train):
    rng = np.random.default_rng(2)
    fresh = rng.uniform(size=(2_000, 1, 10, 10)).astype(np.float32)
    search = Copies(train, yardstick=fresh[:1_000])
    copied = np.clip(train[:50] / 255 + rng.normal(scale=0.01, size=(50, 1, 10, 10)), 0, 1).astype(np.float32)
    assert (search.find(copied).share < copies.SUSPECT).all()
    assert (search.find(copied).rows == np.arange(50)).all()
    share = search.find(fresh[1_000:]).share
    assert np.abs(np.quantile(share, [0.1, 0.5, 0.9]) - [0.1, 0.5, 0.9]).max() < 0.06  # 4 standard errors of two sets


def test_what_does_not_fit_is_refused(train):
    with pytest.raises(ShapeError, match=r"given shape \(2, 1, 9, 9\), expected \(b, 1, 10, 10\)"):
        Copies(train).find(np.zeros((2, 1, 9, 9), np.float32))
    with pytest.raises(ShapeError, match="given none"):
        Copies(train[:0])
