"""The validation set: which samples it has, and that nobody else sees them as training samples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vae.data import validation
from vae.data.rows_on_disk import Rows
from vae.data.validation import as_trained, numbers, split
from vae.types import Samples


def samples(n: int, classes: int = 3, n_test: int = 7) -> Samples:
    """Row i of the training samples holds i, of the test samples -1."""
    x, y = np.arange(n, dtype=np.float32)[:, None], np.arange(n) % classes
    test = np.full((n_test, 1), -1, np.float32)
    return Samples(
        x, y, test, np.zeros(n_test, int), factors_train=x.astype(int), c_train=2 * x, c_test=np.zeros((n_test, 1))
    )


@pytest.mark.parametrize(("n", "classes", "share"), [(1437, 10, 0.1), (200, 7, 0.05), (1000, 1, 0.5), (120, 60, 0.1)])
def test_every_training_sample_is_in_one_of_two_sets_with_all_that_belongs_to_it(n, classes, share):
    s = split(samples(n, classes), share)
    assert len(s.x_validation) == round(share * n)
    assert sorted([*s.x_train[:, 0], *s.x_validation[:, 0]]) == list(range(n))
    for x, y, c in ((s.x_train, s.y_train, s.c_train), (s.x_validation, s.y_validation, s.c_validation)):
        assert np.array_equal(y, x[:, 0] % classes)
        assert np.array_equal(c, 2 * x)
    assert np.array_equal(s.x_train[:, 0], s.rows_train)
    assert np.array_equal(numbers(s, np.arange(3)), s.x_train[:3, 0])
    assert np.array_equal(s.factors_train, s.x_train)
    assert (s.x_test == -1).all()


def test_of_each_class_its_share_is_held_out_and_never_its_last_sample():
    y = np.repeat(np.arange(5), [500, 300, 101, 10, 1])
    s = split(Samples(np.zeros((len(y), 1), np.float32), y, np.zeros((1, 1), np.float32), None), 0.1)
    held = np.bincount(s.y_validation, minlength=5)
    assert (np.abs(held - 0.1 * np.bincount(y)) < 1).all()
    assert held[4] == 0


def test_the_split_is_the_same_each_time_and_whole_sets_stay_whole():
    whole = samples(300)
    one, two = split(whole, 0.1), split(whole, 0.1)
    assert np.array_equal(one.rows_train, two.rows_train)
    assert not np.array_equal(one.rows_train, np.arange(len(one.rows_train)))  # not the first ones
    assert split(one, 0.1) is one
    assert split(whole, 0.0) is whole
    assert np.array_equal(numbers(whole, np.array([4, 2])), [4, 2])


def test_a_large_set_holds_out_no_more_than_is_of_use_and_a_small_one_nothing():
    assert len(split(samples(60_000), 0.1).x_validation) == validation.MOST
    assert split(samples(94), 0.1).x_validation is None  # 9 samples
    assert len(split(samples(95), 0.1).x_validation) == validation.LEAST
    alone = samples(100, classes=100)  # of each class one sample, which trains
    assert split(alone, 0.2) is alone


def test_of_overlapping_windows_the_last_are_held_out_and_share_no_step_with_those_that_train():
    first = np.tile(np.arange(0, 800, 4), 2)  # two series, windows of 16 steps
    spans = np.column_stack([np.repeat([0, 1], 200), first, first + 15])
    whole = dataclasses.replace(samples(400), spans_train=spans)
    s = split(whole, 0.1)
    held = s.x_validation[:, 0].astype(int)
    assert np.array_equal(s.spans_train, spans[s.rows_train])
    for series in (0, 1):
        last = s.spans_train[s.spans_train[:, 0] == series][:, 2].max()
        assert last < spans[held][spans[held][:, 0] == series][:, 1].min()
    assert abs(len(held) / 400 - 0.1) < 0.02
    assert len(s.x_train) + len(held) == 400 - 2 * 4  # of each series those across the border are in neither


def test_rows_of_a_memory_map_are_read_when_they_are_asked_for(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(1200, dtype=np.float32).reshape(300, 2, 2))
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    s = split(Samples(x, None, x[:5], None), 0.1)
    rows = s.x_train
    assert isinstance(rows, Rows)
    expected = np.asarray(x)[s.rows_train]
    assert (len(rows), rows.shape, rows.dtype, rows.ndim) == (270, (270, 2, 2), np.float32, 3)
    assert rows.nbytes == expected.nbytes
    assert np.array_equal(rows, expected)
    assert np.array_equal(rows[3:9], expected[3:9])
    assert np.array_equal(rows[np.array([7, 1])], expected[[7, 1]])
    assert np.array_equal(rows.reshape(270, -1), expected.reshape(270, -1))


def test_a_card_says_whether_its_model_had_a_validation_set():
    whole = samples(300)
    trained = as_trained(whole, {"train": {"validation": 0.2}, "validation": {"n": 60}})
    assert len(trained.x_validation) == 60
    for card in ({"train": {}}, {"train": {"validation": 0.2}}, {"train": {}, "validation": {"n": 60}}):
        assert as_trained(whole, card) is whole
