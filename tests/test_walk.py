"""Walks on a tiny real model: frames, evidence, the broken line on the map, and pairs to start from."""

from __future__ import annotations

import math

import numpy as np
import pytest

import vae
from app import walk as walks


@pytest.fixture
def engine(tiny_checkpoint):
    return vae.load("tiny-vae")


def test_a_walk_begins_at_a_and_ends_at_b(engine):
    a, b = engine.atlas.z[3], engine.atlas.z[40]
    for method in ("linear", "slerp"):
        walk = walks.walk(engine, a, b, method)
        assert (walk.z[0] == a).all()
        assert (walk.z[-1] == b).all()
        assert (walk.rows[0], walk.rows[-1]) == (3, 40)
        assert (walk.frames == engine.decode_uint8(walk.z)).all()
        assert (walk.reach == engine.atlas.within_reach(walk.z)).all()
        places = [place for place in walk.line if place is not None]
        assert len(places) == walks.STEPS


def test_off_data_is_small_among_samples_and_large_far_out(engine):
    atlas = engine.atlas
    middle = int(np.linalg.norm(atlas.z - atlas.z_mean, axis=1).argmin())
    near = atlas.neighbours(atlas.z[middle], 2)[0][1]
    inside = walks.walk(engine, atlas.z[middle], atlas.z[near], "linear").off_data
    away = np.full(engine.d, 1.0, np.float32)
    outside = walks.walk(engine, atlas.z_mean + 30 * away, atlas.z_mean + 31 * away, "linear").off_data
    assert inside < 0.1
    assert 0.9 < outside < 1


def test_off_data_is_what_it_says(engine):
    a, b = engine.atlas.z[0], engine.atlas.z[100]
    far = [engine.atlas.neighbours(z, 15)[1][-1] for z in vae.latent.paths.path(a, b, walks.STEPS)]
    expected = np.mean([max(0, 1 - engine.atlas.reach / d) for d in far])
    assert walks.walk(engine, a, b, "linear").off_data == pytest.approx(expected, rel=1e-6)


def test_a_line_breaks_where_it_hops_and_only_there():
    xy = np.array([[0, 0], [1, 0], [2, 0], [9, 0], [10, 0]], float)
    assert walks.broken(xy, 1.5) == ((0, 0), (1, 0), (2, 0), None, (9, 0), (10, 0))
    assert None not in walks.broken(xy, 8)


def test_the_first_pair_is_typical_and_of_two_classes(engine):
    atlas = engine.atlas
    a, b = walks.default_pair(atlas)
    assert (atlas.labels[a.row], atlas.labels[b.row]) == (0, 9)
    zeros = atlas.z[atlas.labels == 0]
    gap = np.linalg.norm(zeros - zeros.mean(0), axis=1)
    assert np.linalg.norm(np.array(a.z) - zeros.mean(0)) == pytest.approx(gap.min(), rel=1e-5)
    assert walks.default_pair(atlas) == (a, b)


def test_random_pairs_are_of_two_classes(engine):
    atlas, rng = engine.atlas, np.random.default_rng(0)
    for _ in range(30):
        a, b = walks.random_pair(atlas, rng)
        assert atlas.labels[a.row] != atlas.labels[b.row]


def test_points_have_names(engine):
    atlas = engine.atlas
    row, name = 17, atlas.classes[atlas.labels[17]]
    assert walks.describe(atlas, walks.row_point(atlas, row)) == f"{name} #{atlas.index[row]}"
    assert walks.describe(atlas, walks.Point((0.0,) * 4, (0.0, 0.0))) == "between samples"
    assert all(math.isfinite(v) for v in walks.row_point(atlas, row).z)
