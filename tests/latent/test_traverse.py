"""Sliders at a latent: the decoder's own strongest directions, in a fixed order and with fixed signs."""

from __future__ import annotations

import numpy as np
import pytest

from vae.errors import SettingError, ShapeError
from vae.latent.traverse import COARSE, along, axes, local_directions, principal, principal_directions, slope


def linear(weights):
    return lambda z: (z @ weights).reshape(len(z), 1, -1)


def test_directions_of_a_linear_decoder_are_its_singular_vectors():
    random = np.random.default_rng(0)
    weights = random.normal(size=(5, 40))
    scale = np.array([1.0, 0.5, 2.0, 1.0, 1.0])
    _, strength, vt = np.linalg.svd((scale[:, None] * weights).T, full_matrices=False)
    found = local_directions(slope(linear(weights), np.full(5, 0.3), scale), k=3)
    assert np.abs((found.u / scale) @ vt[:3].T) == pytest.approx(np.eye(3), abs=1e-3)
    assert found.effect == pytest.approx(strength[:3] ** 2 / (strength**2).sum(), abs=1e-4)


def test_axes_are_ranked_by_their_change_of_the_sample():
    weights = np.diag([1.0, 3.0, 2.0, 0.0])
    found = axes(slope(linear(weights), np.zeros(4), np.array([1.0, 1.0, 2.0, 1.0])))
    assert np.array_equal(np.argmax(found.u, axis=1), [2, 1, 0, 3])
    assert found.u[0] == pytest.approx([0, 0, 2, 0])
    assert found.effect == pytest.approx(np.array([16, 9, 1, 0]) / 26, abs=1e-5)


def test_signs_are_fixed():
    weights = np.random.default_rng(1).normal(size=(6, 30))
    plain = local_directions(slope(linear(weights), np.zeros(6), np.ones(6)))
    flipped = local_directions(slope(linear(-weights), np.zeros(6), np.ones(6)))
    assert plain.u == pytest.approx(flipped.u, abs=1e-4)
    assert (plain.u[np.arange(6), np.argmax(np.abs(plain.u), axis=1)] > 0).all()


def test_ends_are_three_std_from_the_centre():
    z, scale, centre = np.array([2.0, 0.0, 0.0]), np.array([1.0, 2.0, 1.0]), np.array([0.5, 0.0, 0.0])
    found = axes(slope(linear(np.diag([3.0, 1.0, 0.1])), z, scale, centre))
    assert found.low == pytest.approx([-4.5, -3.0, -3.0])
    assert found.high == pytest.approx([1.5, 3.0, 3.0])
    ends = z + found.high[:, None] * found.u
    assert np.abs((ends - centre) / scale).max() <= 3.0 + 1e-5


def test_a_latent_far_out_can_still_move():
    found = axes(slope(linear(np.eye(2)), np.array([10.0, -10.0]), np.ones(2)))
    assert (found.low < 0).all()
    assert (found.high >= 0.5).any()
    assert found.high == pytest.approx([0.5, 13.0])


def test_one_batch_of_two_decodes_a_dimension():
    sizes = []

    def decode(z):
        sizes.append(len(z))
        return z

    at = slope(decode, np.zeros(7), np.ones(7))
    local_directions(at, k=20), axes(at), principal_directions(at, np.eye(7)), along(at, np.eye(7))
    assert sizes == [14]


def test_a_decoder_that_ignores_z_and_dead_dimensions():
    found = local_directions(slope(lambda z: np.zeros((len(z), 1, 4, 4)), np.zeros(3), np.array([1.0, 0.0, 1.0])))
    assert np.array_equal(found.effect, np.zeros(3))
    assert all(np.isfinite(a).all() for a in (found.u, found.low, found.high))


def test_a_codebook_is_crossed_by_a_coarse_step_and_not_by_a_fine_one():
    def nearest(z):  # codes at whole numbers; the first dimension says most
        return np.round(z) * np.array([3.0, 1.0])

    z, ones = np.array([0.1, 0.1]), np.ones(2)
    assert local_directions(slope(nearest, z, ones)).effect.sum() == 0
    for function in (axes, local_directions):
        found = function(slope(nearest, z, ones, step=COARSE))
        np.testing.assert_allclose(found.effect, [0.9, 0.1])
        np.testing.assert_allclose(np.abs(found.u), np.eye(2), atol=1e-6)


def test_principal_directions_are_those_of_the_latents_whatever_the_decoder():
    rng = np.random.default_rng(2)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    latents = rng.normal(size=(4000, 3)) * [3.0, 1.0, 0.2] @ turn + [1.0, -2.0, 0.5]
    z = latents.mean(0) + 3.0 * turn[0]  # one std out along the widest axis
    found = principal_directions(slope(linear(np.eye(3)), z, latents.std(0)), latents, k=2)
    assert np.linalg.norm(found.u, axis=1) == pytest.approx([3.0, 1.0], rel=0.05)
    assert np.abs(found.u / np.linalg.norm(found.u, axis=1, keepdims=True) @ turn.T) == pytest.approx(
        np.eye(3)[:2], abs=0.05
    )
    assert sorted(np.abs([found.low[0], found.high[0]])) == pytest.approx([2.0, 4.0], abs=0.1)


def test_axes_by_worth_keep_their_effects():
    at = slope(linear(np.diag([1.0, 3.0, 2.0])), np.zeros(3), np.ones(3))
    found = axes(at, 2, worth=[5.0, 0.1, 9.0])
    assert np.array_equal(np.argmax(found.u, axis=1), [2, 0])
    assert found.effect == pytest.approx(np.array([4, 1]) / 14, abs=1e-5)


def test_given_directions_end_three_of_them_away_and_their_effect_is_of_a_unit_step():
    at = slope(linear(np.diag([1.0, 3.0])), np.array([2.0, 2.0]), np.array([1.0, 2.0]))
    found = along(at, [[0.0, 5.0], [2.0, 0.0]])
    assert found.u == pytest.approx(np.array([[0.0, 5.0], [2.0, 0.0]]))
    assert found.effect == pytest.approx(np.array([36, 1]) / 37, abs=1e-5)
    assert (found.low == -3).all()
    assert (found.high == 3).all()


def test_bad_input_is_named():
    eye = linear(np.eye(3))
    at = slope(eye, np.zeros(3), np.ones(3))
    with pytest.raises(ShapeError, match="scale: given"):
        slope(eye, np.zeros(3), np.ones(2))
    with pytest.raises(ShapeError, match="NaN"):
        slope(eye, np.full(3, np.nan), np.ones(3))
    with pytest.raises(ShapeError, match="at least 0"):
        slope(eye, np.zeros(3), -np.ones(3))
    with pytest.raises(ShapeError, match="decode: returned NaN"):
        slope(lambda z: z * np.nan, np.zeros(3), np.ones(3))
    for function in (axes, local_directions):
        with pytest.raises(SettingError, match="k=0"):
            function(at, k=0)
    with pytest.raises(ShapeError, match="worth"):
        axes(at, worth=np.ones(2))
    with pytest.raises(ShapeError, match="at least 2"):
        principal_directions(at, np.ones((1, 3)))
    with pytest.raises(ShapeError, match="directions"):
        along(at, np.ones((1, 2)))


def test_along_principal_axes_alone_it_is_what_the_whole_jacobian_says_of_them():
    """A linear decoder that changes in the span of three axes only: everything is measured, by 6 decodes."""
    random = np.random.default_rng(0)
    v, _ = np.linalg.qr(random.normal(size=(40, 3)))
    latents = (random.normal(size=(500, 3)) * [3.0, 2.0, 1.0]) @ v.T + 1.0
    weights = v @ random.normal(size=(3, 20))
    calls = []

    def decode(z):
        calls.append(len(z))
        return z @ weights

    axes_of = principal(latents, 3)
    z = latents[0]
    at = slope(decode, z, latents.std(0), latents.mean(0), within=axes_of)
    assert calls == [6]
    covariance = np.cov(latents.T)
    assert np.allclose(axes_of.v @ covariance @ axes_of.v.T, np.diag(axes_of.std**2), atol=1e-4)
    assert np.allclose(at.jacobian, (axes_of.std[:, None] * axes_of.v @ weights).T, atol=1e-3)
    here = local_directions(at, 8)
    assert here.u.shape == (3, 40)
    assert here.effect.sum() == pytest.approx(1, abs=1e-4)
    changes = np.linalg.norm(here.u @ weights, axis=1)
    assert (np.diff(changes) <= 1e-4).all(), "the first direction changes most"
    whole = principal_directions(slope(decode, z, latents.std(0), latents.mean(0)), latents, 3)
    within = principal_directions(at, latents, 3)
    assert np.allclose(np.abs(np.sum(whole.u * within.u, 1)), np.linalg.norm(whole.u, axis=1) ** 2, rtol=1e-2)
    assert np.allclose(within.low, whole.low, atol=1e-2)
    assert np.allclose(within.effect, np.sum(at.jacobian**2, axis=0) / np.sum(at.jacobian**2), atol=1e-4)


def test_dimensions_are_those_that_vary_most_where_not_all_were_measured():
    random = np.random.default_rng(0)
    latents = random.normal(size=(200, 30)) * np.linspace(0.1, 2, 30)
    at = slope(lambda z: z[:, :5], latents[0], latents.std(0), within=principal(latents, 4))
    found = axes(at, 8)
    assert [int(np.argmax(np.abs(u))) for u in found.u] == np.argsort(-latents.std(0))[:8].tolist()
    outside = along(at, np.eye(30)[:1])  # mostly outside of the four axes: nearly nothing was measured of it
    assert outside.effect[0] < 0.1
