"""The split of a user's data: the share that was asked for, and of each class at least one sample to train on."""

from __future__ import annotations

import numpy as np
import pytest

from tests.data.test_own_pictures import read


def labelled(tmp_path, y):
    y = np.asarray(y)
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(len(y), 3)), y=y)
    return tmp_path / "a.npz"


@pytest.mark.parametrize(("classes", "each"), [(350, 2), (100, 4), (30, 10), (3, 100)])
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_share_is_kept_whatever_the_classes(tmp_path, classes, each, share):
    found = read(labelled(tmp_path, np.arange(classes * each) % classes), test_share=share)
    assert found.preview.n_test == round(share * classes * each)
    in_test = np.bincount(found.samples.y_test, minlength=classes)
    assert in_test.max() <= np.ceil(share * each)
    assert in_test.min() >= np.floor(share * each)
    assert np.bincount(found.samples.y_train, minlength=classes).min() >= 1
    told = [note for note in found.preview.notes if "no test sample" in note]
    assert len(told) == (in_test.min() == 0)
    assert not told or told[0].startswith(f"{(in_test == 0).sum()} of {classes} classes")


def test_single_samples_train(tmp_path):
    found = read(labelled(tmp_path, [0] * 9 + [1] * 9 + [2]), test_share=0.5)
    assert np.bincount(found.samples.y_train, minlength=3).min() >= 1
    assert 2 not in found.samples.y_test
    assert any("1 of 3 classes has no test sample" in note for note in found.preview.notes)


def test_a_class_that_only_the_test_set_has_is_told(tmp_path):
    x = np.random.default_rng(0).normal(size=(30, 3))
    y = np.r_[np.arange(20) % 2, np.arange(10) % 3]
    np.savez(tmp_path / "a.npz", x_train=x[:20], y_train=y[:20], x_test=x[20:], y_test=y[20:])
    notes = read(tmp_path / "a.npz").preview.notes
    assert any(note.startswith("1 class has test samples but no training samples: 2") for note in notes)


def test_the_split_follows_its_seed(tmp_path):
    path = labelled(tmp_path, np.arange(200) % 90)
    one, same, other = (read(path, seed=seed).samples.x_test for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
