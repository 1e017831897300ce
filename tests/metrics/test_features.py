"""The classifier whose features samples are compared in: learns, repeats, is kept, is replaced when it is not right."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from vae.data.published.store import cache
from vae.errors import SaveError, SettingError
from vae.metrics import features
from vae.metrics.features import FeatureSpace, Net, Training, feature_space
from vae.types import Samples

QUICK = Training(width=8, steps=40, batch_size=32)


def bars(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """8x8 pictures with a bright row (class 0) or a bright column (class 1), in noise."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 80, (n, 1, 8, 8)).astype(np.uint8), rng.integers(0, 2, n)
    for picture, kind, at in zip(x[:, 0], y, rng.integers(0, 8, n), strict=True):
        (picture if kind == 0 else picture.T)[at] = 255
    return x, y.astype(np.int64)


@pytest.fixture
def samples() -> Samples:
    return Samples(*bars(300, 0), *bars(100, 1))


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path))


def space(samples: Samples, training: Training = QUICK, **more) -> FeatureSpace:
    return feature_space("bars", samples, training=training, **more)


def weights(f: FeatureSpace) -> np.ndarray:
    return torch.cat([p.detach().flatten() for p in f.net.parameters()]).numpy()


def kept(name: str = "bars"):
    return sorted(cache(name).glob("*"))


def test_it_learns_and_says_how_well(samples):
    f = space(samples)
    x = torch.from_numpy(samples.x_test).float() / 255
    with torch.inference_mode():
        share = float((f.net(x).argmax(1).numpy() == samples.y_test).mean())
    assert f.record["test_accuracy"] == pytest.approx(share)
    assert share > 0.9
    shown = f"{share:.3f}".removeprefix("0")
    assert f.name == f"bars classifier, 8-d, test accuracy {shown}, id {f.record['id']}"
    assert "fid" not in f.name.lower()


def test_its_features_are_what_the_last_layer_reads(samples):
    """(n, width), over several batches, and the same for bytes and floats."""
    f = space(samples)
    x = np.concatenate([samples.x_train, samples.x_train])[: features.BATCH + 30]
    z = f(x)
    assert z.shape == (len(x), 8)
    with torch.inference_mode():
        assert torch.allclose(f.net.head(torch.from_numpy(z)), f.net(torch.from_numpy(x).float() / 255), atol=1e-5)
    assert np.allclose(z, f((x / 255).astype(np.float32)), atol=1e-5)


def test_the_same_seed_gives_the_same_classifier_and_leaves_the_random_state_alone(samples, monkeypatch, tmp_path):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = space(samples)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(4)
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path / "another"))
    again = space(samples)
    assert np.array_equal(weights(first), weights(again))
    assert first.record == again.record
    assert space(samples, replace(QUICK, seed=1)).record["id"] != first.record["id"]


def test_it_is_trained_once(samples, monkeypatch):
    said = []
    first = space(samples, report=said.append)
    assert len(said) == 1
    assert "bars" in said[0]
    monkeypatch.setattr(features, "_train", lambda *a: pytest.fail("trained again"))
    again = space(samples, report=said.append)
    assert len(said) == 1
    assert np.array_equal(weights(first), weights(again))
    assert again.record == first.record
    assert not again.net.training
    assert [p.suffix for p in kept()] == [".safetensors"]


@pytest.mark.parametrize("change", ["settings", "data", "labels", "format"])
def test_another_question_is_another_file(samples, change, monkeypatch):
    space(samples)
    training, other = QUICK, samples
    if change == "settings":
        training = replace(QUICK, steps=41)
    elif change == "data":
        other = replace(samples, x_train=255 - samples.x_train)
    elif change == "labels":
        other = replace(samples, y_train=1 - samples.y_train)
    else:
        monkeypatch.setattr(features, "FORMAT", features.FORMAT + 1)
    space(other, training)
    assert len(kept()) == 2


@pytest.mark.parametrize("damage", ["truncated", "foreign", "no record", "other record", "other weights"])
def test_a_file_that_is_not_right_is_named_and_replaced(samples, damage, caplog):
    first = space(samples)
    (path,) = kept()
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        record = json.loads(file.metadata()["record"])
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-7])
    elif damage == "foreign":
        path.write_bytes(b"text")
    elif damage == "no record":
        save_file(tensors, path)
    elif damage == "other record":
        save_file(tensors, path, {"record": json.dumps(record | {"dataset": "stars"})})
    else:
        tensors["head.bias"] += 1
        save_file(tensors, path, {"record": json.dumps(record)})
    with caplog.at_level(logging.WARNING, logger="zscope.features"):
        again = space(samples)
    assert str(path) in caplog.text
    assert "training it again" in caplog.text
    assert np.array_equal(weights(first), weights(again))
    caplog.clear()
    space(samples)
    assert not caplog.text
    assert kept() == [path]


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 8, 8), (1, 28, 28), (3, 33, 20), (1, 64, 64), (3, 100, 7)])
def test_any_size_of_picture(shape):
    net = Net(shape, 3, 5)
    assert net(torch.rand(2, *shape)).shape == (2, 3)
    assert sum(p.numel() for p in net.parameters()) < 400_000


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"y_train": None}, "number of classes 0"),
        ({"y_test": None}, "number of classes 0"),
        ({"y_train": np.zeros(300, np.int64)}, "number of classes 1"),
        ({"x_train": np.zeros((300, 40), np.uint8)}, r"samples of shape \(40,\)"),
    ],
)
def test_data_without_pictures_or_labels_are_refused(samples, wrong, words):
    with pytest.raises(SettingError, match=words):
        space(replace(samples, **wrong))


def test_a_cache_that_cannot_be_written_is_said(samples, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path / "file"))
    with pytest.raises(SaveError, match="ZSCOPE_CACHE"):
        space(samples)
