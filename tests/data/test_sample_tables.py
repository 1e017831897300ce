"""Folders of tables of one sample each: read as any other table, in one style, with columns matched by name."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from tests.data.test_own_tables import decided, own, read  # noqa: F401  # own: a fixture
from vae.errors import SettingError

RNG = np.random.default_rng(0)
N, T = 12, 30
X = np.round(RNG.normal(size=(N, T, 2)), 3)


def folder(tmp_path, texts: list[str | bytes], name: str = "s{i:02d}.csv"):
    path = tmp_path / "many"
    path.mkdir()
    for i, text in enumerate(texts):
        (path / name.format(i=i)).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def german(i: int) -> str:
    rows = [f"{k * 0.02:.2f};{a:.3f};{b:.3f}" for k, (a, b) in enumerate(X[i])]
    return "\n".join(["t;ax;ay", *rows]).replace(".", ",")


def raw(found) -> np.ndarray:
    """All samples in their own unit, sorted by their first value."""
    x = np.concatenate([found.samples.x_train, found.samples.x_test]).astype(float)
    shape = (-1, *([1] * (x.ndim - 2)))
    x = x * np.array(found.std).reshape(shape) + np.array(found.mean).reshape(shape)
    return x[np.argsort(x.reshape(len(x), -1)[:, 0])]


def expected(x: np.ndarray = X) -> np.ndarray:
    return x[np.argsort(x[:, 0, 0])].transpose(0, 2, 1)


@pytest.mark.parametrize("packed", [False, True])
def test_german_series_are_three_columns_of_which_one_is_the_time(tmp_path, packed):
    path = folder(tmp_path, [german(i) for i in range(N)])
    if packed:
        with zipfile.ZipFile(tmp_path / "many.zip", "w") as z:
            for file in path.iterdir():
                z.write(file, file.name)
        path = tmp_path / "many.zip"
    found = read(path, kind="series")
    assert (found.preview.shape, found.preview.columns) == ((2, T), ("ax", "ay"))
    np.testing.assert_allclose(raw(found), expected(), atol=1e-4)
    made = decided(found)
    assert (made["decimal"], made["delimiter"], made["encoding"], made["header"]) == (
        "comma", "semicolon", "utf-8", "yes",
    )  # fmt: skip
    assert any(note.startswith("Column t is the time") for note in found.preview.notes)
    kept = read(path, kind="series", time_column="none")
    assert kept.preview.columns == ("t", "ax", "ay")
    assert "t" not in read(path, kind="series", time_column="t").preview.columns
    assert read(path, kind="vector").preview.shape == (2 * T,)
    assert read(path, kind="vector", time_column="none").preview.shape == (3 * T,)


def test_what_is_chosen_for_a_folder_is_obeyed(tmp_path):
    path = folder(tmp_path, [german(i) for i in range(N)])
    with pytest.raises(SettingError, match="none of its 12 files can be read"):
        read(path, kind="series", encoding="utf-16-le", delimiter="tab")
    rows = read(path, kind="series", header="no", time_column="none")
    assert rows.preview.columns == ("f0", "f1", "f2")


def test_a_value_a_line_with_a_decimal_comma(tmp_path):
    path = folder(tmp_path, ["\n".join(f"{v:.3f}".replace(".", ",") for v in X[i, :20, 0]) for i in range(N)])
    for choices in ({}, {"delimiter": "semicolon", "decimal": "comma"}, {"decimal": "comma"}):
        found = read(path, kind="vector", **choices)
        assert found.preview.shape == (20,)
        np.testing.assert_allclose(raw(found), X[np.argsort(X[:, 0, 0]), :20, 0], atol=1e-4)


def test_letters_of_windows_and_odd_cells(tmp_path):
    texts = [german(i).replace("t;", "zeit;").replace("ax", "größe") for i in range(N)]
    found = read(folder(tmp_path, [text.encode("utf-16") for text in texts]), kind="series")
    assert (found.preview.columns, decided(found)["encoding"]) == (("größe", "ay"), "utf-16-le")
    np.testing.assert_allclose(raw(found), expected(), atol=1e-4)


def test_an_odd_cell_costs_its_row_not_the_file(tmp_path):
    texts = [german(i) for i in range(N)]
    texts[3] = texts[3].replace(texts[3].splitlines()[6], "0,10;err;0,5")
    found = read(folder(tmp_path, texts), kind="series", lengths="pad")
    assert found.preview.n_train + found.preview.n_test == N
    assert "1 row of the files lacks a value and was left out." in found.preview.notes
    assert any("count as missing: ax: err. (1 file of 12)" in note for note in found.preview.notes)
    x = X.copy()
    x[3, 5:-1] = x[3, 6:]
    np.testing.assert_allclose(raw(found), expected(x), atol=1e-4)


def test_a_number_for_missing_values_in_all_files(tmp_path):
    texts = [german(i) for i in range(N)]
    texts[3] = texts[3].replace(";".join(texts[3].splitlines()[-1].split(";")[1:]), "-999;0,5")
    texts[4] = texts[4].replace(";".join(texts[4].splitlines()[-1].split(";")[1:]), "-999;0,5")
    found = read(folder(tmp_path, texts), kind="series")
    assert (decided(found)["missing"], found.preview.shape) == ("-999", (2, T - 1))
    np.testing.assert_allclose(raw(found), expected()[:, :, :-1], atol=1e-4)


def test_columns_are_matched_by_name(tmp_path):
    heads = [("t,ax,ay", (0, 1)), ("t,ay,ax", (1, 0))]
    texts = []
    for i in range(N):
        head, order = heads[i % 2]
        texts.append("\n".join([head, *(f"{k},{row[order[0]]},{row[order[1]]}" for k, row in enumerate(X[i]))]))
    texts[5] = texts[5].replace("ax", "az")
    found = read(folder(tmp_path, texts), kind="series")
    left = np.delete(X, 5, 0)
    np.testing.assert_allclose(raw(found), expected(left), atol=1e-4)
    assert [(s.name, s.reason) for s in found.preview.skipped] == [("s05.csv", "it has no column ax")]


def test_lines_above_each_table_and_its_dates(tmp_path):
    texts = []
    for i in range(N):
        rows = [f"{k // 60:02d}:{k % 60:02d}:00,{a},{b}" for k, (a, b) in enumerate(X[i])]
        texts.append("\n".join(["Device: 5", "", "when,ax,ay", *rows]))
    found = read(folder(tmp_path, texts, "s{i:02d}.txt"), kind="series")
    assert (decided(found)["skip"], found.preview.columns) == ("2", ("ax", "ay"))
    np.testing.assert_allclose(raw(found), expected(), atol=1e-4)


def test_a_folder_of_tables_without_a_kind_is_told_what_to_choose(tmp_path):
    path = folder(tmp_path, [german(i) for i in range(N)])
    with pytest.raises(SettingError, match=r"--as series, --as vector"):
        read(path)
    (path / "s00.csv").write_text("a\nx\n")
    for i in range(1, N):
        (path / f"s{i:02d}.csv").write_text("v\n" + "1\n" * (i if i > 8 else 5))
    (path / "s01.csv").write_text("v\n1\nNA\n3\n")
    with pytest.raises(SettingError, match=r"s00\.csv: none of the columns is numeric: a; .*a value is missing"):
        read(path, kind="vector")
