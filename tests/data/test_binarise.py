"""Grey pixels as binary ones: draws of their own, and the published fixed draw of MNIST."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vae.data import binarise
from vae.data.as_evaluated import chosen, evaluated
from vae.data.binarise import binarised, is_grey
from vae.data.published import fixed_mnist
from vae.errors import DataCorrupt, DataNotFound
from vae.types import Samples

GOLDEN = [254, 251]  # bits of a draw
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (300, 1, 8, 8)).astype(np.uint8)


def test_a_pixel_is_one_as_often_as_it_is_bright():
    """Over 4 000 different pictures of one brightness each: within 4 standard errors."""
    for share in (0.1, 0.5, 0.9):
        x = np.full((4000, 1, 2, 2), share, np.float32) + RNG.uniform(-1e-3, 1e-3, (4000, 1, 2, 2)).astype(np.float32)
        b = binarised(x, 7)
        assert set(np.unique(b)) == {0.0, 1.0}
        assert b.mean((0, 1)) == pytest.approx(share, abs=4 * 0.5 / 4000**0.5)
        assert abs(np.corrcoef(b.reshape(4000, 4).T)[np.triu_indices(4, 1)]).max() < 4 / 4000**0.5


def test_a_draw_depends_on_the_sample_and_the_seed_alone():
    b = binarised(X, 3)
    assert b.dtype == np.uint8
    assert set(np.unique(b)) == {0, 255}
    assert (binarised(X[17:18], 3) == b[17]).all()
    assert (binarised(X.astype(np.float32) / 255, 3) * 255 == b).all()
    assert 0.3 < (binarised(X, 4) != b).mean() < 0.4  # 1/3 = E 2 p (1 - p) of uniform p
    assert (binarised(b, 4) == b).all(), "binary pixels stay what they are"


def test_a_draw_is_the_same_on_every_machine():
    assert np.packbits(binarised(np.arange(48, 64, dtype=np.uint8).reshape(1, 1, 4, 4) * 3, 1) > 0).tolist() == GOLDEN


def test_what_is_evaluated_is_binary_and_dynamic_training_data_stay_grey():
    samples = Samples(X[:200], None, X[200:], None)
    for mode, grey in ((binarise.STATIC, False), (binarise.DYNAMIC, True)):
        found = evaluated(samples, chosen(mode, "digits", 5))
        assert is_grey(found.x_train) == grey
        assert (found.x_test == binarised(X[200:], 5)).all()
    assert evaluated(samples, chosen(binarise.NONE, "digits", 5)) is samples
    assert is_grey(X)


# ---------------------------------------------------------------- the published draw of MNIST


def write(folder, x_train, x_test, split: int) -> None:
    folder.mkdir(exist_ok=True)
    for name, x in zip(fixed_mnist.FILES, (x_train[:split], x_train[split:], x_test), strict=True):
        np.savetxt(folder / name, (x > 0).reshape(len(x), -1), fmt="%d")


@pytest.fixture
def published(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_DATA", str(tmp_path))
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path / "cache"))
    drawn = binarised(X, 99)
    write(tmp_path / "mnist", drawn[:250], drawn[250:], 200)
    return Samples(X[:250], None, X[250:], None), drawn


def test_the_fields_fixed_draw_is_used_where_it_is_and_named(published, monkeypatch):
    samples, drawn = published
    of = chosen(binarise.STATIC, "mnist", 0)
    assert of["name"] == fixed_mnist.NAME
    found = evaluated(samples, of)
    assert (np.concatenate([found.x_train, found.x_test]) == drawn).all()
    assert chosen(binarise.STATIC, "digits", 0)["name"] == chosen(binarise.DYNAMIC, "mnist", 0)["name"] == binarise.OWN
    monkeypatch.setenv("ZSCOPE_DATA", "")
    own = chosen(binarise.STATIC, "mnist", 0)
    assert own["name"] == binarise.OWN
    assert own["seed"] == 0
    with pytest.raises(DataNotFound, match=r"binarized_mnist_train\.amat"):
        evaluated(samples, of)


def test_pictures_in_another_order_are_not_given_the_labels_of_others(published):
    samples, _drawn = published
    other = dataclasses.replace(samples, x_train=samples.x_train[::-1].copy())
    with pytest.raises(DataCorrupt, match="in their order"):
        evaluated(other, chosen(binarise.STATIC, "mnist", 0))


def test_files_of_another_size_or_of_something_else_are_refused(published, tmp_path):
    samples, _drawn = published
    of = chosen(binarise.STATIC, "mnist", 0)
    with pytest.raises(DataCorrupt, match="pixels in the fixed binary MNIST"):
        evaluated(dataclasses.replace(samples, x_test=X[251:]), of)
    (tmp_path / "mnist" / fixed_mnist.FILES[2]).write_text("0 1 2")
    with pytest.raises(DataCorrupt, match="digits 0 and 1 alone"):
        evaluated(samples, of)
