"""Sliders at a latent: the decoder's own strongest directions, in a fixed order and with fixed signs."""

from __future__ import annotations

import numpy as np
import pytest

from vae.errors import SettingError, ShapeError
from vae.latent.traverse import COARSE, axes, local_directions


def linear(weights):
    return lambda z: (z @ weights).reshape(len(z), 1, -1)


def test_directions_of_a_linear_decoder_are_its_singular_vectors():
    random = np.random.default_rng(0)
    weights = random.normal(size=(5, 40))
    scale = np.array([1.0, 0.5, 2.0, 1.0, 1.0])
    _, strength, vt = np.linalg.svd((scale[:, None] * weights).T, full_matrices=False)
    found = local_directions(linear(weights), np.full(5, 0.3), scale, k=3)
    assert np.abs((found.u / scale) @ vt[:3].T) == pytest.approx(np.eye(3), abs=1e-3)
    assert found.effect == pytest.approx(strength[:3] ** 2 / (strength**2).sum(), abs=1e-4)


def test_axes_are_ranked_by_their_change_of_the_sample():
    weights = np.diag([1.0, 3.0, 2.0, 0.0])
    found = axes(linear(weights), np.zeros(4), np.array([1.0, 1.0, 2.0, 1.0]))
    assert np.array_equal(np.argmax(found.u, axis=1), [2, 1, 0, 3])
    assert found.u[0] == pytest.approx([0, 0, 2, 0])
    assert found.effect == pytest.approx(np.array([16, 9, 1, 0]) / 26, abs=1e-5)


def test_signs_are_fixed():
    weights = np.random.default_rng(1).normal(size=(6, 30))
    plain = local_directions(linear(weights), np.zeros(6), np.ones(6))
    flipped = local_directions(linear(-weights), np.zeros(6), np.ones(6))
    assert plain.u == pytest.approx(flipped.u, abs=1e-4)
    assert (plain.u[np.arange(6), np.argmax(np.abs(plain.u), axis=1)] > 0).all()


def test_ends_are_three_std_from_the_centre():
    z, scale, centre = np.array([2.0, 0.0, 0.0]), np.array([1.0, 2.0, 1.0]), np.array([0.5, 0.0, 0.0])
    found = axes(linear(np.diag([3.0, 1.0, 0.1])), z, scale, centre=centre)
    assert found.low == pytest.approx([-4.5, -3.0, -3.0])
    assert found.high == pytest.approx([1.5, 3.0, 3.0])
    ends = z + found.high[:, None] * found.u
    assert np.abs((ends - centre) / scale).max() <= 3.0 + 1e-5


def test_a_latent_far_out_can_still_move():
    found = axes(linear(np.eye(2)), np.array([10.0, -10.0]), np.ones(2))
    assert (found.low < 0).all()
    assert (found.high >= 0.5).any()
    assert found.high == pytest.approx([0.5, 13.0])


def test_one_batch_of_two_decodes_a_dimension():
    sizes = []

    def decode(z):
        sizes.append(len(z))
        return z

    local_directions(decode, np.zeros(7), np.ones(7), k=20)
    assert sizes == [14]


def test_a_decoder_that_ignores_z_and_dead_dimensions():
    found = local_directions(lambda z: np.zeros((len(z), 1, 4, 4)), np.zeros(3), np.array([1.0, 0.0, 1.0]))
    assert np.array_equal(found.effect, np.zeros(3))
    assert all(np.isfinite(a).all() for a in (found.u, found.low, found.high))


def test_a_codebook_is_crossed_by_a_coarse_step_and_not_by_a_fine_one():
    def nearest(z):  # codes at whole numbers; the first dimension says most
        return np.round(z) * np.array([3.0, 1.0])

    z, ones = np.array([0.1, 0.1]), np.ones(2)
    assert local_directions(nearest, z, ones).effect.sum() == 0
    for function in (axes, local_directions):
        found = function(nearest, z, ones, step=COARSE)
        np.testing.assert_allclose(found.effect, [0.9, 0.1])
        np.testing.assert_allclose(np.abs(found.u), np.eye(2), atol=1e-6)


def test_bad_input_is_named():
    eye = linear(np.eye(3))
    for function in (axes, local_directions):
        with pytest.raises(ShapeError, match="scale: given"):
            function(eye, np.zeros(3), np.ones(2))
        with pytest.raises(ShapeError, match="NaN"):
            function(eye, np.full(3, np.nan), np.ones(3))
        with pytest.raises(ShapeError, match="at least 0"):
            function(eye, np.zeros(3), -np.ones(3))
        with pytest.raises(SettingError, match="k=0"):
            function(eye, np.zeros(3), np.ones(3), k=0)
        with pytest.raises(ShapeError, match="decode: gave NaN"):
            function(lambda z: z * np.nan, np.zeros(3), np.ones(3))
