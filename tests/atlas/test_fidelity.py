"""Fidelity: reconstructions beside neighbouring samples and PCA, by values computed by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import vae
from vae.atlas import fidelity
from vae.atlas.fidelity import Fidelity, baselines, baselines_of, errors_near, neighbour_rms, of_model, pca_rms
from vae.registry import DATASETS
from vae.saved import schema


def test_the_nearest_other_sample_by_hand(monkeypatch):
    """0 and 3 are each other's neighbour, 10 is nearest to 3: squares 9, 9, 49 over two values each."""
    x = np.array([[0, 0], [3, 0], [10, 0]], np.float32)
    assert neighbour_rms(x) == pytest.approx(np.sqrt((9 + 9 + 49) / 6))
    assert neighbour_rms(np.array([[0, 51], [51, 51]], np.uint8)) == pytest.approx(0.2 / np.sqrt(2))
    assert neighbour_rms(np.repeat(x, 2, 0)) == 0  # a copy is a neighbour, too
    monkeypatch.setattr(fidelity, "CHUNK", 1)
    assert neighbour_rms(x) == pytest.approx(np.sqrt((9 + 9 + 49) / 6))


def test_a_far_origin_does_not_blur_differences():
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    assert neighbour_rms(x + np.float32(4096)) == pytest.approx(neighbour_rms(x), 1e-3)


def test_pca_by_hand():
    """Squares of the four points along three axes: 2 * 16, 2 * 4, 2 * 1."""
    axes = np.array([[4, 0, 0], [-4, 0, 0], [0, 2, 0], [0, -2, 0], [0, 0, 1], [0, 0, -1]], np.float32)
    assert pca_rms(axes + 5, 1) == pytest.approx(np.sqrt((8 + 2) / 18))
    assert pca_rms(axes + 5, 2) == pytest.approx(np.sqrt(2 / 18))
    assert pca_rms(axes, 3) is None  # all that the data have
    wide = np.concatenate([axes, np.zeros((6, 9), np.float32)], 1)  # more values than rows: by the products of rows
    assert pca_rms(wide, 1) == pytest.approx(np.sqrt((8 + 2) / 72))


@pytest.mark.parametrize("shape", [(300, 20), (40, 64)])
def test_pca_is_that_of_scikit_learn(shape, monkeypatch):
    from sklearn.decomposition import PCA

    x = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    known = PCA(5, svd_solver="full").fit(x / 255)
    again = known.inverse_transform(known.transform(x / 255))
    monkeypatch.setattr(fidelity, "CHUNK", 7)
    assert pca_rms(x, 5) == pytest.approx(np.sqrt(np.square(again - x / 255).mean()), rel=1e-5)


def test_very_wide_data_are_sampled(monkeypatch):
    monkeypatch.setattr(fidelity, "FITTED", 30)
    x = np.random.default_rng(0).normal(size=(90, 40)).astype(np.float32)
    assert 0.5 < pca_rms(x, 3) < 1


def test_baselines_leave_out_what_does_not_compare():
    x = np.random.default_rng(0).normal(size=(30, 2, 3)).astype(np.float32)
    assert set(baselines(x, np.arange(30), d=2)) == {"neighbour", "pca", "components"}
    assert set(baselines(x, np.arange(30), d=6)) == {"neighbour"}
    assert set(baselines(x, np.arange(30), d=2, discrete=True)) == {"neighbour"}
    assert baselines(x[:1], np.arange(1), d=2) == {}


def test_neighbours_are_those_of_the_data_and_not_of_the_map():
    x = np.random.default_rng(0).normal(size=(700, 3)).astype(np.float32)
    x[:200] *= 3
    maps = (np.arange(20), np.arange(300, 400))
    one, other = (baselines(x, index, d=2) for index in maps)
    assert one["neighbour"] == other["neighbour"] == neighbour_rms(x)
    gaps = np.sqrt(np.square(x[:, None] - x[None]).mean(2) + 9 * np.eye(700)).min(1)
    assert one["neighbour"] == pytest.approx(np.sqrt(np.square(gaps).mean()), rel=0.05), "500 of 700, all over the data"
    assert one["pca"] != other["pca"]  # it stands beside the errors of the map's samples


def test_errors_near_a_latent_are_those_of_its_nearest_rows(tiny_checkpoint):
    atlas = vae.load("tiny-vae").atlas
    z = atlas.z[[3, 8]] + 0.01
    rows = [atlas.neighbours(one, 6)[0] for one in z]
    by_hand = [np.sqrt(np.mean([atlas.measured["error"][row] for row in six])) for six in rows]
    assert errors_near(atlas, z) == pytest.approx(by_hand)
    assert errors_near(dataclasses.replace(atlas, measured={}), z) is None


def test_a_model_is_told_with_the_baselines_of_its_data(tiny_checkpoint):
    engine = vae.load("tiny-vae")
    found, x = of_model(engine.atlas, engine.card), DATASETS.get("digits").load().x_train / np.float32(255)
    shown = x[engine.atlas.index]
    expected = np.sqrt(np.square(engine.decode(engine.encode(shown)[0]) - shown).mean())
    assert found.error == pytest.approx(expected, rel=2e-3)
    assert found.components == engine.d
    assert found.n == engine.atlas.n
    assert found.test == pytest.approx(np.sqrt(engine.card["metrics"]["mse"]))
    assert 0.05 < found.neighbour < found.pca < 0.3
    assert of_model(dataclasses.replace(engine.atlas, measured={}), engine.card) is None
    old = of_model(engine.atlas, {"atlas": {"n": 5}})
    assert (old.neighbour, old.pca, old.components, old.poor) == (None, None, None, False)


def test_poor_is_clearly_worse_than_either_baseline():
    assert not Fidelity(0.109, 0.1, 0.1, 2).poor
    assert Fidelity(0.111, 0.1, 0.2, 2).beyond_neighbour
    assert not Fidelity(0.111, 0.1, 0.2, 2).beyond_pca
    assert Fidelity(0.111, 0.2, 0.1, 2).poor
    assert not Fidelity(9.0).poor


def test_a_card_with_odd_baselines_is_named_and_not_believed(tiny_checkpoint):
    card = {"atlas": {"baselines": {"neighbour": -1, "pca": "x", "components": 0.5}}}
    assert baselines_of(card) == {"neighbour": None, "pca": None, "components": None}
    assert baselines_of({}) == baselines_of({"atlas": None}) == baselines_of(card)
    good = vae.load("tiny-vae").card
    odd = good | {"atlas": good["atlas"] | {"baselines": {"pca": "x"}}}
    assert schema.problem(good) == ""
    assert "atlas.baselines.pca" in schema.problem(odd)


def test_errors_that_are_no_numbers_are_not_shown(tiny_checkpoint):
    atlas = vae.load("tiny-vae").atlas
    for errors in (np.full(atlas.n, np.nan, np.float32), np.empty(0, np.float32)):
        assert of_model(dataclasses.replace(atlas, measured={"error": errors}), {}) is None
