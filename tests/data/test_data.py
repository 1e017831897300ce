"""What every registered data set must hold, and what is known of each. Sets that need a download are skipped."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vae.data.published import store
from vae.data.sets import digits, ecg_beats, fashion_mnist, mnist, sp500_returns, sprites
from vae.errors import DataNotFound, ShapeError, UnknownName
from vae.registry import DATASETS, datasets, modalities
from vae.types import Samples

DOWNLOADED = (mnist, fashion_mnist, ecg_beats, sp500_returns)


@pytest.fixture(scope="module", params=sorted(datasets()))
def loaded(request) -> tuple[str, Samples]:
    if store.locate(request.param) is None:
        pytest.skip(f"{request.param}: {store.availability(request.param)}; set ZSCOPE_DATA to test it")
    return request.param, DATASETS.get(request.param).load()


def present(name: str) -> Samples:
    if store.locate(name) is None:
        pytest.skip(f"{name}: {store.availability(name)}; set ZSCOPE_DATA to test it")
    return DATASETS.get(name).load()


HASHED = (
    "x_train",
    "y_train",
    "x_test",
    "y_test",
    "factors_train",
    "factors_test",
    "factor_names",
    "c_train",
    "c_test",
)


def fingerprint(samples: Samples) -> str:
    digest = hashlib.sha256()
    for name in HASHED:
        value = getattr(samples, name)
        if name in ("c_train", "c_test") and value is None:  # came later: sets without are the same sets
            continue
        digest.update(np.ascontiguousarray(value) if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()


def rows(x: np.ndarray) -> set[bytes]:
    return {row.tobytes() for row in x}


# ---------------------------------------------------------------- every data set


def test_shapes_and_types(loaded):
    name, samples = loaded
    entry = DATASETS.get(name)
    for x, y in ((samples.x_train, samples.y_train), (samples.x_test, samples.y_test)):
        assert x.shape == (len(x), *entry.shape)
        assert len(x) > 0
        if modalities()[entry.modality].bounded:
            assert x.dtype == np.uint8 or (x.dtype == np.float32 and 0 <= x.min() <= x.max() <= 1)
        else:
            assert x.dtype == np.float32
            assert np.isfinite(x).all()
        assert x.flags.writeable
        assert x.flags.c_contiguous
        assert (x[1:9] != x[0]).any()
        assert (x[-1] != x[0]).any()
        if y is not None:
            assert y.shape == (len(x),)
            assert y.dtype == np.int64
    assert len(samples.x_train) > len(samples.x_test)
    if not modalities()[entry.modality].bounded:  # standardised, by the training set alone
        assert samples.x_train.mean() == pytest.approx(0, abs=0.01)
        assert samples.x_train.std() == pytest.approx(1, abs=0.01)


def test_labels_cover_the_classes(loaded):
    name, samples = loaded
    entry = DATASETS.get(name)
    if samples.y_train is None:
        assert entry.classes == ()
        assert samples.y_test is None
    else:
        for y in (samples.y_train, samples.y_test):
            assert set(np.unique(y)) == set(range(len(entry.classes)))
        assert len(set(entry.classes)) == len(entry.classes)


def test_factors_belong_to_the_pictures(loaded):
    _, samples = loaded
    if samples.factors_train is None:
        assert samples.factors_test is None
        assert samples.factor_names == ()
    else:
        assert samples.factors_train.shape == (len(samples.x_train), len(samples.factor_names))
        assert samples.factors_test.shape == (len(samples.x_test), len(samples.factor_names))


def test_two_loads_are_equal(loaded):
    name, samples = loaded
    assert fingerprint(DATASETS.get(name).load()) == fingerprint(samples)


@pytest.mark.parametrize("name", sorted(datasets()))
def test_provenance_and_licence_are_told(name):
    entry = DATASETS.get(name)
    assert entry.title
    assert entry.licence
    assert entry.origin
    assert entry.cite
    assert entry.modality
    assert re.match("built in$|found in .|.* to download$", store.availability(name))
    assert re.match("built in$|found$|.* to download$", store.availability(name, with_folder=False))


# ---------------------------------------------------------------- each data set


def test_digits_are_split_once_and_for_all():
    samples = present("digits")
    assert len(samples.x_train) == 1437
    assert len(samples.x_test) == 360
    assert np.bincount(samples.y_test).tolist() == [digits.TEST_PER_DIGIT] * 10
    assert np.bincount(samples.y_train).tolist() == [142, 146, 141, 147, 145, 146, 145, 143, 138, 144]
    assert not rows(samples.x_train) & rows(samples.x_test)
    levels = np.unique(samples.x_train)
    assert levels.tolist() == [round(value * 255 / 16) for value in range(17)]
    # published figures are of this very split: should it move, they are of another one
    assert fingerprint(samples).startswith("ab798074813a")


def test_mnist_is_the_published_one():
    samples = present("mnist")
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(samples.y_train).tolist() == counts
    assert np.bincount(samples.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert samples.y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert samples.x_train.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert samples.x_test.mean() / 255 == pytest.approx(0.1325, abs=1e-4)


def test_fashion_mnist_is_the_published_one():
    samples = present("fashion_mnist")
    assert np.bincount(samples.y_train).tolist() == [6000] * 10
    assert np.bincount(samples.y_test).tolist() == [1000] * 10
    assert samples.y_train[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert samples.x_train.mean() / 255 == pytest.approx(0.2860, abs=1e-4)


@pytest.mark.parametrize("source", [m.SOURCE for m in DOWNLOADED], ids=lambda source: source.dataset)
def test_sources_can_be_asked_for_a_file(source):
    assert len(source.mirrors) == len(set(source.mirrors)) >= 1
    assert all(re.fullmatch(r"https?://[\w.-]+/([\w.-]+/)*", mirror) for mirror in source.mirrors)
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in source.files)


@pytest.mark.parametrize("module", DOWNLOADED, ids=lambda module: module.SOURCE.dataset)
def test_absent_sets_say_so(module, monkeypatch, tmp_path):
    name = module.SOURCE.dataset
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("ZSCOPE_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(store, "SYSTEM", tmp_path)
    monkeypatch.setattr(module, "SOURCE", replace(module.SOURCE, mirrors=("http://127.0.0.1:9/",)))
    assert store.locate(name) is None
    sizes = {"mnist": "11.6 MB", "fashion_mnist": "30.9 MB", "ecg_beats": "2.0 MB", "sp500_returns": "426 kB"}
    assert store.availability(name) == f"{sizes[name]} to download"
    with pytest.raises(DataNotFound, match=f"\\({name}\\) is not on this machine"):
        DATASETS.get(name).load()


def test_a_truncated_file_is_not_located(monkeypatch, tmp_path):
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("ZSCOPE_DATA", "")
    monkeypatch.setattr(store, "SYSTEM", tmp_path)
    (tmp_path / "mnist").mkdir()
    for file in mnist.SOURCE.files:
        end = (file.payload_bytes if file is not mnist.SOURCE.files[2] else 1).to_bytes(4, "little")
        (tmp_path / "mnist" / file.name).write_bytes(b"\x1f\x8b" + end)
    assert store.locate("mnist") is None
    (tmp_path / "mnist" / mnist.SOURCE.files[2].name).write_bytes(
        mnist.SOURCE.files[2].payload_bytes.to_bytes(4, "little")
    )
    assert store.locate("mnist") == tmp_path / "mnist"


def test_unknown_set_names_the_known():
    with pytest.raises(UnknownName, match=r"Did you mean 'mnist'.*fashion_mnist"):
        store.locate("mnits")


# ---------------------------------------------------------------- sprites


def test_sprites_are_disjoint_and_follow_their_factors():
    samples = present("sprites")
    assert samples.x_train.shape == (60_000, 1, 64, 64)
    assert samples.x_test.shape == (10_000, 1, 64, 64)
    assert not rows(samples.factors_train) & rows(samples.factors_test)
    assert len(rows(np.concatenate([samples.factors_train, samples.factors_test]))) == 70_000
    assert not {hash(row) for row in rows(samples.x_train)} & {hash(row) for row in rows(samples.x_test)}
    assert (samples.y_train == samples.factors_train[:, 0]).all()
    assert (sprites.render(samples.factors_test[::97]) == samples.x_test[::97]).all()
    # each value of each factor is drawn about equally often: within 6 standard deviations of a binomial count
    for column, size in enumerate((3, 6, 39, 32, 32)):
        counts = np.bincount(samples.factors_train[:, column], minlength=size)
        assert len(counts) == size
        assert abs(counts - 60_000 / size).max() < 6 * np.sqrt(60_000 / size)


def test_every_sprite_is_another_picture():
    cells = np.array([(s, k, o, 0, 0) for s in range(3) for k in range(6) for o in range(40)])
    pictures = sprites.render(cells)
    assert len(rows(pictures[cells[:, 2] < 39])) == 3 * 6 * 39
    assert (pictures[cells[:, 2] == 39] == pictures[cells[:, 2] == 0]).all()  # 2 pi is 0


def test_sprites_move_by_whole_pixels_and_stay_inside():
    row, column = np.mgrid[:64, :64]
    for shape in range(3):
        at = np.array([(shape, 5, 7, x, y) for x, y in ((0, 0), (31, 0), (0, 31), (31, 31), (12, 20))])
        pictures = sprites.render(at)[:, 0].astype(float)
        assert np.ptp(pictures.sum(axis=(1, 2))) == 0
        centre = [((p * column).sum() / p.sum(), (p * row).sum() / p.sum()) for p in pictures]
        assert np.allclose(np.array(centre) - centre[0], at[:, 3:])
        assert np.allclose(np.roll(pictures[0], (20, 12), (0, 1)), pictures[4])


@pytest.mark.parametrize("shape", range(3))
def test_sprite_area_grows_with_the_square_of_scale(shape):
    pictures = sprites.render(np.array([(shape, k, 3, 5, 5) for k in range(6)])) / 255
    area = pictures.sum(axis=(1, 2, 3))
    assert np.allclose(area, 475 * np.linspace(0.5, 1, 6) ** 2, rtol=0.01)  # equal for all shapes: no give-away


def test_sprites_turn_counter_clockwise():
    # the tip of the heart points down at 0 and to the right after a quarter turn (index 9.75, between 9 and 10)
    upright, turned = sprites.render(np.array([(2, 5, 0, 16, 16), (2, 5, 10, 16, 16)]))[:, 0].astype(int)
    widest, narrow = upright[:32].sum(), upright[33:].sum()
    assert widest > 1.2 * narrow
    assert (upright == upright[:, np.r_[0, 63:0:-1]]).all()  # symmetric about column 32
    assert turned[:, :32].sum() > 1.2 * turned[:, 33:].sum()


def test_sprite_values_are_those_of_the_grid():
    last = sprites.factors_of(np.array([0, 1, 32, 32 * 32, 737_279]))
    assert last.tolist() == [[0] * 5, [0, 0, 0, 0, 1], [0, 0, 0, 1, 0], [0, 0, 1, 0, 0], [2, 5, 39, 31, 31]]
    assert np.allclose(sprites.values_of(last)[-1], [2, 1, 2 * np.pi, 1, 1])
    assert sprites.values_of(last)[0].tolist() == [0, 0.5, 0, 0, 0]
    assert np.prod(sprites.GRID) == 737_280


@pytest.mark.parametrize(
    "factors",
    [np.zeros((2, 4), int), np.zeros(5, int), np.full((1, 5), 3), np.full((1, 5), -1), np.zeros((1, 5))],
    ids=["four", "one row", "beyond", "negative", "fractions"],
)
def test_render_refuses_what_is_off_the_grid(factors):
    with pytest.raises(ShapeError, match="expected"):
        sprites.render(factors)


def test_rendering_nothing_is_no_picture():
    assert sprites.render(np.zeros((0, 5), int)).shape == (0, 1, 64, 64)


# ---------------------------------------------------------------- docs/data.md

PAGE = (Path(__file__).parents[2] / "docs/data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(datasets()))
def test_the_page_tells_every_set_and_its_licence(name):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
    assert row.endswith(f"| {DATASETS.get(name).licence} |")
    source = store._source(DATASETS.get(name).load)
    if source is None:
        assert "B download" not in row
    else:
        assert f" {store.download_size(source)} download" in row


def test_the_code_of_the_page_runs():
    render, toy = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    seen: dict = {}
    exec(render, seen)
    assert seen["x"].shape == (1000, 1, 64, 64)
    assert seen["values"][-1].tolist() == pytest.approx([0, 0.5, 0, 31 / 31, 7 / 31])
    exec(toy, seen)
    samples = DATASETS._entries.pop("toy").load()
    assert samples.x_train.shape == (80, 1, 16, 16)
