"""Geodesics: exact ends, close to the data where the straight line leaves it, the same either way and every time."""

from __future__ import annotations

import numpy as np
import pytest

import vae
from vae.errors import ShapeError
from vae.latent.geodesic import Geodesics
from vae.latent.paths import path

T = np.linspace(0.0, 1.0, 41)


def ring(n: int = 800, noise: float = 0.03, d: int = 2) -> np.ndarray:
    rng = np.random.default_rng(1)
    angle = rng.uniform(0, 2 * np.pi, n)
    out = noise * rng.standard_normal((n, d))
    out[:, :2] += np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return out.astype(np.float32)


def moons(n: int = 800) -> np.ndarray:
    rng = np.random.default_rng(2)
    angle, upper = rng.uniform(0, np.pi, n), np.arange(n) % 2 == 0
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return (np.stack([x, y], axis=1) + 0.04 * rng.standard_normal((n, 2))).astype(np.float32)


def farthest(way: np.ndarray, z: np.ndarray) -> float:
    """From the data, of all places of the way: distance to the nearest row."""
    return float(np.linalg.norm(way[:, None] - z[None], axis=2).min(axis=1).max())


@pytest.mark.parametrize("toy", [ring, moons])
def test_it_stays_with_the_data_where_the_line_leaves_it(toy):
    z, a, b = toy(), np.array([-1, 0.05]), np.array([1, 0.05])
    geodesics = Geodesics(z)
    way = geodesics.at(np.array(a), np.array(b), T)
    assert farthest(path(a, b, 41), z) > 0.4
    assert farthest(way, z) < 0.1
    length = np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
    assert length == pytest.approx(np.pi, rel=0.12)  # half of the circle, without detours


def test_it_keeps_to_dense_data_where_a_shorter_way_is_thin():
    """Two ways from left to right: straight through thin data, or round above through dense data."""
    rng = np.random.default_rng(4)
    angle = rng.uniform(0, np.pi, 3000)
    arch = np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.03 * rng.standard_normal((3000, 2))
    thin = np.stack([np.linspace(-1, 1, 60), 0.15 * rng.standard_normal(60)], axis=1)
    z = np.concatenate([arch, thin]).astype(np.float32)
    way = Geodesics(z).at(np.array([-1.0, 0.0]), np.array([1.0, 0.0]), T)
    assert way[:, 1].max() > 0.9


def test_ends_are_exact_on_rows_and_off_them():
    z = ring(d=5)
    geodesics, rng = Geodesics(z), np.random.default_rng(0)
    for a, b in [(z[3], z[4]), (z[3], z[400]), rng.standard_normal((2, 5)), 20 * rng.standard_normal((2, 5))]:
        a, b = np.float32(a), np.float32(b)
        way = geodesics.at(a, b, T).astype(np.float32)
        assert np.array_equal(way[0], a)
        assert np.array_equal(way[-1], b)
        assert np.isfinite(way).all()


def test_the_way_back_is_the_same_way():
    z = ring(d=4)
    there, back = Geodesics(z).at(z[1], z[2], T), Geodesics(z).at(z[2], z[1], T)
    assert there == pytest.approx(back[::-1], abs=1e-9)


def test_it_is_the_same_every_time_and_whatever_was_asked_before():
    z = ring(d=4)
    one, other = Geodesics(z), Geodesics(z.copy())
    other.at(z[7], z[8], T)
    assert np.array_equal(one.at(z[1], z[2], T), other.at(z[1], z[2], T))


def test_steps_are_even():
    z = ring()
    steps = np.linalg.norm(np.diff(Geodesics(z).at(z[0], z[1], T), axis=0), axis=1)
    assert steps.max() < 1.25 * steps.min()


def test_it_turns_and_grows_with_the_data():
    z, turn = moons(), np.array([[0.6, -0.8], [0.8, 0.6]])
    way = Geodesics(z).at(z[0], z[3], T)
    moved = (7 * z @ turn + [5.0, -3.0]).astype(np.float32)
    expected = 7 * way @ turn + [5.0, -3.0]
    assert Geodesics(moved).at(moved[0], moved[3], T) == pytest.approx(expected, abs=0.02)


def test_dead_dimensions_do_not_lead_it():
    """With a weight near 0 for the third dimension, a way through noise there is the way without it."""
    z = ring(d=3, noise=0.03)
    z[:, 2] = np.random.default_rng(5).standard_normal(len(z))
    geodesics = Geodesics(z, lambda z: np.asarray(z) * [1.0, 1.0, 1e-4])
    a, b = z[z[:, 0].argmin()], z[z[:, 0].argmax()]
    way = geodesics.at(a, b, T)
    assert farthest(path(a, b, 41)[:, :2], z[:, :2]) > 0.7
    assert farthest(way[:, :2], z[:, :2]) < 0.2
    assert np.abs(way[:, 2]).max() < 3.5


def test_parts_that_do_not_touch_are_joined_where_they_are_closest():
    rng = np.random.default_rng(0)
    left, right = rng.uniform((0, 0), (1, 1), (200, 2)), rng.uniform((3, 0), (4, 1), (200, 2))
    left[0], right[0] = (1.0, 0.5), (3.0, 0.5)
    geodesics = Geodesics(np.concatenate([left, right]))
    way = geodesics.at(np.array([0.1, 0.1]), np.array([3.9, 0.1]), np.linspace(0, 1, 200))
    between = way[(way[:, 0] > 1.4) & (way[:, 0] < 2.6)]
    assert len(between) > 10
    assert np.diff(way[:, 0]).min() > -0.1


def test_a_way_among_even_data_is_nearly_straight():
    z = np.stack(np.meshgrid(np.arange(40.0), np.arange(40.0)), axis=-1).reshape(-1, 2)
    way = Geodesics(z).at(np.array([10.0, 12.0]), np.array([25.0, 20.0]), T)
    assert np.linalg.norm(np.diff(way, axis=0), axis=1).sum() < 1.08 * np.hypot(15, 8)


def test_it_turns_the_corners_of_its_graph():
    z = np.random.default_rng(3).standard_normal((2000, 8)).astype(np.float32)
    steps = np.diff(Geodesics(z).at(z[0], z[1], T), axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    assert np.degrees(np.arccos(np.clip((steps[1:] * steps[:-1]).sum(1), -1, 1))).sum() < 240  # 342 along the graph


@pytest.mark.parametrize("z", [np.zeros((1, 3)), np.zeros((40, 3)), np.eye(2), np.full((3, 1), 2.0)])
def test_few_rows_and_copies_have_ways_too(z):
    geodesics, a, b = Geodesics(z), np.full(z.shape[1], -1.0), np.full(z.shape[1], 2.0)
    for start, end in ((a, b), (z[0], b), (z[0], z[-1]), (b, b)):
        way = geodesics.at(start, end, T)
        assert np.isfinite(way).all()
        assert way[[0, -1]] == pytest.approx(np.stack([start, end]))


def test_bad_ends_are_named():
    geodesics = Geodesics(ring())
    with pytest.raises(ShapeError, match=r"zb: given shape \(1, 3\)"):
        geodesics.at(np.zeros(2), np.zeros(3), T)
    with pytest.raises(ShapeError, match=r"za: .*NaN"):
        geodesics.at(np.array([np.nan, 0]), np.zeros(2), T)
    with pytest.raises(ShapeError, match="reference latents"):
        Geodesics(np.empty((0, 2)))


def test_an_engine_interpolates_by_every_method(tiny_checkpoint):
    engine = vae.load("tiny-vae")
    atlas, ends = engine.atlas, engine.atlas.z[[3, 40, 77]]
    for method in ("linear", "slerp", "geodesic"):
        z = engine.interpolate(ends, 11, method)
        assert z.shape == (11, engine.d)
        assert np.array_equal(z[[0, 5, 10]], ends)
        assert np.array_equal(engine.walk(ends, 11, method), z), "the former name"
    assert np.array_equal(z[:6], path(ends[0], ends[1], 6, "geodesic", atlas.geodesics))
    with pytest.raises(vae.errors.SettingError, match="n=1"):
        engine.interpolate(ends, 1)
