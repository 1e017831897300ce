"""Files of one series: what is read, and what is refused in words."""

from __future__ import annotations

import io

import numpy as np
import pytest

from vae.data.own.series_files import BYTES_MAX, MEASURED, read_series
from vae.errors import SettingError, ShapeError
from vae.modalities import series
from vae.types import Variables

RNG = np.random.default_rng(0)


def npy(x: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, x)
    return out.getvalue()


def test_what_a_model_writes_it_reads():
    x = RNG.normal(size=(2, 24)).astype(np.float32)
    _, written = series.to_bytes(x)
    np.testing.assert_allclose(read_series(written, (2, 24), "as it is"), x, rtol=1e-5, atol=1e-6)
    for given in (x, x.T.copy(), x.astype(np.float64)):
        np.testing.assert_array_equal(read_series(npy(given), (2, 24), "as it is"), x)


def test_each_channel_is_standardised_and_another_length_is_stretched():
    x = np.stack([3 * np.sin(np.linspace(0, 6, 500)) + 40, np.full(500, 7.0)])
    read = read_series(npy(x), (2, 96))
    assert read.shape == (2, 96)
    assert read.dtype == np.float32
    np.testing.assert_allclose(read[0].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(read[0].std(), 1, rtol=1e-5)
    assert (read[1] == 0).all()  # no spread to divide by
    assert np.corrcoef(read[0], np.sin(np.linspace(0, 6, 96)))[0, 1] > 0.9999


def test_a_series_is_read_as_any_other_table():
    x = np.round(RNG.normal(size=(24, 2)), 3)
    rows = [f"{k * 0.02:.2f};{a};{b}" for k, (a, b) in enumerate(x)]
    for text in ("\n".join(["t;a;b", *rows]).replace(".", ","), "\n".join(["Device: 5", "", "t;a;b", *rows])):
        for encoding in ("utf-8", "utf-16", "cp1252"):
            np.testing.assert_allclose(read_series(text.encode(encoding), (2, 24), "as it is"), x.T, atol=1e-6)


def test_decimal_commas_are_never_taken_for_two_columns():
    with pytest.raises(SettingError, match="expected comma-separated numbers"):
        series.from_bytes(b"a;b\n0,5;1,5\n0,25;2,5\n", None)
    np.testing.assert_array_equal(series.from_bytes(b"a;b\n0.5;1.5\n2;3\n", None), [[0.5, 2], [1.5, 3]])


def test_one_channel_needs_no_axis_of_its_own():
    x = RNG.normal(size=30)
    np.testing.assert_allclose(read_series(npy(x), (1, 30), "as it is")[0], x, rtol=1e-6)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Empty CSV file"),
        (b"time\n", "no numbers"),
        (b"1,2\n3\n", "expected a CSV or NPY file with one series: cannot be read as CSV"),
        (b"1,2\n3,x\n", "columns that are not numeric: f1"),
        (b"1,2\n", "at least 2 time steps"),
        (b"1,2\nnan,3\n", "finite"),
        (b"1,2,3\n4,5,6\n7,8,9\n", r"has shape \(3, 3\); expected \(time steps, 2\)"),
        (b"\x93NUMPY\x01", "damaged"),
        (b"\xff\xfe\x00", "CSV or NPY"),
        (npy(np.array(["a", "b"])), "expected numbers"),
        (npy(np.array([None, 1], object)), "damaged or not an array of numbers"),
        (bytes(BYTES_MAX + 1), "the limit is 10.5 MB"),
    ],
)
def test_what_is_no_series_is_refused_in_words(data, said):
    with pytest.raises(SettingError, match=said):
        read_series(data, (2, 24))


def test_values_of_another_scale_are_refused_where_they_are_to_stay():
    with pytest.raises(SettingError, match="the limit is 100 standard deviations"):
        read_series(npy(1e4 * RNG.normal(size=(24, 2))), (2, 24), "as it is")
    with pytest.raises(SettingError, match="expected one of in the units of the data set, standardised, as it is"):
        read_series(npy(np.zeros((24, 2))), (2, 24), "crop")
    with pytest.raises(ShapeError, match="the shape of a series"):
        read_series(npy(np.zeros((24, 2))), (1, 8, 8))


def test_a_file_in_the_units_of_the_data_set_is_standardised_by_its_means():
    x = np.stack([np.linspace(0, 10, 24), np.linspace(-4, 4, 24)])
    known = Variables(mean=(5.0, 0.0), std=(2.0, 4.0))
    read = read_series(npy(x.T), (2, 24), MEASURED, variables=known)
    np.testing.assert_allclose(read, [(x[0] - 5) / 2, x[1] / 4], rtol=1e-5, atol=1e-6)
    with pytest.raises(SettingError, match="not known"):
        read_series(npy(x.T), (2, 24), MEASURED)
