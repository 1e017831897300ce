"""Arrays of strangers: what their axes, values and names mean; those that nobody can model are refused in words."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from tests.data.test_own_pictures import read
from vae.errors import SettingError, ZscopeError

GREY = np.random.default_rng(0).integers(0, 256, (40, 12, 12), dtype=np.uint8)
GREY[:, 0, :2] = (255, 0)


def saved(tmp_path, x, name="a.npy"):
    np.save(tmp_path / name, x)
    return tmp_path / name


def zipped(tmp_path, **arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


def every(found) -> np.ndarray:
    """All samples, in no order."""
    x = np.concatenate([found.samples.x_train, found.samples.x_test])
    return x[np.lexsort(x.reshape(len(x), -1).T[::-1])]


def decided(found) -> dict[str, str]:
    return {d.name: d.value for d in found.preview.decisions}


# ---------------------------------------------------------------- ranges

RANGES = {
    "float 0-255": (GREY.astype(np.float32), "0:255"),
    "float64 0-255": (GREY.astype(float), "0:255"),
    "float 0-255, resampled": (np.clip(GREY + np.float32(0.25), 0, 255), "0:255"),
    "float 0-1": (GREY / np.float32(255), "0:1"),
    "float -1 to 1": (GREY / 127.5 - 1, "-1:1"),
    "half -1 to 1": ((GREY / 127.5 - 1).astype(np.float16), "-1:1"),
    "10 bits": (GREY.astype(np.uint16) * 4, "0:1023"),
    "12 bits": (GREY.astype(np.uint16) * 16, "0:4095"),
    "12 bits in int32": (GREY.astype(np.int32) * 16, "0:4095"),
    "12 bits in floats": (GREY.astype(np.float32) * 16, "0:4095"),
    "14 bits": (GREY.astype(np.uint16) * 64, "0:16383"),
    "16 bits": (GREY.astype(np.uint16) * 257, "0:65535"),
    "16 bits, big-endian": ((GREY.astype(np.uint16) * 257).astype(">u2"), "0:65535"),
    "float -1 to 1, big-endian": ((GREY / 127.5 - 1).astype(">f4"), "-1:1"),
}


@pytest.mark.parametrize("kind", RANGES)
@pytest.mark.parametrize("axes", ["nhw", "nchw", "nhwc", "nhwc, colour"])
def test_ranges_of_pictures(kind, axes, tmp_path):
    x, span = RANGES[kind]
    x = {"nhw": x, "nchw": x[:, None], "nhwc": x[..., None], "nhwc, colour": x[..., None].repeat(3, 3)}[axes]
    found = read(saved(tmp_path, x))
    got, samples = every(found), found.samples.x_train
    assert found.preview.modality == "image"
    assert found.preview.shape == (3 if "colour" in axes else 1, 12, 12)
    assert decided(found)["range"] == span
    assert samples.dtype == (
        np.uint8 if x.dtype.kind in "bui" or (kind.endswith("0-255") and "res" not in kind) else "f4"
    )
    assert samples.flags.c_contiguous
    assert samples.dtype.isnative
    got = got.astype(float) / (255 if got.dtype == np.uint8 else 1)
    wanted = np.sort(GREY.reshape(40, -1) / 255, axis=None)
    np.testing.assert_allclose(np.sort(got[:, 0], axis=None), wanted, atol=0.006)


def test_levels_below_a_byte_fill_the_range(tmp_path):
    """The 0-16 of scikit-learn's digits, as floats."""
    found = read(saved(tmp_path, (GREY[:, :8, :8] // 16 + (GREY[:, :8, :8] == 255)).astype(float)))
    assert decided(found)["range"] == "0:16"
    assert found.samples.x_train.max() in (1, 255)


def test_values_of_no_usual_range_run_from_the_least_to_the_largest(tmp_path):
    x = GREY[:, None] * 7.3 - 400
    found = read(saved(tmp_path, x))
    (decision,) = [d for d in found.preview.decisions if d.name == "range"]
    assert "no usual range" in decision.why
    assert decision.value == "-400:1461.5"
    np.testing.assert_allclose(np.sort(every(found), axis=None), np.sort(GREY, axis=None) / 255, atol=1e-6)


def test_a_chosen_range_is_obeyed(tmp_path):
    path = saved(tmp_path, GREY.astype(np.uint16) * 16)
    assert read(path, range="0:65535").samples.x_train.max() == 16
    assert read(path, range="0:2040").samples.x_train.max() == 255
    assert decided(read(path, range="0:65535"))["range"] == "0:65535"
    plain = saved(tmp_path, GREY, "b.npy")
    assert "range" not in decided(read(plain))
    assert read(plain, range="0:510").samples.x_train.max() == 128
    for wrong in ("4095", "1:0", "a:b", "0:inf"):
        with pytest.raises(SettingError, match="LOW:HIGH"):
            read(path, range=wrong)


def test_a_dark_picture_of_bytes_can_be_brightened(tmp_path):
    found = read(saved(tmp_path, GREY // 8))
    assert decided(found)["range"] == "0:255"
    assert found.samples.x_train.max() == 31
    assert read(tmp_path / "a.npy", range="0:31").samples.x_train.max() == 255


def test_opacity_in_a_fourth_channel(tmp_path):
    x = GREY[..., None].repeat(4, 3)
    x[..., 3] = 255
    x[:, :, 6:] = (255, 255, 255, 0)
    for array in (x, x.transpose(0, 3, 1, 2)):
        assert (read(saved(tmp_path, array)).samples.x_train[..., 6:] == 0).all()
        white = read(tmp_path / "a.npy", ground="white").samples.x_train
        assert (white[..., 6:] == 255).all()
        assert white.shape[1:] == (3, 12, 12)


# ---------------------------------------------------------------- layouts


@pytest.mark.parametrize(
    ("x", "modality", "shape", "layout"),
    [
        (GREY, "image", (1, 12, 12), "nhw"),
        (np.random.default_rng(0).normal(size=(40, 3, 50)), "series", (3, 50), "nct"),
        (np.random.default_rng(0).normal(size=(40, 50, 3)), "series", (3, 50), "ntc"),
        (np.random.default_rng(0).normal(size=(40, 50, 3)).astype(">f8"), "series", (3, 50), "ntc"),
        (np.random.default_rng(0).uniform(-1, 1, size=(40, 50, 4)), "series", (4, 50), "ntc"),
        (np.random.default_rng(0).normal(size=(40, 6)), "vector", (6,), ""),
        (GREY[:, None], "image", (1, 12, 12), ""),
        (GREY[..., None], "image", (1, 12, 12), ""),
        (GREY[:, :3, :, None].repeat(3, 3), "image", (3, 12, 3), "nchw"),
    ],
)
def test_layouts_are_guessed_and_told(tmp_path, x, modality, shape, layout):
    found = read(saved(tmp_path, x))
    assert (found.preview.modality, found.preview.shape) == (modality, shape)
    assert decided(found).get("layout", "") == layout


def test_a_chosen_layout_is_obeyed(tmp_path):
    path = saved(tmp_path, GREY)
    assert read(path, layout="nct").preview.modality == "series"
    first, last = (every(read(path, layout=layout)) for layout in ("nct", "ntc"))
    assert not np.array_equal(first, last)
    odd = saved(tmp_path, np.random.default_rng(0).normal(size=(40, 12, 16)), "b.npy")
    assert read(odd).preview.modality == "series"
    assert read(odd, layout="nhw").preview.shape == (1, 12, 16)
    square = saved(tmp_path, GREY[:, :3, :, None].repeat(3, 3), "c.npy")
    assert read(square, layout="nhwc").preview.shape == (3, 3, 12)
    with pytest.raises(SettingError, match=r"unknown layout 'nhwc'.*hwn, nct, nhw, ntc"):
        read(path, layout="nhwc")
    with pytest.raises(SettingError, match="layout"):
        read(saved(tmp_path, GREY.reshape(40, -1), "d.npy"), layout="nhw")


def test_standardised_squares_are_pictures(tmp_path):
    found = read(saved(tmp_path, np.random.default_rng(0).normal(size=(40, 12, 12)), "b.npy")).preview
    assert (found.modality, found.shape) == ("image", (1, 12, 12))
    layout = next(d for d in found.decisions if d.name == "layout")
    assert (layout.value, layout.options) == ("nhw", ("nct", "ntc", "nhw", "hwn"))
    assert "two equal sides" in layout.why


@pytest.mark.parametrize("axes", ["hwn", "hwcn"])
def test_samples_on_the_last_axis(tmp_path, axes):
    pictures = GREY if axes == "hwn" else GREY[:, None].repeat(3, 1)
    turned = np.moveaxis(pictures, (0, 1), (-1, 2)) if axes == "hwcn" else np.moveaxis(pictures, 0, -1)
    path = tmp_path / "last.npz"
    np.savez(path, x=turned, y=np.arange(40) % 2)
    found = read(path)
    assert found.preview.shape == pictures.reshape(40, -1, 12, 12).shape[1:]
    assert found.preview.labels == {"0": 20, "1": 20}
    (layout,) = (d for d in found.preview.decisions if d.name == "layout")
    assert layout.value == axes
    assert {x.tobytes() for x in every(found)} == {x.tobytes() for x in pictures}
    if axes == "hwn":
        assert read(path, layout="nhw").preview.shape == (1, 12, 40)
        other = read(saved(tmp_path, GREY), layout="hwn").preview.decisions
        assert next(d for d in other if d.name == "layout").guess == "nhw"


def test_rows_that_may_be_pictures_are_told_so(tmp_path):
    flat = saved(tmp_path, GREY.reshape(40, -1), "flat.npy")
    assert any("--size 12x12" in note for note in read(flat).preview.notes)
    small = saved(tmp_path, GREY.reshape(40, -1) / 255 - 0.5, "small.npy")
    assert not any("--size" in note for note in read(small).preview.notes)


def test_flags_that_leave_nothing_to_decide_are_told(tmp_path):
    (note,) = (n for n in read(saved(tmp_path, GREY), header="no", layout="nhw").preview.notes if "--" in n)
    assert "--header" in note
    assert "--layout" not in note


# ---------------------------------------------------------------- names


def test_labels_of_another_length_and_arrays_without_use_are_told(tmp_path):
    path = tmp_path / "short.npz"
    np.savez(path, x=GREY, y=np.arange(30), masks=GREY, names=np.array(["a"] * 7))
    found = read(path).preview
    labels = next(d for d in found.decisions if d.name == "labels")
    assert (labels.value, labels.options) == ("none", ("masks", "none"))
    assert "y has the shape (30,)" in labels.why
    assert any("not used: y, masks, names" in note for note in found.notes)


def test_labels_of_objects_are_left_out_and_told(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, x=GREY, y=np.array(["a", "b"] * 20, dtype=object))
    found = read(path).preview
    assert found.labels == {}
    assert any("never loaded: y" in note for note in found.notes)
    np.savez(path, x=np.array([1, "a"], dtype=object))
    with pytest.raises(ZscopeError, match=r"x contains pickled Python objects"):
        read(path)


def test_several_labels_a_sample_name_the_way_out(tmp_path):
    path = tmp_path / "multi.npz"
    np.savez(path, x=GREY, y=np.random.default_rng(0).integers(0, 2, (40, 14)))
    with pytest.raises(ZscopeError, match=r"\(40, 14\).*--labels none"):
        read(path)
    assert read(path, labels="none").preview.labels == {}


def test_splits_of_different_ranges_are_told(tmp_path):
    path = tmp_path / "ranges.npz"
    np.savez(path, x_train=GREY / 127.5 - 1, x_test=GREY / 255)
    assert any("different ranges: train −1 to 1; test 0 to 1" in note for note in read(path).preview.notes)


LABELS = np.arange(40) % 2


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("x", "y"), ("X", "Y"), ("X", "y"), ("data", "labels"), ("images", "labels"), ("image", "label"),
        ("imgs", "targets"), ("features", "target"), ("inputs", "targets"), ("arr_0", "arr_1"),
        ("samples", "classes"),
    ],
)  # fmt: skip
def test_names_of_samples_and_labels(tmp_path, x, y):
    found = read(zipped(tmp_path, **{y: LABELS, x: GREY}))
    assert found.preview.labels == {"0": 20, "1": 20}
    np.testing.assert_array_equal(np.sort(every(found), axis=None), np.sort(GREY, axis=None))


@pytest.mark.parametrize(
    "names",
    [
        "{s}_images {s}_labels", "x_{s} y_{s}", "X_{s} Y_{s}", "x{s} y{s}", "{s}X {s}Y", "{s}_data {s}_targets",
        "{s}-x {s}-y", "images_{s} labels_{s}", "{s} {s}_labels",
    ],
)  # fmt: skip
@pytest.mark.parametrize("splits", [("train", "val", "test"), ("train", "test"), ("train", "val")])
def test_names_of_splits(tmp_path, names, splits):
    parts = dict(zip(splits, np.split(np.arange(40), [24, 32][: len(splits) - 1]), strict=True))
    of_x, of_y = names.split()
    arrays = {of_x.format(s=s): GREY[rows] for s, rows in parts.items()}
    arrays |= {of_y.format(s=s): LABELS[rows][:, None] for s, rows in parts.items()}
    found = read(zipped(tmp_path, **arrays))
    np.testing.assert_array_equal(found.samples.x_test[:, 0], GREY[parts[splits[-1]]])
    assert found.preview.n_train + found.preview.n_test == 40
    assert found.preview.labels == {"0": 20, "1": 20}
    assert any("for training" in note for note in found.preview.notes) == (len(splits) > 1)


def test_other_arrays_can_be_the_labels(tmp_path):
    path = zipped(tmp_path, x=GREY, y=LABELS, fine=np.arange(40) % 4, note=np.arange(7))
    (decision,) = [d for d in read(path).preview.decisions if d.name == "labels"]
    assert (decision.value, decision.options) == ("y", ("y", "fine", "none"))
    assert len(read(path, labels="fine").classes) == 4
    assert read(path, labels="none").classes == ()


def test_an_only_array_of_samples_needs_no_name(tmp_path):
    found = read(zipped(tmp_path, spectra=np.random.default_rng(0).normal(size=(40, 6)), y=LABELS))
    assert (found.preview.shape, len(found.classes)) == ((6,), 2)
    with pytest.raises(SettingError, match=r"x_train.*found one, two"):
        read(zipped(tmp_path, one=GREY, two=GREY))


@pytest.mark.parametrize(
    "y",
    [
        LABELS[:, None], np.eye(2)[LABELS], np.eye(2, dtype=bool)[LABELS], LABELS.astype(float), LABELS.astype(">i4"),
        LABELS.astype("S1"), LABELS.astype(str)[:, None],
    ],
    ids=["column", "one-hot", "one-hot bool", "float", "big-endian", "bytes", "text"],
)  # fmt: skip
def test_forms_of_labels(tmp_path, y):
    assert read(zipped(tmp_path, x=GREY, y=y)).preview.labels == {"0": 20, "1": 20}


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.ones((40, 3)), r"labels of shape \(40, 3\)"),
        (LABELS[:39], "labels"),
        (LABELS * 1j, "labels of type complex128"),
    ],
)
def test_labels_that_name_no_class(tmp_path, y, words):
    with pytest.raises(SettingError, match=words):
        read(zipped(tmp_path, x=GREY, y=y), labels="y")


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: gzip.compress(data[:64]) + gzip.compress(data[64:])])
def test_a_packed_npy_is_unpacked(tmp_path, pack):
    path = saved(tmp_path, GREY)
    (tmp_path / "a.npy.gz").write_bytes(pack(path.read_bytes()))
    np.testing.assert_array_equal(every(read(tmp_path / "a.npy.gz")), every(read(path)))
    (tmp_path / "torn.npy.gz").write_bytes(pack(path.read_bytes())[:-30])
    with pytest.raises(SettingError, match=r"damaged|truncated"):
        read(tmp_path / "torn.npy.gz")
    bomb = np.lib.format.header_data_from_array_1_0(np.zeros((9, 2), np.uint8)) | {"shape": (70_000_000, 2)}
    with gzip.open(tmp_path / "bomb.npy.gz", "wb") as stream:
        np.lib.format.write_array_header_1_0(stream, bomb)
    with pytest.raises(SettingError, match="decompression bomb"):
        read(tmp_path / "bomb.npy.gz")


# ---------------------------------------------------------------- what nobody can model

NOBODY = {
    "complex": (np.ones((20, 4), complex), "complex128.*two channels"),
    "timedelta": (np.ones((20, 4), "m8[s]"), "timedelta64.*durations as numbers"),
    "datetime": (np.ones((20, 4), "i8").astype("M8[s]"), "datetime64.*times as numbers"),
    "text": (np.full((20, 4), "a"), "expected numbers"),
    "bytes": (np.full((20, 4), b"a"), "expected numbers"),
    "records": (np.zeros(20, [("a", "f4"), ("b", "i4")]), "expected numbers.*fields"),
    "objects": (np.array([[1, None]] * 20), "pickled Python objects"),
    "no samples": (np.zeros((0, 4)), r"\(0, 4\): it is empty"),
    "no values": (np.zeros((20, 0)), "it is empty"),
    "no pixels": (np.zeros((20, 0, 5), np.uint8), "it is empty"),
    "a number": (np.array(3.0), "expected numbers of shape"),
    "a row": (np.arange(20.0), "expected numbers of shape"),
    "infinite": (np.full((20, 4), np.inf), "every sample contains NaN or infinity"),
    "nan": (np.full((20, 4), np.nan), "every sample contains NaN or infinity"),
    "one sample": (GREY[:1], "expected at least 8"),
    "five axes": (np.random.default_rng(0).random((20, 2, 3, 4, 5)), "not an array of samples"),
    "two channels": (GREY[:, None].repeat(2, 1), "grey or colour"),
}


@pytest.mark.parametrize("kind", NOBODY)
@pytest.mark.parametrize("packed", [False, True])
def test_arrays_that_nobody_can_model(tmp_path, kind, packed):
    x, words = NOBODY[kind]
    path = zipped(tmp_path, x=x) if packed else saved(tmp_path, x)
    with pytest.raises(ZscopeError, match=words):
        read(path)


@pytest.mark.parametrize("x", [np.full((20, 4), 3.5), np.full((20, 9, 9), 200, np.uint8), np.zeros((20, 2, 50))])
def test_equal_values_are_told(tmp_path, x):
    found = read(saved(tmp_path, x))
    assert any("there is nothing to model" in note for note in found.preview.notes)
    assert np.isfinite(found.samples.x_train).all()


def test_a_value_out_of_all_proportion_is_told(tmp_path):
    x = np.random.default_rng(0).normal(size=(50, 4))
    for row in (3, 4, 5, 6):  # in either split
        huge = x.copy()
        huge[row, 1] = 1e200
        found = read(saved(tmp_path, huge))
        assert any("2 (1e200)" in note for note in found.preview.notes)
        assert np.isfinite(np.concatenate([found.samples.x_train, found.samples.x_test])).all()
    assert not any("coincide" in note for note in read(saved(tmp_path, x)).preview.notes)


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1.0, 1e150, 1e300])
def test_values_of_any_scale_are_standardised(tmp_path, scale):
    x = np.random.default_rng(0).normal(size=(50, 3)) * scale + 2 * scale
    got = read(saved(tmp_path, x)).samples.x_train
    np.testing.assert_allclose(got.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(got.std(0), 1, atol=1e-5)
