"""Data sets of one's own from arrays, and how they are kept: as data sets like any other, whole or not at all."""

from __future__ import annotations

import dataclasses
import gzip
import io
import os
import re

import numpy as np
import pytest

from tests.data.test_own_pictures import folder, read
from vae.data.own import shelf
from vae.disk import folder_swap
from vae.errors import DataCorrupt, SaveError, SettingError, UnknownName
from vae.library import user_data
from vae.registry import DATASETS, datasets
from vae.training.presets import preset


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    return tmp_path / "own"


# ---------------------------------------------------------------- arrays


def arrays(tmp_path, name="a.npz", **what):
    path = tmp_path / name
    np.savez(path, **what) if name.endswith("npz") else np.save(path, what["x"])
    return path


GREY = np.random.default_rng(0).integers(0, 256, (30, 9, 9), dtype=np.uint8)


@pytest.mark.parametrize(
    ("x", "shape", "modality"),
    [
        (GREY, (1, 9, 9), "image"),
        (GREY[:, None].repeat(3, 1), (3, 9, 9), "image"),
        (GREY[..., None].repeat(3, 3), (3, 9, 9), "image"),
        (GREY / np.float32(255), (1, 9, 9), "image"),
        (GREY.astype(np.int64), (1, 9, 9), "image"),
        (GREY > 99, (1, 9, 9), "image"),
        (GREY[:, :5].astype(float) - 100, (5, 9), "series"),
        (GREY.reshape(30, 81), (81,), "vector"),
    ],
    ids=["grey", "colour", "channels last", "floats", "int64", "bool", "series", "vectors"],
)
def test_layouts_of_arrays(tmp_path, x, shape, modality):
    found = read(arrays(tmp_path, x=x, y=np.arange(30) % 3))
    assert (found.preview.shape, found.preview.modality) == (shape, modality)
    assert found.classes == ("0", "1", "2")
    assert found.samples.x_train.flags.c_contiguous
    if modality == "image":
        whole = np.concatenate([found.samples.x_train, found.samples.x_test])
        assert whole.dtype == (np.float32 if x.dtype == np.float32 else np.uint8)
        assert whole.max() == (1 if x.dtype == np.float32 else 255)
    else:
        assert found.samples.x_train.mean() == pytest.approx(0, abs=1e-5)
        assert found.samples.x_train.std() == pytest.approx(1, abs=1e-5)


def test_rows_become_pictures_where_a_size_says_so(tmp_path):
    found = read(arrays(tmp_path, "a.npy", x=GREY.reshape(30, 81)), size=(9, 9))
    assert found.preview.shape == (1, 9, 9)
    with pytest.raises(SettingError, match=r"has 64 \(grey\) or 192 \(colour\)"):
        read(arrays(tmp_path, "a.npy", x=GREY.reshape(30, 81)), size=(8, 8))


def test_a_split_of_arrays_is_kept(tmp_path):
    found = read(
        arrays(tmp_path, x_train=GREY[:20], y_train=np.arange(20) % 2, x_test=GREY[20:], y_test=np.arange(10) % 2)
    )
    np.testing.assert_array_equal(found.samples.x_test[:, 0], GREY[20:])
    assert found.samples.y_test.tolist() == [0, 1] * 5


def test_samples_with_nan_are_left_out_and_counted(tmp_path):
    x = (GREY / 255).astype(np.float32)
    x[3, 0, 0] = np.nan
    preview = read(arrays(tmp_path, x=x)).preview
    assert preview.n_train + preview.n_test == 29
    assert any("1 sample contains NaN" in note for note in preview.notes)


class Trap:
    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trap = np.array([Trap()] * 9, dtype=object)
    for path in (arrays(tmp_path, x=trap), arrays(tmp_path, "a.npy", x=trap)):
        with pytest.raises(SettingError, match="pickled Python objects"):
            read(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["a.npz", "a.npy"])
def test_torn_arrays_are_refused(tmp_path, name):
    path = arrays(tmp_path, name, x=GREY)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SettingError, match=r"damaged"):
        read(path)


def test_a_header_that_promises_more_than_there_is_takes_no_memory(tmp_path):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (10**14, 9)})
    (tmp_path / "a.npy").write_bytes(head.getvalue() + bytes(72))
    with pytest.raises(SettingError, match="truncated or damaged"):
        read(tmp_path / "a.npy")


def packed_idx(a: np.ndarray) -> bytes:
    return bytes([0, 0, 8, a.ndim]) + np.array(a.shape, ">u4").tobytes() + a.tobytes()


def test_idx_files_of_mnists_layout(tmp_path):
    (tmp_path / "p").mkdir()
    labels = (np.arange(30) % 5).astype(np.uint8)
    for part, s in (("train", slice(20)), ("t10k", slice(20, 30))):
        (tmp_path / "p" / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(packed_idx(GREY[s])))
        (tmp_path / "p" / f"{part}-labels-idx1-ubyte").write_bytes(packed_idx(labels[s]))
    found = read(tmp_path / "p")
    np.testing.assert_array_equal(found.samples.x_train[:, 0], GREY[:20])
    assert found.samples.y_test.tolist() == labels[20:].tolist()
    alone = read(tmp_path / "p" / "train-images-idx3-ubyte.gz")
    assert (alone.preview.n_train + alone.preview.n_test, alone.classes) == (20, ())


# ---------------------------------------------------------------- kept


def kept(tmp_path, name="mine", **choices):
    found = read(folder(tmp_path, 40), **choices)
    return found, user_data.add(name, found)


def test_a_data_set_of_ones_own_is_one_like_any_other(tmp_path, own):
    found, path = kept(tmp_path)
    assert path == own / "mine"
    entry = DATASETS.get("mine")
    assert (entry.modality, entry.shape, entry.classes) == ("image", (1, 16, 16), ("disc", "square"))
    assert entry.licence == "your own: pictures"
    assert re.search("your own: pictures, SHA-256 [0-9a-f]{64}", entry.origin)
    samples = entry.load()
    for key in shelf.ARRAYS:
        np.testing.assert_array_equal(getattr(samples, key), getattr(found.samples, key))
    assert isinstance(samples.x_train, np.memmap)
    assert samples.x_train.flags.writeable
    samples.x_train[:] = 7  # in memory alone
    np.testing.assert_array_equal(entry.load().x_train, found.samples.x_train)
    assert "digits" in datasets()
    user_data.remove("mine")
    assert "mine" not in datasets()
    assert list(own.iterdir()) == []
    with pytest.raises(UnknownName, match="mine"):
        DATASETS.get("mine")


@pytest.mark.parametrize("name", ["digits", "Fashion-MNIST", "", "../x", "a" * 41, "3d", "a b"])
def test_names_that_cannot_be(tmp_path, name):
    with pytest.raises(SettingError, match="name"):
        user_data.add(name, read(folder(tmp_path)))


def test_a_name_is_taken_once(tmp_path):
    found, _ = kept(tmp_path)
    for name in ("mine", "MINE"):
        with pytest.raises(SettingError, match="already"):
            user_data.add(name, found)
    user_data.add("mine", found, replace=True)
    shelf.verify("mine")


def test_a_set_of_a_modality_that_is_gone_is_passed_over_and_told(tmp_path, own):
    kept(tmp_path)
    text = (own / "mine" / shelf.DESCRIPTION).read_text("utf-8")
    (own / "mine" / shelf.DESCRIPTION).write_text(text.replace('"modality": "image"', '"modality": "smell"'), "utf-8")
    assert "mine" not in datasets()
    assert shelf.names() == ["mine"]
    with pytest.raises(UnknownName, match="unknown modality 'smell'"):
        preset("quick", "vae", dataclasses.replace(DATASETS.get("digits"), modality="smell"), 100)


def test_picture_files_become_the_kind_that_was_chosen(tmp_path):
    given = folder(tmp_path, 20)
    as_pictures, as_vectors = read(given), read(given, kind="vector")
    assert as_vectors.preview.modality == "vector"
    assert as_vectors.preview.shape == (int(np.prod(as_pictures.preview.shape)),)
    with pytest.raises(SettingError, match="is not an array of series"):
        read(given, kind="series")


def test_a_folder_of_csv_files_is_a_series_each_where_that_was_chosen(tmp_path):
    for i in range(12):
        (tmp_path / "runs" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        text = "x,y\n" + f"{i},1\n" * (5 + (i == 6)) if i != 7 else "x,y,z\n" + "1,2,3\n" * 5
        (tmp_path / "runs" / "ab"[i % 2] / f"{i}.csv").write_text(text)
    found = read(tmp_path / "runs", kind="series")
    assert (found.preview.shape, found.preview.labels) == ((2, 5), {"a": 6, "b": 5})
    assert [(s.name, s.reason.endswith(": z")) for s in found.preview.skipped] == [("b/7.csv", True)]
    assert "Series of the lengths 5-6 were cut to 5 time steps." in found.preview.notes
    with pytest.raises(SettingError, match="several tables"):
        read(tmp_path / "runs")


def test_what_was_edited_is_told(tmp_path):
    _, path = kept(tmp_path)
    x = path / "x_train.npy"
    whole = x.read_bytes()
    x.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DataCorrupt, match="edited"):
        shelf.verify("mine")
    x.write_bytes(whole[:-50])
    with pytest.raises(DataCorrupt, match="cannot be read"):
        DATASETS.get("mine").load()
    (path / shelf.DESCRIPTION).write_text("{")
    assert "mine" not in datasets()
    assert shelf.names() == ["mine"]
    with pytest.raises(DataCorrupt, match="Remove the data set"):
        shelf.describe("mine")


def test_a_full_disk_leaves_nothing_behind(tmp_path, own, monkeypatch):
    found = read(folder(tmp_path))

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_swap, "write", full)
    with pytest.raises(SaveError, match="the disk is full"):
        user_data.add("mine", found)
    assert list(own.iterdir()) == []


def test_the_same_samples_are_found_again_whatever_their_name(tmp_path):
    path = arrays(tmp_path, x=GREY, y=np.arange(30) % 3)
    user_data.add("first", read(path))
    assert shelf.same_as(read(path)) == "first"
    assert shelf.same_as(read(arrays(tmp_path, "b.npz", x=GREY, y=np.arange(30) % 2))) == "", "other classes"
    other = GREY.copy()
    other[3, 4, 5] ^= 1
    assert shelf.same_as(read(arrays(tmp_path, "c.npz", x=other, y=np.arange(30) % 3))) == "", "another pixel"
    assert [shelf.clash(name) for name in ("FIRST", "digits", "second")] == ["first", "digits", ""]
