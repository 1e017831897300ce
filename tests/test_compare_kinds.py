"""The comparison of AE, VAE and GAN: its measures on values computed by hand, its protocol, and which rows it adds."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from benchmarks import compare_kinds, kinds_measures, kinds_models
from benchmarks.compare_kinds import Protocol
from benchmarks.kinds_measures import Codec, Data, Near
from benchmarks.kinds_models import pca
from vae.metrics.features import FeatureSpace, Net
from vae.registry import DATASETS
from vae.training.trainer import Diverged

TINY = Protocol("digits", d=2, epochs=2, width=4, seeds=2, n=600, n_test=60)


class Brightness:
    """Judges a picture by its pixels, and calls it 1 where it is bright."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), -1).astype(np.float64)

    def classify(self, x: np.ndarray) -> np.ndarray:
        return (x.reshape(len(x), -1).mean(1) > 0.5).astype(int)


SAME = Codec(lambda x, y=None: x.reshape(len(x), -1), lambda z, y=None: z.reshape(-1, 1, 1, 2))


@pytest.fixture
def data() -> Data:
    """Pictures of two pixels: dark ones, about 0.2, and bright ones, about 0.8."""
    rng, y = np.random.default_rng(0), np.arange(80) % 2
    x = (0.2 + 0.6 * y[:, None] + rng.uniform(-0.1, 0.1, (80, 2))).astype(np.float32).reshape(-1, 1, 1, 2)
    return Data(x[:40], y[:40], x[40:], y[40:], Brightness())


def test_sharpness_is_the_variance_of_the_laplacian():
    x = np.zeros((1, 1, 3, 4), np.float32)
    x[0, 0, 1, 1] = 1  # the Laplacian of the two inner pixels is -4 and 1, 2.5 from their mean
    assert kinds_measures.sharpness(x) == pytest.approx(6.25)
    ramp = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    assert kinds_measures.sharpness(ramp) == 0
    assert kinds_measures.sharpness(np.concatenate([x, np.ones_like(x)])) == pytest.approx(6.25 / 2)


def test_the_off_data_score_of_points_on_a_line():
    near = Near.of(np.arange(31, dtype=np.float32)[:, None], weighted=False)
    assert near.reach == 8  # seven neighbours on either side, and one more
    assert near.off_data(np.array([[100.0]])) == pytest.approx(1 - 8 / 84)
    assert near.off_data(np.array([[15.0], [100.0]])) == pytest.approx((1 - 8 / 84) / 2)


def test_a_gaussian_has_the_moments_of_the_codes_also_where_they_do_not_vary():
    z = np.random.default_rng(0).normal([1, 2, 3], [1, 2, 0], (500, 3)).astype(np.float32)
    made = kinds_measures.gaussian(z, 20_000, 0)
    assert made.mean(0) == pytest.approx(z.mean(0), abs=0.05)
    assert np.cov(made.T) == pytest.approx(np.cov(z.T), abs=0.1)
    assert made[:, 2] == pytest.approx(np.full(20_000, 3), abs=1e-3)


def test_codes_return_where_decoding_loses_nothing_and_not_where_it_loses_all(data):
    z = SAME.encode(data.x)
    found = kinds_measures.holes(SAME, data, z, 0)
    assert found["lost"] == 0
    assert found["holes_box"] > 0.5  # the corners of the box, one pixel dark and one bright
    far = Codec(SAME.encode, lambda z, y=None: np.full((len(z), 1, 1, 2), 9, np.float32))
    assert kinds_measures.holes(far, data, z, 0) == {"holes": 1, "holes_box": 1, "lost": 1}


def test_holes_are_beyond_95_percent_of_the_test_pictures(data):
    flat = SAME.encode(data.x_test)
    of_test = Codec(SAME.encode, SAME.decode, prior=lambda n, seed: flat)
    assert kinds_measures.holes(of_test, data, SAME.encode(data.x), 0)["holes"] == pytest.approx(0.05)


def test_the_effect_of_an_attribute_is_the_rise_of_its_share(data):
    z, z_test = SAME.encode(data.x), SAME.encode(data.x_test)
    assert kinds_measures.attribute_effect(SAME, data, z, z_test) == 1
    blind = Codec(SAME.encode, lambda z, y=None: np.full((len(z), 1, 1, 2), 0.9, np.float32))
    assert kinds_measures.attribute_effect(blind, data, z, z_test) == 0
    obedient = Codec(SAME.encode, lambda z, y: np.repeat(y, 2).reshape(-1, 1, 1, 2) * np.float32(1), conditional=True)
    assert kinds_measures.attribute_effect(obedient, data, z, z_test) == 1


def test_label_agreement_is_that_of_gaussians_of_each_label(data):
    assert kinds_measures.agreement(SAME, data, SAME.encode(data.x), 0) == 1
    inverted = Codec(SAME.encode, lambda z, y=None: 1 - z.reshape(-1, 1, 1, 2))
    assert kinds_measures.agreement(inverted, data, SAME.encode(data.x), 0) == 0


def test_noise_raises_the_error_by_its_variance_where_it_passes_and_not_where_the_input_is_ignored(data):
    found = kinds_measures.reconstruction(SAME, data, SAME.encode(data.x_test), 0)
    assert (found["mse"], found["noise_1"]) == (0, pytest.approx(0.01, rel=0.25))
    grey = Codec(SAME.encode, lambda z, y=None: np.full((len(z), 1, 1, 2), 0.5, np.float32))
    assert kinds_measures.reconstruction(grey, data, SAME.encode(data.x_test), 0)["noise_rise"] == 0


def test_points_between_are_on_lines_of_different_labels():
    z = np.array([[0, 0], [10, 20]], np.float32)
    points = kinds_measures.between(z, np.array([0, 1]), 0).reshape(-1, kinds_measures.STEPS, 2)
    assert points[:, :, 1] == pytest.approx(2 * points[:, :, 0])
    assert sorted({round(float(v), 4) for v in points[:, :, 0].ravel()}) == list(range(1, 10))


def test_pca_reconstructs_what_lies_in_its_plane(data):
    codec = pca(data.x, 2)
    assert codec.decode(codec.encode(data.x_test)) == pytest.approx(data.x_test, abs=1e-5)
    line = pca(data.x, 1)
    middle = data.x.reshape(-1, 2).mean(0)
    axis = np.linalg.svd(data.x.reshape(-1, 2) - middle, full_matrices=False)[2][0]
    assert np.ptp(line.decode(np.array([[-0.1], [0.1]], np.float32)).reshape(2, 2) @ axis) == pytest.approx(0.2)


def test_the_gap_is_what_the_error_of_test_samples_exceeds_that_of_the_few_by(data):
    grey = Codec(SAME.encode, lambda z: np.full((len(z), 1, 1, 2), 0.2, np.float32))
    train, test = (float(np.square(x.astype(np.float64) - np.float32(0.2)).mean()) for x in (data.x, data.x_test))
    found = compare_kinds.gap(grey, data, 0)
    assert (found["few_train"], found["few_test"]) == (pytest.approx(train), pytest.approx(test))
    assert found["few_gap"] == pytest.approx(test - train)


def test_500_samples_are_trained_on_for_as_many_steps():
    for protocol, n in zip(compare_kinds.PROTOCOLS, (1437, 10_000), strict=True):
        steps = protocol.epochs * -(-n // protocol.batch_size)
        assert protocol.few_epochs(n) * 8 == pytest.approx(steps, abs=4)


# ---------------------------------------------------------------- rows


@pytest.fixture
def stored(tmp_path, monkeypatch):
    monkeypatch.setattr(compare_kinds, "OUT", tmp_path)
    monkeypatch.setattr(compare_kinds, "ROWS", tmp_path / "rows.jsonl")
    return tmp_path / "rows.jsonl"


def test_a_restart_adds_what_is_missing_and_what_other_settings_made(stored, monkeypatch):
    asked = []

    def row(protocol, kind, seed):
        asked.append((kind, seed))
        return {"made_by": protocol.made_by(kind, seed), "mse": seed}

    monkeypatch.setattr(compare_kinds, "row", row)
    compare_kinds.run(TINY)
    assert sorted(asked) == sorted((k, s) for k in (*compare_kinds.BASELINES, *compare_kinds.TRAINED) for s in (0, 1))
    lines = [json.loads(line) for line in stored.read_text().splitlines()]
    lines[3]["made_by"]["epochs"] = 7
    stored.write_text("".join(json.dumps(line) + "\n" for line in lines[:-1]))
    asked.clear()
    compare_kinds.run(TINY)
    assert len(asked) == 2
    assert asked[1] == ("cvae", 1)
    asked.clear()
    compare_kinds.run(dataclasses.replace(TINY, dataset="fashion_mnist"))
    compare_kinds.run(dataclasses.replace(TINY, seeds=1))
    assert len(asked) == 12  # those of the other data set; fewer seeds need none
    assert len(compare_kinds.finished(TINY)) == 12


@pytest.fixture
def untrained(monkeypatch):
    """The judge of these tests has learned nothing, and need not be waited for."""
    torch.manual_seed(0)
    judge = FeatureSpace(Net((1, 8, 8), 10, 8).eval(), {"dataset": "digits", "classes": 10})
    monkeypatch.setattr(compare_kinds, "feature_space", lambda name, samples: judge)
    compare_kinds.loaded.cache_clear()
    compare_kinds._from_pixels.cache_clear()
    yield
    compare_kinds.loaded.cache_clear()
    compare_kinds._from_pixels.cache_clear()


@pytest.mark.parametrize("kind", [*compare_kinds.BASELINES, *compare_kinds.TRAINED])
def test_every_kind_is_measured(untrained, kind):
    made = compare_kinds.row(TINY, kind, 0)
    assert {"sharpness", "frechet_distance", "recall", "density", "label_agreement"} <= set(made)
    assert ("holes" in made) == (kind not in ("data", "cvae"))
    assert ("few_gap" in made) == (kind in ("pca", "ae", "vae", "gan"))
    assert ("swing" in made) == (kind in compare_kinds.TRAINED)
    assert all(np.isfinite(value) for key, value in made.items() if key != "made_by")


def test_a_training_that_diverges_is_a_row_of_its_own(untrained, monkeypatch):
    def diverges(*_args):
        raise Diverged("loss is nan")

    monkeypatch.setattr(kinds_models, "fit", diverges)
    made = compare_kinds.row(TINY, "vae", 1)
    assert made == {"made_by": TINY.made_by("vae", 1), "diverged": 1}


def test_every_family_trains_on_the_same_samples(untrained):
    samples, data = compare_kinds.loaded(TINY)
    assert (len(data.x), len(data.x_test)) == (600, 60)
    assert np.array_equal(compare_kinds.few(samples, 1).x_train, (compare_kinds._some(data, 1) * 255).round())
    assert not np.array_equal(samples.x_train, DATASETS.get("digits").load().x_train[:600])
