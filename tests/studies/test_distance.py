"""Distances of two points: against NumPy by hand, and beside the data's own."""

from __future__ import annotations

import numpy as np
import pytest

import vae
from vae.studies import distance, original
from vae.studies.point import Point


@pytest.fixture
def tiny(tiny_checkpoint):
    return vae.load("tiny-vae")


def test_distances_are_those_of_the_map_and_of_the_decoded_values(tiny):
    atlas = tiny.atlas
    a, b = Point(tuple(atlas.z[0].tolist())), Point(tuple(atlas.z[5].tolist()))
    found = distance.between(tiny, a, b)
    apart = atlas.projector.seen(atlas.z[:6])[[0, 5]] * atlas.projector.scale
    assert found.latent == pytest.approx(float(np.linalg.norm(apart[0] - apart[1])), rel=1e-5)
    x = tiny.decode(atlas.z[[0, 5]])
    assert found.decoded == pytest.approx(float(np.sqrt(((x[0] - x[1]) ** 2).mean())), rel=1e-5)
    assert distance.between(tiny, a, a).latent == 0


def test_the_typical_distance_is_that_to_the_nearest_other_row(tiny):
    seen = tiny.atlas.projector.seen(tiny.atlas.z) * tiny.atlas.projector.scale
    every = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    np.fill_diagonal(every, np.inf)
    assert distance.typical(tiny) == pytest.approx(float(np.median(every.min(1))), rel=0.1)


def test_a_sample_of_a_built_in_set_is_known_by_its_number(tiny):
    assert original.source_of(tiny) == ""
    assert dict(original.cells(tiny, 3))["Sample"] == f"#{tiny.atlas.index[3]}"
