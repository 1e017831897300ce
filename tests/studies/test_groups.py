"""What a selection of the map has in common, as the page tells it and as it is taken along."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import vae
from app.browser.latent_map import bits_of, rows_of
from vae.studies.groups import arrays, describe, table


@pytest.fixture(scope="module")
def engine(tiny_root):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCOPE_CHECKPOINTS", str(tiny_root))
        yield vae.load("tiny-vae")


@pytest.fixture
def rows(engine):
    return np.flatnonzero(np.isin(engine.atlas.labels, (3, 7)))[:40]


def test_a_group_is_told_beside_all_samples(engine, rows):
    group, atlas = describe(engine, rows), engine.atlas
    threes = int((atlas.labels[rows] == 3).sum())
    assert sorted(group.classes) == [
        ("3", threes, (atlas.labels == 3).sum()),
        ("7", 40 - threes, (atlas.labels == 7).sum()),
    ]
    assert group.classes[0][1] >= group.classes[1][1]
    np.testing.assert_allclose(group.centre, atlas.z[rows].mean(0), atol=1e-5)
    away = np.linalg.norm((atlas.z[rows] - group.centre) * atlas.projector.scale, axis=1)
    assert group.spread[0] == pytest.approx(away.mean(), rel=1e-4)
    assert group.spread[0] < group.spread[1]
    assert group.typical[0] == rows[away.argmin()]
    assert group.extreme[0] == rows[away.argmax()]
    assert group.error[0] == pytest.approx(atlas.measured["error"][rows].mean(), rel=1e-5)
    expected = np.mean([atlas.thumbnail(int(row)) for row in rows], axis=0)
    np.testing.assert_allclose(group.mean, expected, atol=0.51)


def test_of_a_small_group_no_sample_is_both_typical_and_extreme(engine):
    group = describe(engine, [5, 9, 2])
    assert sorted(group.typical) == [2, 5, 9]
    assert group.extreme == ()
    assert describe(engine, [5]).spread[0] == 0


def test_the_table_holds_every_row(engine, rows):
    lines = list(csv.DictReader(io.StringIO(table(engine, rows))))
    assert [int(line["row"]) for line in lines] == rows.tolist()
    assert lines[3]["label"] == engine.atlas.classes[engine.atlas.labels[rows[3]]]
    assert float(lines[3]["z1"]) == pytest.approx(engine.atlas.z[rows[3], 1], rel=1e-5)
    assert float(lines[3]["error_mse"]) == pytest.approx(engine.atlas.measured["error"][rows[3]], rel=1e-5)


def test_the_arrays_hold_every_row(engine, rows):
    with np.load(io.BytesIO(arrays(engine, rows)), allow_pickle=False) as npz:
        np.testing.assert_array_equal(npz["z"], engine.atlas.z[rows])
        np.testing.assert_array_equal(npz["label"], engine.atlas.labels[rows])
        assert len(npz["error"]) == len(rows)


def test_rows_travel_as_bits():
    rows = [0, 7, 8, 99]
    assert rows_of({"bits": bits_of(rows, 100)}, 100) == tuple(rows)
    assert bits_of([0, 9], 10) == "AQI="  # as the browser writes it
    assert bits_of((), 10) == ""
    for sent in (None, {}, {"bits": ""}, {"bits": "no base64!"}):
        assert rows_of(sent, 100) == ()
    assert rows_of({"bits": bits_of(rows, 100)}, 9) == (0, 7, 8)  # never beyond the map
