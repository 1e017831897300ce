"""Tables as data sets: rows as vectors, rows in order as series; columns, missing values, times; the command line."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vae.__main__ import main
from vae.data.own import shelf
from vae.data.own.choices import Choices
from vae.data.own.sources import given
from vae.data.own.understand import understand
from vae.errors import SettingError
from vae.modalities import vector
from vae.registry import DATASETS
from vae.saved import checkpoint

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))


def written(tmp_path, columns: dict, name: str = "t.csv", sep: str = ",") -> str:
    """A table of columns in a file."""
    path = tmp_path / name
    if name.endswith(".parquet"):
        pq.write_table(pa.table(columns), path)
    else:
        lines = [sep.join(columns)] + [sep.join(map(str, row)) for row in zip(*columns.values(), strict=True)]
        path.write_text("\n".join(lines) + "\n")
    return str(path)


def read(path, **choices):
    return understand(given(path), Choices(**choices))


def decided(found) -> dict[str, str]:
    """What was decided: name -> value."""
    return {d.name: d.value for d in found.preview.decisions}


def flowers(n: int = 60) -> dict:
    kind = np.arange(n) % 3
    return {
        "id": list(range(n)),
        "length": np.round(kind * 10 + RNG.normal(size=n), 3).tolist(),
        "width": np.round(1e6 + RNG.normal(size=n), 3).tolist(),
        "place": [f"field {i % 7}" for i in range(n)],
        "species": [("rose", "lily", "iris")[k] for k in kind],
    }


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet"])
def test_rows_are_vectors_of_the_numeric_columns(tmp_path, name):
    found = read(written(tmp_path, flowers(), name, "\t" if name == "t.tsv" else ","))
    preview = found.preview
    assert (preview.modality, preview.shape, preview.columns) == ("vector", (2,), ("length", "width"))
    assert preview.labels == {"iris": 20, "lily": 20, "rose": 20}
    notes = " ".join(preview.notes)
    assert decided(found)["labels"] == "species"
    assert "Column id only numbers the rows" in notes
    assert "left out because they are not numeric: place" in notes
    x = found.samples.x_train
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(0), 1, atol=1e-5)
    assert found.mean[1] == pytest.approx(1e6, abs=1)
    for label, mean in zip(found.classes, (1.2, 0, -1.2), strict=True):  # the labels stayed with their rows
        y = found.samples.y_train == found.classes.index(label)
        assert x[y, 0].mean() == pytest.approx(mean, abs=0.2)


def test_missing_values_are_counted_and_their_rows_left_out(tmp_path):
    table = flowers()
    table["length"][5] = table["length"][7] = "NA"
    table["width"][7] = ""
    table["mostly"] = ["1"] + [""] * 59
    preview = read(written(tmp_path, table)).preview
    assert preview.n_train + preview.n_test == 58
    notes = " ".join(preview.notes)
    assert "Missing values: length (2), width (1)" in notes
    assert "2 of 60 rows lack a value" in notes
    assert "more than half of their values are missing: mostly" in notes


def test_a_table_without_a_head_and_one_of_the_continent(tmp_path):
    (tmp_path / "bare.csv").write_text("".join(f"{i}.5,{i * i}\n" for i in range(20)))
    assert read(tmp_path / "bare.csv").preview.shape == (2,)
    (tmp_path / "comma.csv").write_text("a;b\n" + "".join(f"{i},5;{i * i},25\n" for i in range(20)))
    found = read(tmp_path / "comma.csv")
    assert found.preview.columns == ("a", "b")
    assert (found.preview.low, found.preview.high) == (0.25, 361.25)


def test_rows_of_pixels_become_pictures(tmp_path):
    pixels = RNG.integers(0, 256, (30, 16))
    table = {"label": (np.arange(30) % 2).tolist()} | {f"pixel{i}": pixels[:, i].tolist() for i in range(16)}
    found = read(written(tmp_path, table), size=(4, 4))
    assert (found.preview.modality, found.preview.shape) == ("image", (1, 4, 4))
    assert found.samples.x_train.dtype == np.uint8
    assert {x.tobytes() for x in found.samples.x_train} <= {p.astype(np.uint8).tobytes() for p in pixels}


def clock(n: int = 400) -> dict:
    start = datetime.datetime(2024, 1, 1)
    return {
        "when": [(start + datetime.timedelta(minutes=i)).isoformat() for i in range(n)],
        "slow": np.sin(np.arange(n) / 20).tolist(),
        "count": np.arange(n).tolist(),
    }


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_time_column_makes_series_split_by_time(tmp_path, name):
    table = clock()
    order = RNG.permutation(400)
    table = {k: [v[i] for i in order] for k, v in table.items()}
    found = read(written(tmp_path, table, name), time_column="when", window=20, stride=10, test_share=0.25)
    preview = found.preview
    assert (preview.modality, preview.shape, preview.columns) == ("series", (2, 20), ("slow", "count"))
    assert "The rows were not in order of time and were sorted." in preview.notes
    train, test = (x[:, 1] * found.std[1] + found.mean[1] for x in (found.samples.x_train, found.samples.x_test))
    np.testing.assert_allclose(np.diff(train, axis=1), 1, atol=1e-3)  # a window is 20 steps on end
    assert train.max() == pytest.approx(299, abs=1e-3)
    assert test.min() == pytest.approx(300, abs=1e-3)
    assert any("1 window across the border" in note for note in preview.notes)


def test_a_column_that_may_be_a_time_is_named(tmp_path):
    asked = "Column {} may be a time: as the time column it would turn the rows into a series."
    days = np.arange("2026-01-01", "2027-02-05", dtype="datetime64[D]")[:400]
    for name, values, table in (("Time", range(400), "t.csv"), ("when", days, "t.parquet")):
        given = written(tmp_path, clock() | {"when": ["a"] * 400, name: values}, table)
        assert asked.format(name) in read(given).preview.notes
        assert asked.format(name) not in read(given, time_column=name, window=20, stride=20).preview.notes
    assert not any("may be a time" in note for note in read(written(tmp_path, flowers())).preview.notes)


def test_windows_with_a_gap_are_left_out_and_uneven_times_told(tmp_path):
    table = clock()
    table["slow"][100] = ""
    table["when"] = [i if i < 300 else i + 5 for i in range(400)]
    preview = read(written(tmp_path, table), time_column="when", window=20, stride=20).preview
    notes = " ".join(preview.notes)
    assert "1 window lacks a value" in notes
    assert "Time steps vary from 1 to 6" in notes


def test_several_rows_at_a_time_are_series_of_their_own(tmp_path):
    n = 200
    table = {
        "t": [i // 2 for i in range(2 * n)],
        "sensor": ["ab"[i % 2] for i in range(2 * n)],
        "v": [(i // 2) + 1000 * (i % 2) for i in range(2 * n)],
    }
    found = read(written(tmp_path, table), time_column="t", labels="sensor", window=10, stride=5)
    assert found.classes == ("a", "b")
    v = found.samples.x_train[:, 0] * found.std[0] + found.mean[0]
    np.testing.assert_allclose(np.diff(v, axis=1), 1, atol=1e-2)
    assert ((v[:, 0] > 900) == (found.samples.y_train == 1)).all()


@pytest.mark.parametrize(
    ("text", "choices", "words"),
    [
        ("a,b\n", {}, "no rows"),
        ("a,b\n" + "x,y\n" * 9, {}, "none of the columns is numeric: a, b"),
        ("a,b\n1,2\n3\n", {}, "cannot be read as CSV"),
        ("a,b\n" + "1,2\n" * 20, {"labels": "c"}, "unknown labels 'c'"),
        ("a,b\n" + "1,2\n" * 20, {"time_column": "tme"}, "unknown time column"),
        ("a,b\n" + "x,2\n" * 20, {"time_column": "a"}, "cannot be read as times"),
        ("a,b\n" + "1,2\n" * 20, {"window": 50}, "choose a shorter window"),
        ("a,b\n" + "1,2\n" * 20, {"window": 5, "kind": "vector"}, "makes series"),
        ("a\0b", {}, "not a text file"),
    ],
)
def test_tables_that_cannot_be(tmp_path, text, choices, words):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(SettingError, match=words):
        read(tmp_path / "t.csv", **choices)


@pytest.mark.parametrize("column", ["a word", "a number"])
def test_a_parquet_file_that_stores_a_value_once_for_very_many_rows(tmp_path, column):
    n, value = (1000, "x" * 10**5) if column == "a word" else (10**7, 7.0)
    values = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([value]))
    pq.write_table(pa.table({"v": values.dictionary_decode()}), tmp_path / "t.parquet", compression="zstd")
    assert (tmp_path / "t.parquet").stat().st_size < 100_000
    with pytest.raises(SettingError, match=r"t\.parquet: .* more than 200 times"):
        read(tmp_path / "t.parquet")


def test_a_torn_parquet_file_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    written(tmp_path, flowers(), "t.parquet")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(SettingError, match="not a Parquet file"):
        read(path)


# ---------------------------------------------------------------- vectors, drawn


def test_bars_rise_with_their_values_from_the_middle():
    x = np.zeros((3, 4), np.float32)
    x[0, 1], x[1, 1], x[2, 2] = 1, 5, -5
    one, five, below = vector.pictures(x)[:, 0].astype(int)
    assert five[:32].sum() > one[:32].sum() > 0
    assert one[33:].sum() == five[33:].sum() == 0
    assert below[33:].sum() > 0 == below[:32].sum()
    assert five[:32, :24].sum() == five[:32, 48:].sum() == 0  # the second quarter alone
    wide = np.zeros((1, 960), np.float32)
    wide[0, 480:] = 3
    assert vector.pictures(wide)[0, 0, :32, :48].sum() == 0 < vector.pictures(wide)[0, 0, :32, 48:].sum()


# ---------------------------------------------------------------- the command line


def test_from_a_table_to_a_map_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    path = written(tmp_path, flowers(90))
    assert main(["data", "add", "flowers", path, "--dry-run"]) == 0
    assert "nothing was stored" in capsys.readouterr().out
    assert shelf.names() == []
    assert main(["data", "add", "flowers", path, "--label-column", "species"]) == 0
    assert main(["data", "list"]) == 0
    assert "flowers: 81 training and 9 test samples, vector 2, 3 classes" in capsys.readouterr().out
    assert main(["data", "show", "flowers", "--out", str(tmp_path / "sheet.png")]) == 0
    out = capsys.readouterr().out
    assert "labels: iris (30), lily (30), rose (30)" in out
    assert (tmp_path / "sheet.png").read_bytes()[:4] == b"\x89PNG"
    assert main(["train", "vae", "flowers", "--set", "d=2", "--epochs", "2", "--points", "50", "--device", "cpu"]) == 0
    card = checkpoint.read(checkpoint.find("flowers-vae")).config
    assert card["classes"] == ["iris", "lily", "rose"]
    assert card["data_licence"] == "your own: t.csv"
    assert DATASETS.get("flowers").origin == card["data_origin"]
    capsys.readouterr()
    assert main(["eval", "flowers-vae", "--k", "2"]) == 0
    assert "elbo_nats" in capsys.readouterr().out
    assert main(["data", "remove", "flowers"]) == 0
    assert main(["data", "remove", "flowers"]) == 1
    assert "unknown user data set 'flowers'" in capsys.readouterr().err
    assert main(["data", "add", "digits", path]) == 1
    assert "digits is a built-in data set" in capsys.readouterr().err
