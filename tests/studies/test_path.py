"""Paths on a tiny real model: frames, evidence, the broken line on the map, and pairs to start from."""

from __future__ import annotations

import math

import numpy as np
import pytest

import vae
from vae.latent.paths import METHODS, along
from vae.studies import path as paths


@pytest.fixture
def engine(tiny_checkpoint):
    return vae.load("tiny-vae")


@pytest.mark.parametrize("method", METHODS)
def test_a_path_passes_its_waypoints_and_shows_what_is_there(engine, method):
    atlas, rows = engine.atlas, [3, 40, 7]
    path = paths.measured_path(engine, atlas.z[rows], method)
    inside = slice(paths.BEYOND, -paths.BEYOND)
    at = [int(np.flatnonzero(path.t == t)[0]) for t in (0, 0.5, 1)]
    assert (path.z[at] == atlas.z[rows]).all()
    shown = [int(np.flatnonzero(path.frame_t == t)[0]) for t in (0, 0.5, 1)]
    assert path.rows[shown].tolist() == rows
    z = along(atlas.z[rows], path.frame_t, method, atlas.geodesics)
    assert np.abs(path.frames.astype(int) - engine.decode_uint8(z)).max() <= 1
    assert path.frame_t[inside][0] == 0
    assert path.frame_t[inside][-1] == 1
    assert path.frame_t[[0, -1]] == pytest.approx([-0.25, 1.25])  # half of a leg
    assert len([place for place in path.line if place is not None]) == len(path.t) == len(path.density)
    assert path.frame_density == pytest.approx(atlas.projector.latent_confidence(z), abs=0.01)


@pytest.mark.parametrize("legs", range(1, 12))
def test_every_waypoint_is_a_frame_and_every_frame_a_point(legs):
    t, shown = paths.t_values(legs)
    assert len(t) > 63
    assert len(shown) <= 20
    inside = shown[paths.BEYOND : -paths.BEYOND]
    assert np.abs(t[:, None] - inside).min(axis=0).max() < 1e-12
    assert np.abs(inside[:, None] - np.arange(legs + 1) / legs).min(axis=0).max() < 1e-12


def test_length_and_change_are_what_they_say(engine):
    atlas, ends = engine.atlas, engine.atlas.z[[3, 40]]
    path = paths.measured_path(engine, ends, "linear")
    scale = atlas.projector.scale
    assert path.length == pytest.approx(np.linalg.norm((ends[1] - ends[0]) * scale), rel=1e-4)
    pixels = engine.decode_uint8(path.z) / 255
    assert path.change == pytest.approx(np.sqrt(np.mean(np.diff(pixels, axis=0) ** 2, axis=(1, 2, 3))), abs=2e-3)
    coarse = paths.measured_path(engine, ends, "linear", fine=False)
    assert len(coarse.change) == paths.FRAMES
    frames, steps = path.frames[paths.BEYOND : -paths.BEYOND] / 255, (len(path.t) - 1) // paths.FRAMES
    apart = np.sqrt(np.mean(np.diff(frames, axis=0) ** 2, axis=(1, 2, 3)))
    assert coarse.change == pytest.approx(apart / steps, abs=2e-3 / steps)
    assert np.abs(coarse.frames.astype(int) - path.frames).max() <= 1
    assert (coarse.rows == path.rows).all()


def test_density_is_the_share_of_rows_in_less_dense_surroundings(engine):
    atlas = engine.atlas
    around = atlas.projector.surroundings(atlas.z)
    assert (around.row == np.arange(atlas.n)).mean() > 0.99
    assert np.median(around.density) == pytest.approx(0.5, abs=0.06)  # a row is its own nearest neighbour
    assert atlas.projector.surroundings(atlas.z_mean[None] + 30).density[0] < 0.01


def test_off_data_is_small_among_samples_and_large_far_out(engine):
    atlas = engine.atlas
    middle = int(np.linalg.norm(atlas.z - atlas.z_mean, axis=1).argmin())
    near = atlas.neighbours(atlas.z[middle], 2)[0][1]
    inside = paths.measured_path(engine, atlas.z[[middle, near]], "linear").off_data
    away = np.full(engine.d, 1.0, np.float32)
    outside = paths.measured_path(
        engine, np.stack([atlas.z_mean + 30 * away, atlas.z_mean + 31 * away]), "linear"
    ).off_data
    assert inside < 0.1
    assert 0.9 < outside < 1


def test_off_data_is_what_it_says(engine):
    path = paths.measured_path(engine, engine.atlas.z[[0, 100]], "linear")
    far = [engine.atlas.neighbours(z, 15)[1][-1] for z in path.z]
    expected = np.mean([max(0, 1 - engine.atlas.reach / d) for d in far])
    assert path.off_data == pytest.approx(expected, rel=1e-6)


def test_a_line_breaks_where_it_hops_and_only_there():
    xy = np.array([[0, 0], [1, 0], [2, 0], [9, 0], [10, 0]], float)
    assert paths.broken(xy, 1.5) == ((0, 0), (1, 0), (2, 0), None, (9, 0), (10, 0))
    assert None not in paths.broken(xy, 8.0)


def test_the_first_pair_is_typical_and_of_two_classes(engine):
    atlas = engine.atlas
    a, b = paths.default_pair(atlas)
    assert (atlas.labels[a.row], atlas.labels[b.row]) == (0, 9)
    zeros = atlas.z[atlas.labels == 0]
    gap = np.linalg.norm(zeros - zeros.mean(0), axis=1)
    assert np.linalg.norm(np.array(a.z) - zeros.mean(0)) == pytest.approx(gap.min(), rel=1e-5)
    assert paths.default_pair(atlas) == (a, b)


def test_random_pairs_are_of_two_classes(engine):
    atlas, rng = engine.atlas, np.random.default_rng(0)
    for _ in range(30):
        a, b = paths.random_pair(atlas, rng)
        assert atlas.labels[a.row] != atlas.labels[b.row]


def test_points_have_names(engine):
    atlas = engine.atlas
    row, name = 17, atlas.classes[atlas.labels[17]]
    assert paths.describe(atlas, paths.row_point(atlas, row)) == f"{name} #{atlas.index[row]}"
    assert paths.describe(atlas, paths.Point((0.0,) * 4, (0.0, 0.0))) == "between samples"
    assert all(math.isfinite(v) for v in paths.row_point(atlas, row).z)
