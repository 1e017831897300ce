"""Tables whose rows are series, lists or pictures, and tables of labels beside pictures."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.data.test_own_tables import decided, read
from vae.errors import SettingError

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(60, 8))


def kept(tmp_path, columns: dict, name: str = "t.parquet", metadata: dict | None = None):
    table = pa.table(columns)
    pq.write_table(table.replace_schema_metadata(metadata) if metadata else table, tmp_path / name)
    return tmp_path / name


def everything(found) -> np.ndarray:
    """All samples in their own unit, sorted by their first value, (n, ...)."""
    x = np.concatenate([found.samples.x_train, found.samples.x_test])
    shape = (1, -1) if x.ndim == 2 else (1, -1, 1)
    x = x * np.reshape(found.std, shape) + np.reshape(found.mean, shape)
    return x[np.argsort(x.reshape(len(x), -1)[:, 0])]


# ---------------------------------------------------------------- lists


@pytest.mark.parametrize(
    "lists",
    [
        lambda z: pa.array(list(z)),
        lambda z: pa.array(list(z.astype(np.float32)), pa.large_list(pa.float32())),
        lambda z: pa.FixedSizeListArray.from_arrays(pa.array(z.ravel()), 8),
        lambda z: pa.chunked_array([list(z[:7]), list(z[7:])]),
    ],
)
def test_a_column_of_lists_is_vectors(tmp_path, lists):
    found = read(kept(tmp_path, {"embedding": lists(Z), "label": np.arange(60) % 3, "id": range(60)}))
    assert (found.preview.modality, found.preview.shape) == ("vector", (8,))
    assert found.preview.labels == {"0": 20, "1": 20, "2": 20}
    assert "only those with lists are used, not id" in " ".join(found.preview.notes)
    np.testing.assert_allclose(everything(found), Z[np.argsort(Z[:, 0])], atol=1e-5)


def test_lists_are_series_if_chosen_or_unequal(tmp_path):
    path = kept(tmp_path, {"wave": pa.array(list(Z))})
    assert decided(read(path))["rows"] == "sample"
    for choices in ({"rows": "series"}, {"kind": "series"}):
        assert read(path, **choices).preview.shape == (1, 8)
    ragged = kept(tmp_path, {"wave": pa.array([z[: 5 + i % 4] for i, z in enumerate(Z)])})
    found = read(ragged)
    assert found.preview.shape == (1, 5)
    assert decided(found)["lengths"] == "cut"
    assert "Series of the lengths 5-8 were cut to 5 time steps." in found.preview.notes
    np.testing.assert_allclose(everything(found)[:, 0], Z[np.argsort(Z[:, 0]), :5], atol=1e-5)
    padded = read(ragged, lengths="pad")
    assert padded.preview.shape == (1, 8)
    short = everything(padded)[[i for i, k in enumerate(np.argsort(Z[:, 0])) if k % 4 == 0], 0]
    np.testing.assert_allclose(short[:, 5:], np.repeat(short[:, 4:5], 3, 1), atol=1e-5)
    with pytest.raises(SettingError, match="are series, not samples of kind vector"):
        read(ragged, kind="vector")


def test_several_columns_of_lists_are_channels(tmp_path):
    found = read(kept(tmp_path, {"x": pa.array(list(Z)), "y": pa.array(list(Z + 9))}))
    assert (found.preview.modality, found.preview.shape, found.preview.columns) == ("series", (2, 8), ("x", "y"))
    np.testing.assert_allclose(np.diff(everything(found), axis=1), 9, atol=1e-4)
    with pytest.raises(SettingError, match="lists of a row have unequal lengths"):
        read(kept(tmp_path, {"x": pa.array(list(Z)), "y": pa.array(list(Z[:, :5]))}))


def test_lists_in_lists_are_arrays_and_gaps_are_left_out(tmp_path):
    pixels = RNG.integers(0, 256, (30, 6, 6)).astype(np.uint8)
    pixels[:, 0, :2] = (0, 255)
    found = read(kept(tmp_path, {"image": pa.array(pixels.tolist())}))
    assert (found.preview.modality, found.preview.shape) == ("image", (1, 6, 6))
    rows = [None if i == 3 else [None, *z[1:]] if i == 5 else list(z) for i, z in enumerate(Z)]
    found = read(kept(tmp_path, {"e": pa.array(rows)}), kind="vector")
    assert found.preview.n_train + found.preview.n_test == 58
    with pytest.raises(SettingError, match="lists in lists have unequal lengths"):
        read(kept(tmp_path, {"e": pa.array([[[1.0], [2.0, 3.0]]] * 20)}))


# ---------------------------------------------------------------- series


def test_a_series_a_row(tmp_path):
    x = RNG.normal(size=(40, 50))
    np.savetxt(tmp_path / "ucr.tsv", np.c_[np.arange(40) % 2 + 1, x], delimiter="\t", fmt="%.6f")
    for choices in ({"kind": "series", "labels": "f0"}, {"kind": "series"}, {"rows": "series"}):
        found = read(tmp_path / "ucr.tsv", **choices)
        assert (found.preview.modality, found.preview.shape) == ("series", (1, 50))
        assert found.preview.labels == {"1": 20, "2": 20}
    raw = everything(found)[:, 0]
    np.testing.assert_allclose(raw, x[np.argsort(x[:, 0])], atol=1e-4)
    assert read(tmp_path / "ucr.tsv", kind="series", rows="step", window=8, stride=2).preview.shape == (50, 8)


def test_series_of_unequal_length_in_rows(tmp_path):
    lines = [",".join([f"{v:.3f}" for v in RNG.normal(size=30 - i % 3)] + [""] * (i % 3)) for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join([",".join(f"t{i}" for i in range(30)), *lines]))
    found = read(tmp_path / "t.csv", kind="series")
    assert found.preview.shape == (1, 28)
    assert found.preview.n_train + found.preview.n_test == 40
    assert read(tmp_path / "t.csv", kind="series", lengths="pad").preview.shape == (1, 30)


def test_files_of_one_series_each_of_unequal_length(tmp_path):
    (tmp_path / "many").mkdir()
    for i in range(12):
        np.savetxt(tmp_path / "many" / f"{i}.csv", RNG.normal(size=(20 + i, 2)), delimiter=",")
    found = read(tmp_path / "many", kind="series")
    assert found.preview.shape == (2, 20)
    assert found.preview.n_train + found.preview.n_test == 12
    assert read(tmp_path / "many", kind="series", lengths="pad").preview.shape == (2, 31)


# ---------------------------------------------------------------- pictures


def png(level: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((9, 9), level, np.uint8)).save(out, "PNG")
    return out.getvalue()


def pixels_and_labels(found) -> tuple[np.ndarray, np.ndarray]:
    s = found.samples
    return np.concatenate([s.x_train, s.x_test]), np.concatenate([s.y_train, s.y_test])


@pytest.mark.parametrize("layout", ["bytes and path", "bytes alone", "plain bytes"])
def test_pictures_in_a_column(tmp_path, layout):
    data = [png(10 * i) for i in range(20)]
    cells = {
        "bytes and path": [{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(data)],
        "bytes alone": [{"bytes": b, "path": None} for b in data],
        "plain bytes": data,
    }[layout]
    names = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
    path = kept(tmp_path, {"image": cells, "label": np.arange(20) % 2}, metadata={"huggingface": json.dumps(names)})
    found = read(path)
    assert (found.preview.modality, found.preview.shape) == ("image", (1, 9, 9))
    assert found.preview.labels == {"cat": 10, "dog": 10}
    x, y = (
        np.concatenate(pair)
        for pair in ((found.samples.x_train, found.samples.x_test), (found.samples.y_train, found.samples.y_test))
    )
    assert (x[:, 0, 0, 0] // 10 % 2 == y).all()
    assert len(np.unique(x)) == 20
    assert not read(path, labels="none").preview.labels


def test_a_damaged_picture_in_a_column_is_told(tmp_path):
    cells = [{"bytes": b"torn" if i == 4 else None if i == 5 else png(i), "path": f"{i}.png"} for i in range(20)]
    found = read(kept(tmp_path, {"image": cells}))
    assert [s.name for s in found.preview.skipped] == ["5: 4.png", "6: 5.png"]
    assert found.preview.n_train + found.preview.n_test == 18


def beside(tmp_path, table: str, names: list[str], name: str = "labels.csv"):
    for i, picture in enumerate(names):
        path = tmp_path / "beside" / picture
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(10 * i))
    (tmp_path / "beside" / name).write_text(table)
    return tmp_path / "beside"


@pytest.mark.parametrize(
    "way", ["p{}.png", "p{}", "train/p{}.png", "./train/p{}.png", "train\\p{}.png", "x/train/p{}.png"]
)
def test_labels_in_a_table_beside(tmp_path, way):
    names = [f"train/p{i}.png" for i in range(12)]
    if way.startswith("x/"):
        names = [f"x/{name}" for name in names]
    rows = "".join(f"{way.format(i)},{'ab'[i % 2]},{i}\n" for i in range(12))
    found = read(beside(tmp_path, "file,label,age\n" + rows, names))
    assert found.preview.labels == {"a": 6, "b": 6}
    assert not found.preview.skipped
    x, y = (
        np.concatenate(pair)
        for pair in ((found.samples.x_train, found.samples.x_test), (found.samples.y_train, found.samples.y_test))
    )
    assert (x[:, 0, 0, 0] // 10 % 2 == y).all()
    assert decided(found)["labels"] == "label"


def test_labels_beside_are_chosen_or_left(tmp_path):
    names = [f"{'uv'[i % 2]}/p{i}.png" for i in range(12)]
    rows = "".join(f"p{i}.png,{'ab'[i % 2]},{'xyz'[i % 3]}\n" for i in range(11))
    path = beside(tmp_path, "file,one,two\n" + rows, names)
    found = read(path)
    assert found.preview.labels == {"a": 6, "b": 5, "unsorted": 1}
    assert "Pictures without a label there: v/p11.png." in found.preview.notes
    assert read(path, labels="two").preview.labels == {"x": 4, "y": 4, "z": 3, "unsorted": 1}
    assert read(path, labels="folders").preview.labels == {"u": 6, "v": 6}
    assert read(path, labels="none").preview.labels == {}


def test_a_table_that_names_no_pictures_is_no_table_of_labels(tmp_path):
    found = read(beside(tmp_path, "a,b\n1,2\n", [f"{'uv'[i % 2]}/p{i}.png" for i in range(12)]))
    assert found.preview.labels == {"u": 6, "v": 6}
    assert [s.name for s in found.preview.skipped] == ["labels.csv"]


# ---------------------------------------------------------------- formats with a library of their own


@pytest.mark.parametrize(
    ("name", "module", "command"),
    [("t.xlsx", "python_calamine", "pip install python-calamine"), ("t.h5ad", "anndata", "pip install anndata")],
)
def test_a_missing_library_is_told_with_the_command(tmp_path, monkeypatch, name, module, command):
    monkeypatch.setattr("vae.data.own.table_files.find_spec", lambda wanted: None if wanted == module else object())
    (tmp_path / name).write_bytes(b"PK\3\4")
    with pytest.raises(SettingError, match=command):
        read(tmp_path / name)


def test_a_sheet(tmp_path):
    pytest.importorskip("python_calamine")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["a", "b", "label"])
    for i in range(30):
        book.active.append([i, i + 0.5, "xy"[i % 2]])
    book.save(tmp_path / "t.xlsx")
    found = read(tmp_path / "t.xlsx")
    assert found.preview.columns == ("a", "b")
    assert found.preview.labels == {"x": 15, "y": 15}
    (tmp_path / "torn.xlsx").write_bytes((tmp_path / "t.xlsx").read_bytes()[:-99])
    with pytest.raises(SettingError, match=r"torn\.xlsx"):
        read(tmp_path / "torn.xlsx")


@pytest.mark.parametrize("sparse", [False, True])
def test_annotated_cells(tmp_path, sparse):
    anndata = pytest.importorskip("anndata")
    anndata.settings.allow_write_nullable_strings = True  # what pandas 3 makes of text
    import pandas as pd
    from scipy.sparse import csr_matrix

    obs = pd.DataFrame(
        {"cell_type": pd.Categorical(["xy"[i % 2] for i in range(60)]), "n": range(60)},
        index=[f"c{i}" for i in range(60)],
    )
    anndata.AnnData(csr_matrix(Z) if sparse else Z, obs).write_h5ad(tmp_path / "t.h5ad")
    found = read(tmp_path / "t.h5ad")
    assert found.preview.labels == {"x": 30, "y": 30}
    np.testing.assert_allclose(everything(found), Z[np.argsort(Z[:, 0])], atol=1e-5)
