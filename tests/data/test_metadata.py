"""What is kept of samples beside their values: from the table or the files to the data set, the map, its colours."""

from __future__ import annotations

import json

import numpy as np
import pytest

from vae.data import metadata, validation
from vae.data.own import shelf
from vae.data.own.choices import Choices
from vae.data.own.sources import given
from vae.data.own.understand import understand
from vae.errors import DataCorrupt
from vae.library import user_data
from vae.registry import DATASETS
from vae.types import Samples

N = 60


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))


@pytest.fixture
def table(tmp_path) -> str:
    """Flowers: the 6th row lacks a width, and the names are not modelled."""
    lines = ["length,width,name,found,species"]
    for i in range(N):
        width = "" if i == 5 else f"{i / 7:.3f}"
        lines.append(f"{i * 1.5},{width},plant {i},2024-03-{i % 28 + 1:02d},{('rose', 'lily')[i % 2]}")
    (tmp_path / "flowers.csv").write_text("\n".join(lines) + "\n")
    return str(tmp_path / "flowers.csv")


def read(path: str, **choices):
    return understand(given(path), Choices(**choices))


def test_a_table_keeps_the_columns_that_are_not_modelled_with_the_rows_they_belong_to(table):
    found = read(table)
    kept = found.samples.metadata_train
    assert list(kept) == ["row", "name", "found"]
    assert 6.0 not in kept["row"], "the row without a width is no sample"
    assert [f"plant {int(row) - 1}" for row in kept["row"]] == kept["name"].tolist()
    length = found.samples.x_train[:, 0] * found.std[0] + found.mean[0]
    np.testing.assert_allclose(length, (kept["row"] - 1) * 1.5, atol=1e-4)
    assert [d.value for d in found.preview.decisions if d.name == "metadata"] == ["yes"]
    assert read(table, metadata="no").samples.metadata_train == {}


def test_windows_keep_the_cells_of_their_first_row(table):
    found = read(table, time_column="found", window=4, stride=2)
    kept = found.samples.metadata_train
    assert {"found", "name"} <= set(kept)
    first = found.samples.x_train[:, 0, 0] * found.std[0] + found.mean[0]
    np.testing.assert_allclose(first, [int(name.split()[1]) * 1.5 for name in kept["name"]], atol=1e-4)


def test_they_are_stored_with_the_data_set_and_verified(table):
    folder = user_data.add("flowers", read(table))
    loaded = DATASETS.get("flowers").load().metadata_train
    assert loaded["name"].tolist() == read(table).samples.metadata_train["name"].tolist()
    shelf.verify("flowers")
    (folder / shelf.METADATA).write_bytes((folder / shelf.METADATA).read_bytes().replace(b"plant 1", b"plant 2"))
    with pytest.raises(DataCorrupt, match="was changed"):
        shelf.verify("flowers")
    (folder / shelf.METADATA).write_text("{}x")
    with pytest.raises(DataCorrupt, match="cannot be read"):
        DATASETS.get("flowers").load()
    (folder / shelf.METADATA).unlink()  # as in a data set of an earlier version
    assert DATASETS.get("flowers").load().metadata_train == {}


def test_the_validation_set_takes_its_rows_away():
    x = np.arange(400.0)[:, None]
    samples = Samples(x, None, x[:4], None, metadata_train={"row": np.arange(400.0)})
    split = validation.split(samples, 0.1)
    np.testing.assert_array_equal(split.metadata_train["row"], split.x_train[:, 0])


def test_columns_come_back_from_their_bytes():
    columns = {"age": np.array([1.0, np.nan, 2.5]), "city": np.array(["Bern", "", "Zürich"], object)}
    back = metadata.unpacked(metadata.packed(columns), 3)
    np.testing.assert_array_equal(back["age"], columns["age"])
    assert back["city"].tolist() == ["Bern", "", "Zürich"]
    many = {str(i): [1, 2, 3] for i in range(65)}
    for wrong in ({"a": [1, 2]}, {"a": [1, 2, [3]]}, [1], {"x" * 201: [1, 2, 3]}, many):
        with pytest.raises(ValueError, match="metadata"):
            metadata.unpacked(json.dumps(wrong).encode(), 3)


def test_columns_beyond_the_limit_are_named():
    columns = {"a": np.arange(5.0), "b": np.array(["x" * 100] * 5, object), "c": np.arange(5.0)}
    kept, left = metadata.limited(columns, 200)
    assert (list(kept), left) == (["a", "c"], ["b"])


def test_dates_are_years():
    years = metadata.years(np.array(["2000-01-01", "", "2000-07-01 12:00:00"], object))
    assert years[0] == pytest.approx(2000, abs=0.01)
    assert np.isnan(years[1])
    assert years[2] == pytest.approx(2000.5, abs=0.01)
    for other in (["2000-01-01", "soon"], ["2000-02-31"], ["", ""]):
        assert metadata.years(np.array(other, object)) is None


def test_whole_numbers_that_may_be_years_are_years():
    found = [metadata.whole_years(np.array(v, float)) for v in ([1998, np.nan, 2010], [1998.5], [12, 2000], [np.nan])]
    assert found == [True, False, False, False]
