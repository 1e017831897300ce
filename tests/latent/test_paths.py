"""Paths between latents: ends exact, arcs on the shell, no trouble where an arc is not defined."""

from __future__ import annotations

import numpy as np
import pytest

from vae.errors import SettingError, ShapeError, UnknownName
from vae.latent.geodesic import Geodesics
from vae.latent.paths import METHODS, along, lerp, path, slerp

A = np.array([1.0, 2.0, -2.0], np.float32)
B = np.array([0.5, -1.0, 4.0], np.float32)


CLOUD = Geodesics(np.random.default_rng(0).standard_normal((60, 3)))


@pytest.mark.parametrize("method", ["linear", "slerp"])
def test_paths_start_and_end_exactly(method):
    points = path(A, B, 9, method)
    assert points.shape == (9, 3)
    assert points.dtype == np.float32
    assert np.array_equal(points[0], A)
    assert np.array_equal(points[-1], B)
    one = slerp if method == "slerp" else lerp
    assert np.array_equal(one(A, B, 0.0), A)
    assert np.array_equal(one(A, B, 1.0), B)
    assert np.array_equal(one(A, B, 0.5), points[4])


def test_line_is_even():
    steps = np.diff(path(A, B, 11), axis=0)
    assert steps == pytest.approx(np.broadcast_to((B - A) / 10, (10, 3)), abs=1e-6)


def test_arc_of_unit_vectors_matches_shoemake():
    a, b = np.array([1.0, 0, 0]), np.array([0.6, 0.8, 0])
    angle = np.arccos(0.6)
    for t in (0.1, 0.5, 0.8):
        expected = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
        assert slerp(a, b, t) == pytest.approx(expected, abs=1e-6)


def test_arc_changes_length_evenly_and_turns_evenly():
    points = path(A, B, 21, "slerp").astype(float)
    length = np.linalg.norm(points, axis=1)
    assert length == pytest.approx(np.linspace(3, np.linalg.norm(B), 21), abs=1e-5)
    unit = points / length[:, None]
    turn = np.arccos(np.clip((unit[1:] * unit[:-1]).sum(1), -1, 1))
    assert turn == pytest.approx(np.full(20, turn.mean()), abs=1e-4)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([0.0, 0, 0], [1.0, 1, 1]),
        ([0.0, 0, 0], [0.0, 0, 0]),
        ([1.0, 0, 0], [2.0, 0, 0]),
        ([1.0, 0, 0], [-2.0, 0, 0]),
        ([1.0, 1, 1], [-1.0, -1, -1]),
        ([1.0], [-1.0]),
        ([1e30, 0.0], [0.0, 1e30]),
    ],
)
def test_degenerate_arcs_are_finite_and_exact_at_the_ends(a, b):
    points = path(a, b, 7, "slerp")
    assert np.isfinite(points).all()
    assert np.array_equal(points[[0, -1]], np.array([a, b], np.float32))


def test_opposite_ends_turn_on_the_shell():
    assert np.linalg.norm(path([1.0, 0, 0], [-1.0, 0, 0], 5, "slerp"), axis=1) == pytest.approx(np.ones(5), abs=1e-6)


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match=r"zb: given shape \(2,\), expected \(3,\)|zb: given shape \(1, 2\)"):
        lerp(A, B[:2], 0.5)
    with pytest.raises(ShapeError, match="NaN"):
        slerp(A, B * np.nan, 0.5)
    with pytest.raises(ShapeError, match="t: given"):
        slerp(A, B, float("nan"))
    with pytest.raises(SettingError, match="n=1"):
        path(A, B, 1)
    with pytest.raises(UnknownName, match="Did you mean 'slerp'"):
        path(A, B, 3, "slerpp")


WAYPOINTS = np.array([[1.0, 2.0, -2.0], [0.5, -1.0, 4.0], [2.0, 2.0, 2.0], [-1.0, 0.3, 0.2]], np.float32)


@pytest.mark.parametrize("method", METHODS)
def test_a_way_passes_each_waypoint_at_its_share_of_t(method):
    for n in (2, 3, 4):
        t = np.arange(n) / (n - 1)
        assert np.array_equal(along(WAYPOINTS[:n], t, method, CLOUD), WAYPOINTS[:n])
    many = along(WAYPOINTS[[0, 1] * 25], np.arange(50) / 49, method, CLOUD)  # 49 * (k / 49) is not always k
    assert np.array_equal(many, WAYPOINTS[[0, 1] * 25])


@pytest.mark.parametrize("method", METHODS)
def test_a_leg_of_a_way_is_the_path_between_its_ends(method):
    inner = along(WAYPOINTS, np.linspace(1 / 3, 2 / 3, 9), method, CLOUD)
    assert inner == pytest.approx(path(WAYPOINTS[1], WAYPOINTS[2], 9, method, CLOUD), abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_way_goes_on_beyond_its_ends_without_a_jump(method):
    t = np.linspace(-0.25, 1.25, 601)
    way = along(WAYPOINTS[:3], t, method, CLOUD).astype(float)
    step = np.linalg.norm(np.diff(way, axis=0), axis=1)
    assert step.min() > 0
    assert step.max() < 6 * np.median(step)


def test_the_line_goes_straight_on_and_the_arc_round():
    assert along([A, B], [-0.5, 1.5], "linear") == pytest.approx(np.array([1.5 * A - 0.5 * B, 1.5 * B - 0.5 * A]))
    right, up = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert along([right, up], [2.0], "slerp")[0] == pytest.approx([-1.0, 0.0], abs=1e-6)
    assert along([right, 3 * up], [-1.0], "slerp")[0] == pytest.approx([0.0, 0.0], abs=1e-6)  # no length is negative


def test_ways_that_cannot_be_are_named():
    with pytest.raises(ShapeError, match="given 1, expected at least 2"):
        along([A], [0.5])
    with pytest.raises(ShapeError, match="t: given"):
        along([A, B], [0.5, np.inf])
    with pytest.raises(SettingError, match=r"atlas\.geodesics"):
        along([A, B], [0.5], "geodesic")
    with pytest.raises(UnknownName, match="Known: geodesic, linear, slerp"):
        along([A, B], [0.5], "shortest")
