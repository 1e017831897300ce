"""What the rows of a map can be coloured by: measured figures, closed forms, densities, and what is absent."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest
import torch

import vae
from app.live import assets
from vae.__main__ import main
from vae.atlas.atlas import SHEET_PX
from vae.atlas.building import _sheet_of
from vae.atlas.colours import _column, closed_rate, log_density, quantities
from vae.atlas.measured import measure, stored
from vae.errors import CheckpointError, SettingError, UnknownName
from vae.losses.gaussian import kl_to_standard_normal
from vae.registry import DATASETS
from vae.saved import checkpoint
from vae.training import experiment
from vae.types import Samples


@pytest.fixture
def tiny(tiny_checkpoint):
    return vae.load("tiny-vae")


def column(engine, key):
    return np.frombuffer(assets.column_bytes(engine, key), "<f4")


def test_the_error_of_a_row_is_that_of_its_decoded_mean(tiny):
    x = DATASETS.get("digits").load().x_train[tiny.atlas.index]
    expected = np.square(tiny.decode(tiny.encode(x)[0]) - x / np.float32(255)).mean((1, 2, 3))
    np.testing.assert_allclose(column(tiny, "error"), expected, rtol=2e-3)


def test_a_rate_with_a_closed_form_is_computed_and_not_stored(tiny):
    x = DATASETS.get("digits").load().x_train[tiny.atlas.index]
    assert len(tiny.atlas.measured["rate"]) == 0
    np.testing.assert_allclose(column(tiny, "rate"), measure(tiny.model, x, None)["rate"], rtol=0.02, atol=0.02)
    mu, std = torch.randn(50, 3), torch.rand(50, 3) + 0.01
    expected = kl_to_standard_normal(mu, std).sum(1).numpy()
    np.testing.assert_allclose(closed_rate(mu.numpy(), std.numpy()), expected, rtol=1e-5, atol=1e-5)


def test_a_rate_without_a_closed_form_is_stored():
    mu, std, nothing = np.zeros((4, 2)), np.ones((4, 2)), Samples(np.zeros((4, 1)), None, np.zeros((0, 1)), None)
    arrays = stored({"error": np.ones(4), "rate": np.array([1.0, 2, 3, 4])}, mu, std, nothing, np.arange(4))
    assert arrays["rate"].tolist() == [1, 2, 3, 4]
    assert arrays["rate"].dtype == np.float16


def test_factors_of_the_data_become_columns():
    made = Samples(np.zeros((3, 1)), None, np.zeros((0, 1)), None, np.array([[0, 7], [1, 8], [2, 9]]), None, ("a", "b"))
    arrays = stored({}, np.zeros((2, 1)), np.ones((2, 1)), made, np.array([0, 2]))
    assert arrays["factor.b"].tolist() == [7, 9]


def test_a_code_without_a_posterior_has_no_rate(tiny_checkpoint):
    assert set(quantities(vae.load("tiny-ae"))) == {"error", "trust", "stability", "density", "disagreement"}


def test_log_density_of_a_gaussian_follows_its_log_density():
    z = np.random.default_rng(0).normal(size=(4000, 2)).astype(np.float32)
    found, true = log_density(z, np.ones(2)), -0.5 * np.square(z).sum(1)
    assert np.corrcoef(found, true)[0, 1] > 0.95
    slope = np.polyfit(true, found, 1)[0]
    assert slope == pytest.approx(1, abs=0.15)  # nats, not some other scale
    assert np.median(found) == pytest.approx(0, abs=1e-6)


def test_a_density_of_very_many_rows_reads_a_part_of_them(monkeypatch):
    z = np.random.default_rng(0).normal(size=(3000, 2)).astype(np.float32)
    whole = log_density(z, np.ones(2))
    monkeypatch.setattr("vae.atlas.colours.PAIRS", 3000 * 1000)
    assert np.corrcoef(log_density(z, np.ones(2)), whole)[0, 1] > 0.9


def test_an_atlas_of_before_says_how_to_measure_and_measuring_leaves_its_map(tiny_checkpoint, tmp_path, monkeypatch):
    shutil.copytree(tiny_checkpoint, tmp_path / "old")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    saved, atlas = checkpoint.read(tmp_path / "old"), vae.load("old").atlas
    files = dataclasses.replace(atlas, measured={}).files()
    checkpoint.save(saved.path, saved.config | {"name": "old"}, {**saved.files, **files})
    engine = vae.load("old")
    assert engine.atlas.measured == {}
    assert "python -m vae atlas old --measure" in quantities(engine)["error"].absent
    with pytest.raises(SettingError, match="not measured yet"):
        assets.column_bytes(engine, "error")

    assert main(["atlas", "old", "--measure"]) == 0
    again = vae.load("old")
    np.testing.assert_allclose(again.atlas.measured["error"], atlas.measured["error"], rtol=1e-3)
    for name in ("z", "std", "xy", "index", "labels"):
        np.testing.assert_array_equal(getattr(again.atlas, name), getattr(atlas, name))
    assert again.atlas.thumbnails_webp == atlas.thumbnails_webp
    for name, array in atlas.projector.state().items():
        np.testing.assert_array_equal(again.atlas.projector.state()[name], array)


def test_other_samples_than_those_of_the_map_are_refused(tiny, tmp_path):
    shutil.copytree(tiny.path, tmp_path / "tiny-vae")
    samples = DATASETS.get("digits").load()
    saved = checkpoint.read(tmp_path / "tiny-vae")
    with pytest.raises(CheckpointError, match="not the samples of its map"):
        experiment.measure_atlas(saved, dataclasses.replace(samples, x_train=samples.x_train[::-1]))
    with pytest.raises(CheckpointError, match="the data set has 5 samples"):
        experiment.measure_atlas(saved, dataclasses.replace(samples, x_train=samples.x_train[:5]))


def test_a_sheet_of_thumbnails_ends_where_a_graphics_card_does():
    assert _sheet_of(10_000, (28, 28)) == (100, 10_000)
    columns, fit = _sheet_of(1_000_000, (28, 28))
    assert (columns, fit) == (292, 292 * 292)
    assert columns * 28 <= SHEET_PX < (columns + 1) * 28


def test_an_unknown_quantity_names_those_that_exist(tiny):
    with pytest.raises(UnknownName, match="density, disagreement, error, rate, stability, trust"):
        assets.column_bytes(tiny, "beauty")


def test_the_values_of_a_row_are_those_of_its_sample(waves_root):
    engine = vae.load("waves-vae")
    x = DATASETS.get("waves").load().x_train[engine.atlas.index[3]]
    np.testing.assert_array_equal(np.frombuffer(assets.row_bytes(engine, "3"), "<f4"), x.ravel())
    for row in (str(engine.atlas.n), "-1", "x"):
        with pytest.raises(SettingError, match="expected 0 to"):
            assets.row_bytes(engine, row)


def test_years_and_dates_of_the_data_say_what_they_are():
    columns = [np.array([1998.0, 2010.0]), np.array([12.0, 2010.0]), np.array(["2010-03-01", "2011-04-02"], object)]
    assert [_column("column.0", "name", values).written for values in columns] == ["year", "", "date"]
